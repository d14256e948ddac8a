// How fast translation is, per direction, against parsing and dumping the same bytes with nlohmann: what a gateway that builds a
// tree would pay at least. CPU time, for others may use the machine.
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/wire/reply_translator.h"
#include "core/wire/sse.h"
#include "core/wire/translate.h"

namespace pg {
namespace {

using Json = nlohmann::ordered_json;
constexpr Wire kClients[] = {Wire::anthropic, Wire::openai_chat, Wire::openai_responses};
constexpr int kTurns = 60;
constexpr int kDeltas = 500;

/// An agent's conversation of about 200 KB: tools, calls, results.
std::string conversation() {
  Json messages = Json::array();
  for (int i = 0; i < kTurns; ++i) {
    const std::string id = "toolu_" + std::to_string(i);
    messages.push_back(
        {{"role", "user"}, {"content", "Please read the file and tell me what it does, number " + std::to_string(i)}});
    messages.push_back(
        {{"role", "assistant"},
         {"content",
          {{{"type", "text"}, {"text", "I will read it."}},
           {{"type", "tool_use"}, {"id", id}, {"name", "read"}, {"input", {{"path", "/home/dev/project/src/main.cc"}}}}}}});
    std::string lines;
    for (int line = 0; line < 60; ++line)
      lines += std::to_string(line) + "\tconst auto value = compute(\"name\", " + std::to_string(i) + ");\n";
    messages.push_back({{"role", "user"}, {"content", {{{"type", "tool_result"}, {"tool_use_id", id}, {"content", lines}}}}});
  }
  const Json schema = {{"type", "object"},
                       {"properties", {{"path", {{"type", "string"}, {"description", "Where the file is"}}}}}};
  Json tools = Json::array();
  for (const char* name : {"read", "write", "run", "search"}) {
    tools.push_back({{"name", name}, {"description", "A tool that does what it says, with care."}, {"input_schema", schema}});
  }
  return Json{{"model", "m"}, {"max_tokens", 4096}, {"stream", true}, {"tools", tools}, {"messages", messages}}.dump();
}

std::string stream(Wire wire) {
  std::string out =
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"usage\":{\"input_tokens\":5}}}\n\n"
      "event: content_block_start\ndata: "
      "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
  for (int i = 0; i < kDeltas; ++i) {
    out +=
        "event: content_block_delta\ndata: "
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" the quick \\\"brown\\\" "
        "fox\"}}\n\n";
  }
  out +=
      "event: message_delta\ndata: "
      "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n"
      "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  if (wire == Wire::anthropic) return out;
  ReplyContext context;
  context.stream = context.include_usage = true;
  ReplyTranslator translator(Wire::anthropic, wire, context, ReplySource{200, true, 64u << 20});
  std::string translated;
  translator.push(out, translated);
  translator.finish(false, translated);
  return translated;
}

template <class Work>
double megabytes_per_second(std::size_t bytes, Work work) {
  std::size_t total = 0;
  const std::clock_t begin = std::clock();
  std::clock_t now = begin;
  while (now - begin < CLOCKS_PER_SEC / 2) {
    for (int round = 0; round < 20; ++round) work();
    total += 20 * bytes;
    now = std::clock();
  }
  return static_cast<double>(total) / 1e6 / (static_cast<double>(now - begin) / CLOCKS_PER_SEC);
}

std::size_t parse_and_dump_events(std::string_view bytes) {
  SseReader reader(1 << 24);
  reader.feed(bytes);
  SseEvent event;
  std::size_t size = 0;
  while (reader.next(event).value()) {
    if (event.data != "[DONE]") size += Json::parse(event.data).dump().size();
  }
  return size;
}

void bench_requests() {
  const std::string anthropic = conversation();
  for (Wire from : kClients) {
    const std::string body =
        from == Wire::anthropic ? anthropic : translate_request(Wire::anthropic, from, anthropic, {}).value().body;
    const double tree = megabytes_per_second(body.size(), [&] { return Json::parse(body).dump().size(); });
    for (Wire to : {Wire::anthropic, Wire::openai_chat, Wire::openai_responses, Wire::gemini, Wire::cohere}) {
      if (from == to) continue;
      const double speed =
          megabytes_per_second(body.size(), [&] { return translate_request(from, to, body, {}).value().body.size(); });
      fmt::print("request {:<18} -> {:<18}{:>8.0f}{:>12.0f}{:>8.1f}\n", wire_name(from), wire_name(to), speed, tree,
                 speed / tree);
    }
  }
}

void bench_streams() {
  for (Wire from : kClients) {
    const std::string bytes = stream(from);
    const double tree = megabytes_per_second(bytes.size(), [&] { return parse_and_dump_events(bytes); });
    for (Wire to : kClients) {
      if (from == to) continue;
      ReplyContext context;
      context.stream = context.include_usage = true;
      std::string out;
      const double speed = megabytes_per_second(bytes.size(), [&] {
        ReplyTranslator translator(from, to, context, ReplySource{200, true, 64u << 20});
        out.clear();
        for (std::size_t at = 0; at < bytes.size(); at += 4096) translator.push(std::string_view(bytes).substr(at, 4096), out);
        translator.finish(false, out);
      });
      fmt::print("stream  {:<18} -> {:<18}{:>8.0f}{:>12.0f}{:>8.1f}\n", wire_name(from), wire_name(to), speed, tree,
                 speed / tree);
    }
  }
}

}  // namespace
}  // namespace pg

int main() {
  fmt::print("{:<48}{:>8}{:>12}{:>8}   MB/s of input\n", "", "speed", "parse+dump", "ratio");
  pg::bench_requests();
  pg::bench_streams();
  return 0;
}
