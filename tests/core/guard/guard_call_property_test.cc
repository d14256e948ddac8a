// Properties of guard_call over random requests in three dialects: undoing it gives the original, numbers stay as a conversation
// grows, and the cache changes nothing.
#include <doctest/doctest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "core/guard/verdict_cache.h"
#include "tests/support/fixtures.h"
#include "tests/support/guarded.h"
#include "tests/support/model_wire.h"
#include "tests/support/request_gen.h"
#include "tests/support/result.h"

namespace pg {
namespace {

using OrderedJson = nlohmann::ordered_json;
using test::guard_body;
using test::Guarded;

bool vault_holds(const Vault& vault, const std::string& value) {
  for (const Vault::Entry& entry : vault.entries()) {
    if (entry.original.reveal() == value) return true;
  }
  return false;
}

TEST_CASE("property: undoing the edits gives the original; what is left holds nothing; opaque parts keep everything") {
  PG_GEN(gen);
  const auto guards = test::make_guards();
  for (const DialectId dialect : test::kModelDialects) {
    for (int round = 0; round < 120; ++round) {
      test::RequestGen request(gen, dialect);
      for (std::size_t i = gen.number(1, 8); i > 0; --i) request.add_turn();
      const std::string body = request.body(request.turns());
      CAPTURE(body);
      const Guarded guarded = guard_body(body, dialect, *guards);
      test::check_edits(body, guarded);
      REQUIRE(test::restored(guarded.body, guarded.vault) == test::restored(body, guarded.vault));
      for (const std::string& value : request.planted()) {
        INFO(value);
        REQUIRE(vault_holds(guarded.vault, value));
      }
      for (const std::string& value : request.kept()) REQUIRE_FALSE(vault_holds(guarded.vault, value));
      REQUIRE(guard_body(guarded.body, dialect, *guards).call.edits.empty());
      REQUIRE(guarded.view.spans.size() == guard_body(guarded.body, dialect, *guards).view.spans.size());
    }
  }
}

TEST_CASE("property: numbers stay as a conversation grows, so that a provider's cached prefix still fits") {
  PG_GEN(gen);
  const auto guards = test::make_guards();
  for (const DialectId dialect : test::kModelDialects) {
    const std::string list = dialect == DialectId::openai_responses ? "input" : "messages";
    for (int round = 0; round < 25; ++round) {
      test::RequestGen request(gen, dialect);
      OrderedJson before = OrderedJson::array(), head_before;
      for (std::size_t turn = 1; turn <= 8; ++turn) {
        request.add_turn();
        const std::string body = request.body(turn);
        CAPTURE(body);
        OrderedJson now = OrderedJson::parse(guard_body(body, dialect, *guards).body);
        for (std::size_t i = 0; i < before.size(); ++i) REQUIRE(now[list][i].dump() == before[i].dump());
        before = now[list];
        now.erase(list);
        if (turn > 1) REQUIRE(now.dump() == head_before.dump());
        head_before = now;
      }
    }
  }
}

void check_slow(std::string_view body, const Guarded& plain, const Guards& guards, VerdictCache* cache) {
  SlowGuardCall call(body, plain.view, guards, cache);
  const std::atomic<bool> never{false};
  std::thread([&call, &never] { call.read(never); }).join();
  Vault vault;
  const GuardedCall got = call.decide(vault);
  REQUIRE(apply_edits(body, got.edits) == plain.body);
  REQUIRE(got.redacted == plain.call.redacted);
  REQUIRE(got.detected == plain.call.detected);
  REQUIRE(got.blocked == plain.call.blocked);
  REQUIRE(got.places == plain.call.places);
}

TEST_CASE("property: with and without a cache, also a small one, the answer is the same") {
  PG_GEN(gen);
  GuardSettings blocking;
  blocking.email = Action::block;
  blocking.card = Action::detect;
  const std::shared_ptr<const Guards> all[] = {test::make_guards(), test::make_guards(blocking)};
  VerdictCache large, slow, small(1'500);
  for (int round = 0; round < 150; ++round) {
    const DialectId dialect = test::kModelDialects[gen.number(0, 2)];
    test::RequestGen request(gen, dialect);
    for (int i = 0; i < 4; ++i) request.add_turn();
    for (std::size_t turns = 1; turns <= 4; ++turns) {
      const std::string body = request.body(turns);
      CAPTURE(body);
      for (const auto& guards : all) {
        const Guarded plain = guard_body(body, dialect, *guards);
        for (VerdictCache* cache : {&large, &small, &large}) {
          const Guarded cached = guard_body(body, dialect, *guards, cache);
          REQUIRE(cached.body == plain.body);
          REQUIRE(cached.call.redacted == plain.call.redacted);
          REQUIRE(cached.call.detected == plain.call.detected);
          REQUIRE(cached.call.blocked == plain.call.blocked);
          REQUIRE(cached.call.places == plain.call.places);
        }
        for (VerdictCache* cache : {static_cast<VerdictCache*>(nullptr), &small, &slow, &large})
          check_slow(body, plain, *guards, cache);
      }
    }
  }
  CHECK(small.bytes() <= 1'500);
  CHECK(large.size() > 50);
}

TEST_CASE("read in steps: what is known is not read again, and a stop ends the reading") {
  const auto guards = test::make_guards();
  const std::string body =
      R"({"messages":[{"role":"user","content":")" + std::string(500, 'x') + R"("},{"role":"user","content":"y"}]})";
  RequestView view;
  REQUIRE(read_spans(body, DialectId::openai_chat, view));
  VerdictCache cache;
  SlowGuardCall first(body, view, *guards, &cache);
  const std::size_t all = first.unread();
  CHECK(all > 500);
  first.read(std::atomic<bool>{true});
  CHECK(cache.size() == 0);
  first.read(std::atomic<bool>{false});
  Vault vault;
  first.decide(vault);
  CHECK(SlowGuardCall(body, view, *guards, &cache).unread() == all - 500);
  CHECK(SlowGuardCall(body, view, *guards, nullptr).unread() == all);
}

TEST_CASE("recorded requests: undoing the edits gives the original") {
  GuardSettings settings;
  settings.phone = settings.ipv4 = Action::redact;
  const auto guards = test::make_guards(settings);
  std::size_t edits = 0;
  for (const test::Fixture& fixture : test::load_fixtures()) {
    CAPTURE(fixture.name);
    const Guarded guarded = guard_body(fixture.body, fixture.dialect, *guards);
    test::check_edits(fixture.body, guarded);
    edits += guarded.call.edits.size();
    CHECK(test::restored(guarded.body, guarded.vault) == test::restored(fixture.body, guarded.vault));
    CHECK(guard_body(guarded.body, fixture.dialect, *guards).call.edits.empty());
    for (const char* opaque : {"signature", "encrypted_content", "\"id\"", "metadata"}) {
      const std::size_t before = fixture.body.find(opaque), after = guarded.body.find(opaque);
      CHECK((before == std::string::npos) == (after == std::string::npos));
    }
  }
  CHECK(edits > 20);
}

TEST_CASE("values at the borders of escapes in JSON that stands in a text") {
  const auto guards = test::make_guards();
  const std::string jane = test::make_email("jane.doe");
  for (const char* border : {"\\\\n", "\\\\t", "\\\\r", "\\\"", "\\\\\\\"", "\\\\u0020", "\\n", "\\\\\\\\n"}) {
    const std::string start = R"({"messages":[{"role":"tool","tool_call_id":"c","content":"{\"a\":\")";
    const std::string body = start + border + jane + border + R"(\"}"}]})";
    CAPTURE(body);
    const Guarded guarded = guard_body(body, DialectId::openai_chat, *guards);
    REQUIRE(guarded.vault.size() == 1);
    CHECK(guarded.vault.entries()[0].original.reveal() == jane);
  }
}

}  // namespace
}  // namespace pg
