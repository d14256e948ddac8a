// libFuzzer over restoring: a text in pieces gives the text as a whole, what comes out of JSON strings is still one, and a reply
// stream is the same however it is split. First byte: what to do; second: where to split.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/encode.h"
#include "core/guard/stream_restore.h"
#include "core/reply_path.h"
#include "core/wire/reply_places.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

Vault fuzz_vault() {
  Vault vault;
  vault.placeholder_for("EMAIL", "a\"b\\c\n@x");
  vault.placeholder_for("EMAIL", "[[EMAIL_001]]");
  vault.placeholder_for("A", "\x01");
  return vault;
}

std::string restore_split(const TokenIndex& index, TextForm form, std::string_view raw, std::size_t at) {
  RestoreCounts counts;
  StreamRestorer stream(index, form, counts);
  std::string out;
  stream.push(raw.substr(0, at), out);
  expect(stream.held_size() <= index.longest_form());
  stream.push(raw.substr(at), out);
  stream.flush(false, out);
  return out;
}

void restore_text(const TokenIndex& index, TextForm form, std::string_view text, std::size_t at) {
  const std::string head = json_escaped(text.substr(0, at));
  const std::string raw = head + json_escaped(text.substr(at));
  const std::string whole = restore_split(index, form, raw, 0);
  expect(restore_split(index, form, raw, head.size()) == whole);
  std::vector<PlaceField> fields;
  expect(read_places(ReplyPlace::chat_body, "\"" + whole + "\"", fields).has_value());
}

// The error that ends a cut Responses stream says when: two runs may differ in it.
std::string without_clock(std::string out) {
  constexpr std::string_view kKey = "\"created_at\":";
  const std::size_t at = out.rfind(kKey);
  if (at == std::string::npos) return out;
  const std::size_t begin = at + kKey.size();
  return out.erase(begin, out.find_first_not_of("0123456789", begin) - begin);
}

std::string reply_split(const Vault& vault, DialectId dialect, bool event_stream, std::string_view text, std::size_t at) {
  ReplyOptions options;
  options.dialect = dialect;
  options.event_stream = event_stream;
  options.vault = &vault;
  ReplyPath path(options);
  std::string out;
  expect(path.push(text.substr(0, at), out).has_value() && path.push(text.substr(at), out).has_value());
  // Only what is no JSON and holds a token is refused.
  if (!path.finish(false, "R", out)) return "refused";
  return without_clock(std::move(out));
}

}  // namespace
}  // namespace pg

int fuzz_restore_one(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  static const pg::Vault vault = pg::fuzz_vault();
  static const pg::TokenIndex index(vault);
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  const std::size_t at = data[1] % (text.size() + 1);
  const int what = data[0] % 9;
  if (what < 3) {
    pg::restore_text(index, static_cast<pg::TextForm>(what), text, at);
    return 0;
  }
  const auto dialect = static_cast<pg::DialectId>(what % 3);
  const bool event_stream = what < 6;
  const std::string whole = pg::reply_split(vault, dialect, event_stream, text, 0);
  pg::expect(pg::reply_split(vault, dialect, event_stream, text, at) == whole);
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_restore_one(data, size);
}
#endif
