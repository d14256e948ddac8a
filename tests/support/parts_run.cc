// What is compared is all that a provider, a log row or a later turn could tell.
#include "tests/support/parts_run.h"

#include <doctest/doctest.h>

#include <tuple>
#include <utility>

namespace pg::test {

PartsRun run(std::string_view body, DialectId dialect, const Guards& guards, VerdictCache* cache, KnownParts* parts) {
  PartsRun out;
  out.read = read_spans(body, dialect, out.view, parts);
  if (!out.read) return out;
  Vault vault;
  out.call = guard_call(body, out.view, guards, vault, cache, parts);
  out.body = apply_edits(body, out.call.edits);
  return out;
}

void check_same(const PartsRun& got, const PartsRun& plain) {
  REQUIRE(got.read.has_value() == plain.read.has_value());
  if (!plain.read) {
    REQUIRE(got.read.error().message == plain.read.error().message);
    return;
  }
  const RequestView &a = got.view, &b = plain.view;
  REQUIRE(a.spans == b.spans);
  REQUIRE(a.model == b.model);
  REQUIRE(std::pair(a.model_begin, a.model_end) == std::pair(b.model_begin, b.model_end));
  REQUIRE(a.stream == b.stream);
  REQUIRE(a.foreign_thoughts == b.foreign_thoughts);
  REQUIRE(a.signed_reasoning == b.signed_reasoning);
  REQUIRE(a.continues == b.continues);
  REQUIRE(a.conversation == b.conversation);
  REQUIRE(a.kept_by_provider == b.kept_by_provider);
  REQUIRE(a.first_user == b.first_user);
  REQUIRE(a.settings == b.settings);
  REQUIRE(got.body == plain.body);
  REQUIRE(got.call.redacted == plain.call.redacted);
  REQUIRE(got.call.detected == plain.call.detected);
  REQUIRE(got.call.blocked == plain.call.blocked);
  REQUIRE(got.call.places == plain.call.places);
  const PromptDigest &c = got.call.prompt, &d = plain.call.prompt;
  REQUIRE(std::tuple(c.tools, c.system, c.settings, c.opening) == std::tuple(d.tools, d.system, d.settings, d.opening));
  REQUIRE(c.messages == d.messages);
}

std::size_t count_known(const RequestView& view) {
  std::size_t count = 0;
  for (const ReadPart& part : view.parts) count += part.known.part ? 1 : 0;
  return count;
}

}  // namespace pg::test
