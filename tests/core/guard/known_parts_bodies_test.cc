// Bodies that no client writes, one after the other with one memory: each is read as if it were the first.
#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/guard/known_parts.h"
#include "tests/support/gen.h"
#include "tests/support/guarded.h"
#include "tests/support/model_wire.h"
#include "tests/support/parts_run.h"

namespace pg {
namespace {

using test::check_same;
using test::count_known;
using test::kPartsBudget;
using test::run;

constexpr std::size_t kShortStride = 16;

std::string joined_by(const std::vector<std::string>& all, const std::string& between) {
  std::string out;
  for (const std::string& one : all) out += (out.empty() ? "" : between) + one;
  return out;
}

std::string blank(test::Gen& gen) {
  constexpr const char* kBlanks[] = {"", "", "", " ", "\n  "};
  return kBlanks[gen.number(0, 4)];
}

std::string words(test::Gen& gen) {
  constexpr const char* kWords[] = {"user",
                                    "write to jane.roe@corp-mail.com",
                                    "pg:thought",
                                    "say \\u00e9 twice",
                                    "a text that is long enough to be remembered by itself, and then some",
                                    "",
                                    "m\xC3\xBC",
                                    "x"};
  return "\"" + std::string(kWords[gen.number(0, 7)]) + "\"";
}

// Any value, of keys that mean something here or there.
std::string value(test::Gen& gen, int depth) {
  constexpr const char* kKeys[] = {"role", "content", "text", "type",     "summary", "tools",      "input",      "arguments",
                                   "data", "id",      "name", "thinking", "source",  "r\\u006fle", "description"};
  const std::size_t kind = gen.number(0, depth > 0 ? 8 : 4);
  if (kind < 4) return words(gen);
  if (kind == 4) return gen.coin() ? "17" : "null";
  std::vector<std::string> inside;
  for (std::size_t i = gen.number(0, 3); i > 0; --i)
    inside.push_back(blank(gen) + (kind < 7 ? "\"" + std::string(kKeys[gen.number(0, 14)]) + "\":" + blank(gen) : std::string()) +
                     value(gen, depth - 1) + blank(gen));
  return (kind < 7 ? "{" : "[") + joined_by(inside, ",") + (kind < 7 ? "}" : "]");
}

// Conversations, tools, and what is neither, that begin alike.
std::vector<std::string> arrays(test::Gen& gen) {
  std::vector<std::string> elements, all;
  for (int i = 0; i < 12; ++i) {
    const std::string role = gen.number(0, 3) == 0 ? "user" : "system";
    elements.push_back(gen.coin() ? value(gen, 3) : R"({"role":")" + role + R"(","content":)" + words(gen) + "}");
  }
  for (int i = 0; i < 6; ++i) {
    std::vector<std::string> some(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(gen.number(0, 12)));
    if (gen.coin()) some.push_back(value(gen, 3));
    const std::string list = "[" + joined_by(some, gen.number(0, 3) == 0 ? " ,\n" : ",") + "]";
    all.push_back(gen.number(0, 4) == 0 ? "[" + list + "]" : list);
  }
  return all;
}

std::string body_of(test::Gen& gen, const std::vector<std::string>& pool) {
  constexpr const char* kParts[] = {"messages", "input",          "tools",       "functions",
                                    "system",   "mess\\u0061ges", "t\\u006fols", "instructions"};
  constexpr const char* kOthers[] = {"\"model\":\"m\"",
                                     R"("include":["reasoning.encrypted_content"])",
                                     R"("thinking":{"type":"enabled"})",
                                     R"("tool_choice":["a"])",
                                     R"("stream":true)",
                                     R"("metadata":{"a":"pg:b"})",
                                     R"("system":"sesame")",
                                     R"("messages":"m")"};
  std::vector<std::string> members;
  for (std::size_t i = gen.number(1, 6); i > 0; --i)
    members.push_back(blank(gen) + (gen.number(0, 2) == 0 ? std::string(kOthers[gen.number(0, 7)])
                                                          : "\"" + std::string(kParts[gen.number(0, 7)]) + "\":" + blank(gen) +
                                                                pool[gen.number(0, pool.size() - 1)]));
  std::string body = "{" + joined_by(members, ",") + "}";
  if (gen.number(0, 9) == 0) body.resize(gen.number(0, body.size()));
  return body;
}

TEST_CASE("property: any body is read the same after any other") {
  PG_GEN(gen);
  const auto guards = test::make_guards();
  std::size_t known = 0;
  for (int round = 0; round < 200; ++round) {
    const DialectId dialect = test::kModelDialects[gen.number(0, 2)];
    const std::vector<std::string> pool = arrays(gen);
    KnownParts parts(gen.number(0, 3) == 0 ? 2'000 : kPartsBudget, kShortStride);
    VerdictCache cache(gen.coin() ? 400 : 1 << 20);
    for (int i = 0; i < 30; ++i) {
      const std::string body = body_of(gen, pool);
      CAPTURE(body);
      const auto got = run(body, dialect, *guards, gen.coin() ? &cache : nullptr, &parts);
      check_same(got, run(body, dialect, *guards, nullptr, nullptr));
      known += got.read ? count_known(got.view) : 0;
    }
  }
  CHECK(known > 500);
}

const std::string kLong(100, 'a');

std::string said_by(const std::string& role, const std::string& text) {
  return R"({"role":")" + role + R"(","content":")" + text + R"("})";
}

// Each of `bodies`, twice over, with one memory; how much of them was known.
std::size_t check_bodies(const std::vector<std::string>& bodies, DialectId dialect) {
  const auto guards = test::make_guards();
  KnownParts parts(kPartsBudget, kShortStride);
  std::size_t known = 0;
  for (int i = 0; i < 2; ++i) {
    for (const std::string& body : bodies) {
      CAPTURE(body);
      const auto got = run(body, dialect, *guards, nullptr, &parts);
      REQUIRE(got.read.has_value());
      check_same(got, run(body, dialect, *guards, nullptr, nullptr));
      known += count_known(got.view);
    }
  }
  return known;
}

TEST_CASE("arrays in place of messages are gone through as a whole") {
  const std::string one = said_by("user", "jane.roe@corp-mail.com " + kLong), other = said_by("assistant", kLong);
  for (const DialectId dialect : {DialectId::anthropic, DialectId::openai_chat})
    CHECK(check_bodies({R"({"model":"m","messages":[[)" + one + "," + other + "," + one + "]]}",
                        R"({"model":"m","messages":[[)" + one + "," + other + "," + one + "]," + one + "]}",
                        R"({"model":"m","messages":[[[)" + one + "]," + other + "]," + one + "]}"},
                       dialect) > 2);
}

TEST_CASE("tools and a system text say nothing of who speaks first, wherever they stand") {
  const std::string user = said_by("user", kLong), system = said_by("system", kLong);
  const std::string tools = R"("tools":[{"name":"t","description":")" + kLong + R"("}])",
                    texts = R"("system":[{"type":"text","text":")" + kLong + R"("}])";
  for (const std::string& head : {tools, texts})
    CHECK(check_bodies({R"({"model":"m","messages":[)" + user + "]," + head + "}",
                        R"({"model":"m",)" + head + R"(,"messages":[)" + system + "," + user + "]}",
                        R"({"model":"m","messages":[)" + system + "," + user + "]," + head + "}",
                        R"({"model":"m",)" + head + R"(,"messages":"none"})"},
                       DialectId::openai_chat) > 4);
}

TEST_CASE("what is known as tools is not known of a field that nobody knows") {
  const std::string list = R"([{"name":"t","description":"jane.roe@corp-mail.com )" + kLong + R"("}])";
  const std::vector<std::string> bodies = {R"({"model":"m","tools":)" + list + "}", R"({"model":"m","functions":)" + list + "}"};
  for (const std::vector<std::string>& all : {bodies, {bodies[1], bodies[0]}})
    for (const DialectId dialect : test::kModelDialects) check_bodies(all, dialect);
}

class CountingMemory final : public PartMemory {
 public:
  PartMatch find(PartKind, DialectId, std::string_view) override {
    ++asked;
    return {};
  }
  std::size_t stride() const override { return kShortStride; }
  std::size_t asked = 0;
};

TEST_CASE("the memory is asked once for each kind of part, however often it comes") {
  std::string body = R"({"model":"m")";
  for (int i = 0; i < 1'000; ++i) body += R"(,"messages":[],"tools":[],"functions":[],"system":[])";
  body += "}";
  for (const DialectId dialect : test::kModelDialects) {
    CountingMemory memory;
    RequestView view;
    REQUIRE(read_spans(body, dialect, view, &memory).has_value());
    CHECK(memory.asked <= 3);
    CHECK(view.parts.size() == memory.asked);
  }
}

TEST_CASE("a conversation that asks for signed reasoning from now on is known as that from the next turn on") {
  const auto guards = test::make_guards();
  KnownParts parts(kPartsBudget, kShortStride);
  const std::string reasoning =
      R"({"type":"reasoning","summary":[{"type":"summary_text","text":"jane.roe@corp-mail.com )" + kLong + R"("}]})";
  const std::string body = R"({"model":"m","input":[)" + reasoning + "," + said_by("user", kLong) + "]",
                    asks = R"(,"include":["reasoning.encrypted_content"])";
  for (const std::string& more : {std::string("}"), asks + "}"})
    for (const bool is_known : {false, true, true}) {
      const auto got = run(body + more, DialectId::openai_responses, *guards, nullptr, &parts);
      check_same(got, run(body + more, DialectId::openai_responses, *guards, nullptr, nullptr));
      CHECK(count_known(got.view) == (is_known ? 1 : 0));
    }
}

// A conversation of messages that differ, each with something to find in it.
std::string talk(int messages, const std::string& more = "}") {
  std::string list;
  for (int i = 0; i < messages; ++i)
    list +=
        (i == 0 ? "" : ",") + said_by(i % 2 == 0 ? "user" : "assistant", std::to_string(i) + " jane.roe@corp-mail.com " + kLong);
  return R"({"model":"m","messages":[)" + list + "]" + more;
}

TEST_CASE("of a conversation that takes more than half of the budget the beginning is kept, and the tools beside it") {
  const auto guards = test::make_guards();
  KnownParts parts(8'000, 64);
  const std::string tools = R"(,"tools":[{"name":"t","description":")" + kLong + kLong + kLong + R"("}]})";
  for (const int messages : {200, 202, 204, 204}) {
    const std::string body = talk(messages, tools);
    const auto got = run(body, DialectId::openai_chat, *guards, nullptr, &parts);
    check_same(got, run(body, DialectId::openai_chat, *guards, nullptr, nullptr));
    CHECK(count_known(got.view) == (messages == 200 ? 0 : 2));
    if (messages > 200) CHECK(got.view.parts[0].known_until().elements > 10);
    CHECK(parts.size() == 2);
    CHECK(parts.bytes() <= 8'000);
  }
}

TEST_CASE("calls that are on their way at the same time find what they began with, whatever is remembered meanwhile") {
  const auto guards = test::make_guards();
  GuardSettings blocking;
  blocking.email = Action::block;
  const auto strict = test::make_guards(blocking);
  KnownParts parts(kPartsBudget, kShortStride);
  run(talk(20), DialectId::openai_chat, *guards, nullptr, &parts);
  const std::string one = talk(30), two = talk(40), three = talk(24);
  RequestView first, second, third;
  REQUIRE(read_spans(one, DialectId::openai_chat, first, &parts).has_value());
  REQUIRE(read_spans(two, DialectId::openai_chat, second, &parts).has_value());
  REQUIRE(read_spans(three, DialectId::openai_chat, third, &parts).has_value());
  VerdictCache cache;
  SlowGuardCall slow(one, first, *guards, &cache, &parts);
  Vault vault, other, again;
  const GuardedCall got_two = guard_call(two, second, *guards, other, &cache, &parts);
  CHECK_FALSE(guard_call(two, second, *strict, again, &cache, &parts).blocked.empty());  // a second target with other guards
  parts = KnownParts(kPartsBudget, kShortStride);
  const std::atomic<bool> never{false};
  slow.read(never);
  const GuardedCall got_one = slow.decide(vault);
  Vault last;
  const GuardedCall got_three = guard_call(three, third, *guards, last, nullptr, &parts);
  const auto as_plain = [&](const std::string& body, const GuardedCall& got) {
    return apply_edits(body, got.edits) == run(body, DialectId::openai_chat, *guards, nullptr, nullptr).body;
  };
  CHECK(as_plain(one, got_one));
  CHECK(as_plain(two, got_two));
  CHECK(as_plain(three, got_three));
  for (const std::string& body : {one, two, three})
    check_same(run(body, DialectId::openai_chat, *guards, &cache, &parts),
               run(body, DialectId::openai_chat, *guards, nullptr, nullptr));
}

TEST_CASE("a conversation that two calls read at the same time is kept once") {
  const auto guards = test::make_guards();
  KnownParts parts(kPartsBudget, kShortStride);
  const std::string body = talk(20);
  RequestView first, second;
  REQUIRE(read_spans(body, DialectId::openai_chat, first, &parts).has_value());
  REQUIRE(read_spans(body, DialectId::openai_chat, second, &parts).has_value());
  Vault vault, other;
  guard_call(body, first, *guards, vault, nullptr, &parts);
  const std::size_t bytes = parts.bytes();
  guard_call(body, second, *guards, other, nullptr, &parts);
  CHECK(parts.size() == 1);
  CHECK(parts.bytes() == bytes);
}

TEST_CASE("what was found in a known part is found again when its verdict is long forgotten, or was made without a cache") {
  const auto guards = test::make_guards();
  const std::string body = talk(20);
  const auto plain = run(body, DialectId::openai_chat, *guards, nullptr, nullptr);
  REQUIRE(plain.call.edits.size() == 20);
  KnownParts parts(kPartsBudget, kShortStride);
  VerdictCache empty, none(0);
  for (VerdictCache* cache : {static_cast<VerdictCache*>(nullptr), &empty, &none, static_cast<VerdictCache*>(nullptr)}) {
    const std::size_t known = parts.size();
    const auto got = run(body, DialectId::openai_chat, *guards, cache, &parts);
    CHECK(count_known(got.view) == known);
    CHECK(parts.size() == 1);
    check_same(got, plain);
  }
}

TEST_CASE("a body that is refused leaves nothing behind") {
  const auto guards = test::make_guards();
  KnownParts parts(kPartsBudget, kShortStride);
  const std::string body = talk(20);
  for (std::size_t size = 0; size < body.size(); size += 7) {
    const auto got = run(body.substr(0, size), DialectId::openai_chat, *guards, nullptr, &parts);
    CHECK_FALSE(got.read.has_value());
  }
  CHECK(parts.size() == 0);
  run(body, DialectId::openai_chat, *guards, nullptr, &parts);
  for (std::size_t size = 0; size < body.size(); size += 7)
    check_same(run(body.substr(0, size), DialectId::openai_chat, *guards, nullptr, &parts),
               run(body.substr(0, size), DialectId::openai_chat, *guards, nullptr, nullptr));
}

}  // namespace
}  // namespace pg
