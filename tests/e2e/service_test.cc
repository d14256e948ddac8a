// The API gateway end to end: what goes to an API, what comes back, what is refused, and what the log says of it.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {
namespace {

const std::string kMail = std::string("jane.roe") + "@example.org";
constexpr std::string_view kToken = "api-credential-7Qx2mV9s";

/// pg with a project "web" of type "api", whose service "up" is the FakeUpstream.
class ApiWorld {
 public:
  explicit ApiWorld(std::string_view service = {}, std::string_view more = {}, std::string_view guards = kRedactAll) {
    home.set_env("API_TOKEN", std::string(kToken));
    home.set_env("OAUTH_SECRET", "client-secret-1");
    const std::string base = "http://127.0.0.1:" + std::to_string(upstream.port());
    std::string text = "id = \"5b1f0c52-3d0e-4c3e-9a55-0a4f5f1f2b22\"\ntype = \"api\"\n[services.up]\nbase_url = \"" + base +
                       "/v2\"\nprivate = true\n";
    text +=
        service.empty()
            ? "methods = [\"GET\", \"HEAD\", \"POST\", \"DELETE\"]\ndeny_paths = [\"/admin\"]\ncredential = \"env:API_TOKEN\"\n"
            : std::string(service);
    text.append("\n").append(more).append("\n[guards]\n").append(guards);
    for (std::size_t at = text.find("@UP"); at != std::string::npos; at = text.find("@UP")) text.replace(at, 3, base);
    home.write(home.config_file(), "");
    home.write(home.project_file("web"), text);
    const CommandResult made = home.run({"init", "--config", home.config_file()});
    if (made.status != 0) throw std::runtime_error("pg init: " + made.out + made.err);
    key = home.add_key("bot", {"--project", "web"});
    if (!server.start()) throw std::runtime_error("pg serve did not start: " + server.err());
  }

  RawReply ask(std::string_view method, std::string_view rest, std::string_view body = {}, Fields fields = {}) const {
    if (!has_field(fields, "x-pg-key")) fields.emplace_back("x-pg-key", key);
    return exchange(server.port(), write_request(method, "/api/web/" + std::string(rest), fields, body,
                                                 "127.0.0.1:" + std::to_string(server.port())));
  }

  FakeUpstream upstream;
  Home home;
  Server server{home};
  std::string key;
};

ApiWorld& api() {
  static ApiWorld one;
  one.upstream.forget();
  one.upstream.respond(Answer::json(R"({"ok":true})"));
  return one;
}

std::string nothing_new(const ApiWorld& w) {
  return w.upstream.count() == 0 ? "" : w.upstream.last().head;
}

/// The digits of the first placeholder, whose number is another one in each call.
std::string number_in(const std::string& body) {
  const std::size_t at = body.find("EMAIL_") + 6;
  return body.substr(at, body.find_first_not_of("0123456789", at) - at);
}
std::string placeholder_in(const std::string& body) {
  return "[[EMAIL_" + number_in(body) + "]]";
}

}  // namespace

TEST_CASE("service: a call goes to the API with its own credential, byte for byte") {
  ApiWorld& w = api();
  const std::string body = "{ \"b\" : 1.0, \"a\":\"\\u0041\" }";
  const RawReply reply = w.ask("POST", "up/things/a%20b?x=1&y=%C3%A9", body,
                               {{"Content-Type", "application/json"},
                                {"Cookie", "c=1"},
                                {"X-Own", "kept"},
                                {"X-HTTP-Method-Override", "DELETE"},
                                {"x-api-key", "theirs"}});
  CHECK(reply.status == 200);
  CHECK(reply.body == R"({"ok":true})");
  const SeenRequest seen = w.upstream.last();
  CHECK(seen.method == "POST");
  CHECK(seen.target == "/v2/things/a%20b?x=1&y=%C3%A9");
  CHECK(seen.body == body);
  CHECK(seen.field("Authorization") == "Bearer " + std::string(kToken));
  CHECK(seen.field("X-Own") == "kept");
  CHECK(seen.field("Host") == "127.0.0.1:" + std::to_string(w.upstream.port()));
  for (const char* name : {"Cookie", "x-pg-key", "x-api-key", "X-HTTP-Method-Override"}) CHECK_MESSAGE(!seen.has(name), name);
  CHECK(soon([&] { return w.home.newest_row_has("path", "/api/web/up/things/a%20b"); }));
  CHECK(w.home.newest_row_has("provider", "up"));
  CHECK(w.home.newest_row_has("key", "bot"));
}

TEST_CASE("service: who may not come in, and what is not there") {
  ApiWorld& w = api();
  CHECK(w.ask("GET", "up/x", "", {{"x-pg-key", "pg_live_" + std::string(43, 'A')}}).status == 401);
  CHECK(exchange(w.server.port(), write_request("GET", "/api/web/up/x", {}, "")).status == 401);
  const std::string chat = w.home.add_key("chatter", {"--scopes", "chat,models"});
  CHECK(soon([&] { return w.ask("GET", "up/x", "", {{"x-pg-key", chat}}).status == 403; }));
  const RawReply unknown = w.ask("GET", "down/x");
  CHECK(unknown.status == 404);
  CHECK(unknown.body.find("it has up") != std::string::npos);
  CHECK(w.ask("POST", "v1/messages", "{}").status == 404);
  CHECK(nothing_new(w) == "");
}

TEST_CASE("service: methods and paths are held to what the file says, however they are spelled") {
  ApiWorld& w = api();
  const RawReply put = w.ask("PUT", "up/things", "{}", {{"Content-Type", "application/json"}});
  CHECK(put.status == 405);
  CHECK(put.field("Allow") == "GET, HEAD, POST, DELETE");
  for (const char* path : {"up/admin", "up/Admin", "up/admin/", "up/admin/users", "up/%61dmin"}) {
    const RawReply denied = w.ask("GET", path);
    CHECK_MESSAGE(denied.status == 403, path);
    CHECK(denied.body.find(R"("code":"forbidden")") != std::string::npos);
    CHECK(denied.body.starts_with(R"({"error":{)"));
  }
  for (const char* path :
       {"up/x/../admin", "up/x/%2e%2e/admin", "up//admin", "up/x%2f..%2fadmin", "up/x\\..\\admin", "up/admin;x", "up/%2561dmin"})
    CHECK_MESSAGE(w.ask("GET", path).status == 400, path);
  CHECK(nothing_new(w) == "");
  CHECK(w.ask("GET", "up").status == 200);
  CHECK(w.upstream.last().target == "/v2");
}

TEST_CASE("service: what an API keeps of one call is never restored as another caller's value") {
  ApiWorld& w = api();
  w.upstream.respond(Answer::json("{}"));
  CHECK(w.ask("POST", "up/mail", "[\"" + kMail + "\"]", {{"Content-Type", "application/json"}}).status == 200);
  const std::string kept = w.upstream.last().body;
  w.upstream.respond(Answer::json(kept));
  const RawReply other = w.ask("POST", "up/mail", "[\"" + make_email("mallory") + "\"]", {{"Content-Type", "application/json"}});
  CHECK(other.body == kept);
}

TEST_CASE("service: JSON, forms and text are guarded on the way out and restored on the way back") {
  ApiWorld& w = api();
  struct Sent {
    const char* type;
    std::string body, seen;
  };
  const Sent cases[] = {
      {"application/json", R"({"to":")" + kMail + R"(","n":[1.50,{"cc":")" + kMail + R"("}]})",
       R"({"to":"[[EMAIL_001]]","n":[1.50,{"cc":"[[EMAIL_001]]"}]})"},
      {"application/vnd.x+json", R"([")" + kMail + R"("])", R"(["[[EMAIL_001]]"])"},
      {"application/x-www-form-urlencoded", "to=jane.roe%40example.org&x=1+2", "to=%5B%5BEMAIL_001%5D%5D&x=1+2"},
      {"text/plain", "to " + kMail + "\n", "to [[EMAIL_001]]\n"},
  };
  for (const Sent& sent : cases) {
    CAPTURE(sent.type);
    w.upstream.respond(
        [](const SeenRequest& request) { return Answer::json(R"({"echo":")" + placeholder_in(request.body) + R"(","n":1.0})"); });
    const RawReply reply = w.ask("POST", "up/mail", sent.body, {{"Content-Type", sent.type}});
    CHECK(reply.status == 200);
    CHECK(replace_all(w.upstream.last().body, number_in(w.upstream.last().body), "001") == sent.seen);
    CHECK(reply.body == R"({"echo":")" + kMail + R"(","n":1.0})");
  }
  w.upstream.respond([](const SeenRequest& request) {
    const std::string token = placeholder_in(request.body);
    return Answer::stream({"data: {\"a\":\"" + token.substr(0, 5), token.substr(5) + "\"}\n\n", "data: bye\n\n"}, Ms{20});
  });
  const RawReply stream = w.ask("POST", "up/mail", cases[0].body, {{"Content-Type", "application/json"}});
  CHECK(stream.body == "data: {\"a\":\"" + kMail + "\"}\n\ndata: bye\n\n");
  CHECK(soon([&] { return w.home.newest_row_has("redactions", "EMAIL"); }));
}

TEST_CASE("service: what stands in a path or a query is not replaced but blocked") {
  ApiWorld& w = api();
  for (const std::string& rest :
       {"up/users/" + kMail, std::string("up/users?mail=jane.roe%40example.org"), "up/x?t=" + make_github_token()}) {
    const RawReply reply = w.ask("GET", rest);
    CHECK_MESSAGE(reply.status == 422, rest);
    CHECK(reply.body.find(kMail) == std::string::npos);
    CHECK(reply.body.find("content_blocked") != std::string::npos);
  }
  CHECK(w.ask("POST", "up/x", "{}", {{"Content-Type", "application/json"}, {"X-Note", make_github_token()}}).status == 422);
  CHECK(nothing_new(w) == "");
  CHECK(w.home.everything().find(make_github_token()) == std::string::npos);
}

TEST_CASE("service: bodies that nobody can read are refused, unless the file says otherwise") {
  ApiWorld& w = api();
  const std::string part = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n";
  const Fields multipart = {{"Content-Type", "multipart/form-data; boundary=x"}};
  CHECK(w.ask("POST", "up/x", part, multipart).status == 415);
  CHECK(w.ask("POST", "up/x", "abc", {{"Content-Type", "text/plain"}, {"Content-Encoding", "br"}}).status == 415);
  CHECK(w.ask("POST", "up/x", "{\"a\":", {{"Content-Type", "application/json"}}).status == 400);
  CHECK(nothing_new(w) == "");
  ApiWorld open("methods = [\"POST\"]\nunreadable = \"pass\"\n");
  open.upstream.respond(Answer::json("{}"));
  CHECK(open.ask("POST", "up/x", part, multipart).status == 200);
  CHECK(open.upstream.last().body == part);
  CHECK_FALSE(open.upstream.last().has("Authorization"));
}

TEST_CASE("service: redirects are not followed, and those below the base lead back to pg") {
  ApiWorld& w = api();
  const std::string base = "http://127.0.0.1:" + std::to_string(w.upstream.port());
  const std::pair<std::string, std::string> cases[] = {{base + "/v2/next?p=2", "/api/web/up/next?p=2"},
                                                       {"/v2/next", "/api/web/up/next"},
                                                       {"http://169.254.169.254/latest", "http://169.254.169.254/latest"},
                                                       {"/login", base + "/login"}};
  for (const auto& [given, wanted] : cases) {
    w.upstream.respond(
        Answer::reply(302, "", {{"Location", given}, {"Set-Cookie", "s=1"}, {"Link", "<" + base + "/v2/a>; rel=\"next\""}}));
    const RawReply reply = w.ask("GET", "up/x");
    CHECK(reply.status == 302);
    CHECK(reply.field("Location") == wanted);
    CHECK(reply.field("Link") == "</api/web/up/a>; rel=\"next\"");
    CHECK_FALSE(reply.has("Set-Cookie"));
  }
  CHECK(w.upstream.count() == 4);
}

TEST_CASE("service: the credential is starred wherever a reply quotes it") {
  ApiWorld& w = api();
  const std::string token(kToken);
  w.upstream.respond(
      Answer::reply(200, "you sent " + token + ".", {{"Content-Type", "application/octet-stream"}, {"X-Echo", token}}));
  const RawReply whole = w.ask("GET", "up/x");
  CHECK(whole.body == "you sent " + std::string(token.size(), '*') + ".");
  CHECK(whole.field("X-Echo") == std::string(token.size(), '*'));
  w.upstream.respond(Answer::stream({token.substr(0, 9), token.substr(9) + "!"}, Ms{30}));
  CHECK(w.ask("GET", "up/x").body == std::string(token.size(), '*') + "!");
  CHECK(w.home.everything().find(token) == std::string::npos);
}

TEST_CASE("service: HEAD, empty answers, errors and large bodies come through as they are") {
  ApiWorld& w = api();
  w.upstream.respond(Answer::head(200, {{"Content-Length", "1234"}, {"ETag", "\"x\""}}));
  RawClient client(w.server.port());
  client.send(write_request("HEAD", "/api/web/up/x", {{"x-pg-key", w.key}}, ""));
  const RawReply head = client.read_reply(Ms{5000}, true);
  CHECK(head.status == 200);
  CHECK(head.field("Content-Length") == "1234");
  CHECK(head.field("ETag") == "\"x\"");
  w.upstream.respond(Answer::head(204, {}));
  CHECK(w.ask("DELETE", "up/x").status == 204);
  w.upstream.respond(Answer::reply(418, "short and stout", {{"Content-Type", "text/plain"}}));
  const RawReply teapot = w.ask("GET", "up/x");
  CHECK(teapot.status == 418);
  CHECK(teapot.body == "short and stout");
  std::string large(3u << 20, 'x');
  for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>(i);
  w.upstream.respond(Answer::reply(200, large, {{"Content-Type", "application/octet-stream"}}));
  CHECK(w.ask("GET", "up/x").body == large);
}

TEST_CASE("service: addresses that are not of the public internet are refused") {
  // Those that stand in the file, when it is read.
  for (const char* host :
       {"127.0.0.1", "0.0.0.0", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1]", "[fd00::1]",
        "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "example.com.", "user@example.com", "user:pw@example.com"}) {
    Home home;
    home.write(home.config_file(), "");
    home.write(home.project_file("web"),
               std::string("id = \"5b1f0c52-3d0e-4c3e-9a55-0a4f5f1f2b22\"\ntype = \"api\"\n[services.s]\n"
                           "base_url = \"http://") +
                   host + "/\"\n");
    const CommandResult checked = home.run({"config", "check", "--config", home.config_file()});
    CHECK_MESSAGE(checked.status != 0, host);
    CHECK_MESSAGE(says(checked.out + checked.err, "web.toml:4"), (checked.out + checked.err));
  }
  // A name, when it is called: this machine's own is at no public address.
  char name[256] = {};
  REQUIRE(::gethostname(name, sizeof name - 1) == 0);
  const ApiWorld w("methods = [\"GET\"]\n",
                   "[services.here]\nbase_url = \"http://" + std::string(name) + ":9/\"\ncredential = \"env:API_TOKEN\"\n");
  const RawReply reply = w.ask("GET", "here/x");
  if (reply.status == 502) return;  // it has no address at all
  CHECK(reply.status == 403);
  CHECK(says(reply.body, "private = true"));
  CHECK(reply.body.find(kToken) == std::string::npos);
  CHECK(w.home.run({"http", "check", "here"}).status == 7);
}

TEST_CASE("service: a POST is not sent twice, a token is bought once and again after a 401") {
  ApiWorld w(
      "auth = \"oauth\"\nmethods = [\"GET\", \"POST\"]\n[services.up.oauth]\ntoken_url = \"@UP/token\"\nclient_id = \"me\"\n"
      "client_secret = \"env:OAUTH_SECRET\"\nscope = \"a b\"\n");
  std::atomic<int> tokens{0}, calls{0};
  w.upstream.respond([&](const SeenRequest& request) {
    if (request.target == "/token") {
      const int number = ++tokens;
      return Answer::json(R"({"access_token":"access-token-)" + std::to_string(number) + R"(","expires_in":3600})");
    }
    ++calls;
    if (request.field("Authorization") == "Bearer access-token-1" && calls > 2) return Answer::reply(401, "{}");
    return Answer::json(R"({"said":")" + request.field("Authorization") + R"("})");
  });
  CHECK(w.ask("GET", "up/a").body == R"({"said":"Bearer **************"})");
  CHECK(w.ask("GET", "up/b").status == 200);
  CHECK(tokens == 1);
  for (const SeenRequest& seen : w.upstream.seen())
    if (seen.target == "/token") {
      CHECK(seen.body == "grant_type=client_credentials&scope=a%20b");
      CHECK(seen.field("Authorization") == "Basic bWU6Y2xpZW50LXNlY3JldC0x");
    }
  CHECK(w.ask("POST", "up/c", "{}", {{"Content-Type", "application/json"}}).status == 200);
  CHECK(tokens == 2);
  CHECK(w.upstream.last().field("Authorization") == "Bearer access-token-2");
}

TEST_CASE("service: a refresh token that the server replaces is sealed, and used from then on") {
  ApiWorld w(
      "auth = \"oauth\"\n[services.up.oauth]\ntoken_url = \"@UP/token\"\nclient_id = \"me\"\nrefresh_token = \"sealed:fresh\"\n");
  const CommandResult stored = w.home.run({"providers", "login", "fresh"}, "refresh-token-1\n");
  REQUIRE_MESSAGE(stored.status == 0, stored.err);
  std::atomic<int> number{1};
  w.upstream.respond([&](const SeenRequest& request) {
    if (request.target != "/token")
      return request.field("Authorization") == "Bearer access-" + std::to_string(number) + "-token" ? Answer::json("{}")
                                                                                                    : Answer::reply(401, "{}");
    const bool good = request.body.find("refresh_token=refresh-token-" + std::to_string(number) + "&") != std::string::npos;
    if (!good) return Answer::reply(400, R"({"error":"invalid_grant"})");
    const std::string next = std::to_string(++number);
    return Answer::json(R"({"access_token":"access-)" + next + R"(-token","refresh_token":"refresh-token-)" + next + R"("})");
  });
  CHECK(soon([&] { return w.ask("GET", "up/x").status == 200; }));
  CHECK(number == 2);
  // Sealed within a moment; another start goes on with it.
  CHECK(soon([&] { return w.home.run({"audit", "tail", "--json"}).out.find("fresh") != std::string::npos; }));
  std::this_thread::sleep_for(Ms{600});
  w.server.signal(SIGTERM);
  CHECK(w.server.wait() == 0);
  REQUIRE(w.server.start());
  CHECK(w.ask("GET", "up/x").status == 200);
  CHECK(number == 3);
  CHECK(w.home.everything().find("refresh-token-3") == std::string::npos);
}

TEST_CASE("service: pg http lists, checks and calls") {
  ApiWorld& w = api();
  const CommandResult list = w.home.run({"http", "list"});
  CHECK(list.status == 0);
  CHECK(list.out.find("web\tup\thttp://127.0.0.1") != std::string::npos);
  const CommandResult check = w.home.run({"http", "check", "up", "--json"});
  CHECK_MESSAGE(check.status == 0, (check.out + check.err));
  CHECK(w.home.run({"http", "check", "nothing"}).status == 5);
  const CommandResult call = w.home.run({"http", "call", "up", "post", "/things?x=1", "--data", R"({"a":1})"});
  CHECK_MESSAGE(call.status == 0, call.err);
  CHECK(call.out == R"({"ok":true})");
  CHECK(w.upstream.last().target == "/v2/things?x=1");
  CHECK(w.upstream.last().body == R"({"a":1})");
  CHECK(w.home.run({"http", "call", "up", "GET", "/admin"}).status == 1);
  CHECK(w.home.run({"keys", "list"}).out.find("http-call") == std::string::npos);
}

}  // namespace pg::test
