// Kept bodies: what the provider saw and said, and nothing that pg had replaced; and the two ways to look at them.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/support/log_rows.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kKeep = "log_bodies = \"redacted\"\n";

CommandResult ask_pg(const World& w, std::vector<std::string> args, std::string_view input = {}) {
  args.insert(args.end(), {"--config", w.home.config_file()});
  return w.home.run(args, input);
}

// The body of a row follows it at once, in a transaction of its own.
CommandResult kept_body(const World& w, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"logs", "show", "last", "--body"});
  CommandResult shown;
  for (int tries = 0; tries < 100; ++tries) {
    shown = ask_pg(w, more);
    if (shown.status == 0) break;
    ::usleep(20'000);
  }
  return shown;
}

std::string words(std::string_view text) {
  return R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":")" + std::string(text) + "\"}]}";
}

}  // namespace

TEST_CASE("bodies: off by default, and then nothing of them is anywhere") {
  World w;
  w.upstream.respond(Answer::json(R"({"id":"x","reply":"sentinel-of-the-reply"})"));
  REQUIRE(w.post("v1/messages", words("sentinel-of-the-request")).status == 200);
  wait_for_rows(w, 1);
  const CommandResult shown = ask_pg(w, {"logs", "show", "last", "--body"});
  CHECK(shown.status == 5);
  CHECK(shown.err.find("log_bodies") != std::string::npos);
  CHECK(ask_pg(w, {"explain", "last"}).status == 5);
  CHECK(w.home.everything().find("sentinel-of") == std::string::npos);
}

TEST_CASE("bodies: kept as the provider saw and said it, before anything is put back") {
  World w(kRedactAll, {}, {}, kKeep);
  const std::string email = make_email(), token = make_github_token();
  std::string replied;
  w.upstream.respond([&](const SeenRequest& seen) {
    const auto tokens = placeholders_in(seen.body);
    replied = R"({"id":"m1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"I wrote to )" +
              tokens.at(0) + R"("}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}})";
    return Answer::json(replied);
  });
  const RawReply reply = w.post("v1/messages", words("mail " + email + " with " + token));
  REQUIRE(reply.status == 200);
  REQUIRE(reply.body.find(email) != std::string::npos);
  wait_for_rows(w, 1);
  CHECK(kept_body(w, {"--only", "request"}).out == w.upstream.last().body);
  CHECK(kept_body(w, {"--only", "reply"}).out == replied);
  CHECK(kept_body(w).out == w.upstream.last().body + "\n" + replied);
  const Json both = Json::parse(kept_body(w, {"--json"}).out);
  CHECK(both.at("request") == w.upstream.last().body);
  CHECK(both.at("reply") == replied);
  CHECK(both.at("request_cut") == false);
  const std::string all = w.home.everything();
  CHECK(all.find(email) == std::string::npos);
  CHECK(all.find(token) == std::string::npos);

  const CommandResult explained = ask_pg(w, {"explain", "last"});
  CHECK(explained.status == 0);
  CHECK(explained.out.find("EMAIL 1 at messages[0].content") != std::string::npos);
  CHECK(explained.out.find("[[EMAIL_001]]") != std::string::npos);
  const Json told = Json::parse(ask_pg(w, {"explain", "last", "--json"}).out);
  CHECK(told.at("placeholders").size() == 2);
  CHECK(told.at("placeholders")[0].at("places")[0].at("place") == "messages[0].content");
}

TEST_CASE("bodies: streams, translated calls and errors are kept as they crossed the wire") {
  World w(kRedactAll, "[logs]\nlog_bodies = \"redacted\"\n");
  const std::vector<std::string> pieces = {
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"he\"}}]}\n\n",
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"llo\"},\"finish_reason\":\"stop\"}]}\n\n", "data: [DONE]\n\n"};
  w.upstream.respond(Answer::stream(pieces));
  REQUIRE(w.post("v1/chat/completions", R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})").status ==
          200);
  wait_for_rows(w, 1);
  CHECK(kept_body(w, {"--only", "reply"}).out == pieces[0] + pieces[1] + pieces[2]);

  // The provider quotes the credential that pg sent it.
  w.upstream.respond(Answer::reply(401, R"({"error":{"message":"bad key )" + w.credential + "\"}}"));
  w.post("v1/chat/completions", R"({"model":"m","messages":[{"role":"user","content":"hi"}]})");
  wait_for_rows(w, 2);
  const std::string reply = kept_body(w, {"--only", "reply"}).out;
  CHECK(reply.find("bad key ****") != std::string::npos);
  CHECK(reply.find(w.credential) == std::string::npos);
  CHECK(w.home.everything().find(w.credential) == std::string::npos);
}

TEST_CASE(
    "bodies: a coding that pg never asked for and cannot read passes where nothing is to be put back, and is marked as not "
    "kept") {
  World w(kRedactAll, {}, {}, kKeep);
  const std::string unreadable = "\x0b\x02\x80not really brotli\x03";
  w.upstream.respond(Answer::reply(200, unreadable, {{"Content-Encoding", "br"}}));
  const RawReply passed = w.post("v1/messages", words("nothing to hide"), {{"Accept-Encoding", "br, gzip"}});
  CHECK(passed.status == 200);
  CHECK(passed.body == unreadable);
  CHECK(passed.field("content-encoding") == "br");
  CHECK(w.upstream.last().field("accept-encoding") == "identity");
  wait_for_rows(w, 1);
  CHECK(kept_body(w, {"--only", "request"}).out == w.upstream.last().body);
  const Json kept = Json::parse(kept_body(w, {"--json"}).out);
  CHECK(kept.at("reply") == "");
  CHECK(kept.at("reply_cut") == true);
  // An answer with placeholders in it would reach the client as it is.
  CHECK(w.post("v1/messages", words("mail " + make_email())).status == 502);
}

TEST_CASE("bodies: the curl line of a row, run by bash, sends the same bytes again, whatever is in them") {
  World w(kRedactAll, {}, {}, kKeep);
  w.upstream.respond(Answer::json(R"({"reply":"ok"})"));
  const std::filesystem::path bin = w.home.root() / "bin", marker = w.home.root() / "marker";
  std::filesystem::create_directories(bin);
  std::filesystem::create_symlink(pg_binary(), bin / "pg");
  w.home.set_env("PG_SERVE_PORT", std::to_string(w.port()));
  const auto run_line = [&](const std::string& command) {
    w.home.write(w.home.root() / "line.sh", "export PATH=" + bin.string() + ":$PATH PG_KEY=" + w.key + "\n" + command + "\n");
    std::string all;
    for (const std::string& word : w.home.environment()) all += " '" + word + "'";
    return std::system(("env -i" + all + " bash -eo pipefail " + (w.home.root() / "line.sh").string() + " > /dev/null").c_str());
  };
  const std::string touch = "touch " + marker.string();
  const std::string hostile = "'$(" + touch + ")`" + touch + R"(`\"; )" + touch +
                              R"( #\u0000\n\u001b[2J EOF\nPG_END\n$PG_KEY %s \\)" + "\xc2\x9b " + make_email() + "\x7f";
  std::size_t rows = 0;
  for (const std::string path :
       {"v1/messages", "v1/messages/count_tokens", "v1/chat/completions", "v1/responses", "v1/embeddings"}) {
    CAPTURE(path);
    REQUIRE(w.post(path, R"({ "model":"m","max_tokens":9 , "input":")" + hostile + R"(","messages":[{"role":"user","content":")" +
                             hostile + "\"}]}\r\n \n")
                .status == 200);
    wait_for_rows(w, ++rows);
    const std::string sent = w.upstream.last().body;
    const std::string target = w.upstream.last().target;
    REQUIRE(sent.find("[[EMAIL_001]]") != std::string::npos);
    REQUIRE(kept_body(w).status == 0);
    const std::string page = ask_pg(w, {"logs", "show", "last"}).out;
    const std::size_t at = page.find("\ncurl\t");
    REQUIRE(at != std::string::npos);
    const std::string command = page.substr(at + 6, page.find('\n', at + 6) - at - 6);
    CAPTURE(command);
    CHECK(run_line(command) == 0);
    wait_for_rows(w, ++rows);
    CHECK(w.upstream.last().body == sent);
    CHECK(w.upstream.last().target == target);
  }
  CHECK_FALSE(std::filesystem::exists(marker));
}

TEST_CASE("bodies: a blocked request is never kept, and explain says that nothing left") {
  World w(kBlockSecrets, {}, {}, kKeep);
  const std::string token = make_github_token();
  CHECK(w.post("v1/messages", words("token " + token + " marker-of-the-blocked")).status == 422);
  wait_for_rows(w, 1);
  const CommandResult shown = ask_pg(w, {"logs", "show", "last", "--body"});
  CHECK(shown.status == 5);
  CHECK(shown.err.find("never kept") != std::string::npos);
  const CommandResult explained = ask_pg(w, {"explain", "last"});
  CHECK(explained.status == 0);
  CHECK(explained.out.find("it was blocked") != std::string::npos);
  CHECK(w.home.everything().find("marker-of-the-blocked") == std::string::npos);
}

TEST_CASE("bodies: a long one is cut where the settings say, and age and size have an end of their own") {
  World w(kRedactAll, "[logs]\nlog_bodies = \"redacted\"\nbody_max_size = \"2KiB\"\n");
  w.upstream.respond(Answer::json("{}"));
  const std::string body = words(std::string(50'000, 'a'));
  REQUIRE(w.post("v1/messages", body).status == 200);
  wait_for_rows(w, 1);
  const Json kept = Json::parse(kept_body(w, {"--json"}).out);
  CHECK(kept.at("request").get<std::string>().size() == 2048);
  CHECK(kept.at("request_cut") == true);
  CHECK(kept.at("request_bytes") == body.size());
  CHECK(ask_pg(w, {"explain", "last"}).out.find("cut after 2.0k") != std::string::npos);
}

TEST_CASE("explain: a request is judged without a server, from a file or standard input, and no value is shown") {
  World w(kRedactAll, {}, {}, "[aliases]\nfast = \"fake:small-1\"\n");
  w.server.signal(SIGTERM);
  REQUIRE(w.server.wait() == 0);
  const std::string email = make_email(), token = make_github_token();
  const std::string body = R"({"model":"fast","system":"be kind","max_tokens":9,"messages":[{"role":"user","content":"mail )" +
                           email + " with " + token + R"("}]})";
  const std::string file = w.home.root() / "request.json";
  w.home.write(file, body);
  const CommandResult told = ask_pg(w, {"explain", file});
  CHECK(told.status == 0);
  CHECK(told.out.find("would be sent") != std::string::npos);
  CHECK(told.out.find("fake, anthropic") != std::string::npos);
  CHECK(told.out.find("small-1") != std::string::npos);
  CHECK(told.out.find("+ mail [[EMAIL_001]] with ") != std::string::npos);
  const Json json = Json::parse(ask_pg(w, {"explain", "-", "--json"}, body).out);
  CHECK(json.at("verdict") == "sent");
  CHECK(json.at("dialect") == "anthropic");
  CHECK(json.at("redacted").at("EMAIL") == 1);
  CHECK(json.at("findings").size() == 2);
  for (const std::string& text : {told.out, json.dump()}) {
    CHECK(text.find(email) == std::string::npos);
    CHECK(text.find(token) == std::string::npos);
    CHECK(text.find(token.substr(0, 8)) == std::string::npos);
  }
  CHECK(w.upstream.touched() == 0);

  w.home.write(w.home.project_file("test"), project_toml(kBlockSecrets));
  const CommandResult blocked = ask_pg(w, {"explain", "-", "--json"}, body);
  CHECK(blocked.status == 1);
  const Json answer = Json::parse(blocked.out);
  CHECK(answer.at("verdict") == "blocked");
  CHECK(answer.at("blocked") == Json::array({"github-token"}));
  CHECK(answer.at("answer").at("type") == "error");
  CHECK(answer.at("answer_status") == 422);
  CHECK(blocked.out.find(token) == std::string::npos);

  CHECK(ask_pg(w, {"explain", "-"}, "no json").status != 0);
  CHECK(ask_pg(w, {"explain", "missing.json"}).status == 5);
  CHECK(ask_pg(w, {"explain", "01NOSUCHID"}).status == 5);
}

TEST_CASE("audit: acts, settings that were taken over and refused keys are in the log, and a cut log shows") {
  World w;
  const std::string models_only = w.home.add_key("narrow", {"--scopes", "models"});
  for (int tries = 0; tries < 200; ++tries) {  // a running server takes a new key within a second
    if (w.post("v1/messages", words("hi"), {{"Authorization", "Bearer " + models_only}}).status != 401) break;
    ::usleep(20'000);
  }
  for (int i = 0; i < 30; ++i)
    CHECK(w.post("v1/messages", words("hi"), {{"Authorization", "Bearer " + models_only}}).status == 403);
  w.home.write(w.home.config_file(), Home::read(w.home.config_file()) + "\n[limits]\nqueue = 7\n");
  std::string acts;
  for (int tries = 0; tries < 200; ++tries) {
    acts = ask_pg(w, {"audit", "tail"}).out;
    if (acts.find("config.reload") != std::string::npos && acts.find("access.denied") != std::string::npos) break;
    ::usleep(20'000);
  }
  CHECK_MESSAGE(acts.find("limits.queue: 100 -> 7") != std::string::npos, acts);
  CHECK(acts.find("key:narrow") != std::string::npos);
  CHECK(acts.find("key:narrow", acts.find("key:narrow") + 1) == std::string::npos);  // thirty are told as one
  CHECK(ask_pg(w, {"keys", "disable", "narrow"}).status == 0);
  CHECK(ask_pg(w, {"audit", "tail", "-n", "1"}).out.find("enabled -> disabled") != std::string::npos);
  w.server.signal(SIGTERM);
  REQUIRE(w.server.wait() == 0);
  const CommandResult whole = ask_pg(w, {"audit", "verify", "--json"});
  CHECK(whole.status == 0);
  const Json verified = Json::parse(whole.out);
  CHECK(verified.at("intact") == true);
  CHECK(verified.at("sealed_rows") == verified.at("rows"));
  CHECK(verified.at("unsealed_rows") == 0);
  CHECK(whole.err.find("not sealed") == std::string::npos);
  CHECK(ask_pg(w, {"audit", "export"}).out.find("\"hash\":\"") != std::string::npos);
  CHECK(ask_pg(w, {"audit", "export", "--csv"}).out.starts_with("seq,time,actor"));
  // An act behind the seal, as after a crash: nothing is broken, and its loss would not show.
  const std::string seal = w.home.database() + ".seal";
  const std::string before = Home::read(seal);
  CHECK(ask_pg(w, {"keys", "enable", "narrow"}).status == 0);
  const std::string good = Home::read(seal);
  w.home.write(seal, before);
  const CommandResult open_end = ask_pg(w, {"audit", "verify"});
  CHECK(open_end.status == 0);
  CHECK(open_end.err.find("the newest row is not sealed yet") != std::string::npos);
  const Json open_ended = Json::parse(ask_pg(w, {"audit", "verify", "--json"}).out);
  CHECK(open_ended.at("intact") == true);
  CHECK(open_ended.at("unsealed_rows") == 1);
  CHECK(open_ended.at("rows") == verified.at("rows").get<int>() + 1);
  // The seal is of another log, or gone.
  w.home.write(seal, replace_all(good, "1 ", "2 "));
  CHECK(ask_pg(w, {"audit", "verify"}).status == 1);
  std::filesystem::remove(seal);
  const CommandResult gone = ask_pg(w, {"audit", "verify"});
  CHECK(gone.status == 1);
  CHECK(gone.out.find("rows may be missing") != std::string::npos);
}

TEST_CASE("log file: a line per request, also with -q on the terminal's side, and a new file after SIGHUP") {
  World w(kRedactAll, "[logs]\nfile = \"requests.log\"\n");
  w.upstream.respond(Answer::json("{}"));
  REQUIRE(w.post("v1/messages", words("hi")).status == 200);
  wait_for_rows(w, 1);
  const std::filesystem::path file = std::filesystem::path(w.home.config_file()).parent_path() / "requests.log";
  CHECK(Home::read(file).find("\t200\t") != std::string::npos);
  std::filesystem::rename(file, w.home.root() / "moved");
  w.server.signal(SIGHUP);
  for (int tries = 0; tries < 200 && w.server.err().find("reloaded") == std::string::npos; ++tries) ::usleep(20'000);
  REQUIRE(w.post("v1/messages", words("hi")).status == 200);
  wait_for_rows(w, 2);
  CHECK(Home::read(file).find("\t200\t") != std::string::npos);
  CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms::others_read) == std::filesystem::perms::none);
}

}  // namespace pg::test
