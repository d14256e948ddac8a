// An MCP server over stdin and stdout, with the faults that its arguments ask for. Says in a file what it was asked.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> g_words;

bool has(const std::string& word) {
  return std::find(g_words.begin(), g_words.end(), word) != g_words.end();
}

std::string value(const std::string& name, const std::string& otherwise) {
  for (const std::string& word : g_words)
    if (word.rfind(name + "=", 0) == 0) return word.substr(name.size() + 1);
  return otherwise;
}

void say(const Json& message) {
  std::cout << message.dump() << "\n" << std::flush;
}

void wait_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

Json tool(const std::string& name) {
  return {{"name", name}, {"description", "does " + name}, {"inputSchema", {{"type", "object"}}}};
}

Json list_tools(const Json& params) {
  Json tools = Json::array();
  if (has("endless")) return {{"tools", {tool("again")}}, {"nextCursor", "same"}};
  if (has("pages") && !params.contains("cursor")) return {{"tools", {tool("first")}}, {"nextCursor", "two"}};
  for (const char* name : {"echo", "fail", "slow", "environment", "die", "odd name!", "delete_all"}) tools.push_back(tool(name));
  if (has("pages")) tools = {tool("second")};
  return {{"tools", tools}};
}

Json text_result(const std::string& text, bool failed = false) {
  return {{"content", {{{"type", "text"}, {"text", text}}}}, {"isError", failed}};
}

Json call_tool(const Json& params) {
  const std::string name = params.value("name", "");
  const Json arguments = params.value("arguments", Json::object());
  if (name == "fail") return text_result("it went wrong", true);
  if (name == "die") std::_Exit(3);
  if (name == "environment") {
    std::string all;
    for (char** each = environ; *each != nullptr; ++each) all += std::string(*each) + "\n";
    return text_result(all);
  }
  if (name == "slow") {
    const Json token = params.contains("_meta") ? params["_meta"].value("progressToken", Json()) : Json();
    for (int i = 1; i <= arguments.value("steps", 3); ++i) {
      wait_ms(arguments.value("ms", 30));
      if (!token.is_null())
        say({{"jsonrpc", "2.0"}, {"method", "notifications/progress"}, {"params", {{"progressToken", token}, {"progress", i}}}});
    }
    return text_result("slow is done");
  }
  return {{"content",
           {{{"type", "text"}, {"text", arguments.dump()}}, {{"type", "resource_link"}, {"uri", "note:1"}, {"name", "n"}}}},
          {"structuredContent", arguments}};
}

Json answer(const std::string& method, const Json& params) {
  if (method == "initialize")
    return {{"protocolVersion", params.value("protocolVersion", "")},
            {"capabilities", {{"tools", Json::object()}}},
            {"serverInfo", {{"name", "fake"}, {"version", "1.2.3"}}}};
  if (method == "server/discover")
    return {{"resultType", "complete"}, {"supportedVersions", {"2026-07-28"}}, {"capabilities", {{"tools", Json::object()}}}};
  if (method == "tools/list") return list_tools(params);
  if (method == "tools/call") return call_tool(params);
  if (method == "prompts/list") return {{"prompts", {{{"name", "greet"}}}}};
  if (method == "prompts/get") return {{"messages", {{{"role", "user"}, {"content", {{"type", "text"}, {"text", "hello"}}}}}}};
  if (method == "resources/list") return {{"resources", {{{"uri", "note:1"}, {"name", "n"}}}}};
  if (method == "resources/read")
    return {{"contents", {{{"uri", params.value("uri", "")}, {"text", "of " + params.value("uri", "")}}}}};
  return nullptr;
}

void note(const std::string& line) {
  const std::string file = value("log", "");
  if (!file.empty()) std::ofstream(file, std::ios::app) << line << "\n";
}

void serve(const Json& message) {
  const std::string method = message.value("method", "");
  if (!message.contains("id")) return;
  const Json params = message.value("params", Json::object());
  const bool unknown_era = has("stateless") ? method == "initialize" : method == "server/discover";
  const Json result = unknown_era ? Json(nullptr) : answer(method, params);
  if (method == "initialize" && has("silent")) return;
  if (has("asks") && method == "tools/call")
    say({{"jsonrpc", "2.0"}, {"id", 900}, {"method", "sampling/createMessage"}, {"params", Json::object()}});
  if (result.is_null())
    return say({{"jsonrpc", "2.0"}, {"id", message["id"]}, {"error", {{"code", -32601}, {"message", "unknown: " + method}}}});
  say({{"jsonrpc", "2.0"}, {"id", message["id"]}, {"result", result}});
  if (has("changes") && method == "tools/call") say({{"jsonrpc", "2.0"}, {"method", "notifications/tools/list_changed"}});
}

}  // namespace

int main(int argc, char** argv) {
  g_words.assign(argv + 1, argv + argc);
  note("start " + std::to_string(getpid()));
  if (has("stubborn")) {
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
  }
  if (has("exits")) {
    std::cerr << "no licence for " << value("secret", "this") << "\n" << std::flush;
    return 4;
  }
  if (has("junk")) std::cout << "Welcome to the server!\n{not json\n\n" << std::flush;
  if (has("flood"))
    for (int i = 0; i < 20'000; ++i) std::cerr << "line " << i << " of much that nobody reads\n";
  std::string line;
  while (std::getline(std::cin, line)) {
    note(line);
    serve(Json::parse(line));
  }
  note("end of input");
  while (has("stubborn")) pause();
  return 0;
}
