// The MCP gateway end to end: programs and places behind one address, in both ways of speaking, and what becomes of their faults.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {
namespace {

using McpJson = nlohmann::ordered_json;

const std::string kMail = std::string("jane.roe") + "@example.org";

// Beside the tests.
std::string fake_program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "pg_fake_mcp";
}

/// pg with a project "tools" of type "mcp"; @FAKE is a program that speaks MCP, @UP where the FakeUpstream is.
class McpWorld {
 public:
  explicit McpWorld(std::string servers, std::string_view more = {}) {
    home.set_env("SERVER_TOKEN", "server-token-7Qx2mV9s");
    const std::string up = "http://127.0.0.1:" + std::to_string(upstream.port());
    servers = "id = \"5b1f0c52-3d0e-4c3e-9a55-0a4f5f1f2b33\"\ntype = \"mcp\"\n" + servers;
    for (const auto& [word, text] : {std::pair<std::string, std::string>("@UP", up), {"@FAKE", fake_program()}, {"@LOG", log()}})
      for (std::size_t at = servers.find(word); at != std::string::npos; at = servers.find(word))
        servers.replace(at, word.size(), text);
    home.write(home.config_file(), std::string(more));
    home.write(home.project_file("tools"), servers);
    const CommandResult made = home.run({"init", "--config", home.config_file()});
    if (made.status != 0) throw std::runtime_error("pg init: " + made.out + made.err);
    key = home.add_key("bot", {"--project", "tools"});
    if (!server.start()) throw std::runtime_error("pg serve did not start: " + server.err());
  }

  std::string log() const { return home.root() / "asked.log"; }
  std::string asked() const {
    std::ifstream file(log());
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::size_t starts() const {
    std::size_t count = 0;
    const std::string all = asked();
    for (std::size_t at = all.find("start "); at != std::string::npos; at = all.find("start ", at + 1)) ++count;
    return count;
  }

  RawReply post(std::string_view body, std::string_view place = "", Fields fields = {}) const {
    fields.emplace_back("x-pg-key", key);
    fields.emplace_back("Content-Type", "application/json");
    if (!has_field(fields, "Accept")) fields.emplace_back("Accept", "application/json, text/event-stream");
    return exchange(server.port(), write_request("POST", "/api/tools/mcp" + std::string(place), fields, body,
                                                 "127.0.0.1:" + std::to_string(server.port())));
  }
  /// The answer to a request of the years before 2026.
  McpJson ask(std::string_view method, const McpJson& params = McpJson::object(), std::string_view place = "") const {
    const RawReply reply = post(McpJson{{"jsonrpc", "2.0"}, {"id", 7}, {"method", method}, {"params", params}}.dump(), place);
    CHECK(reply.status == 200);
    return McpJson::parse(reply.body, nullptr, false);
  }
  McpJson call(std::string_view tool, const McpJson& arguments = McpJson::object()) const {
    return ask("tools/call", {{"name", tool}, {"arguments", arguments}});
  }

  FakeUpstream upstream;
  Home home;
  Server server{home};
  std::string key;
};

std::string text_of(const McpJson& reply) {
  return reply["result"]["content"][0].value("text", "");
}

std::vector<std::string> names_of(const McpJson& reply, const char* member = "tools") {
  std::vector<std::string> names;
  for (const McpJson& tool : reply["result"][member]) names.push_back(tool["name"]);
  return names;
}

bool has_name(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Answers as an MCP server over HTTP does: a session from initialize on, and what `more` says of the rest.
Respond place_of(std::function<Answer(const SeenRequest&, const McpJson&)> more) {
  return [more](const SeenRequest& seen) {
    const McpJson message = McpJson::parse(seen.body, nullptr, false);
    if (!message.is_object()) return Answer::reply(200, "");
    const std::string method = message.value("method", "");
    const auto result = [&](const McpJson& said) {
      return McpJson{{"jsonrpc", "2.0"}, {"id", message["id"]}, {"result", said}}.dump();
    };
    if (method == "initialize")
      return Answer::reply(
          200, result({{"protocolVersion", "2025-06-18"}, {"capabilities", McpJson::object()}, {"serverInfo", {{"name", "up"}}}}),
          {{"Mcp-Session-Id", "session-1"}});
    if (!message.contains("id")) return Answer::reply(202, "");
    if (method == "tools/list")
      return Answer::json(result({{"tools", {{{"name", "send"}, {"inputSchema", {{"type", "object"}}}}}}}));
    return more(seen, message);
  };
}

constexpr const char* kOneProgram = "[servers.fake]\ncommand = [\"@FAKE\", \"log=@LOG\"]\n";

}  // namespace

TEST_CASE("mcp: a client of the years before is introduced, and finds everybody's tools under one address") {
  McpWorld w(
      "[servers.one]\ncommand = [\"@FAKE\"]\ndeny_tools = [\"delete_*\"]\n[servers.two]\ncommand = [\"@FAKE\", \"pages\"]\n");
  const RawReply hello = w.post(
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"c","version":"1"}}})");
  CHECK(hello.status == 200);
  CHECK(hello.field("Mcp-Session-Id").size() == 32);
  const McpJson said = McpJson::parse(hello.body);
  CHECK(said["id"] == 0);
  CHECK(said["result"]["protocolVersion"] == "2025-06-18");
  CHECK(said["result"]["serverInfo"]["name"] == "promptgate");
  const RawReply note = w.post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  CHECK(note.status == 202);
  CHECK(note.body.empty());
  const std::vector<std::string> names = names_of(w.ask("tools/list"));
  CHECK(has_name(names, "one__echo"));
  CHECK(has_name(names, "two__first"));
  CHECK(has_name(names, "two__second"));
  CHECK_FALSE(has_name(names, "one__delete_all"));
  CHECK(w.ask("ping")["result"] == McpJson::object());
  // The same list, byte for byte, as long as nothing changes: it is part of a prompt.
  CHECK(w.ask("tools/list").dump() == w.ask("tools/list").dump());
}

TEST_CASE("mcp: a call reaches its server in the server's own words, and its answer comes back") {
  McpWorld w(kOneProgram);
  const McpJson reply = w.call("fake__echo", {{"text", "grüße"}, {"n", 1}});
  CHECK(reply["id"] == 7);
  CHECK(McpJson::parse(text_of(reply)) == McpJson{{"text", "grüße"}, {"n", 1}});
  CHECK(reply["result"]["content"][1]["uri"] == "fake+note:1");
  CHECK(w.asked().find(R"("name":"echo")") != std::string::npos);
  CHECK(soon([&] { return w.home.newest_row_has("path", "/api/tools/mcp/tools/call/fake__echo"); }));
  CHECK(w.home.newest_row_has("provider", "fake"));
  CHECK(w.home.newest_row_has("dialect", "mcp"));
  CHECK(w.home.newest_row_has("cost_state", "none"));
  // A name that is none for models is another one, and leads to the same tool.
  std::string odd;
  for (const std::string& name : names_of(w.ask("tools/list")))
    if (name.starts_with("fake__odd")) odd = name;
  CHECK(McpJson::parse(text_of(w.call(odd, {{"a", 1}}))) == McpJson{{"a", 1}});
  CHECK(w.asked().find(R"("name":"odd name!")") != std::string::npos);
  // What a tool says of its own failure is an answer.
  CHECK(w.call("fake__fail")["result"]["isError"] == true);
  CHECK(soon([&] { return w.home.newest_row_has("outcome", "error"); }));
  CHECK(w.starts() == 1);
}

TEST_CASE("mcp: at the address of one server names are its own") {
  McpWorld w(kOneProgram);
  CHECK(has_name(names_of(w.ask("tools/list", McpJson::object(), "/fake")), "echo"));
  CHECK(McpJson::parse(text_of(w.ask("tools/call", {{"name", "echo"}, {"arguments", {{"a", 1}}}}, "/fake"))) ==
        McpJson{{"a", 1}});
  const RawReply none = w.post(R"({"jsonrpc":"2.0","id":1,"method":"ping"})", "/other");
  CHECK(none.status == 404);
  CHECK(none.body.find("\"jsonrpc\":\"2.0\"") != std::string::npos);
}

TEST_CASE("mcp: resources and prompts are found behind their server's name") {
  McpWorld w(kOneProgram);
  CHECK(w.ask("resources/list")["result"]["resources"][0]["uri"] == "fake+note:1");
  const McpJson read = w.ask("resources/read", {{"uri", "fake+note:1"}});
  CHECK(read["result"]["contents"][0]["uri"] == "fake+note:1");
  CHECK(read["result"]["contents"][0]["text"] == "of note:1");
  CHECK(names_of(w.ask("prompts/list"), "prompts") == std::vector<std::string>{"fake__greet"});
  CHECK(w.ask("prompts/get", {{"name", "fake__greet"}})["result"]["messages"][0]["content"]["text"] == "hello");
  CHECK(w.ask("resources/read", {{"uri", "note:1"}})["error"]["code"] == -32602);
  CHECK(w.ask("prompts/get", {{"name", "greet"}})["error"]["code"] == -32602);
}

TEST_CASE("mcp: what is not allowed is not called, however it is asked for") {
  McpWorld w("[servers.fake]\ncommand = [\"@FAKE\", \"log=@LOG\"]\ntools = [\"echo\"]\ndeny_tools = [\"delete_*\"]\n");
  for (const char* name : {"fake__slow", "fake__delete_all", "delete_all", "fake__nothing", "other__echo", "", "fake__"})
    CHECK_MESSAGE(w.call(name)["error"]["code"] == -32602, name);
  CHECK(w.ask("tools/call", {{"name", "delete_all"}, {"arguments", McpJson::object()}}, "/fake")["error"]["code"] == -32602);
  // A member that stands there twice is read once: by us, and by the server.
  const RawReply twice = w.post(
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"fake__delete_all","name":"fake__echo","arguments":{}}})");
  CHECK(twice.body.find("result") != std::string::npos);
  CHECK(w.asked().find("delete_all") == std::string::npos);
}

TEST_CASE("mcp: line breaks in a request are no messages of the caller's own to a program") {
  McpWorld w("[servers.fake]\ncommand = [\"@FAKE\", \"log=@LOG\"]\ndeny_tools = [\"delete_*\"]\n");
  const std::string inner = R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"delete_all","arguments":{}}})";
  for (const char* end : {"\n", "\r\n", "\r"}) {
    const RawReply reply =
        w.post(std::string(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fake__echo","_meta":{"a":[)") +
               end + inner + end + R"(]},"arguments":{"z":[)" + end + inner + end + "]}}}");
    CHECK(reply.body.find("structuredContent") != std::string::npos);
  }
  std::size_t lines = 0;
  std::stringstream asked(w.asked());
  for (std::string line; std::getline(asked, line);) lines += line.starts_with(inner) ? 1 : 0;
  CHECK(lines == 0);
  CHECK(w.asked().find("delete_all") != std::string::npos);  // as what it is: a text in arguments
}

TEST_CASE("mcp: a program has none of pg's sockets") {
  McpWorld w(kOneProgram);
  (void)w.ask("tools/list");
  const std::string all = w.asked();
  const std::string fds = "/proc/" + all.substr(all.find("start ") + 6, all.find('\n') - 6) + "/fd";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(fds)) {
    ++count;
    std::error_code gone;
    CHECK(std::filesystem::read_symlink(entry.path(), gone).string().find("socket:") == std::string::npos);
  }
  CHECK(count == 3);
}

TEST_CASE("mcp: who may not come in") {
  McpWorld w(kOneProgram);
  const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
  const auto with = [&](Fields fields) {
    fields.emplace_back("Content-Type", "application/json");
    return exchange(w.server.port(),
                    write_request("POST", "/api/tools/mcp", fields, ping, "127.0.0.1:" + std::to_string(w.server.port())));
  };
  CHECK(with({}).status == 401);
  CHECK(with({{"x-pg-key", "pg_live_" + std::string(43, 'A')}}).status == 401);
  CHECK(with({{"x-pg-key", w.key}, {"Origin", "http://evil.example"}}).status == 403);
  const std::string chat = w.home.add_key("chatter", {"--scopes", "chat,models"});
  CHECK(soon([&] { return with({{"x-pg-key", chat}}).status == 403; }));
  CHECK(with({{"Authorization", "Bearer " + w.key}}).status == 200);
  const RawReply get = exchange(w.server.port(), write_request("GET", "/api/tools/mcp", {{"x-pg-key", w.key}}, "",
                                                               "127.0.0.1:" + std::to_string(w.server.port())));
  CHECK(get.status == 405);
  CHECK(get.field("Allow") == "POST");
}

TEST_CASE("mcp: what is no message is refused, and the next one is served") {
  McpWorld w(kOneProgram);
  for (const auto& [body, code] : {std::pair<std::string, int>("{", -32700),
                                   {"[]", -32600},
                                   {R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", -32600},
                                   {R"({"jsonrpc":"2.0","id":null,"method":"ping"})", -32600},
                                   {R"({"jsonrpc":"2.0","id":1,"result":{}})", -32600},
                                   {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", -32700},
                                   {std::string(5000, '['), -32700}}) {
    CAPTURE(body.substr(0, 60));
    const RawReply reply = w.post(body);
    CHECK(reply.status == 400);
    CHECK(McpJson::parse(reply.body)["error"]["code"] == code);
  }
  CHECK(w.post(R"({"jsonrpc":"2.0","id":1,"method":"ping"})", "", {{"MCP-Protocol-Version", "1999-01-01"}}).status == 400);
  CHECK(w.ask("no/such/method")["error"]["code"] == -32601);
  CHECK(w.ask("tools/list", {{"cursor", "foreign"}})["error"]["code"] == -32602);
  CHECK(w.ask("ping").contains("result"));
}

TEST_CASE("mcp: a client of 2026-07-28 says everything in each request, and has everything in each answer") {
  McpWorld w("[servers.fake]\ncommand = [\"@FAKE\"]\n[servers.new]\ncommand = [\"@FAKE\", \"stateless\", \"log=@LOG\"]\n");
  const auto ask = [&](std::string_view method, McpJson params, std::string_view name = "") {
    params["_meta"] = {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
                       {"io.modelcontextprotocol/clientCapabilities", {{"elicitation", McpJson::object()}}}};
    Fields fields = {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", std::string(method)}};
    if (!name.empty()) fields.emplace_back("Mcp-Name", std::string(name));
    return w.post(McpJson{{"jsonrpc", "2.0"}, {"id", "a"}, {"method", method}, {"params", params}}.dump(), "", fields);
  };
  const McpJson discovered = McpJson::parse(ask("server/discover", McpJson::object()).body)["result"];
  CHECK(discovered["resultType"] == "complete");
  CHECK(discovered["supportedVersions"][0] == "2026-07-28");
  const McpJson listed = McpJson::parse(ask("tools/list", McpJson::object()).body)["result"];
  CHECK(listed["ttlMs"].is_number());
  CHECK(listed["cacheScope"] == "private");
  for (const char* name : {"fake__echo", "new__echo"}) {
    const McpJson called = McpJson::parse(ask("tools/call", {{"name", name}, {"arguments", {{"a", 1}}}}, name).body)["result"];
    CHECK(called["resultType"] == "complete");
    CHECK(called["structuredContent"] == McpJson{{"a", 1}});
  }
  // A server of that revision is told what its caller can do; and was asked in its own way.
  CHECK(w.asked().find("server/discover") != std::string::npos);
  CHECK(w.asked().find(R"("io.modelcontextprotocol/clientCapabilities":{"elicitation":{}})") != std::string::npos);
  CHECK(ask("tools/call", {{"name", "fake__echo"}}, "other").status == 400);
  CHECK(ask("no/such", McpJson::object()).status == 404);
  CHECK(ask("ping", McpJson::object()).status == 404);
}

TEST_CASE("mcp: progress goes to who asked for it, under the token that was given") {
  McpWorld w(kOneProgram);
  const RawReply reply = w.post(
      R"({"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"fake__slow","arguments":{"steps":3},"_meta":{"progressToken":"mine"}}})");
  CHECK(reply.status == 200);
  CHECK(reply.field("Content-Type") == "text/event-stream");
  std::size_t count = 0;
  for (std::size_t at = reply.body.find("\"progressToken\":\"mine\""); at != std::string::npos;
       at = reply.body.find("\"progressToken\":\"mine\"", at + 1))
    ++count;
  CHECK(count == 3);
  CHECK(reply.body.find("slow is done") != std::string::npos);
  CHECK(reply.body.find(R"("id":"x")") != std::string::npos);
  // Who does not want a stream gets the answer alone.
  const RawReply plain = w.post(
      R"({"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"fake__slow","arguments":{},"_meta":{"progressToken":1}}})",
      "", {{"Accept", "application/json"}});
  CHECK(plain.field("Content-Type") == "application/json");
  CHECK(plain.body.find("slow is done") != std::string::npos);
}

TEST_CASE("mcp: many callers at once each get their own answer") {
  McpWorld w(kOneProgram);
  (void)w.ask("tools/list");
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&, i] {
      for (int n = 0; n < 20; ++n) {
        const std::string word = std::to_string(i) + "-" + std::to_string(n);
        const McpJson body = {{"jsonrpc", "2.0"},
                              {"id", 1},
                              {"method", "tools/call"},
                              {"params", {{"name", "fake__echo"}, {"arguments", {{"word", word}}}}}};
        if (w.post(body.dump()).body.find("\"word\":\"" + word + "\"") == std::string::npos) ++wrong;
      }
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
  CHECK(w.starts() == 1);
}

TEST_CASE("mcp: a request that is withdrawn, or whose caller left, is withdrawn at the server, too") {
  McpWorld w(kOneProgram);
  (void)w.ask("tools/list");
  const std::string slow =
      R"({"jsonrpc":"2.0","id":41,"method":"tools/call","params":{"name":"fake__slow","arguments":{"steps":1,"ms":4000}}})";
  RawReply reply;
  std::thread caller([&] { reply = w.post(slow, "", {{"Mcp-Session-Id", "s1"}}); });
  CHECK(soon([&] { return w.asked().find("4000") != std::string::npos; }));
  const std::string cancel = R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":41}})";
  CHECK(w.post(cancel, "", {{"Mcp-Session-Id", "another"}}).status == 202);  // somebody else's 41
  std::this_thread::sleep_for(Ms{200});
  CHECK(w.asked().find("notifications/cancelled") == std::string::npos);
  CHECK(w.post(cancel, "", {{"Mcp-Session-Id", "s1"}}).status == 202);
  caller.join();
  CHECK(McpJson::parse(reply.body)["error"]["code"] == -32800);
  CHECK(soon([&] { return w.asked().find("notifications/cancelled") != std::string::npos; }));
  RawClient gone(w.server.port());
  gone.send(write_request(
      "POST", "/api/tools/mcp", {{"x-pg-key", w.key}, {"Content-Type", "application/json"}},
      R"({"jsonrpc":"2.0","id":42,"method":"tools/call","params":{"name":"fake__slow","arguments":{"steps":1,"ms":1501}}})",
      "127.0.0.1:" + std::to_string(w.server.port())));
  CHECK(soon([&] { return w.asked().find("1501") != std::string::npos; }));
  gone.reset();
  CHECK(soon([&] { return w.home.newest_row_has("outcome", "canceled"); }));
}

TEST_CASE("mcp: a program has its own variables and none of pg's secrets, and its token comes back as stars") {
  McpWorld w("[servers.fake]\ncommand = [\"@FAKE\"]\nenv = { TOKEN = \"env:SERVER_TOKEN\", MODE = \"plain\" }\n");
  const std::string environment = text_of(w.call("fake__environment"));
  CHECK(environment.find("MODE=plain\n") != std::string::npos);
  CHECK(environment.find("PATH=") != std::string::npos);
  CHECK(environment.find("TOKEN=*") != std::string::npos);
  CHECK(environment.find("server-token") == std::string::npos);
  CHECK(environment.find("SERVER_TOKEN") == std::string::npos);
  CHECK(environment.find("PG_") == std::string::npos);
}

TEST_CASE("mcp: a program that fails is started again, a little later each time, and the others go on meanwhile") {
  McpWorld w(
      "[servers.good]\ncommand = [\"@FAKE\"]\n[servers.bad]\ncommand = [\"@FAKE\", \"exits\", \"log=@LOG\", "
      "\"secret=x\"]\n[servers.fake]\ncommand = [\"@FAKE\"]\n[servers.none]\ncommand = [\"no-such-program-anywhere\"]\n");
  const RawReply listed = w.post(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})");
  CHECK(listed.field("x-pg-warnings") == "missing:bad,none");
  CHECK(has_name(names_of(McpJson::parse(listed.body)), "good__echo"));
  const McpJson bad = w.call("bad__echo");
  CHECK_MESSAGE(bad["error"]["message"].get<std::string>().find("no licence for") != std::string::npos, bad.dump());
  CHECK(w.call("none__echo")["error"]["message"].get<std::string>().find("no such program") != std::string::npos);
  for (int i = 0; i < 20; ++i) (void)w.call("bad__echo");
  CHECK(w.starts() <= 4);
  // One that dies in a call: who asked hears of it, and the next call finds it running again.
  CHECK(w.call("fake__die")["error"]["message"].get<std::string>().find("exited with status 3") != std::string::npos);
  CHECK(text_of(w.call("fake__echo", {{"a", 1}})) == R"({"a":1})");
}

TEST_CASE("mcp: noise, floods, foreign requests and endless lists do no harm") {
  McpWorld w(
      "[servers.noisy]\ncommand = [\"@FAKE\", \"junk\", \"flood\", \"asks\"]\n[servers.endless]\ncommand = [\"@FAKE\", "
      "\"endless\"]\n");
  const std::vector<std::string> names = names_of(w.ask("tools/list"));
  CHECK(has_name(names, "noisy__echo"));
  CHECK(std::count(names.begin(), names.end(), "endless__again") == 1);
  CHECK(text_of(w.call("noisy__echo", {{"a", 1}})) == R"({"a":1})");
}

TEST_CASE("mcp: a program that never introduces itself, or does not go, is ended with all it started") {
  McpWorld w("[servers.silent]\ncommand = [\"@FAKE\", \"silent\", \"stubborn\", \"log=@LOG\"]\nstart_timeout = \"1s\"\n");
  CHECK(w.ask("tools/list")["error"]["message"].get<std::string>().find("did not introduce itself within 1 s") !=
        std::string::npos);
  const std::string all = w.asked();
  const pid_t pid = std::stoi(all.substr(all.find("start ") + 6));
  CHECK(soon([&] { return ::kill(pid, 0) != 0; }));
}

TEST_CASE("mcp: with pg go its programs, also when it is killed") {
  for (const int signal : {SIGTERM, SIGKILL}) {
    McpWorld w("[servers.fake]\ncommand = [\"@FAKE\", \"stubborn\", \"log=@LOG\"]\n");
    (void)w.ask("tools/list");
    const std::string all = w.asked();
    const pid_t pid = std::stoi(all.substr(all.find("start ") + 6));
    CHECK(::kill(pid, 0) == 0);
    w.server.signal(signal);
    CHECK(soon([&] { return ::kill(pid, 0) != 0; }));
  }
}

TEST_CASE("mcp: a program that nobody asks is ended, and started when somebody does") {
  McpWorld w("[servers.fake]\ncommand = [\"@FAKE\", \"log=@LOG\"]\nidle_stop = \"1s\"\n");
  (void)w.ask("tools/list");
  CHECK(soon([&] { return w.asked().find("end of input") != std::string::npos; }));
  CHECK(text_of(w.call("fake__echo", {{"a", 1}})) == R"({"a":1})");
  CHECK(w.starts() == 2);
}

TEST_CASE("mcp: a list that has changed is asked for again, and no other") {
  McpWorld w("[servers.fake]\ncommand = [\"@FAKE\", \"changes\", \"log=@LOG\"]\n");
  const auto lists = [&] {
    std::size_t count = 0;
    const std::string all = w.asked();
    for (std::size_t at = all.find("\"tools/list\""); at != std::string::npos; at = all.find("\"tools/list\"", at + 1)) ++count;
    return count;
  };
  (void)w.ask("tools/list");
  (void)w.ask("tools/list");
  CHECK(lists() == 1);
  (void)w.call("fake__echo");
  CHECK(soon([&] {
    (void)w.ask("tools/list");
    return lists() >= 2;
  }));
}

TEST_CASE("mcp: settings that change end what is no longer there, and leave the rest running") {
  McpWorld w("[servers.keep]\ncommand = [\"@FAKE\", \"log=@LOG\"]\n[servers.fake]\ncommand = [\"@FAKE\"]\n");
  (void)w.ask("tools/list");
  CHECK(w.starts() == 1);
  std::string file = w.home.read(w.home.project_file("tools"));
  file = file.substr(0, file.find("[servers.fake]"));
  w.home.write(w.home.project_file("tools"), file);
  CHECK(soon([&] { return !has_name(names_of(w.ask("tools/list")), "fake__echo"); }));
  CHECK(has_name(names_of(w.ask("tools/list")), "keep__echo"));
  CHECK(w.starts() == 1);
}

TEST_CASE("mcp: what a server far away is told is guarded, and its answer restored") {
  McpWorld w(
      "[servers.up]\nurl = \"@UP/mcp\"\ncredential = \"env:SERVER_TOKEN\"\n[servers.up.guards]\nemail = \"redact\"\nsecrets = "
      "\"block\"\n");
  std::string told;
  w.upstream.respond(place_of([&](const SeenRequest&, const McpJson& message) {
    told = message["params"].dump();
    const McpJson content = {{"type", "text"},
                             {"text", "sent to " + message["params"]["arguments"].value("to", "") + " by server-token-7Qx2mV9s"}};
    return Answer::json(McpJson{{"jsonrpc", "2.0"}, {"id", message["id"]}, {"result", {{"content", {content}}}}}.dump());
  }));
  const McpJson reply = w.call("up__send", {{"to", kMail}});
  CHECK(told.find(kMail) == std::string::npos);
  CHECK(told.find("[[EMAIL_") != std::string::npos);
  CHECK(text_of(reply).starts_with("sent to " + kMail + " by *"));
  CHECK(text_of(reply).find("server-token") == std::string::npos);
  const SeenRequest seen = w.upstream.last();
  CHECK(seen.field("Authorization") == "Bearer server-token-7Qx2mV9s");
  CHECK(seen.field("Mcp-Session-Id") == "session-1");
  CHECK(seen.field("MCP-Protocol-Version") == "2025-06-18");
  CHECK_FALSE(seen.has("x-pg-key"));
  CHECK(soon([&] { return w.home.newest_row_has("redactions", "EMAIL:1"); }));

  told.clear();
  const McpJson blocked = w.call("up__send", {{"to", "x"}, {"token", make_github_token()}});
  CHECK(blocked["result"]["isError"] == true);
  CHECK(text_of(blocked).find("github") != std::string::npos);
  CHECK(told.empty());
  CHECK(soon([&] { return w.home.newest_row_has("outcome", "blocked"); }));
}

TEST_CASE("mcp: nothing that a server far away is told goes past the guards, wherever it stands") {
  McpWorld w("[servers.up]\nurl = \"@UP/mcp\"\n[servers.up.guards]\nemail = \"redact\"\nsecrets = \"redact\"\n");
  std::string told;
  w.upstream.respond(place_of([&](const SeenRequest& seen, const McpJson& message) {
    told += seen.head + seen.body;
    return Answer::json(McpJson{{"jsonrpc", "2.0"}, {"id", message["id"]}, {"result", {{"contents", McpJson::array()}}}}.dump());
  }));
  const std::string secret = make_github_token();
  for (const std::string& value : {kMail, secret}) {
    const McpJson calls[] = {{{"name", "up__send"}, {"arguments", {{"a", value}}}, {"note", value}, {"task", {{"x", value}}}},
                             {{"name", "up__send"}, {"arguments", {{value, 1}}}, {"_meta", {{"a", value}, {value, 1}}}}};
    for (const McpJson& params : calls) CHECK(w.ask("tools/call", params).contains("result"));
    CHECK(w.ask("resources/read", {{"uri", "up+note:" + value}})["error"]["code"] == -32000);
    CHECK(w.ask("completion/complete", {{"ref", {{"type", "ref/resource"}, {"uri", "up+note:" + value}}},
                                        {"argument", {{"name", "a"}, {"value", "b"}}}})["error"]["code"] == -32000);
  }
  CHECK(told.find("[[EMAIL_") != std::string::npos);
  CHECK(told.find(kMail) == std::string::npos);
  CHECK(told.find(secret) == std::string::npos);
}

TEST_CASE("mcp: a call that a place has read is not sent again") {
  McpWorld w("[servers.up]\nurl = \"@UP/mcp\"\n");
  std::atomic<int> paid{0};
  std::atomic<bool> dies{false};
  w.upstream.respond(place_of([&](const SeenRequest&, const McpJson& message) {
    ++paid;
    Answer answer =
        Answer::json(McpJson{{"jsonrpc", "2.0"}, {"id", message["id"]}, {"result", {{"content", McpJson::array()}}}}.dump());
    if (dies) answer = Answer().close();
    return answer;
  }));
  for (int i = 0; i < 3; ++i) CHECK(w.call("up__send").contains("result"));
  dies = true;
  paid = 0;
  CHECK(w.call("up__send").contains("error"));
  CHECK(paid == 1);
}

TEST_CASE("mcp: a server's credential is starred in its lists and in its refusals, too") {
  McpWorld w(
      "[servers.up]\nurl = \"@UP/mcp\"\ncredential = \"env:SERVER_TOKEN\"\n[servers.no]\nurl = \"@UP/no\"\ncredential = "
      "\"env:SERVER_TOKEN\"\n");
  w.upstream.respond([](const SeenRequest& seen) {
    const McpJson message = McpJson::parse(seen.body, nullptr, false);
    const std::string id = message.is_object() && message.contains("id") ? message["id"].dump() : "null";
    const std::string spelled = R"(server-\u0074oken-7Qx2mV9s)";
    if (seen.target == "/no")
      return Answer::json(R"({"jsonrpc":"2.0","id":)" + id + R"(,"error":{"code":-1,"message":"no )" + spelled + "\"}}");
    if (message.value("method", "") == "initialize")
      return Answer::json(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{"protocolVersion":"2025-06-18"}})");
    if (id == "null") return Answer::reply(202, "");
    return Answer::json(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{"tools":[{"name":"a","description":")" + spelled +
                        R"( server-token-7Qx2mV9s"}]}})");
  });
  const RawReply listed = w.post(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})");
  CHECK(listed.body.find("up__a") != std::string::npos);
  CHECK(listed.body.find("oken-7Qx2mV9s") == std::string::npos);
  const McpJson refused = w.call("no__a");
  CHECK(refused["error"]["message"].get<std::string>().find("refused to introduce itself: no ***") != std::string::npos);
  CHECK(soon([&] { return w.home.newest_row_has("error", "refused to introduce itself"); }));
  CHECK(w.home.everything().find("oken-7Qx2mV9s") == std::string::npos);
}

TEST_CASE("mcp: a program on this machine is told personal data, and no placeholder is written for it") {
  McpWorld w(kOneProgram);
  CHECK(McpJson::parse(text_of(w.call("fake__echo", {{"to", kMail}}))) == McpJson{{"to", kMail}});
  CHECK(w.asked().find(kMail) != std::string::npos);
  const McpJson blocked = w.call("fake__echo", {{"token", make_github_token()}});
  CHECK(blocked["result"]["isError"] == true);
  CHECK(w.asked().find("ghp_") == std::string::npos);
}

TEST_CASE("mcp: a place that takes its time: others are served, the caller hears that it is waited for, and may withdraw") {
  McpWorld w("[servers.up]\nurl = \"@UP/mcp\"\n[servers.fake]\ncommand = [\"@FAKE\"]\n", "[limits]\nping_after = \"1s\"\n");
  std::atomic<bool> called{false};
  w.upstream.respond(place_of([&](const SeenRequest&, const McpJson& message) {
    called = true;
    const McpJson body = {{"jsonrpc", "2.0"}, {"id", message["id"]}, {"result", {{"content", McpJson::array()}}}};
    Answer answer;
    return answer.pause(Ms{message["params"]["arguments"].value("ms", 0)}).bytes(Answer::json(body.dump()).steps[0].bytes);
  }));
  const auto call = [&](int ms) {
    return w.post(McpJson{
        {"jsonrpc", "2.0"}, {"id", ms}, {"method", "tools/call"}, {"params", {{"name", "up__send"}, {"arguments", {{"ms", ms}}}}}}
                      .dump());
  };
  RawReply slow;
  std::thread caller([&] { slow = call(2500); });
  CHECK(soon([&] { return called.load(); }));
  CHECK(text_of(w.call("fake__echo", {{"a", 1}})) == R"({"a":1})");
  caller.join();
  CHECK(slow.field("Content-Type") == "text/event-stream");
  CHECK(slow.body.find(": wait\n\n") != std::string::npos);
  CHECK(slow.body.find(R"("id":2500,"result":{"content":[]})") != std::string::npos);
  called = false;
  std::thread other([&] { slow = call(3000); });
  CHECK(soon([&] { return called.load(); }));
  CHECK(w.post(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3000}})").status == 202);
  other.join();
  CHECK(slow.body.find("-32800") != std::string::npos);
  CHECK(soon([&] {
    for (const SeenRequest& seen : w.upstream.seen())
      if (seen.body.find("notifications/cancelled") != std::string::npos) return true;
    return false;
  }));
}

TEST_CASE("mcp: a place that forgets the session is introduced to again; one that says nonsense is named") {
  McpWorld w("[servers.up]\nurl = \"@UP/mcp\"\n");
  std::atomic<int> calls{0};
  w.upstream.respond(place_of([&](const SeenRequest&, const McpJson& message) {
    if (calls++ == 0) return Answer::reply(404, "{}");
    return Answer::stream(
        {": hello\n\n",
         "event: message\ndata: "
         "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":\"working\"}}\n\n",
         "data: {\"jsonrpc\":\"2.0\",\"id\":" + message["id"].dump() + ",\"result\":{\"content\":[]}}\n\n"});
  }));
  const RawReply reply = w.post(R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"up__send","arguments":{}}})");
  CHECK(reply.body.find("\"data\":\"working\"") != std::string::npos);
  CHECK(reply.body.find("\"id\":7,\"result\":{\"content\":[]}") != std::string::npos);
  CHECK(calls == 2);
  w.upstream.respond(place_of([](const SeenRequest&, const McpJson&) {
    return Answer::reply(200, "<html>", {{"Content-Type", "text/html"}});
  }));
  CHECK(w.call("up__send")["error"]["message"] == "the server up: it answered with something that is no MCP");
  w.upstream.respond(place_of([](const SeenRequest&, const McpJson&) { return Answer::reply(401, "secret page"); }));
  CHECK(w.call("up__send")["error"]["message"].get<std::string>().find("refused pg's credential (HTTP 401)") !=
        std::string::npos);
  w.upstream.respond(place_of([](const SeenRequest&, const McpJson&) {
    return Answer::head(200, {{"Content-Type", "application/json"}, {"Content-Length", "50"}}).bytes("{").close();
  }));
  CHECK(w.call("up__send").contains("error"));
}

}  // namespace pg::test
