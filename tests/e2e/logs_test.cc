// The log as a second process sees it: costs, questions, sums, and following across a restart and deleted rows.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/support/following.h"
#include "tests/support/log_rows.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

using namespace pg::test;
using Json = nlohmann::json;

namespace {

const char* const kReply =
    R"({"id":"chatcmpl-1","object":"chat.completion","model":"large-1","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"prompt_tokens_details":{"cached_tokens":600}}})";
const char* const kLargePrice = "[prices.\"fake/large-1\"]\ninput = \"2\"\noutput = \"10\"\ncache_read = \"0.5\"\n";
constexpr std::string_view kLargeCall = R"({"model":"large-1","messages":[{"role":"user","content":"hello"}]})";

CommandResult run_query(const World& world, std::vector<std::string> args) {
  args.insert(args.end(), {"--config", world.home.config_file()});
  return world.home.run(args);
}

}  // namespace

TEST_CASE("logs: a row has its cost, exact, estimated or unknown, and usage sums them up") {
  World world(kRedactAll, kLargePrice);
  world.upstream.respond(Answer::json(kReply));
  CHECK(world.post("v1/chat/completions", kLargeCall, {{"User-Agent", "codex_cli_rs/0.80.0"}}).status == 200);
  wait_for_rows(world, 1);
  const Json row = Json::parse(world.home.rows().front());
  // 400 plain, 600 cached, 100 out: 0.0008 + 0.0003 + 0.001
  CHECK(row["cost_usd"] == "0.0021");
  CHECK(row["cost_state"] == "exact");

  world.upstream.respond(Answer::json(
      R"({"id":"chatcmpl-2","object":"chat.completion","model":"large-1","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]})"));
  CHECK(world.post("v1/chat/completions", kLargeCall).status == 200);
  wait_for_rows(world, 2);
  CHECK(Json::parse(world.home.rows().back())["cost_state"] == "estimated");

  world.upstream.respond(Answer::json(
      R"({"id":"chatcmpl-3","object":"chat.completion","model":"other","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}})"));
  CHECK(world.post("v1/chat/completions", R"({"model":"other","messages":[{"role":"user","content":"x"}]})").status == 200);
  wait_for_rows(world, 3);
  const Json unknown = Json::parse(world.home.rows().back());
  CHECK(unknown["cost_usd"].is_null());
  CHECK(unknown["cost_state"] == "unknown");

  const Json usage = Json::parse(run_query(world, {"usage", "--json"}).out);
  CHECK(usage["total"]["requests"] == 3);
  CHECK(usage["total"]["cost_unknown_requests"] == 1);
  CHECK(usage["total"]["cost_estimated_requests"] == 1);
  CHECK(run_query(world, {"logs", "search", "cost:$0.0021", "--fields", "model,cost"}).out == "large-1\t0.0021\n");
  CHECK(run_query(world, {"logs", "search", "model:other", "--template", "{status} {model} {flags}"}).out == "200 other \n");
  const Json agents = Json::parse(run_query(world, {"agents", "--json"}).out);
  REQUIRE(agents.size() == 1);
  CHECK(agents[0]["agent"] == "codex");
  CHECK(agents[0]["requests"] == 1);
  CHECK(run_query(world, {"logs", "show", "last"}).out.find("cost\t? (no price for fake/other") != std::string::npos);
}

TEST_CASE("logs: who asked and with what can be asked for, watched and summed up") {
  World world(kRedactAll, kLargePrice);
  world.upstream.respond(Answer::json(kReply));
  CHECK(world.post("v1/chat/completions", kLargeCall, {{"User-Agent", "OpenAI/Python 2.8.0"}}).status == 200);
  wait_for_rows(world, 1);  // two calls of one millisecond on two threads stand in any order
  CHECK(world.post("v1/chat/completions", kLargeCall, {{"User-Agent", "curl/8.1\t" + std::string(300, 'x')}}).status == 200);
  wait_for_rows(world, 2);
  CHECK(run_query(world, {"logs", "search", "ua:*python*", "ip:127.*", "--fields", "ip,ua"}).out ==
        "127.0.0.1\tOpenAI/Python 2.8.0\n");
  CHECK(run_query(world, {"logs", "search", "-ua:openai*", "--template", "{ip} {ua}"}).out == "127.0.0.1 curl/8.1\n");
  CHECK(run_query(world, {"logs", "search", "-ip:127.0.0.1", "--fail-empty"}).status == 1);
  CHECK(run_query(world, {"logs", "export", "ua:curl*", "--format", "csv"}).out.find(",,127.0.0.1,curl/8.1\n") !=
        std::string::npos);
  CHECK(run_query(world, {"logs", "stats", "--by", "ua"}).out.find("OpenAI/Python 2.8.0") != std::string::npos);
  CHECK(run_query(world, {"logs", "show", "last"}).out.find("client\t127.0.0.1\nuser agent\tcurl/8.1\n") != std::string::npos);
  const auto wrong = run_query(world, {"logs", "search", "headers:x"});
  CHECK(wrong.status == 2);
  CHECK(wrong.err.starts_with("error: \"headers\" is not kept in the log; "));
  Following tail(world, {"logs", "tail", "-f", "-n", "1", "ua:*python*", "--fields", "ip,ua"});
  CHECK(tail.line() == "127.0.0.1\tOpenAI/Python 2.8.0");
  CHECK(world.post("v1/chat/completions", kLargeCall, {{"User-Agent", "curl/8.1"}}).status == 200);
  CHECK(world.post("v1/chat/completions", kLargeCall, {{"User-Agent", "AsyncOpenAI/Python 2.9"}}).status == 200);
  CHECK(tail.line() == "127.0.0.1\tAsyncOpenAI/Python 2.9");
}

TEST_CASE("logs: questions have exit statuses, explanations and formats") {
  World world(kRedactAll, kLargePrice);
  world.upstream.respond(Answer::json(kReply));
  CHECK(world.post("v1/chat/completions", kLargeCall).status == 200);
  wait_for_rows(world, 1);
  const auto wrong = run_query(world, {"logs", "search", "statsu:429"});
  CHECK(wrong.status == 2);
  CHECK(wrong.err == "error: unknown field \"statsu\", did you mean \"status\"?\n  at column 1 of the query\n");
  CHECK(run_query(world, {"logs", "search", "status:500", "--fail-empty"}).status == 1);
  CHECK(run_query(world, {"logs", "search", "status:500"}).status == 0);
  CHECK(run_query(world, {"logs", "search", "--fields", "time", "--template", "{time}"}).status == 2);
  for (const std::vector<std::string>& command : {std::vector<std::string>{"usage"}, {"logs", "search"}, {"logs", "stats"}}) {
    std::vector<std::string> args = command;
    args.insert(args.end(), {"--project", "tets"});
    const auto unknown = run_query(world, args);
    CHECK(unknown.status == 5);
    CHECK(unknown.err.find("no project 'tets' (did you mean 'test'?)") != std::string::npos);
  }
  const auto explained = run_query(world, {"logs", "search", "model:large*", "-status:500", "--explain"});
  CHECK(explained.out.find("USING INTEGER PRIMARY KEY") != std::string::npos);
  const auto csv = run_query(world, {"logs", "export", "--format", "csv", "--fields", "model,status,cost"});
  CHECK(csv.out == "model,status,cost\nlarge-1,200,0.0021\n");
  CHECK(Json::parse(run_query(world, {"logs", "export"}).out)["model"] == "large-1");
  const Json stats = Json::parse(run_query(world, {"logs", "stats", "--by", "status", "--json"}).out);
  CHECK(stats["groups"][0]["name"] == "200");
  CHECK(run_query(world, {"logs", "stats", "--by", "latency"}).status == 2);
  for (std::vector<std::string> command : {std::vector<std::string>{"usage"}, {"logs", "search"}, {"logs", "stats"}}) {
    command.insert(command.end(), {"--csv", "--json"});
    const auto two = run_query(world, command);
    CHECK(two.status == 2);
    CHECK(Json::parse(two.err).at("error").at("message").get<std::string>().find("give one of them") != std::string::npos);
  }
}

TEST_CASE("logs: what is written down can be read while a project's file is broken, or pg.toml, and no key is made then") {
  World w;
  w.upstream.respond(Answer::json(R"({"id":"r","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1}})"));
  REQUIRE(w.post("v1/chat/completions", R"({"model":"m","messages":[]})").status == 200);
  REQUIRE(w.home.newest_row_has("status", "200"));
  w.home.write(w.home.project_file("halfway"), "type = \"agent\"\n[guards\n");
  for (const std::vector<std::string>& asked :
       {std::vector<std::string>{"logs", "tail"}, {"usage"}, {"audit", "tail"}, {"keys", "list"}}) {
    CAPTURE(asked.front());
    const CommandResult read = w.home.run(asked);
    CHECK(read.status == 0);
    CHECK_FALSE(read.out.empty());
    CHECK(read.err.find("halfway.toml:2:") != std::string::npos);
    CHECK(read.err.find("pg config check") != std::string::npos);
  }
  CHECK(w.home.run({"keys", "add", "another"}).status == 0);
  CHECK(w.home.run({"keys", "add", "third", "--project", "halfway"}).status == 3);
  w.home.write(w.home.config_file(), "[serve\n");
  CHECK(w.home.run({"logs", "tail"}).status == 0);
  CHECK(w.home.run({"keys", "add", "fourth"}).status == 3);
}

TEST_CASE("logs H98: what a client calls a model is no formula in an export") {
  World world(kRedactAll);
  world.upstream.respond(Answer::json(kReply));
  std::size_t rows = 0;
  for (const char* model : {"=1+1", "+1", "-1", "@A1", "\\u001b[31m=1", "plain"}) {
    CHECK(world.post("v1/chat/completions", R"({"model":")" + std::string(model) + R"(","messages":[]})").status == 200);
    wait_for_rows(world, ++rows);  // calls of several loops have no order
  }
  const std::string cells = "model.requested\n'=1+1\n'+1\n'-1\n'@A1\n\\x1B[31m=1\nplain\n";
  CHECK(run_query(world, {"logs", "export", "--format", "csv", "--fields", "model.requested"}).out == cells);
  CHECK(run_query(world, {"logs", "search", "--csv", "--fields", "model.requested"}).out == cells);
  for (const std::vector<std::string>& sums :
       {std::vector<std::string>{"usage", "--csv"}, {"logs", "stats", "--csv", "--by", "model.requested"}})
    for (const char* line : {"\n=", "\n+", "\n-", "\n@", "\x1b"})
      CHECK(run_query(world, sums).out.find(line) == std::string::npos);
}

TEST_CASE("logs: what was sent is summed up by kind, over days to their end, and once however far back") {
  World world(kRedactAll, kLargePrice);
  world.upstream.respond(Answer::json(kReply));
  const std::string mails = make_email("ann.lee") + " " + make_email("bob.ray");
  const std::string call = R"({"model":"large-1","messages":[{"role":"user","content":"write to )" + mails + R"("}]})";
  for (int rows = 1; rows <= 2; ++rows) {
    CHECK(world.post("v1/chat/completions", call).status == 200);
    wait_for_rows(world, rows);
  }
  const std::vector<std::string> window = {"logs", "stats", "--by", "kind", "--since", "2y", "--until", "today"};
  const auto with = [&](std::initializer_list<std::string> more) {
    std::vector<std::string> args = window;
    args.insert(args.end(), more);
    return run_query(world, args).out;
  };
  CHECK(with({"--csv"}) == "kind,requests,redacted_values,detected_values,blocked\nEMAIL,2,4,0,0\n");
  const Json told = Json::parse(with({"--json"}));
  CHECK(told["groups"].dump() == R"([{"blocked":0,"detected_values":0,"name":"EMAIL","redacted_values":4,"requests":2}])");
  CHECK(told["total"]["redacted_values"] == 4);
  CHECK(with({}).find("EMAIL") != std::string::npos);
  CHECK(run_query(world, {"logs", "stats", "--by", "rule", "--csv"}).out ==
        "rule,requests,redacted_values,detected_values,blocked\nemail,2,,,0\n");
  for (const char* since : {"1d", "20785d", "20786d", "36500d", "100y", "1960-01-01", "today"})
    CHECK_MESSAGE(Json::parse(run_query(world, {"usage", "--since", since, "--json"}).out)["total"]["requests"] == 2, since);
  for (const char* until : {"today", "2999-12", "9000-01-01"})
    CHECK_MESSAGE(Json::parse(run_query(world, {"usage", "--until", until, "--json"}).out)["total"]["requests"] == 2, until);
  for (const char* until : {"yesterday", "36500d", "1mo"})
    CHECK_MESSAGE(Json::parse(run_query(world, {"usage", "--until", until, "--json"}).out)["total"]["requests"] == 0, until);
}

TEST_CASE("logs: following goes on across deleted rows and a restarted server") {
  World world(kRedactAll, kLargePrice);
  Following tail(world, {"logs", "tail", "-f", "-n", "0", "--json"});
  const auto call = [&] {
    world.upstream.respond(Answer::json(kReply));
    CHECK(world.post("v1/chat/completions", kLargeCall).status == 200);
  };
  call();
  const Json first = Json::parse(tail.line());
  CHECK(first["model"] == "large-1");
  call();
  CHECK(Json::parse(tail.line())["seq"].get<int>() == first["seq"].get<int>() + 1);
  const auto pruned = run_query(world, {"logs", "prune", "--keep", "0s", "--yes", "--json"});
  CHECK(pruned.status == 0);
  CHECK(Json::parse(pruned.out)["deleted"] == 1);
  CHECK(run_query(world, {"audit", "tail", "-n", "1"}).out.find("\tlogs.prune\tlog\t1 row deleted, those before ") !=
        std::string::npos);
  call();
  const Json second = Json::parse(tail.line());
  CHECK(second["seq"].get<int>() == first["seq"].get<int>() + 2);
  world.server.signal(SIGTERM);
  CHECK(world.server.wait() == 0);
  REQUIRE(world.server.start());
  call();
  CHECK(Json::parse(tail.line())["seq"].get<int>() == first["seq"].get<int>() + 3);
  // What was used is known, also of the row that is gone.
  CHECK(Json::parse(run_query(world, {"usage", "--json"}).out)["total"]["requests"] == 4);
}
