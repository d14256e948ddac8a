// libFuzzer over a model request: what is read lies between quotes and in order, the edits too, and the body with the edits made
// is JSON of the same shape in which nothing is left to edit. First byte: the dialect.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/guard/guard_call.h"
#include "core/guard/secrets.h"
#include "core/route/prompt_policy.h"
#include "core/wire/spans.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

const Guards& fuzz_guards() {
  static const std::shared_ptr<const Guards> guards = [] {
    GuardSettings settings;
    settings.phone = settings.ipv4 = Action::redact;
    settings.custom.push_back({"word", "sesame[0-9]?", Action::redact});
    return *Guards::make(shipped_secret_rules(), settings);
  }();
  return *guards;
}

void check_span_order(std::string_view body, const RequestView& view) {
  std::size_t last = 0;
  for (const Span& span : view.spans) {
    expect(span.begin > last && span.begin < span.end && span.end < body.size());
    expect(body[span.begin - 1] == '"' && body[span.end] == '"');
    expect(span.escaped == (body.substr(span.begin, span.end - span.begin).find('\\') != std::string_view::npos));
    last = span.end;
  }
}

std::string guard_once(std::string_view body, DialectId dialect, const RequestView& view, VerdictCache* cache) {
  Vault vault;
  const GuardedCall call = guard_call(body, view, fuzz_guards(), vault, cache);
  std::size_t last = 0;
  for (const Edit& edit : call.edits) {
    expect(edit.begin >= last && edit.begin < edit.end && edit.end <= body.size());
    last = edit.end;
  }
  expect(call.blocked.empty() && call.places.size() <= 1024);
  const std::string edited = apply_edits(body, call.edits);
  RequestView again;
  expect(read_spans(edited, dialect, again).has_value());
  expect(again.spans.size() == view.spans.size());
  for (std::size_t i = 0; i < view.spans.size(); ++i) expect(again.spans[i].role == view.spans[i].role);
  return edited;
}

// What is remembered of a body changes nothing for it, for one that begins like it, and for one that is cut.
void read_with_memory(std::string_view body, std::string_view edited, DialectId dialect) {
  static KnownParts parts(1 << 16, 16);  // also of other bodies
  const std::string_view cut = body.substr(0, body.size() / 4 * 3);
  for (const std::string_view one : {body, edited, cut, body}) {
    RequestView plain, known;
    const bool is_good = read_spans(one, dialect, plain).has_value();
    expect(read_spans(one, dialect, known, &parts).has_value() == is_good);
    if (!is_good) continue;
    expect(known.spans == plain.spans && known.model == plain.model && known.first_user == plain.first_user);
    Vault vault, other;
    const GuardedCall got = guard_call(one, known, fuzz_guards(), vault, nullptr, &parts);
    const GuardedCall call = guard_call(one, plain, fuzz_guards(), other, nullptr);
    expect(apply_edits(one, got.edits) == apply_edits(one, call.edits) && got.places == call.places);
    expect(got.prompt.messages == call.prompt.messages && got.prompt.tools == call.prompt.tools);
  }
}

// A prompt policy finds its place in any body, or refuses; what comes out is a body again, with the text in it.
void add_prompt(std::string_view body, DialectId dialect, const RequestView& view) {
  Vault vault;
  const GuardedCall call = guard_call(body, view, fuzz_guards(), vault, nullptr);
  for (const Placement placement : {Placement::prepend, Placement::append, Placement::replace}) {
    const PromptPolicy policy = make_prompt_policy("p", "h\"ouse", placement).value();
    const auto ours = prompt_edits(body, dialect, policy);
    if (!ours) continue;
    const std::vector<Edit> edits = merge_edits(call.edits, ours.value());
    std::size_t last = 0;
    for (const Edit& edit : edits) {
      expect(edit.begin >= last && edit.begin <= edit.end && edit.end <= body.size());
      last = edit.end;
    }
    const std::string edited = apply_edits(body, edits);
    RequestView again;
    // A call without any member cannot be real: it names no model.
    if (view.model.empty()) continue;
    expect(read_spans(edited, dialect, again).has_value() && again.model == view.model);
    if (!ours.value().empty()) expect(edited.find(policy.escaped) != std::string::npos);
  }
}

}  // namespace
}  // namespace pg

int fuzz_spans_one(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto dialect = static_cast<pg::DialectId>(data[0] % 4);
  const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
  pg::RequestView view;
  if (!pg::read_spans(body, dialect, view)) return 0;
  pg::check_span_order(body, view);
  std::vector<std::uint32_t> offsets;
  for (const pg::Span& span : view.spans) offsets.push_back(span.begin);
  pg::expect(pg::find_paths(body, offsets).size() == offsets.size());
  static pg::VerdictCache cache(8192);
  const std::string edited = pg::guard_once(body, dialect, view, nullptr);
  pg::expect(pg::guard_once(body, dialect, view, &cache) == edited);
  pg::read_with_memory(body, edited, dialect);
  pg::add_prompt(body, dialect, view);
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_spans_one(data, size);
}
#endif
