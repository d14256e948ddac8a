// The map of the server: routes, keys, errors in the caller's dialect, what passes in the heads and what does not, model lists.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

World& served_world() {
  static World one(kRedactAll);
  one.upstream.forget();
  one.upstream.respond(Answer::json("{}"));
  return one;
}

Json parse(const std::string& text) {
  return Json::parse(text, nullptr, false);
}

void check_error_shape(DialectId dialect, const RawReply& reply) {
  const Json body = parse(reply.body);
  REQUIRE_MESSAGE(body.is_object(), reply.body);
  CHECK(reply.field("content-type").starts_with("application/json"));
  REQUIRE(body.contains("error"));
  CHECK_FALSE(body["error"].value("message", "").empty());
  CHECK_FALSE(body["error"].value("type", "").empty());
  if (dialect == DialectId::anthropic) {
    CHECK(body.value("type", "") == "error");
    CHECK(body.contains("request_id"));
  } else {
    CHECK(body["error"].contains("code"));
    CHECK(body["error"].contains("param"));
  }
}

}  // namespace

TEST_CASE("serve: health, readiness and hello answer without a key") {
  World& w = served_world();
  for (const std::string path : {"/healthz", "/readyz", "/", "/api/hello"}) {
    CAPTURE(path);
    const RawReply get = exchange(w.port(), write_request("GET", path, {}, {}));
    CHECK(get.status == 200);
    CHECK(get.complete);
  }
  for (const std::string path : {"/", "/api/hello"}) {
    CAPTURE(path);
    RawClient client(w.port());
    client.send(write_request("HEAD", path, {}, {}) + write_request("GET", "/healthz", {}, {}));
    CHECK(client.read_reply(Ms{3000}, true).status == 200);
    CHECK(client.read_reply().status == 200);  // so the HEAD had no body
  }
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("serve: every path forwards to the provider's own, by project name and by id, with any query") {
  World& w = served_world();
  const std::pair<const char*, const char*> paths[] = {
      {"v1/messages", "/v1/messages"},
      {"v1/messages?beta=true&tag=a%20b", "/v1/messages?beta=true&tag=a%20b"},
      {"messages", "/v1/messages"},
      {"v1/v1/messages", "/v1/messages"},
      {"v1/messages/count_tokens?beta=true", "/v1/messages/count_tokens?beta=true"},
      {"messages/count_tokens", "/v1/messages/count_tokens"},
      {"v1/chat/completions", "/v1/chat/completions"},
      {"chat/completions", "/v1/chat/completions"},
      {"v1/v1/chat/completions", "/v1/chat/completions"},
      {"v1/responses", "/v1/responses"},
      {"responses", "/v1/responses"},
      {"v1/embeddings", "/v1/embeddings"},
      {"embeddings", "/v1/embeddings"},
  };
  for (const std::string& project : {std::string("test"), std::string(kProjectId)}) {
    for (const auto& [path, expected] : paths) {
      CAPTURE(path);
      w.upstream.forget();
      const std::string target = "/api/" + project + "/" + path;
      const Fields fields{{"Authorization", "Bearer " + w.key}, {"Content-Type", "application/json"}};
      const RawReply reply = exchange(w.port(), write_request("POST", target, fields, ask(DialectId::openai_chat, false, "hi")));
      CHECK_MESSAGE(reply.status == 200, reply.body);
      CHECK(reply.body == "{}");
      CHECK(w.upstream.last().method == "POST");
      CHECK(w.upstream.last().target == expected);
    }
  }
}

TEST_CASE("serve: the key may come in three fields, and never reaches the provider") {
  World& w = served_world();
  const Fields ways[] = {{{"Authorization", "Bearer " + w.key}},
                         {{"authorization", "bearer " + w.key}},
                         {{"x-api-key", w.key}},
                         {{"X-PG-Key", w.key}}};
  for (const auto& way : ways) {
    for (const DialectId dialect : kModelDialects) {
      CAPTURE(way.front().first);
      w.upstream.forget();
      const RawReply reply = w.post(model_path(dialect), ask(dialect, false, "hi"), way);
      CHECK_MESSAGE(reply.status == 200, reply.body);
      const SeenRequest seen = w.upstream.last();
      CHECK(seen.head.find(w.key) == std::string::npos);
      CHECK_FALSE(seen.has("x-pg-key"));
      CHECK((seen.field("authorization") + " " + seen.field("x-api-key")).find(w.credential) != std::string::npos);
    }
  }
}

TEST_CASE("serve: without a good key: 401 in the caller's dialect, always with the same words, before the body is read") {
  World& w = served_world();
  std::string wrong = w.key;
  wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
  for (const DialectId dialect : kModelDialects) {
    std::vector<std::string> messages;
    for (const std::string& key : {wrong, std::string("pg_live_short"), std::string("something-else")}) {
      CAPTURE(key);
      const Fields fields{{"Content-Type", "application/json"}, {"Authorization", "Bearer " + key}};
      std::string bytes = write_request("POST", "/api/test/" + model_path(dialect), fields, ask(dialect, false, "hi"));
      const RawReply reply = exchange(w.port(), bytes);
      CHECK(reply.status == 401);
      check_error_shape(dialect, reply);
      messages.push_back(parse(reply.body)["error"].value("message", ""));
      CHECK(reply.body.find(key) == std::string::npos);
    }
    for (const auto& message : messages) CHECK(message == messages.front());
    // Who sent none is told so, and how it is sent in that dialect.
    const RawReply none = exchange(
        w.port(), write_request("POST", "/api/test/" + model_path(dialect),
                                {{"Content-Type", "application/json"}, {"Authorization", ""}}, ask(dialect, false, "hi")));
    CHECK(none.status == 401);
    check_error_shape(dialect, none);
    const std::string said = parse(none.body)["error"].value("message", "");
    CHECK(said.find("no API key was sent") != std::string::npos);
    CHECK(said.find(dialect == DialectId::anthropic ? "x-api-key: KEY" : "Authorization: Bearer KEY") != std::string::npos);
    RawClient client(w.port());
    client.send("POST /api/test/" + model_path(dialect) +
                " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n");
    CHECK(client.read_reply(Ms{1500}).status == 401);
  }
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("serve: unknown projects and paths are 404, wrong methods 405 with Allow, each in the dialect of the path") {
  World& w = served_world();
  const Fields fields{{"Authorization", "Bearer " + w.key}, {"Content-Type", "application/json"}};
  for (const DialectId dialect : kModelDialects) {
    const RawReply project =
        exchange(w.port(), write_request("POST", "/api/nosuchproject/" + model_path(dialect), fields, ask(dialect, false, "hi")));
    CHECK(project.status == 404);
    check_error_shape(dialect, project);
    const RawReply method = w.get(model_path(dialect), {}, "DELETE");
    CHECK(method.status == 405);
    CHECK(method.field("allow").find("POST") != std::string::npos);
  }
  CHECK(w.post("v1/nothing", "{}").status == 404);
  CHECK(exchange(w.port(), write_request("GET", "/nothing", {}, {})).status == 404);
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("serve: a wrong path is told the right one, in the dialect that was spoken; only a key is told a project's name") {
  World& w = served_world();
  for (const DialectId dialect : kModelDialects) {
    const auto refused = [&](const std::string& path, const Fields& more) {
      Fields fields{{"Content-Type", "application/json"}};
      fields.insert(fields.end(), more.begin(), more.end());
      const RawReply reply = exchange(w.port(), write_request("POST", path, fields, ask(dialect, false, "hi")));
      CHECK(reply.status == 404);
      check_error_shape(dialect, reply);
      return parse(reply.body)["error"];
    };
    const Fields with_key{{"Authorization", "Bearer " + w.key}};
    const auto has = [](const Json& error, const std::string& text) {
      return error.value("message", "").find(text) != std::string::npos;
    };
    const std::string path = model_path(dialect);  // v1/…
    Json error = refused("/" + path, {});
    CHECK(has(error, "/api/PROJECT/" + path));
    CHECK_FALSE(has(error, "test"));
    if (dialect != DialectId::anthropic) CHECK(error.value("code", "") == "unknown_url");
    CHECK(has(refused("/" + path, with_key), "the project of this key is test"));
    error = refused("/api/tset/" + path, with_key);
    CHECK(has(error, "did you mean /api/test/v1/"));
    if (dialect != DialectId::anthropic) CHECK(error.value("code", "") == "project_not_found");
    error = refused("/api/test/" + path + "s", with_key);
    CHECK(has(error, "did you mean /" + path));
  }
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("serve: a key without the scope is 403") {
  World& w = served_world();
  const std::string models_only = w.home.add_key("only-models", {"--scopes", "models"});
  const Fields fields{{"Authorization", "Bearer " + models_only}};
  RawReply reply;
  for (int i = 0; i < 100 && reply.status != 403; ++i) {  // a new key acts within a second
    reply = w.post("v1/messages", ask(DialectId::anthropic, false, "hi"), fields);
    if (reply.status != 403) std::this_thread::sleep_for(Ms{20});
  }
  CHECK(reply.status == 403);
  check_error_shape(DialectId::anthropic, reply);
  CHECK(w.get("v1/models", fields).status == 200);
}

TEST_CASE("serve, upstream E66: end-to-end fields pass upwards unchanged; cookies, hop-by-hop ones and pg's own do not") {
  World& w = served_world();
  const Fields through{{"anthropic-version", "2026-10-21"},
                       {"anthropic-beta", "a-2025-01-01,b-2026-02-02"},
                       {"anthropic-future-thing", "x"},
                       {"X-Claude-Code-Session-Id", "0000-1"},
                       {"x-client-request-id", "abc"},
                       {"User-Agent", "claude-cli/2.1.329 (external, cli)"},
                       {"x-completely-unknown", "kept; as=\"is\""},
                       {"Accept", "text/event-stream"},
                       {"OpenAI-Organization", "org-1"}};
  Fields fields = through;
  for (const std::string gone : {"Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "X-Named-Hop", "Cookie"})
    fields.emplace_back(gone, "secret-hop");
  fields.emplace_back("TE", "trailers");
  fields.emplace_back("Connection", "keep-alive, X-Named-Hop");
  const RawReply reply = w.post("v1/messages", ask(DialectId::anthropic, false, "hi"), fields);
  REQUIRE(reply.status == 200);
  const SeenRequest seen = w.upstream.last();
  for (const auto& [name, value] : through) CHECK_MESSAGE(seen.field(name) == value, name);
  CHECK(seen.head.find("secret-hop") == std::string::npos);
  CHECK_FALSE(seen.has("te"));
  CHECK(seen.field("host") == "127.0.0.1:" + std::to_string(w.upstream.port()));
}

TEST_CASE("serve: with the caller's own credential, it passes untouched and pg's key comes in x-pg-key") {
  World w(kRedactAll, "[providers.own]\nanthropic_base_url = \"@UP\"\ncredential = \"client\"\nvendor = \"anthropic\"\n", {},
          "providers = [\"own\"]\n");
  w.upstream.respond(Answer::json("{}"));
  const std::string own = std::string("Bearer sk-ant-") + "oat01-" + std::string(40, 'a') + "bAA";
  const RawReply reply =
      w.post("v1/messages", ask(DialectId::anthropic, false, "hi"), {{"Authorization", own}, {"x-pg-key", w.key}});
  CHECK_MESSAGE(reply.status == 200, reply.body);
  CHECK(w.upstream.last().field("authorization") == own);
  CHECK(w.upstream.last().head.find(w.key) == std::string::npos);
  w.upstream.forget();
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "hi"), {{"Authorization", own}}).status == 401);
  CHECK(w.upstream.touched() == 0);
  const std::string all = w.home.everything();
  CHECK(all.find(own.substr(7)) == std::string::npos);
}

TEST_CASE("serve, upstream E66: rate-limit and request-id fields come back, cookies and hop-by-hop fields do not") {
  World& w = served_world();
  const Fields back{{"request-id", "req_1"},
                    {"x-request-id", "req_2"},
                    {"anthropic-ratelimit-requests-remaining", "7"},
                    {"x-ratelimit-remaining-tokens", "8"},
                    {"anthropic-organization-id", "org"},
                    {"openai-processing-ms", "12"},
                    {"x-should-retry", "true"}};
  Fields fields = back;
  fields.insert(fields.end(),
                {{"Set-Cookie", "a=b"}, {"Connection", "keep-alive, X-Hop"}, {"X-Hop", "h"}, {"Keep-Alive", "timeout=5"}});
  w.upstream.respond(Answer::reply(200, "{}", fields));
  const RawReply reply = w.post("v1/messages", ask(DialectId::anthropic, false, "hi"));
  for (const auto& [name, value] : back) CHECK_MESSAGE(reply.field(name) == value, name);
  for (const std::string gone : {"set-cookie", "x-hop", "keep-alive"}) CHECK_MESSAGE(!reply.has(gone), gone);
}

TEST_CASE("serve: a provider's errors are relayed unmodified, with Retry-After, and not asked again") {
  World& w = served_world();
  for (const int status : {400, 401, 403, 404, 413, 429, 500, 503, 529}) {
    CAPTURE(status);
    w.upstream.forget();
    const std::string body =
        R"({"type":"error","error":{"type":"x_error","message":"Exactly  these words\u0021"},"request_id":"r"})";
    w.upstream.respond(Answer::reply(status, body, {{"Retry-After", "17"}, {"retry-after-ms", "17000"}}));
    const RawReply reply = w.post("v1/messages", ask(DialectId::anthropic, true, "hi"));
    CHECK(reply.status == status);
    CHECK(reply.body == body);
    CHECK(reply.field("retry-after") == "17");
    CHECK(reply.field("retry-after-ms") == "17000");
    if (status < 500) CHECK(w.upstream.count() == 1);
  }
}

TEST_CASE("serve: model lists come in the caller's shape") {
  World& w = served_world();
  w.upstream.respond([](const SeenRequest& request) {
    if (request.has("anthropic-version")) {
      return Answer::json(
          R"({"data":[{"type":"model","id":"claude-fake-1","display_name":"Fake","created_at":"2026-01-01T00:00:00Z"}],)"
          R"("has_more":false,"first_id":"claude-fake-1","last_id":"claude-fake-1"})");
    }
    return Answer::json(R"({"object":"list","data":[{"id":"claude-fake-1","object":"model","created":1,"owned_by":"fake"}]})");
  });
  const RawReply anthropic = w.get("v1/models?limit=1000", {{"anthropic-version", "2023-06-01"}});
  REQUIRE(anthropic.status == 200);
  const Json a = parse(anthropic.body);
  REQUIRE_MESSAGE(a["data"].is_array(), anthropic.body);
  CHECK(a.contains("has_more"));
  CHECK(a["data"][0].value("type", "") == "model");
  CHECK(a["data"][0].contains("display_name"));

  const RawReply openai = w.get("v1/models", {{"User-Agent", "OpenAI/JS 7.55.0"}});
  REQUIRE(openai.status == 200);
  const Json o = parse(openai.body);
  CHECK(o.value("object", "") == "list");
  CHECK(o["data"][0].value("object", "") == "model");

  const RawReply codex =
      w.get("v1/models?client_version=0.169.0", {{"originator", "codex_exec"}, {"User-Agent", "codex_exec/0.169.0"}});
  REQUIRE(codex.status == 200);
  CHECK(parse(codex.body)["models"].is_array());
  CHECK(w.get("models").status == 200);
  // The provider is asked with GET, and its body ends here.
  for (const Fields& fields : {Fields{}, Fields{{"anthropic-version", "2023-06-01"}}})
    for (int i = 0; i < 2; ++i) {
      const RawReply head = w.get("v1/models", fields, "HEAD");
      CHECK(head.status == 200);
      CHECK(head.body.empty());
      CHECK(w.get("v1/models", fields).status == 200);
    }
}

TEST_CASE("serve: one model of the list, in the caller's shape") {
  World& w = served_world();
  w.upstream.respond([](const SeenRequest& request) {
    if (request.has("anthropic-version"))
      return Answer::json(R"({"data":[{"type":"model","id":"claude-fake-1","display_name":"Fake","max":7}],"has_more":false})");
    return Answer::json(R"({"object":"list","data":[{"id":"a"},{"id":"meta/fake:1","object":"model","max":7}]})");
  });
  const RawReply openai = w.get("v1/models/meta/fake:1");
  CHECK(openai.status == 200);
  CHECK(openai.body == R"({"id":"meta/fake:1","object":"model","max":7})");
  CHECK(w.upstream.last().target == "/v1/models");
  CHECK(w.get("v1/models/meta%2Ffake%3A1?x=y").body == openai.body);
  CHECK(w.upstream.last().target == "/v1/models");
  const RawReply head = w.get("v1/models/a", {}, "HEAD");
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  const Fields claude{{"anthropic-version", "2023-06-01"}};
  CHECK(w.get("v1/models/claude-fake-1", claude).body ==
        R"({"type":"model","id":"claude-fake-1","display_name":"Fake","max":7})");
  CHECK(w.upstream.last().target == "/v1/models?limit=1000");
  const RawReply none = w.get("v1/models/other");
  CHECK(none.status == 404);
  CHECK(parse(none.body)["error"]["code"] == "model_not_found");
  const RawReply nobody = w.get("v1/models/other", claude);
  CHECK(nobody.status == 404);
  CHECK(parse(nobody.body)["error"]["type"] == "not_found_error");
  CHECK(w.home.newest_row_has("path", "/v1/models/other"));
  CHECK(w.get("v1/models/a", {}, "DELETE").status == 405);
  CHECK(w.get("v1/models/a", {{"Authorization", "Bearer nobody"}}).status == 401);
  w.upstream.respond(Answer::reply(500, "{}"));
  CHECK(w.get("v1/models/a").status == 500);
}

TEST_CASE("serve: one row a request, with what the provider said about it and nothing of what was said") {
  World& w = served_world();
  w.upstream.respond(
      Answer::stream(say_stream(DialectId::anthropic, {text_block({"secret-reply-words"})}), Ms{0}, {{"request-id", "req_up"}}));
  const std::string body = ask(DialectId::anthropic, true, "secret-request-words " + make_email());
  const RawReply reply =
      w.post("v1/messages?beta=true", body,
             {{"User-Agent", "claude-cli/2.1.329 (external, cli)"}, {"X-Claude-Code-Session-Id", "session-7"}});
  REQUIRE(reply.status == 200);
  Json row = Json::object();
  for (int i = 0; i < 50 && row.value("session", "") != "session-7"; ++i) {  // the journal writes behind the reply
    const auto rows = w.home.rows(1);
    if (!rows.empty()) row = parse(rows.back());
    std::this_thread::sleep_for(Ms{20});
  }
  CHECK(row.value("project", "") == "test");
  CHECK(row.value("key", "") == "e2e");
  CHECK(row.value("agent", "") == "claude-code");
  CHECK(row.value("dialect", "") == "anthropic");
  CHECK(row.value("provider", "") == "fake");
  CHECK(row.value("status", 0) == 200);
  const std::string text = row.dump();
  CHECK(text.find("fake-model-served") != std::string::npos);
  CHECK(text.find("EMAIL") != std::string::npos);
  CHECK(row.value("input_tokens", 0) == 25);  // with the cached ones, as OpenTelemetry counts
  CHECK(row.value("cached_tokens", 0) == 4);
  CHECK(row.value("output_tokens", 0) == 17);
  const std::string all = w.home.everything();
  for (const std::string& canary :
       {std::string("secret-reply-words"), std::string("secret-request-words"), make_email(), w.key, w.credential}) {
    CHECK_MESSAGE(all.find(canary) == std::string::npos, canary);
  }
}

TEST_CASE("serve: bodies may come compressed; an unknown coding or a bomb never passes unread") {
  World& w = served_world();
  CHECK(w.post("v1/messages", "not really br", {{"Content-Encoding", "br"}}).status == 415);
  CHECK(w.post("v1/messages", "not gzip at all", {{"Content-Encoding", "gzip"}}).status == 400);
  CHECK(w.post("v1/messages", "a", {{"Content-Type", "text/plain"}}).status == 415);
  CHECK(w.upstream.touched() == 0);
}

}  // namespace pg::test
