// Where calls go and what is said there: rules, guards by destination, prompt policies, public host names behind a proxy.
#include <doctest/doctest.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/log_rows.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

std::string base_of(const FakeUpstream& upstream) {
  return "\"http://127.0.0.1:" + std::to_string(upstream.port()) + "/v1\"";
}

/// Three destinations with a word of their own each: a local one, a vendor (World's `fake`) and a reseller.
struct Destinations {
  FakeUpstream local, reseller;
  World w{
      kRedactAll,
      "[serve]\nthreads = 1\n[providers.local]\ncredential = \"none\"\nguards = \"off\"\nopenai_base_url = " + base_of(local) +
          "\n[providers.reseller]\ncredential = \"none\"\nguards = \"block\"\nopenai_base_url = " + base_of(reseller),
      {},
      "[[route]]\nname = \"home\"\nmatch = { model = \"local-*\" }\nprovider = \"local\"\nfallback = \"fake:vendor-9\"\n"
      "[[route]]\nmatch = { model = \"cheap-*\" }\nprovider = \"reseller\"\n"
      "[[route]]\nmatch = { model = \"up-*\" }\nprovider = \"fake\"\nfallback = \"reseller\"\n"
      "[[route]]\nmatch = { model = \"down-*\" }\nprovider = \"fake\"\nmodel = \"sent-1\"\nfallback = \"local\"\n"};

  RawReply say(const std::string& model, const std::string& text) {
    return w.post("v1/chat/completions", replace_all(ask(DialectId::openai_chat, false, text), "fake-model", model));
  }
};

Destinations& places() {
  static Destinations one;
  for (FakeUpstream* upstream : {&one.local, &one.reseller, &one.w.upstream}) {
    upstream->forget();
    upstream->respond(Answer::json(say_whole(DialectId::openai_chat, {text_block({"as you say"})})));
  }
  return one;
}

/// A provider that repeats what it was told.
Answer repeat(const SeenRequest& request) {
  const std::string said = Json::parse(request.body)["messages"].back()["content"];
  return Answer::json(say_whole(DialectId::openai_chat, {text_block({said})}));
}

// Long enough for the guards' verdict on it to be remembered.
std::string letter(const std::string& email) {
  return "Please write a short and friendly letter to the customer, whose address is " + email + ", thank you.";
}

Json row_of_model(const World& w, const std::string& model) {
  return find_row(w, 3, [&](const Json& row) { return row.value("model", "") == model; });
}

}  // namespace

TEST_CASE("each destination sees what its row allows, and the client hears its own words from each") {
  Destinations& d = places();
  const std::string email = make_email();
  d.local.respond(repeat);
  d.w.upstream.respond(repeat);
  for (int round = 0; round < 2; ++round) {
    const RawReply home = d.say("local-1", letter(email));
    CHECK(home.status == 200);
    CHECK(d.local.last().body.find(email) != std::string::npos);
    CHECK(hear_whole(DialectId::openai_chat, home.body).text() == letter(email));

    const RawReply vendor = d.say("m", letter(email));
    CHECK(vendor.status == 200);
    CHECK(d.w.upstream.last().body.find(email) == std::string::npos);
    CHECK(d.w.upstream.last().body.find("[[EMAIL_001]]") != std::string::npos);
    CHECK(hear_whole(DialectId::openai_chat, vendor.body).text() == letter(email));

    CHECK(d.say("cheap-1", letter(email)).status == 422);
  }
  CHECK(d.reseller.touched() == 0);
  CHECK(d.say("cheap-1", "nothing of note").status == 200);
  CHECK(d.reseller.count() == 1);
}

TEST_CASE("a row says which rule was taken: its name, its place, or none") {
  Destinations& d = places();
  CHECK(d.say("local-7", "hi").status == 200);
  CHECK(d.say("cheap-7", "hi").status == 200);
  CHECK(d.say("other-7", "hi").status == 200);
  CHECK(row_of_model(d.w, "local-7").value("route", "?") == "home");
  CHECK(row_of_model(d.w, "cheap-7").value("route", "?") == "route 2");
  CHECK(row_of_model(d.w, "other-7").value("route", "?").empty());
  const auto models = [&](const std::string& query) {
    return d.w.home.run({"logs", "search", query, "model:*-7", "--fields", "model.requested", "--config", d.w.home.config_file()})
        .out;
  };
  CHECK(models("route:home") == "local-7\n");
  CHECK(models("-route:*") == "other-7\n");
  CHECK(models("route:\"route 2\"") == "cheap-7\n");
}

TEST_CASE("a fallback is guarded for the one who answers, not for the one who was busy") {
  Destinations& d = places();
  const std::string email = make_email();
  d.local.respond(Answer::reply(503, "{}"));
  d.w.upstream.respond(repeat);
  const RawReply reply = d.say("local-2", letter(email));
  CHECK(reply.status == 200);
  CHECK(d.local.last().body.find(email) != std::string::npos);
  CHECK(d.w.upstream.last().body.find(email) == std::string::npos);
  CHECK(d.w.upstream.last().body.find("[[EMAIL_001]]") != std::string::npos);
  CHECK(d.w.upstream.last().body.find("\"vendor-9\"") != std::string::npos);
  CHECK(hear_whole(DialectId::openai_chat, reply.body).text() == letter(email));
  const Json row = row_of_model(d.w, "local-2");
  CHECK(row.value("attempts", "") == "local:503");
  CHECK(row.value("provider", "") == "fake");
  CHECK(row.dump().find("EMAIL") != std::string::npos);
}

TEST_CASE("a fallback that may not see the text is not asked; one that may see more sees it as it is") {
  Destinations& d = places();
  const std::string email = make_email();
  d.w.upstream.respond(Answer::reply(429, R"({"error":{"message":"busy"}})"));
  CHECK(d.say("up-1", letter(email)).status == 429);
  CHECK(d.reseller.touched() == 0);
  CHECK(row_of_model(d.w, "up-1").value("provider", "") == "fake");
  CHECK(d.say("up-1", "nothing of note").status == 200);
  CHECK(d.reseller.count() == 1);
  CHECK(d.say("down-1", letter(email)).status == 200);
  CHECK(d.w.upstream.last().body.find("[[EMAIL_001]]") != std::string::npos);
  CHECK(d.w.upstream.last().body.find("\"sent-1\"") != std::string::npos);
  CHECK(d.local.last().body.find(email) != std::string::npos);
  CHECK(d.local.last().body.find("\"down-1\"") != std::string::npos);
}

TEST_CASE("pg routes: listed, and explained rule by rule") {
  Destinations& d = places();
  const CommandResult listed = d.w.home.run({"routes", "list", "--project", "test"});
  CHECK(listed.status == 0);
  CHECK(listed.out.find("home\tmodel local-*\tlocal\t–\t–\tfake:vendor-9") != std::string::npos);
  const CommandResult told =
      d.w.home.run({"routes", "explain", "--project", "test", "--path", "/v1/chat/completions", "--model", "cheap-7"});
  CHECK(told.status == 0);
  CHECK(
      told.out.find("route 1   home: no: model cheap-7 is not local-*\nroute 2   route 2: yes\nroute 3   route 3: not asked\n") !=
      std::string::npos);
  CHECK(told.out.find("provider  reseller, openai-chat; by \"route 2\"\nmodel     cheap-7\n") != std::string::npos);
  CHECK(told.out.find("guards    block secrets email iban card ssn (as providers.reseller asks)\n") != std::string::npos);
  const std::string body = ask(DialectId::openai_chat, false, "hi");
  const CommandResult piped = d.w.home.run({"routes", "explain", "-", "--project", "test", "--json"}, body);
  CHECK(piped.status == 0);
  const Json json = Json::parse(piped.out, nullptr, false);
  REQUIRE(json.is_object());
  CHECK(json["model"] == "fake-model");
  CHECK(json["route"] == "");
  CHECK(json["rules"].size() == 4);
  CHECK(json["target"]["provider_name"] == "fake");
  CHECK(d.w.home.run({"routes", "explain", "--project", "test"}).err.find("which model?") != std::string::npos);
  CHECK(d.w.home.run({"routes", "explain", "--project", "test", "--model", "m", "--path", "/v1/models"}).status != 0);
}

TEST_CASE("rules look at dialect, path and key; aliases and provider:model are read where no rule decides") {
  World w(kRedactAll, "[providers.other]\nopenai_base_url = \"@UP\"\ncredential = \"none\"\n", {},
          "[[route]]\nmatch = { path = \"/v1/embeddings\" }\nmodel = \"vectors\"\n"
          "[[route]]\nmatch = { dialect = \"anthropic\", key = \"ci-*\" }\nmodel = \"for-ci\"\n"
          "[[route]]\nmatch = { model = \"by-alias\" }\nmodel = \"quick\"\n"
          "[aliases]\nquick = \"fake:quick-1\"\n");
  w.upstream.respond(Answer::json("{}"));
  const auto sent = [&](std::string_view path, DialectId dialect, const std::string& model, Fields fields = {}) {
    w.post(path, replace_all(ask(dialect, false, "hi"), "fake-model", model), std::move(fields));
    return Json::parse(w.upstream.last().body, nullptr, false).value("model", "");
  };
  CHECK(sent("embeddings", DialectId::embeddings, "m") == "vectors");
  CHECK(sent("v1/v1/embeddings", DialectId::embeddings, "fake:m") == "vectors");
  CHECK(sent("v1/messages", DialectId::anthropic, "m") == "m");
  const std::string ci = "Bearer " + w.home.add_key("ci-nightly");
  std::this_thread::sleep_for(Ms{600});  // a running serve takes a new key within a second
  for (int i = 0; i < 50 && sent("v1/messages", DialectId::anthropic, "m", {{"Authorization", ci}}) != "for-ci"; ++i)
    std::this_thread::sleep_for(Ms{50});
  CHECK(sent("v1/messages", DialectId::anthropic, "m", {{"Authorization", ci}}) == "for-ci");
  CHECK(sent("v1/chat/completions", DialectId::openai_chat, "m", {{"Authorization", ci}}) == "m");
  CHECK(sent("v1/chat/completions", DialectId::openai_chat, "by-alias") == "quick-1");
  CHECK(sent("v1/chat/completions", DialectId::openai_chat, "quick") == "quick-1");
  CHECK(sent("v1/chat/completions", DialectId::openai_chat, "fake:x") == "x");
}

TEST_CASE("a prompt policy stands in every dialect's system prompt, and nowhere else") {
  World w(kRedactAll,
          "[prompt_policies.house]\ntext = \"House rule: EMAIL_001 is a word.\"\n"
          "[prompt_policies.last]\ntext = \"Last word.\"\nplacement = \"append\"\n"
          "[providers.messages]\nanthropic_base_url = \"@UP\"\ncredential = \"none\"\n",
          {},
          "prompt = \"house\"\n[[route]]\nmatch = { model = \"bare-*\" }\nprompt = \"none\"\n"
          "[[route]]\nmatch = { model = \"last-*\" }\nprompt = \"last\"\n"
          "[[route]]\nmatch = { model = \"over-*\" }\nprovider = \"messages\"\n");
  w.upstream.respond(Answer::json("{}"));
  const auto body = [&](std::string_view path, const std::string& text) {
    w.post(path, text);
    return w.upstream.last().body;
  };
  const std::string hello = R"("messages":[{"role":"user","content":"hi"}]})";
  const std::string rule = R"("House rule: EMAIL_001 is a word.)";
  CHECK(body("v1/messages", R"({"model":"m","max_tokens":9,)" + hello) ==
        R"({"system":)" + rule + R"(","model":"m","max_tokens":9,)" + hello);
  CHECK(body("v1/messages/count_tokens", R"({"model":"m","system":"s",)" + hello) ==
        R"({"model":"m","system":)" + rule + R"(\n\ns",)" + hello);
  CHECK(body("v1/chat/completions", R"({"model":"m",)" + hello) ==
        R"({"model":"m","messages":[{"role":"system","content":)" + rule + R"("},{"role":"user","content":"hi"}]})");
  CHECK(body("v1/responses", R"({"model":"m","input":"hi"})") == R"({"instructions":)" + rule + R"(","model":"m","input":"hi"})");
  CHECK(body("v1/embeddings", R"({"model":"m","input":"hi"})") == R"({"model":"m","input":"hi"})");
  CHECK(body("v1/chat/completions", R"({"model":"bare-1",)" + hello) == R"({"model":"bare-1",)" + hello);
  CHECK(body("v1/messages", R"({"model":"last-1","system":"s",)" + hello) ==
        R"({"model":"last-1","system":"s\n\nLast word.",)" + hello);
  const Json over = Json::parse(body("v1/chat/completions", R"({"model":"over-1",)" + hello));
  CHECK(over["system"].dump().find("House rule") != std::string::npos);
  // The policy's own EMAIL_001 is never given out, so that an answer that quotes it shows nobody's address.
  const std::string email = make_email();
  w.upstream.respond(Answer::json(say_whole(DialectId::openai_chat, {text_block({"[[EMAIL_001]] and [[EMAIL_002]]"})})));
  const RawReply reply = w.post("v1/chat/completions", ask(DialectId::openai_chat, false, "to " + email));
  CHECK(w.upstream.last().body.find("to [[EMAIL_002]]") != std::string::npos);
  CHECK(hear_whole(DialectId::openai_chat, reply.body).text() == "[[EMAIL_001]] and " + email);
}

namespace {

struct Front {
  explicit Front(std::string_view trusted)
      : w(kRedactAll, "[serve]\ntrusted_proxies = [" + std::string(trusted) + "]\n[hosts]\n\"llm.example.com\" = \"test\"\n") {
    w.upstream.respond(Answer::json("{}"));
    w.home.write(w.home.project_file("open"),
                 "id = \"7b1f0c52-3d0e-4c3e-9a55-0a4f5f1f2c09\"\nproviders = [\"fake\"]\n"
                 "require_key = false\n");
    w.server.signal(SIGHUP);
    for (int i = 0; i < 150 && send("127.0.0.1", "/api/open/v1/messages", {}, "").status != 200; ++i)
      std::this_thread::sleep_for(Ms{20});
  }
  RawReply send(const std::string& host, const std::string& path, const Fields& more, const std::string& key) {
    Fields fields{{"Host", host}, {"Content-Type", "application/json"}};
    if (!key.empty()) fields.emplace_back("Authorization", "Bearer " + key);
    fields.insert(fields.end(), more.begin(), more.end());
    return exchange(w.port(), write_request("POST", path, fields, ask(DialectId::anthropic, false, "hi")));
  }
  int with_key(const std::string& host, const std::string& path, const Fields& more = {}) {
    return send(host, path, more, w.key).status;
  }
  int without(const Fields& more) { return send("127.0.0.1", "/api/open/v1/messages", more, "").status; }
  World w;
};

}  // namespace

TEST_CASE("a public host name answers for its project alone") {
  Front f("");
  CHECK(f.with_key("llm.example.com", "/v1/messages") == 200);
  CHECK(f.with_key("LLM.example.com:443", "/v1/messages?beta=true") == 200);
  CHECK(f.with_key("llm.example.com", "/messages") == 200);
  CHECK(f.with_key("llm.example.com", "/api/test/v1/messages") == 200);
  CHECK(f.with_key("llm.example.com", "/api/open/v1/messages") == 404);
  CHECK(f.send("llm.example.com", "/api/open/v1/messages", {}, "").status == 401);
  CHECK(f.send("llm.example.com", "/v1/messages", {}, "").status == 401);
  CHECK(f.send("llm.example.com", "/key/" + f.w.key + "/v1/messages", {}, "").status == 200);
  CHECK(f.with_key("other.example.com", "/v1/messages") == 403);
  CHECK(f.with_key("127.0.0.1", "/v1/messages") == 404);
  CHECK(f.w.home.everything().find(f.w.key) == std::string::npos);
}

TEST_CASE("nobody is believed about who asks, unless they are on the list") {
  Front f("\"10.0.0.0/8\", \"::1\"");
  CHECK(f.with_key("127.0.0.1", "/v1/messages", {{"X-Forwarded-Host", "llm.example.com"}}) == 404);
  CHECK(f.with_key("127.0.0.1", "/v1/messages", {{"Forwarded", "host=llm.example.com"}}) == 404);
  CHECK(f.with_key("evil.example", "/v1/messages", {{"X-Forwarded-Host", "llm.example.com"}}) == 403);
  CHECK(f.without({}) == 200);
  CHECK(f.without({{"X-Forwarded-For", "203.0.113.9"}}) == 200);
}

TEST_CASE("the address of a row is the peer's, or what a trusted proxy said of it") {
  const auto said = [](Front& f, const Fields& more, const std::string& host = "127.0.0.1") {
    const std::size_t before = f.w.home.rows(200).size();
    f.with_key(host, "/api/test/v1/messages", more);
    std::vector<std::string> rows;
    for (int i = 0; i < 150 && (rows = f.w.home.rows(200)).size() <= before; ++i) std::this_thread::sleep_for(Ms{20});
    return rows.size() > before ? Json::parse(rows.back()).value("ip", "?") : std::string("no row");
  };
  Front near("\"127.0.0.1\""), far("\"10.0.0.0/8\"");
  CHECK(said(far, {{"X-Forwarded-For", "203.0.113.9"}}) == "127.0.0.1");  // no proxy of ours says so
  CHECK(said(near, {}) == "127.0.0.1");
  CHECK(said(near, {{"X-Forwarded-For", "198.51.100.1, 203.0.113.9:4711"}}) == "203.0.113.9");
  CHECK(said(near, {{"X-Forwarded-For", "[2001:DB8:0::9]:4711"}}) == "2001:db8::9");
  CHECK(said(near, {{"Forwarded", "for=\"[2001:db8::a]:1\""}}) == "2001:db8::a");
  CHECK(said(near, {{"X-Forwarded-For", "unknown"}}).empty());
  CHECK(said(near, {{"X-Forwarded-For", "203.0.113.9"}}, "evil.example") == "203.0.113.9");  // who is refused is named, too
  CHECK(said(near, {{"X-Forwarded-For", "203.0.113.9"}, {"Forwarded", "for=203.0.113.7"}}) ==
        "127.0.0.1");  // neither is believed
  exchange(near.w.port(), "GET /\x01 HTTP/1.1\r\n\r\n");
  for (int i = 0; i < 150 && near.w.home.rows(200).back().find("\"status\":400") == std::string::npos; ++i)
    std::this_thread::sleep_for(Ms{20});
  CHECK(Json::parse(near.w.home.rows(200).back()).value("ip", "?") == "127.0.0.1");
}

TEST_CASE("behind a proxy that is trusted: its word for the host, and no keyless door for those beyond it") {
  Front f("\"127.0.0.1\"");
  const auto host = [](const std::string& name) {
    return Fields{{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Host", name}};
  };
  CHECK(f.with_key("127.0.0.1", "/v1/messages", host("llm.example.com")) == 200);
  CHECK(f.with_key("127.0.0.1", "/v1/messages", host("spoof.example, llm.example.com:443")) == 200);
  CHECK(f.with_key("127.0.0.1", "/v1/messages", {{"Forwarded", "for=203.0.113.9;host=llm.example.com;proto=https"}}) == 200);
  CHECK(f.with_key("127.0.0.1", "/v1/messages", host("evil.example")) == 403);
  // A page that got in by rebinding can write the field, but not its own Host.
  CHECK(f.with_key("evil.example", "/v1/messages", host("llm.example.com")) == 403);
  CHECK(f.with_key("127.0.0.1", "/v1/messages", {{"X-Forwarded-For", "203.0.113.9"}, {"Forwarded", "for=127.0.0.1"}}) == 400);
  Fields page = host("llm.example.com");
  page.emplace_back("X-Forwarded-Proto", "https");
  page.emplace_back("Origin", "https://llm.example.com");
  CHECK(f.with_key("127.0.0.1", "/v1/messages", page) == 200);
  page.back().second = "http://llm.example.com";
  CHECK(f.with_key("127.0.0.1", "/v1/messages", page) == 403);

  CHECK(f.without({}) == 200);
  CHECK(f.without({{"X-Forwarded-For", "203.0.113.9"}}) == 401);
  CHECK(f.without({{"X-Forwarded-For", "127.0.0.1, 203.0.113.9"}}) == 401);
  CHECK(f.without({{"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-For", "203.0.113.9"}}) == 401);
  CHECK(f.without({{"X-Forwarded-For", "unknown"}}) == 401);
  CHECK(f.without({{"X-Forwarded-Proto", "https"}}) == 401);
  CHECK(f.without({{"X-Forwarded-For", "[2001:db8::9]:4711"}}) == 401);
  CHECK(f.without({{"X-Forwarded-For", "127.0.0.1"}}) == 200);
}

}  // namespace pg::test
