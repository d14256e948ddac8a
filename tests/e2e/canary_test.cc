// Canaries: secrets put wherever one could come from, a run through every way a request can end, and then a look for them in
// everything that pg wrote.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <set>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

/// Canaries by the place they were put in; each is another value.
class Canaries {
 public:
  std::string operator[](const std::string& place) {
    auto [at, fresh] = values_.try_emplace(place, "");
    if (fresh) at->second = make_github_token(100 + static_cast<unsigned>(values_.size()));
    return at->second;
  }
  /// Where those that stand in `text` were put.
  std::set<std::string> seen_in(std::string_view text) const {
    std::set<std::string> seen;
    for (const auto& [place, value] : values_)
      if (text.find(value) != std::string_view::npos || text.find(value.substr(4, 20)) != std::string_view::npos)
        seen.insert(place);
    return seen;
  }
  std::size_t size() const { return values_.size(); }

 private:
  std::map<std::string, std::string> values_;
};

std::string full_request(Canaries& c, bool stream, const std::string& model) {
  return R"({"model":")" + model + R"(","max_tokens":9,"stream":)" + (stream ? "true" : "false") + R"(,"metadata":{"user_id":")" +
         c["metadata"] + R"("},"system":"system )" + c["system"] + R"(","tools":[{"name":"t","description":"tool )" +
         c["tool text"] + R"(","input_schema":{"type":"object","properties":{"a":{"type":"string","description":")" +
         c["schema"] + R"("}}}}],"messages":[{"role":"user","content":"message )" + c["message"] +
         R"("},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"t","input":{"a":")" + c["tool input"] +
         R"(",")" + c["object key"] +
         R"(":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":")" + c["tool result"] +
         R"("}]}]})";
}

std::vector<std::string> stream_with(const std::string& secret) {
  std::vector<std::string> events = {
      "event: message_start\ndata: "
      "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"m\",\"role\":\"assistant\",\"content\":[],"
      "\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n",
      "event: content_block_start\ndata: "
      "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"};
  for (std::size_t at = 0; at < secret.size(); at += 7)
    events.push_back(
        "event: content_block_delta\ndata: "
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" +
        secret.substr(at, 7) + "\"}}\n\n");
  events.emplace_back("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
  return events;
}

void wait_for_rows(const World& w, std::size_t count) {
  for (int tries = 0; tries < 200 && w.home.rows(200).size() < count; ++tries) ::usleep(20'000);
  CHECK(w.home.rows(200).size() == count);
}

// What pg wrote by itself: the database, its log and seal, the log file.
std::string written_files(const World& w) {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(w.home.root())) {
    const std::string path = entry.path();
    const bool own = path.find("/config/") != std::string::npos || path.find("/planted/") != std::string::npos;
    if (entry.is_regular_file() && (!own || path.find("requests.log") != std::string::npos)) all += Home::read(entry.path());
  }
  return all;
}

std::string everything_said(const World& w, const std::string& request_file) {
  const std::vector<std::vector<std::string>> commands = {{"logs", "export"},
                                                          {"logs", "export", "--format", "csv"},
                                                          {"logs", "tail", "-n", "0"},
                                                          {"logs", "stats", "--by", "model"},
                                                          {"logs", "stats", "--by", "error"},
                                                          {"logs", "show", "last"},
                                                          {"logs", "show", "last", "--body"},
                                                          {"logs", "show", "last", "--body", "--json"},
                                                          {"audit", "export"},
                                                          {"audit", "tail", "-n", "0"},
                                                          {"usage"},
                                                          {"agents"},
                                                          {"explain", "last"},
                                                          {"explain", "last", "--json"},
                                                          {"explain", request_file},
                                                          {"explain", request_file, "--json"},
                                                          {"config", "check"},
                                                          {"providers", "list"},
                                                          {"keys", "list"},
                                                          {"routes", "explain", request_file}};
  std::string all;
  for (std::vector<std::string> args : commands) {
    args.insert(args.end(), {"--config", w.home.config_file()});
    const CommandResult said = w.home.run(args);
    all += said.out + said.err;
  }
  // Every body, not only the last.
  for (const std::string& row : w.home.rows(200)) {
    const std::size_t at = row.find("\"id\":\"") + 6;
    const CommandResult said =
        w.home.run({"logs", "show", row.substr(at, 26), "--body", "--json", "--config", w.home.config_file()});
    all += said.out + said.err;
  }
  for (const char* format : {"json", "sarif", "github", "csv"}) {
    const CommandResult said = w.home.run({"scan", "--format", format, (w.home.root() / "planted").string()});
    CHECK(said.status == 1);
    all += said.out + said.err;
  }
  return all;
}

void run_through(World& w, Canaries& c) {
  const Fields fields = {{"X-Session-Id", c["header"]},
                         {"X-Claude-Code-Session-Id", c["session header"]},
                         {"User-Agent", "claude-cli/" + c["user agent"]},
                         {"Cookie", c["cookie"]}};
  w.upstream.respond(Answer::reply(200,
                                   R"({"id":"m","type":"message","model":")" + c["model served"] +
                                       R"(","content":[{"type":"text","text":"here )" + c["reply"] +
                                       R"("}],"usage":{"input_tokens":1,"output_tokens":1}})",
                                   {{"request-id", c["reply header"]}}));
  w.post("v1/messages?q=" + c["query"], full_request(c, false, "m"), fields);
  w.upstream.respond(Answer::stream(stream_with(c["reply in pieces"])));
  w.post("v1/messages", full_request(c, true, "m"), fields);
  w.upstream.respond(Answer::reply(
      400, R"({"type":"error","error":{"type":")" + c["error type"] + R"(","message":"no )" + c["error text"] + "\"}}"));
  w.post("v1/messages", full_request(c, false, "m"), fields);
  w.post("v1/messages", full_request(c, false, "m " + c["model"]), fields);
  w.upstream.respond(Answer::head(200, {{"Content-Length", "5000"}}).bytes("{\"text\":\"" + c["cut reply"]).reset());
  w.post("v1/messages", full_request(c, false, "m"), fields);
  w.upstream.respond(Answer().close());
  w.post("v1/messages", full_request(c, false, "m"), fields);
  w.post("v1/messages/" + c["path"], "{}");
  w.post("v1/messages", "{\"model\":\"m\",\"messages\":\"" + c["broken body"]);
  w.post("v1/messages", full_request(c, false, "m"), {{"Authorization", "Bearer " + c["wrong key"]}});
  w.get("v1/models?k=" + c["query"], {{"Authorization", "Bearer " + c["wrong key"]}});
}

}  // namespace

TEST_CASE("canaries: wherever a secret comes from, nothing that pg writes or says holds it") {
  const std::string keep_all = "[logs]\nlog_bodies = \"redacted\"\nfile = \"requests.log\"\n";
  for (const std::string_view guards : {kRedactAll, kBlockSecrets, kDetectAll}) {
    CAPTURE(guards);
    Canaries c;
    World w(guards, keep_all + "# comment " + c["settings comment"] + "\n");
    w.upstream.respond(Answer::json("{}"));
    const std::string planted = w.home.root() / "planted/secrets.txt";
    w.home.write(planted, "token = \"" + c["scanned file"] + "\"\n");
    const std::string request = w.home.root() / "planted/request.json";
    w.home.write(request, full_request(c, false, "m"));
    run_through(w, c);
    wait_for_rows(w, 10);
    // Settings that are taken over while it runs, and some that are refused.
    w.home.write(w.home.config_file(),
                 Home::read(w.home.config_file()) + "\n[limits]\nqueue = 7  # " + c["more settings"] + "\n");
    for (int tries = 0; tries < 200 && w.server.err().find("reloaded") == std::string::npos; ++tries) ::usleep(20'000);
    w.home.write(w.home.project_file("broken"), "id = \"" + c["broken project"] + "\"\n");
    for (int tries = 0; tries < 200 && w.server.err().find("broken") == std::string::npos; ++tries) ::usleep(20'000);
    std::filesystem::remove(w.home.project_file("broken"));
    w.upstream.respond(Answer::json("{}"));
    w.post("v1/messages", full_request(c, false, "m"));
    wait_for_rows(w, 11);
    const std::string said = everything_said(w, request);
    REQUIRE(c.size() >= 20);
    CHECK(said.find("/api/test/v1/messages/****") != std::string::npos);  // they did come that far
    CHECK(c.seen_in(said) == std::set<std::string>{});
    CHECK(c.seen_in(w.server.err()) == std::set<std::string>{});
    CHECK(c.seen_in(written_files(w)) == std::set<std::string>{});
    const std::string limits = Home::read(fmt::format("/proc/{}/limits", w.server.pid()));
    CHECK(limits.find("Max core file size        1 ") != std::string::npos);  // 0 would not stop a program that collects cores
    w.server.signal(SIGSEGV);  // a crash: what was only in the write-ahead log is there, too
    CHECK(w.server.wait() == 128 + SIGSEGV);
    CHECK(c.seen_in(w.server.err()) == std::set<std::string>{});
    CHECK(c.seen_in(written_files(w)) == std::set<std::string>{});
    CHECK(written_files(w).find("fake-provider-credential") == std::string::npos);
  }
}

}  // namespace pg::test
