// Calls to API services: paths, queries, forms and texts of strangers. What is sent is what was matched, and edits stay in place.
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/guard/secrets.h"
#include "core/guard/service_texts.h"
#include "core/guard/stream_mask.h"
#include "core/route/service_path.h"
#include "core/route/service_url.h"
#include "core/wire/form_text.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

void read_one_path(std::string_view raw) {
  const Result<std::string> path = read_service_path(raw);
  if (!path) return;
  const std::string& plain = path.value();
  expect(plain.starts_with('/') && is_utf8(plain));
  expect(raw.find("/../") == std::string_view::npos && raw.find('\\') == std::string_view::npos);
  if (plain != "/")
    for (const std::string_view segment : split(std::string_view(plain).substr(1), '/'))
      expect(!segment.empty() && segment.find_first_not_of(". ") != std::string_view::npos);
  // Undone once more, it is the same: nothing in it is an escape still, but for a sign that stands alone.
  expect(matches_path_glob("/**", plain) && matches_path_or_above("/**", plain));
}

void read_one_form(std::string_view raw) {
  static const std::shared_ptr<const Guards> kGuards = Guards::make(shipped_secret_rules(), GuardSettings()).value();
  std::uint32_t last = 0;
  for (const FormPiece& piece : read_form(raw)) {
    expect(piece.begin <= piece.end && piece.end <= raw.size() && piece.begin >= last);
    last = piece.end;
  }
  expect(form_offset_of(raw, decode_form(raw).size()) == raw.size());
  expect(decode_form(encode_form(raw)) == raw);
  for (const bool as_form : {true, false}) {
    // What is no text never gets so far.
    if (find_body_kind(as_form ? "application/x-www-form-urlencoded" : "text/plain", raw) == BodyKind::unreadable) continue;
    ServiceTexts texts;
    texts.add_target("/x", "");
    as_form ? texts.add_form(raw) : texts.add_text(raw);
    texts.finish();
    Vault vault;
    GuardedCall call = guard_call(texts.json(), texts.view(), *kGuards, vault, nullptr);
    texts.settle(call);
    std::uint32_t end = 0;
    for (const Edit& edit : call.edits) {
      expect(edit.begin >= end && edit.begin <= edit.end && edit.end <= raw.size());
      end = edit.end;
    }
    if (call.edits.empty()) expect(apply_edits(raw, call.edits) == raw);
  }
}

void mask_one(std::string_view raw) {
  StreamMask mask;
  mask.add("secret-of-pg");
  std::string out;
  mask.push(raw.substr(0, raw.size() / 2), out);
  mask.push(raw.substr(raw.size() / 2), out);
  mask.finish(out);
  expect(out.size() == raw.size() && out.find("secret-of-pg") == std::string::npos);
}

// Whatever a service names leads to a place with a scheme, or below its own.
void map_one_url(std::string_view raw) {
  const ServicePlace place{"https://api.example.com/v2", "https://api.example.com/v2/a/b?c", "/api/p/s"};
  const std::string url = map_service_url(raw, place);
  const std::string path = url.substr(0, url.find_first_of("?#"));
  expect(path == "/api/p/s" || path.starts_with("/api/p/s/") || path.find(':') != std::string::npos);
  if (path.starts_with('/')) expect((path + "/").find("/../") == std::string::npos && path.find('\\') == std::string::npos);
  (void)map_service_links(raw, place);
}

}  // namespace
}  // namespace pg

int fuzz_service_one(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  if (size > 65'536) return 0;
  pg::read_one_path(raw);
  pg::read_one_form(raw);
  pg::mask_one(raw);
  pg::map_one_url(raw);
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_service_one(data, size);
}
#endif
