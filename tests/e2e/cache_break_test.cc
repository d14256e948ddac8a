// A provider whose prompt cache stops being hit amid a conversation: the row says so, where the prompt changed and what it cost.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

// Reading from the cache costs a tenth, writing a quarter more.
constexpr std::string_view kCachePrices =
    "[prices.\"fake/*\"]\ninput = \"10\"\noutput = \"0\"\ncache_read = \"1\"\ncache_write = \"12.5\"\n";

struct Turn {
  std::string system;
  std::vector<std::string> messages;
  int input = 0;   // all of them
  int cached = 0;  // what the provider says it had
};

std::string body_of(DialectId dialect, bool stream, const Turn& turn) {
  Json messages = Json::array();
  if (dialect == DialectId::openai_chat) messages.push_back({{"role", "system"}, {"content", turn.system}});
  for (std::size_t i = 0; i < turn.messages.size(); ++i)
    messages.push_back({{"role", i % 2 == 0 ? "user" : "assistant"}, {"content", turn.messages[i]}});
  Json body = {{"model", "m-1"}, {"stream", stream}};
  if (dialect == DialectId::anthropic) body["max_tokens"] = 10;
  if (dialect == DialectId::anthropic) body["system"] = turn.system;
  if (dialect == DialectId::openai_responses) body["instructions"] = turn.system;
  body[dialect == DialectId::openai_responses ? "input" : "messages"] = messages;
  return body.dump();
}

Json usage_of(DialectId dialect, const Turn& turn) {
  if (dialect == DialectId::anthropic)
    return {{"input_tokens", 0},
            {"cache_read_input_tokens", turn.cached},
            {"cache_creation_input_tokens", turn.input - turn.cached},
            {"output_tokens", 1}};
  if (dialect == DialectId::openai_chat)
    return {{"prompt_tokens", turn.input}, {"completion_tokens", 1}, {"prompt_tokens_details", {{"cached_tokens", turn.cached}}}};
  return {{"input_tokens", turn.input}, {"output_tokens", 1}, {"input_tokens_details", {{"cached_tokens", turn.cached}}}};
}

std::string event(std::string_view name, const Json& data) {
  return "event: " + std::string(name) + "\ndata: " + data.dump() + "\n\n";
}

Answer whole_answer(DialectId dialect, const Json& usage) {
  if (dialect == DialectId::anthropic)
    return Answer::json(Json{
        {"id", "msg_1"},
        {"type", "message"},
        {"role", "assistant"},
        {"model", "m-1"},
        {"content", Json::array({{{"type", "text"}, {"text", "ok"}}})},
        {"stop_reason", "end_turn"},
        {"usage", usage}}.dump());
  if (dialect == DialectId::openai_chat)
    return Answer::json(Json{
        {"id", "c1"},
        {"object", "chat.completion"},
        {"model", "m-1"},
        {"choices",
         Json::array({{{"index", 0}, {"finish_reason", "stop"}, {"message", {{"role", "assistant"}, {"content", "ok"}}}}})},
        {"usage", usage}}.dump());
  return Answer::json(Json{
      {"id", "resp_1"},
      {"object", "response"},
      {"model", "m-1"},
      {"status", "completed"},
      {"output", Json::array()},
      {"usage", usage}}.dump());
}

Answer streamed_answer(DialectId dialect, Json usage) {
  if (dialect == DialectId::anthropic) {
    const Json start = {{"type", "message_start"},
                        {"message",
                         {{"id", "msg_1"},
                          {"type", "message"},
                          {"role", "assistant"},
                          {"model", "m-1"},
                          {"content", Json::array()},
                          {"usage", usage}}}};
    return Answer::stream(
        {event("message_start", start),
         event("message_delta",
               {{"type", "message_delta"}, {"delta", {{"stop_reason", "end_turn"}}}, {"usage", {{"output_tokens", 1}}}}),
         event("message_stop", {{"type", "message_stop"}})});
  }
  if (dialect == DialectId::openai_chat) {
    const Json chunk = {{"id", "c1"},
                        {"object", "chat.completion.chunk"},
                        {"model", "m-1"},
                        {"choices", Json::array({{{"index", 0}, {"delta", {{"content", "ok"}}}, {"finish_reason", "stop"}}})}};
    Json last = chunk;
    last["choices"] = Json::array();
    last["usage"] = std::move(usage);
    return Answer::stream({"data: " + chunk.dump() + "\n\n", "data: " + last.dump() + "\n\n", "data: [DONE]\n\n"});
  }
  const Json done = {{"type", "response.completed"},
                     {"sequence_number", 1},
                     {"response",
                      {{"id", "resp_1"},
                       {"object", "response"},
                       {"model", "m-1"},
                       {"status", "completed"},
                       {"output", Json::array()},
                       {"usage", usage}}}};
  return Answer::stream({event("response.completed", done)});
}

class Talk {
 public:
  Talk(World& w, DialectId dialect, bool stream) : w_(w), dialect_(dialect), stream_(stream) {}

  /// The row of the turn.
  Json say(const Turn& turn, Fields fields = {{"x-claude-code-session-id", "s1"}}) {
    const Json usage = usage_of(dialect_, turn);
    w_.upstream.respond(stream_ ? streamed_answer(dialect_, usage) : whole_answer(dialect_, usage));
    CHECK(w_.post(model_path(dialect_), body_of(dialect_, stream_, turn), std::move(fields)).status == 200);
    ++said_;
    for (int i = 0; i < 100; ++i) {
      const std::string out = w_.home.run({"logs", "search", "--json"}).out;
      if (std::count(out.begin(), out.end(), '\n') == said_)
        return Json::parse(out.substr(out.rfind('\n', out.size() - 2) + 1), nullptr, false);
      std::this_thread::sleep_for(Ms{50});
    }
    FAIL("the row did not come");
    return {};
  }

 private:
  World& w_;
  DialectId dialect_;
  bool stream_;
  int said_ = 0;
};

}  // namespace

TEST_CASE("cache breaks: the row names the message that changed, the tokens and the money, in every dialect, streamed and not") {
  for (const DialectId dialect : kModelDialects) {
    for (const bool stream : {false, true}) {
      CAPTURE(static_cast<int>(dialect));
      CAPTURE(stream);
      World w(kRedactAll, kCachePrices);
      Talk talk(w, dialect, stream);
      const bool writes = dialect == DialectId::anthropic;
      talk.say({"Be brief.", {"one"}, 20'000, writes ? 0 : 18'000});
      const Json second = talk.say({"Be brief.", {"one", "two", "three"}, 22'000, 20'000});
      CHECK(second.at("cache_break") == "");
      CHECK(second.at("cache_break_tokens").is_null());
      const Json broken = talk.say({"Be brief.", {"one", "TWO", "three", "four", "five"}, 24'000, 4'000});
      CHECK(broken.at("cached_tokens") == 4'000);
      // Chat's system message is its messages[0].
      CHECK(broken.at("cache_break") == (dialect == DialectId::openai_chat ? "messages[2]" : "messages[1]"));
      // What the second turn read and wrote; each token at 12.5 (written anew) or 10 instead of 1 USD a million.
      CHECK(broken.at("cache_break_tokens") == (writes ? 18'000 : 16'000));
      CHECK(broken.at("cache_break_cost_usd") == (writes ? "0.207" : "0.144"));
      CHECK(talk.say({"It is 10:01.", {"one", "TWO", "three", "four", "five"}, 24'000, 0}).at("cache_break") ==
            (dialect == DialectId::openai_chat ? "messages[0]" : "system"));
    }
  }
}

TEST_CASE("cache breaks: people see them in tail, show and usage, and can ask for them") {
  World w(kRedactAll, std::string(kCachePrices) + "[serve]\nthreads = 1\n");
  Talk talk(w, DialectId::anthropic, true);
  talk.say({"Be brief.", {"mail ada@example.org"}, 20'000, 0});
  talk.say({"Be brief.", {"mail ada@example.org", "two", "three"}, 21'000, 20'000});
  CHECK(w.home.run({"logs", "search", "connect:>=0ms", "--json"}).out.find("\"seq\":1,") != std::string::npos);
  CHECK(w.home.run({"logs", "search", "-connect:>=0ms", "--json"}).out.find("\"seq\":2,") != std::string::npos);  // kept open
  const Json row = talk.say({"Be brief!", {"mail ada@example.org", "two", "three"}, 21'000, 0});
  CHECK(row.at("cache_break") == "system");
  const auto count = [&w](const std::string& filter) {
    const std::string out = w.home.run({"logs", "search", filter, "--json"}).out;
    return std::count(out.begin(), out.end(), '\n');
  };
  CHECK(count("cache_break:*") == 1);
  CHECK(count("-cache_break:*") == 2);
  CHECK(count("cache_break:system") == 1);
  CHECK(count("cache_break:messages[1]") == 0);
  CHECK(count("cache_break:messages*") == 0);
  CHECK(count("cache_break.tokens:>20k cache_break.cost:>$0.1") == 1);
  CHECK(count("cache_break.tokens:<1M") == 1);  // what did not break has no number
  CHECK(w.home.run({"logs", "search", "cache_break:*"}).out.find("break:system") != std::string::npos);
  const std::string page = w.home.run({"logs", "show", "last"}).out;
  CHECK(page.find("cache break\tsystem: differs from the turn before; 21000 tokens not from the cache, $0.2415 more") !=
        std::string::npos);
  for (const char* by : {"model", "session", "hour", "endpoint"}) {
    CAPTURE(by);
    const Json usage = Json::parse(w.home.run({"usage", "--by", by, "--json"}).out, nullptr, false);
    CHECK(usage.at("total").at("cache_breaks") == 1);
    CHECK(usage.at("total").at("cache_break_tokens") == 21'000);
    CHECK(usage.at("total").at("cache_break_cost_usd") == "0.2415");
  }
  CHECK(w.home.everything().find("ada@example.org") == std::string::npos);
}

TEST_CASE("cache breaks: where the provider keeps the history there is nothing to compare") {
  World w(kRedactAll, kCachePrices);
  w.upstream.respond([](const SeenRequest& seen) {
    const bool first = seen.body.find("previous_response_id") == std::string::npos;
    return whole_answer(DialectId::openai_responses, usage_of(DialectId::openai_responses, {"", {}, 20'000, first ? 18'000 : 0}));
  });
  const Fields session = {{"session-id", "s1"}};
  for (const char* more : {"", R"("previous_response_id":"resp_1",)"})
    CHECK(w.post("v1/responses", "{\"model\":\"m-1\"," + std::string(more) + R"("input":[{"role":"user","content":"one"}]})",
                 session)
              .status == 200);
  for (int tries = 0; tries < 100 && w.home.rows(5).size() < 2; ++tries) std::this_thread::sleep_for(Ms{20});
  REQUIRE(w.home.rows(5).size() == 2);
  for (const std::string& row : w.home.rows(5)) CHECK(Json::parse(row).at("cache_break") == "");
}

TEST_CASE("cache breaks: token counts, other sessions and the first turn after a restart are not compared") {
  World w(kRedactAll, kCachePrices);
  Talk talk(w, DialectId::anthropic, false);
  talk.say({"Be brief.", {"one"}, 20'000, 0});
  CHECK(talk.say({"Be brief.", {"one", "two", "three"}, 21'000, 0}, {{"x-claude-code-session-id", "s2"}}).at("cache_break") ==
        "");
  CHECK(talk.say({"Be brief.", {"one", "two", "three"}, 9'000, 0}).at("cache_break") == "");  // compacted
  CHECK(talk.say({"Be brief.", {"one", "two", "three", "4", "5"}, 9'500, 9'000}).at("cache_break") == "");
  w.server.signal(SIGTERM);
  CHECK(w.server.wait() == 0);
  REQUIRE(w.server.start());
  CHECK(talk.say({"Be brief.", {"one", "two", "three", "4", "5", "6"}, 9'600, 0}).at("cache_break") == "");
  CHECK(talk.say({"Be brief.", {"one", "two", "three", "4", "5", "6", "7"}, 9'700, 0}).at("cache_break") == "unexplained");
}

}  // namespace pg::test
