// What is remembered of parts changes nothing but the time taken: the same spans, facts, edits and digests with it and without.
#include "core/guard/known_parts.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/guard/guard_call.h"
#include "tests/support/guarded.h"
#include "tests/support/model_wire.h"
#include "tests/support/parts_run.h"
#include "tests/support/request_gen.h"

namespace pg {
namespace {

using test::check_same;
using test::count_known;
using test::kPartsBudget;
using test::run;
using Run = test::PartsRun;

constexpr std::size_t kLongStride = 64;

std::string change_somewhere(std::string body, test::Gen& gen) {
  constexpr std::string_view kBytes = "ax \"\\{}[],:7\xC3\n";
  const std::size_t at = gen.number(0, body.size() - 1);
  switch (gen.number(0, 3)) {
    case 0:
      body[at] = kBytes[gen.number(0, kBytes.size() - 1)];
      break;
    case 1:
      body.insert(at, 1, kBytes[gen.number(0, kBytes.size() - 1)]);
      break;
    case 2:
      body.erase(at, gen.number(1, 40));
      break;
    default:
      body.resize(at);
  }
  return body;
}

TEST_CASE("whose turn is the first is the conversation's to say, wherever tools and system stand") {
  const std::shared_ptr<const Guards> guards = test::make_guards();
  const std::string long_text(1'000, 'x');
  const std::string messages = R"("messages":[{"role":"assistant","content":"a"},{"role":"user","content":"u"}])";
  const std::string others =
      R"("system":[{"type":"text","text":")" + long_text + R"("}],"tools":[{"name":"t","description":")" + long_text + R"("}])";
  const std::string in_front = R"({"model":"m",)" + others + "," + messages + "}";
  const std::string behind = R"({"model":"m",)" + messages + "," + others + "}";
  for (const auto& [first, then] : {std::pair(in_front, behind), std::pair(behind, in_front)}) {
    KnownParts parts(kPartsBudget, kLongStride);
    check_same(run(first, DialectId::anthropic, *guards, nullptr, &parts),
               run(first, DialectId::anthropic, *guards, nullptr, nullptr));
    const Run again = run(then, DialectId::anthropic, *guards, nullptr, &parts);
    CHECK(count_known(again.view) >= 2);
    CHECK(again.view.first_user == 1);
    check_same(again, run(then, DialectId::anthropic, *guards, nullptr, nullptr));
  }
}

TEST_CASE("property: conversations that grow, fork, are edited and cut, under one and other guards, are read the same") {
  PG_GEN(gen);
  GuardSettings blocking;
  blocking.email = Action::block;
  blocking.card = Action::detect;
  const std::shared_ptr<const Guards> all[] = {test::make_guards(), test::make_guards(blocking)};
  std::size_t known = 0, bodies = 0;
  for (int round = 0; round < 60; ++round) {
    const DialectId dialect = test::kModelDialects[gen.number(0, 2)];
    KnownParts large(kPartsBudget, kLongStride), small(3'000, kLongStride);
    VerdictCache cache;
    test::RequestGen request(gen, dialect);
    for (int i = 0; i < 10; ++i) request.add_turn();
    test::RequestGen fork = request;
    for (int i = 0; i < 4; ++i) fork.add_turn();
    for (int i = 0; i < 4; ++i) request.add_turn();
    for (std::size_t turns = 2; turns <= 14; ++turns) {
      const std::string body = gen.number(0, 2) == 0 ? fork.body(turns) : request.body(turns);
      for (const std::string& said : {body, change_somewhere(body, gen), body}) {
        CAPTURE(said);
        const Guards& guards = *all[gen.number(0, 4) == 0 ? 1 : 0];
        const Run plain = run(said, dialect, guards, nullptr, nullptr);
        for (KnownParts* parts : {&large, &small}) {
          const Run got = run(said, dialect, guards, gen.coin() ? &cache : nullptr, parts);
          check_same(got, plain);
          REQUIRE(parts->bytes() <= (parts == &large ? kPartsBudget : 3'000));
          if (parts == &large) known += count_known(got.view);
        }
        ++bodies;
      }
    }
  }
  CHECK(known > bodies / 2);
}

std::string block_message(const std::string& role, const std::string& text) {
  return R"({"role":")" + role + R"(","content":[{"type":"text","text":")" + text + R"("}]})";
}

std::string chat(const std::vector<std::string>& messages, const std::string& more = "") {
  std::string list;
  for (const std::string& one : messages) list += (list.empty() ? "" : ",") + one;
  return R"({"model":"m","messages":[)" + list + "]" + more + "}";
}

TEST_CASE("a new turn is all that is walked and looked at, also when what it follows was marked for a cache") {
  const auto guards = test::make_guards();
  KnownParts parts(kPartsBudget, kLongStride);
  VerdictCache cache;
  std::vector<std::string> messages;
  for (int i = 0; i < 20; ++i)
    messages.push_back(block_message(i % 2 == 0 ? "user" : "assistant", std::string(100, 'a') + std::to_string(i)));
  const std::string tools = R"(,"tools":[{"name":"t","description":")" + std::string(400, 'd') + R"("}])";
  for (const std::size_t kept : {0U, 2U}) {  // what is new may never come again
    check_same(run(chat(messages, tools), DialectId::openai_chat, *guards, &cache, &parts),
               run(chat(messages, tools), DialectId::openai_chat, *guards, nullptr, nullptr));
    CHECK(parts.size() == kept);
  }
  messages[18] = block_message("user", "changed");
  messages.push_back(block_message("user", "next"));
  const std::string body = chat(messages, tools);
  const Run again = run(body, DialectId::openai_chat, *guards, &cache, &parts);
  check_same(again, run(body, DialectId::openai_chat, *guards, nullptr, nullptr));
  REQUIRE(again.view.parts.size() == 2);
  REQUIRE(again.view.parts[0].known.part);
  CHECK(again.view.parts[0].known_until().elements == 18);
  REQUIRE(again.view.parts[1].known.part);
  CHECK(again.view.parts[1].known_until().elements == 0);
  SlowGuardCall steps(body, again.view, *guards, &cache, &parts);
  CHECK(steps.unread() < 200);  // what is too short for the cache
}

TEST_CASE("what one's guards found says nothing to other guards") {
  const auto mild = test::make_guards();
  GuardSettings strict_settings;
  strict_settings.custom = {{"ticket", "T-[0-9]+", Action::block}};
  const auto strict = test::make_guards(strict_settings);
  KnownParts parts(kPartsBudget, kLongStride);
  std::vector<std::string> messages;
  for (int i = 0; i < 8; ++i) messages.push_back(block_message("user", "T-12345 and " + std::string(100, 'a')));
  const std::string body = chat(messages);
  for (int round = 0; round < 3; ++round) {
    CHECK(run(body, DialectId::openai_chat, *mild, nullptr, &parts).call.blocked.empty());
    CHECK(run(body, DialectId::openai_chat, *strict, nullptr, &parts).call.blocked == std::vector<std::string>{"custom:ticket"});
  }
}

TEST_CASE("summaries are signed or not by what stands behind them, also when they are known") {
  const auto guards = test::make_guards();
  KnownParts parts(kPartsBudget, kLongStride);
  std::string items;
  for (int i = 0; i < 8; ++i)
    items += std::string(i == 0 ? "" : ",") +
             R"({"type":"reasoning","summary":[{"type":"summary_text","text":"write to jane.roe@)" + "corp-mail.com " +
             std::string(80, 'x') + R"("}],"encrypted_content":"e"})";
  for (int round = 0; round < 3; ++round) {
    for (const char* include : {"", R"(,"include":["reasoning.encrypted_content"])"}) {
      const std::string body = R"({"model":"m","input":[)" + items + "]" + include + "}";
      const Run got = run(body, DialectId::openai_responses, *guards, nullptr, &parts);
      check_same(got, run(body, DialectId::openai_responses, *guards, nullptr, nullptr));
      CHECK(got.call.edits.empty() == got.view.signed_reasoning);
    }
  }
}

TEST_CASE("a key that comes twice, and parts that are no arrays, are walked") {
  const auto guards = test::make_guards();
  KnownParts parts(kPartsBudget, kLongStride);
  std::vector<std::string> messages;
  for (int i = 0; i < 8; ++i) messages.push_back(block_message("user", "jane.roe@corp-mail.com " + std::string(100, 'a')));
  const std::string body = chat(messages), list = body.substr(body.find('['), body.rfind(']') - body.find('[') + 1);
  for (const std::string& said : {body, R"({"model":"m","messages":)" + list + R"(,"messages":)" + list + "}",
                                  R"({"model":"m","messages":)" + list + R"(,"tools":)" + list + R"(,"system":)" + list + "}",
                                  R"({"model":"m","messages":{"a":)" + list + R"(},"tools":"t","system":{"b":)" + list + "}}",
                                  R"({"messages":)" + list, R"({"messages":)" + list + "]}", body})
    for (const DialectId dialect : {DialectId::anthropic, DialectId::openai_chat, DialectId::openai_responses}) {
      CAPTURE(said);
      check_same(run(said, dialect, *guards, nullptr, &parts), run(said, dialect, *guards, nullptr, nullptr));
    }
}

TEST_CASE("the budget holds, what was used last stays, and none is kept without one") {
  const auto guards = test::make_guards();
  const auto body_of = [](char letter) {
    std::vector<std::string> messages;
    for (int i = 0; i < 10; ++i) messages.push_back(block_message("user", std::string(200, letter)));
    return chat(messages);
  };
  const auto is_known = [&](KnownParts& parts, char letter) {
    return count_known(run(body_of(letter), DialectId::openai_chat, *guards, nullptr, &parts).view) == 1;
  };
  KnownParts parts(kPartsBudget, kLongStride);
  CHECK_FALSE(is_known(parts, 'a'));
  const std::size_t one = parts.bytes();
  CHECK(is_known(parts, 'a'));
  CHECK(parts.bytes() == one);
  parts.set_budget(one * 2 + one / 2);
  CHECK_FALSE(is_known(parts, 'b'));
  CHECK(is_known(parts, 'a'));
  CHECK_FALSE(is_known(parts, 'c'));
  CHECK(parts.size() == 2);
  CHECK(is_known(parts, 'a'));
  CHECK_FALSE(is_known(parts, 'b'));
  parts.set_budget(0);
  CHECK_FALSE(is_known(parts, 'd'));
  CHECK(parts.size() == 0);
  CHECK(parts.bytes() == 0);
}

}  // namespace
}  // namespace pg
