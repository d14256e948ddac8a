// The client's side: reads replies and event streams strictly, and keeps a list of what a strict client would not accept.
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/model_wire.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string word(const OrderedJson& data, const char* name) {
  const auto at = data.find(name);
  return at != data.end() && at->is_string() ? at->get<std::string>() : std::string();
}

void take_error(Heard& heard, const OrderedJson& error) {
  heard.error_type = word(error, "type");
  heard.error_code = word(error, "code");
  heard.error_message = word(error, "message");
  if (heard.error_message.empty()) heard.faults.push_back("error without a message: " + error.dump());
}

struct AnthropicEar {
  std::map<int, std::string> kinds, values;
  int open = -1;
  int next = 0;

  void hear(Heard& heard, const OrderedJson& data) {
    const std::string type = word(data, "type");
    if (heard.finished) heard.faults.push_back(type + " after message_stop");
    if (type == "content_block_start") {
      const int index = data.at("index");
      if (index != next || open >= 0) heard.faults.push_back("block out of order");
      open = index;
      next = index + 1;
      kinds[index] = word(data.at("content_block"), "type");
      values[index] = kinds[index] == "text" ? word(data.at("content_block"), "text") : "";
    } else if (type == "content_block_delta") {
      if (data.at("index") != open) heard.faults.push_back("delta outside of its open block");
      const OrderedJson& delta = data.at("delta");
      values[data.at("index")] += word(delta, "text") + word(delta, "partial_json") + word(delta, "thinking");
    } else if (type == "content_block_stop") {
      if (data.at("index") != open) heard.faults.push_back("stop of a block that is not open");
      open = -1;
    } else if (type == "message_stop") {
      heard.finished = true;
    } else if (type == "error") {
      take_error(heard, data.at("error"));
    } else if (type != "ping" && type != "message_start" && type != "message_delta") {
      heard.faults.push_back("unknown event " + type);
    }
  }
  void finish(Heard& heard) {
    for (const auto& [index, kind] : kinds) {
      if (kind == "text") heard.texts.push_back(values[index]);
      if (kind == "tool_use") heard.arguments.push_back(values[index]);
      if (kind == "thinking") heard.thinking += values[index];
    }
  }
};

struct ChatEar {
  std::map<int, std::string> texts, arguments;
  std::set<int> ended;

  void hear(Heard& heard, const OrderedJson& data) {
    if (data.contains("error")) return take_error(heard, data.at("error"));
    if (word(data, "object") != "chat.completion.chunk") heard.faults.push_back("chunk without object: " + data.dump());
    for (const auto& choice : data.at("choices")) {
      const int index = choice.at("index");
      const OrderedJson& delta = choice.at("delta");
      const std::string content = word(delta, "content");
      if (!content.empty() && ended.count(index) > 0) heard.faults.push_back("content after finish_reason");
      if (delta.contains("content")) texts[index] += content;
      heard.thinking += word(delta, "reasoning_content");
      if (delta.contains("tool_calls")) {
        if (ended.count(index) > 0) heard.faults.push_back("tool call after finish_reason");
        for (const auto& call : delta.at("tool_calls")) {
          arguments[call.at("index")] += call.contains("function") ? word(call.at("function"), "arguments") : "";
        }
      }
      if (choice.contains("finish_reason") && choice.at("finish_reason").is_string()) ended.insert(index);
    }
  }
  void finish(Heard& heard) {
    for (auto& [index, text] : texts) heard.texts.push_back(text);
    for (auto& [index, text] : arguments) heard.arguments.push_back(text);
  }
};

struct ResponsesEar {
  std::map<int, std::string> texts, arguments;
  std::set<int> ended;
  long next = 0;

  void agree(Heard& heard, std::map<int, std::string>& deltas, int index, const std::string& copy, const std::string& where) {
    if (deltas[index] != copy) heard.faults.push_back(where + " says «" + copy + "», the deltas «" + deltas[index] + "»");
  }
  void agree_item(Heard& heard, int index, const OrderedJson& item, const std::string& where) {
    if (word(item, "type") == "function_call") agree(heard, arguments, index, word(item, "arguments"), where);
    if (word(item, "type") != "message") return;
    for (const auto& part : item.at("content")) agree(heard, texts, index, word(part, "text"), where);
  }
  void hear(Heard& heard, const OrderedJson& data) {
    const std::string type = word(data, "type");
    if (data.value("sequence_number", -1L) != next++) heard.faults.push_back("sequence_number out of order at " + type);
    const int index = data.value("output_index", 0);
    if (type.ends_with(".delta") && ended.count(index) > 0) heard.faults.push_back("delta after .done");
    if (type == "response.output_text.delta") texts[index] += word(data, "delta");
    if (type == "response.function_call_arguments.delta") arguments[index] += word(data, "delta");
    if (type == "response.output_text.done") agree(heard, texts, index, word(data, "text"), type);
    if (type == "response.function_call_arguments.done") agree(heard, arguments, index, word(data, "arguments"), type);
    if (type.ends_with("_text.done") || type.ends_with("arguments.done")) ended.insert(index);
    if (type == "response.content_part.done") agree(heard, texts, index, word(data.at("part"), "text"), type);
    if (type == "response.output_item.done") agree_item(heard, index, data.at("item"), type);
    if (type == "response.failed") take_error(heard, data.at("response").at("error"));
    if (type == "error") take_error(heard, data);
    if (type != "response.completed") return;
    int at = 0;
    for (const auto& item : data.at("response").at("output")) agree_item(heard, at++, item, type);
    heard.finished = true;
  }
  void finish(Heard& heard) {
    for (auto& [index, text] : texts) heard.texts.push_back(text);
    for (auto& [index, text] : arguments) heard.arguments.push_back(text);
  }
};

template <class Ear>
Heard hear_with(std::string_view bytes) {
  Heard heard;
  Ear ear;
  for (const auto& event : split_sse(bytes)) {
    heard.events.push_back(event.name);
    if (event.data == "[DONE]") {
      heard.finished = true;
      continue;
    }
    const OrderedJson data = OrderedJson::parse(event.data, nullptr, false);
    if (data.is_discarded()) {
      heard.faults.push_back("not JSON: " + event.data);
      continue;
    }
    if (!event.name.empty() && word(data, "type") != event.name) heard.faults.push_back("event name and type differ");
    try {
      ear.hear(heard, data);
    } catch (const OrderedJson::exception& error) {
      heard.faults.push_back(error.what() + std::string(" in ") + event.data);
    }
  }
  ear.finish(heard);
  return heard;
}

}  // namespace

std::vector<SseEvent> split_sse(std::string_view bytes) {
  std::vector<SseEvent> out;
  SseEvent event;
  bool any = false;
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  while (!bytes.empty()) {
    const std::size_t end = bytes.find_first_of("\r\n");
    if (end == std::string_view::npos) break;
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + (bytes.substr(end).starts_with("\r\n") ? 2 : 1));
    if (line.empty()) {
      if (any) out.push_back(event);
      event = {};
      any = false;
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == 0) continue;
    const std::string_view name = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "event") event.name = value;
    if (name != "data") continue;
    if (any) event.data += '\n';
    event.data += value;
    any = true;
  }
  return out;
}

Heard hear_stream(DialectId dialect, std::string_view bytes) {
  if (dialect == DialectId::anthropic) return hear_with<AnthropicEar>(bytes);
  return dialect == DialectId::openai_responses ? hear_with<ResponsesEar>(bytes) : hear_with<ChatEar>(bytes);
}

static void hear_parts(DialectId dialect, const OrderedJson& data, Heard& heard) {
  if (dialect == DialectId::anthropic) {
    for (const auto& block : data.at("content")) {
      const std::string type = word(block, "type");
      if (type == "text") heard.texts.push_back(word(block, "text"));
      if (type == "tool_use") heard.arguments.push_back(block.at("input").dump());
      if (type == "thinking") heard.thinking += word(block, "thinking");
    }
  } else if (dialect == DialectId::openai_chat) {
    for (const auto& choice : data.at("choices")) {
      const OrderedJson& message = choice.at("message");
      heard.texts.push_back(word(message, "content"));
      heard.thinking += word(message, "reasoning_content");
      if (!message.contains("tool_calls")) continue;
      for (const auto& call : message.at("tool_calls")) heard.arguments.push_back(word(call.at("function"), "arguments"));
    }
  } else {
    for (const auto& item : data.at("output")) {
      if (word(item, "type") == "function_call") heard.arguments.push_back(word(item, "arguments"));
      if (word(item, "type") != "message") continue;
      for (const auto& part : item.at("content")) heard.texts.push_back(word(part, "text"));
    }
  }
}

Heard hear_whole(DialectId dialect, std::string_view body) {
  Heard heard;
  const OrderedJson data = OrderedJson::parse(body, nullptr, false);
  if (!data.is_object()) {
    heard.faults.push_back("not a JSON object: " + std::string(body.substr(0, 200)));
    return heard;
  }
  if (data.contains("error") && data.at("error").is_object()) {
    take_error(heard, data.at("error"));
    if (dialect == DialectId::anthropic && word(data, "type") != "error") heard.faults.push_back("not Anthropic's error shape");
    return heard;
  }
  heard.finished = true;
  try {
    hear_parts(dialect, data, heard);
  } catch (const OrderedJson::exception& error) {
    heard.faults.push_back(error.what() + std::string(" in ") + std::string(body.substr(0, 200)));
  }
  return heard;
}

}  // namespace pg::test
