// The local posture: a web page, a rebinding name or a stranger on the network gets nothing (fault catalogue, section C).
#include <doctest/doctest.h>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

World& posture_world() {
  static World one(kRedactAll);
  one.upstream.forget();
  one.upstream.respond(Answer::json("{}"));
  return one;
}

const std::string kEmptyCall = R"({"model":"m","messages":[]})";

RawReply with_host(World& w, const std::string& host, std::string_view method = "POST",
                   std::string_view path = "/api/test/v1/messages") {
  const Fields fields{{"Host", host}, {"Authorization", "Bearer " + w.key}, {"Content-Type", "application/json"}};
  return exchange(w.port(), write_request(method, path, fields, method == "POST" ? kEmptyCall : ""));
}

void check_no_cors(const RawReply& reply) {
  for (const std::string name :
       {"access-control-allow-origin", "access-control-allow-private-network", "access-control-allow-local-network",
        "access-control-allow-credentials", "access-control-allow-methods"}) {
    CHECK_MESSAGE(!reply.has(name), name);
  }
}

}  // namespace

TEST_CASE("posture C37, C42: only our own names are answered") {
  World& w = posture_world();
  const std::string port = ":" + std::to_string(w.port());
  for (const std::string& host :
       {std::string("evil.example"), "evil.example" + port, std::string("localhost.evil"), "127.0.0.1.nip.io" + port,
        "evil.example." + port, "0.0.0.0" + port, "127.1" + port, "2130706433" + port, "0x7f000001" + port,
        std::string("169.254.169.254"), "LOCALHOST.evil.example" + port}) {
    CAPTURE(host);
    const RawReply reply = with_host(w, host, "POST", "/api/test/v1/chat/completions");
    CHECK((reply.status == 403 || reply.status == 421));
    CHECK(reply.body.find("host_not_allowed") != std::string::npos);
    const RawReply list = with_host(w, host, "GET", "/api/test/v1/models");
    CHECK((list.status == 403 || list.status == 421));
  }
  CHECK(w.upstream.touched() == 0);
  for (const std::string& host : {"127.0.0.1" + port, "localhost" + port, std::string("localhost"), "LocalHost" + port}) {
    CAPTURE(host);
    CHECK(with_host(w, host).status == 200);
  }
}

TEST_CASE("posture C37: names and origins that the settings allow are answered") {
  World w(kRedactAll, "[serve]\nallowed_hosts = [\"pg.internal\"]\nallowed_origins = [\"https://app.internal\"]\n");
  w.upstream.respond(Answer::json("{}"));
  CHECK(with_host(w, "pg.internal:8787").status == 200);
  CHECK(with_host(w, "sub.pg.internal").status != 200);
  CHECK(w.post("v1/messages", kEmptyCall, {{"Origin", "https://app.internal"}}).status == 200);
  CHECK(w.post("v1/messages", kEmptyCall, {{"Origin", "https://app.internal.evil.example"}}).status == 403);
}

TEST_CASE("posture C38-C39: pages of other origins are refused; node clients, which only look like one, are not") {
  World& w = posture_world();
  for (const std::string origin :
       {"https://evil.example", "http://evil.example:8787", "null", "file://", "http://localhost.evil.example"}) {
    CAPTURE(origin);
    const RawReply reply = w.post("v1/messages", kEmptyCall, {{"Origin", origin}});
    CHECK(reply.status == 403);
    check_no_cors(reply);
  }
  CHECK(w.post("v1/messages", kEmptyCall, {{"Sec-Fetch-Site", "cross-site"}}).status == 403);
  CHECK(w.upstream.touched() == 0);
  CHECK(w.post("v1/messages", kEmptyCall,
               {{"sec-fetch-mode", "cors"}, {"accept-language", "*"}, {"anthropic-dangerous-direct-browser-access", "true"}})
            .status == 200);
}

TEST_CASE("posture C40: what a page can send without asking first is refused") {
  World& w = posture_world();
  for (const std::string type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                 "text/plain;application/json", ""}) {
    CAPTURE(type);
    const Fields fields{{"Content-Type", type}};
    const RawReply reply = w.post("v1/messages", kEmptyCall, fields);
    CHECK((reply.status == 403 || reply.status == 415));
    Fields page = fields;
    page.emplace_back("Origin", "https://evil.example");
    const RawReply simple = exchange(w.port(), write_request("POST", "/api/test/v1/messages", page, kEmptyCall));
    CHECK((simple.status == 403 || simple.status == 415));
  }
  CHECK(w.upstream.touched() == 0);
  CHECK(w.post("v1/messages", kEmptyCall, {{"Content-Type", "application/json; charset=utf-8"}}).status == 200);
  CHECK(w.post("v1/messages", kEmptyCall, {{"Content-Type", "Application/JSON"}}).status == 200);
}

TEST_CASE("posture C41: a preflight grants nothing") {
  World& w = posture_world();
  for (const std::string path : {"/api/test/v1/messages", "/healthz", "/"}) {
    const RawReply reply = exchange(w.port(), write_request("OPTIONS", path,
                                                            {{"Origin", "https://evil.example"},
                                                             {"Access-Control-Request-Method", "POST"},
                                                             {"Access-Control-Request-Headers", "authorization"},
                                                             {"Access-Control-Request-Private-Network", "true"}},
                                                            {}));
    CHECK(reply.status / 100 != 2);
    check_no_cors(reply);
  }
  check_no_cors(w.get("v1/models"));
  check_no_cors(w.post("v1/messages", kEmptyCall));
}

TEST_CASE("posture C44-C45: open to the network only with a key requirement") {
  World keyless(kRedactAll, "[serve]\nrequire_key = false\n");
  keyless.upstream.respond(Answer::json("{}"));
  const Fields no_key{{"Content-Type", "application/json"}};
  CHECK(exchange(keyless.port(), write_request("POST", "/api/test/v1/messages", no_key, kEmptyCall)).status == 200);
  CHECK(exchange(keyless.port(), write_request("POST", "/api/test/v1/messages",
                                               {{"Content-Type", "application/json"}, {"Origin", "null"}}, kEmptyCall))
            .status == 403);

  Home home;
  home.write(home.config_file(), "[serve]\nrequire_key = false\n[providers.fake]\nopenai_base_url = \"http://127.0.0.1:9/v1\"\n");
  home.write(home.project_file("test"), project_toml(kRedactAll));
  for (const std::string listen : {"0.0.0.0:0", "[::]:0"}) {
    CAPTURE(listen);
    const CommandResult result = home.run({"serve", "--listen", listen, "--config", home.config_file()}, {}, Ms{3000});
    CHECK(result.status == 3);
    CHECK(result.err.find("require_key") != std::string::npos);
  }
}

}  // namespace pg::test
