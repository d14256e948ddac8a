// Canaries: secrets put wherever one could come from, a run through every way a request can end, and then a look for them in
// everything that pg wrote.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include "core/base/encode.h"
#include "tests/support/canaries.h"
#include "tests/support/log_rows.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

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

std::string chat_request(Canaries& c) {
  return R"({"model":"m","user":")" + c["user"] + R"(","metadata":{")" + c["metadata name"] + R"(":")" + c["metadata value"] +
         R"("},"tools":[{"type":"function","function":{"name":")" + c["tool name"] +
         R"(","parameters":{"type":"object","properties":{")" + c["property"] + R"(":{"enum":[")" + c["enumeration"] +
         R"("]}}}}}],"stop":[")" + c["stop"] + R"("],")" + c["unknown name"] + R"(":1,"messages":[{"role":")" + c["role"] +
         R"(","content":[{"type":")" + c["part type"] + R"("},{"type":"text","text":"x"}]}]})";
}

std::string canary_reply(Canaries& c) {
  return R"({"id":")" + c["reply id"] + R"(","model":"m","system_fingerprint":")" + c["fingerprint"] +
         R"(","choices":[{"index":0,"finish_reason":")" + c["finish reason"] +
         R"(","message":{"role":"assistant","content":null,"tool_calls":[{"id":")" + c["call id"] +
         R"(","type":"function","function":{"name":")" + c["called tool"] + R"(","arguments":"{\"a\":\")" + c["arguments"] +
         R"(\"}"}}]}}],"usage":{"prompt_tokens":1,"completion_tokens":1}})";
}

// Images and documents: what is text in them is looked at, the rest goes as it came and is kept nowhere.
std::string blocks_request(Canaries& c) {
  const auto data = [](const std::string& text) { return to_base64(text); };
  return R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64",)"
         R"("media_type":"image/png","data":")" +
         data("\x89PNG\r\n\x1a\n" + c["image"]) + R"("}},{"type":"document","title":")" + c["document title"] +
         R"(","context":")" + c["document context"] + R"(","source":{"type":"base64","media_type":"text/plain","data":")" +
         data("doc " + c["document"]) +
         R"("}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"doc )" + c["text document"] +
         R"("}},{"type":"image","source":{"type":"url","url":"https://x.example/a?sig=)" + c["image address"] + R"("}}]}]})";
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
                                                          {"usage", "--by", "session", "--json"},
                                                          {"usage", "--by", "agent", "--csv"},
                                                          {"usage", "--by", "endpoint"},
                                                          {"usage", "--by", "status"},
                                                          {"usage", "--by", "model", "--csv"},
                                                          {"logs", "search", "status:*"},
                                                          {"logs", "search", "error:*", "--json"},
                                                          {"logs", "stats", "--by", "session"},
                                                          {"logs", "stats", "--by", "path"},
                                                          {"logs", "stats", "--by", "ua"},
                                                          {"logs", "search", "ua:*", "--fields", "ua,ip,route"},
                                                          {"alerts"},
                                                          {"alerts", "--json"},
                                                          {"budgets"},
                                                          {"budgets", "--json"},
                                                          {"agents", "--json"},
                                                          {"models", "list"},
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
  for (const char* format : {"text", "json", "ndjson", "sarif", "github", "junit", "csv"}) {
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
                         {"X-" + c["header name"], "1"},
                         {"Referer", "http://u:" + c["userinfo"] + "@host.example/"},
                         {"Traceparent", c["trace"]},
                         {"OpenAI-Organization", c["organization"]},
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
  w.upstream.respond(
      Answer::reply(200, canary_reply(c), {{"x-" + c["reply header name"], "1"}, {"retry-after", c["retry after"]}}));
  w.post("v1/chat/completions", chat_request(c), fields);
  w.post("v1/messages", blocks_request(c), fields);
  w.upstream.respond(Answer::reply(500, "<html>" + c["page"], {{"Content-Type", c["content type"]}}));
  w.post("v1/chat/completions", chat_request(c), {{"Content-Encoding", c["content coding"]}});
  w.post("v1/chat/completions", chat_request(c), {{"Origin", "http://" + c["origin"]}});
  w.post("v1/chat/completions", chat_request(c), {{"Expect", c["expectation"]}});
  w.post("v1/chat/completions", chat_request(c));
  exchange(w.port(), write_request("GET", "/" + c["root path"], {}, {}));
  exchange(w.port(), write_request("POST", "/api/" + c["project"] + "/key/" + c["key in path"] + "/v1/messages", {}, "{}"));
  w.post("v1/messages", full_request(c, false, "m"), {{"Authorization", "Bearer " + c["wrong key"]}});
  // One that the 200 bytes which are kept end in, one behind what is no word of English, one that no proxy of ours wrote.
  w.post("v1/messages", full_request(c, false, "m"),
         {{"User-Agent", "tool/1.0 (" + std::string(160, 'x') + " " + c["end of user agent"] + " more"},
          {"X-Forwarded-For", c["forwarded for"]},
          {"Forwarded", "for=" + c["forwarded"]}});
  w.post("v1/messages", full_request(c, false, "m"), {{"User-Agent", "tool\xe9" + c["behind a byte"] + "\x80 é"}});
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
    wait_for_rows(w, 20);
    // Settings that are taken over while it runs, and some that are refused.
    w.home.write(w.home.config_file(),
                 Home::read(w.home.config_file()) + "\n[limits]\nqueue = 7  # " + c["more settings"] + "\n");
    for (int tries = 0; tries < 200 && w.server.err().find("reloaded") == std::string::npos; ++tries) ::usleep(20'000);
    w.home.write(w.home.project_file("broken"), "id = \"" + c["broken project"] + "\"\n");
    for (int tries = 0; tries < 200 && w.server.err().find("broken") == std::string::npos; ++tries) ::usleep(20'000);
    std::filesystem::remove(w.home.project_file("broken"));
    w.upstream.respond(Answer::json("{}"));
    w.post("v1/messages", full_request(c, false, "m"));
    wait_for_rows(w, 21);
    const std::string said = everything_said(w, request);
    REQUIRE(c.size() >= 20);
    CHECK(said.find("/api/test/v1/messages/****") != std::string::npos);  // they did come that far
    CHECK(said.find("claude-cli/****") != std::string::npos);
    CHECK(said.find("tool?****") != std::string::npos);
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
