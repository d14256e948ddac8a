// The provider's side: requests, whole replies and event streams in three dialects.
#include <nlohmann/json.hpp>

#include "tests/support/model_wire.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string event(const OrderedJson& data) {
  return "event: " + data.at("type").get<std::string>() + "\ndata: " + data.dump() + "\n\n";
}
std::string chunk_event(const OrderedJson& data) {
  return "data: " + data.dump() + "\n\n";
}

std::vector<std::string> anthropic_stream(const Blocks& blocks) {
  std::vector<std::string> out;
  out.push_back(event({{"type", "message_start"},
                       {"message",
                        {{"id", "msg_fake_1"},
                         {"type", "message"},
                         {"role", "assistant"},
                         {"model", "fake-model-served"},
                         {"content", OrderedJson::array()},
                         {"stop_reason", nullptr},
                         {"stop_sequence", nullptr},
                         {"usage", {{"input_tokens", 21}, {"cache_read_input_tokens", 4}, {"output_tokens", 1}}}}}}));
  out.push_back(event({{"type", "ping"}}));
  bool tool = false;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const Block& block = blocks[i];
    OrderedJson start = {{"type", "text"}, {"text", ""}};
    if (block.kind == Block::Kind::tool) {
      start = {{"type", "tool_use"},
               {"id", "toolu_fake_" + std::to_string(i)},
               {"name", "write_file"},
               {"input", OrderedJson::object()}};
    } else if (block.kind == Block::Kind::thinking) {
      start = {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}};
    }
    tool = tool || block.kind == Block::Kind::tool;
    out.push_back(event({{"type", "content_block_start"}, {"index", i}, {"content_block", start}}));
    for (const auto& delta : block.deltas) {
      OrderedJson part = {{"type", "text_delta"}, {"text", delta}};
      if (block.kind == Block::Kind::tool) part = {{"type", "input_json_delta"}, {"partial_json", delta}};
      if (block.kind == Block::Kind::thinking) part = {{"type", "thinking_delta"}, {"thinking", delta}};
      out.push_back(event({{"type", "content_block_delta"}, {"index", i}, {"delta", part}}));
    }
    if (block.kind == Block::Kind::thinking) {
      const OrderedJson part = {{"type", "signature_delta"}, {"signature", "c2lnbmVk"}};
      out.push_back(event({{"type", "content_block_delta"}, {"index", i}, {"delta", part}}));
    }
    out.push_back(event({{"type", "content_block_stop"}, {"index", i}}));
  }
  out.push_back(event({{"type", "message_delta"},
                       {"delta", {{"stop_reason", tool ? "tool_use" : "end_turn"}, {"stop_sequence", nullptr}}},
                       {"usage", {{"output_tokens", 17}}}}));
  out.push_back(event({{"type", "message_stop"}}));
  return out;
}

OrderedJson chat_chunk(const OrderedJson& choices) {
  return {{"id", "chatcmpl-fake-1"},
          {"object", "chat.completion.chunk"},
          {"created", 1760000000},
          {"model", "fake-model-served"},
          {"choices", choices}};
}
OrderedJson chat_delta(const OrderedJson& delta, const OrderedJson& finish = nullptr) {
  return chat_chunk(OrderedJson::array({{{"index", 0}, {"delta", delta}, {"logprobs", nullptr}, {"finish_reason", finish}}}));
}

std::vector<std::string> chat_stream(const Blocks& blocks) {
  std::vector<std::string> out{chunk_event(chat_delta({{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}}))};
  int tools = 0;
  for (const auto& block : blocks) {
    if (block.kind == Block::Kind::tool) {
      const OrderedJson call = {{"index", tools},
                                {"id", "call_fake_" + std::to_string(tools)},
                                {"type", "function"},
                                {"function", {{"name", "write_file"}, {"arguments", ""}}}};
      out.push_back(chunk_event(chat_delta({{"tool_calls", OrderedJson::array({call})}})));
    }
    for (const auto& delta : block.deltas) {
      if (block.kind == Block::Kind::tool) {
        const OrderedJson call = {{"index", tools}, {"function", {{"arguments", delta}}}};
        out.push_back(chunk_event(chat_delta({{"tool_calls", OrderedJson::array({call})}})));
      } else {
        out.push_back(chunk_event(chat_delta({{block.kind == Block::Kind::text ? "content" : "reasoning_content", delta}})));
      }
    }
    if (block.kind == Block::Kind::tool) ++tools;
  }
  out.push_back(chunk_event(chat_delta(OrderedJson::object(), tools > 0 ? "tool_calls" : "stop")));
  OrderedJson usage = chat_chunk(OrderedJson::array());
  usage["usage"] = {
      {"prompt_tokens", 25}, {"completion_tokens", 17}, {"total_tokens", 42}, {"prompt_tokens_details", {{"cached_tokens", 4}}}};
  out.push_back(chunk_event(usage));
  out.push_back("data: [DONE]\n\n");
  return out;
}

OrderedJson response_item(const Block& block, std::size_t index, const std::string& text, bool done) {
  const std::string status = done ? "completed" : "in_progress";
  if (block.kind == Block::Kind::tool) {
    return {
        {"id", "fc_fake_" + std::to_string(index)},        {"type", "function_call"}, {"status", status}, {"name", "write_file"},
        {"call_id", "call_fake_" + std::to_string(index)}, {"arguments", text}};
  }
  OrderedJson content = OrderedJson::array();
  if (done) content.push_back({{"type", "output_text"}, {"annotations", OrderedJson::array()}, {"text", text}});
  return {{"id", "msg_fake_" + std::to_string(index)},
          {"type", "message"},
          {"status", status},
          {"role", "assistant"},
          {"content", content}};
}

OrderedJson response_object(const OrderedJson& output, bool done) {
  OrderedJson usage = nullptr;
  if (done) {
    usage = {{"input_tokens", 25},
             {"input_tokens_details", {{"cached_tokens", 4}}},
             {"output_tokens", 17},
             {"output_tokens_details", {{"reasoning_tokens", 3}}},
             {"total_tokens", 42}};
  }
  return {{"id", "resp_fake_1"},      {"object", "response"},
          {"created_at", 1760000000}, {"status", done ? "completed" : "in_progress"},
          {"error", nullptr},         {"model", "fake-model-served"},
          {"output", output},         {"usage", usage}};
}

void response_item_events(const Block& block, std::size_t i, const std::string& whole, std::vector<OrderedJson>& out) {
  const bool tool = block.kind == Block::Kind::tool;
  const std::string id = (tool ? "fc_fake_" : "msg_fake_") + std::to_string(i);
  const std::string kind = tool ? "response.function_call_arguments" : "response.output_text";
  const auto part = [](const std::string& text) -> OrderedJson {
    return {{"type", "output_text"}, {"annotations", OrderedJson::array()}, {"text", text}};
  };
  const auto place = [&](OrderedJson data) {
    data["item_id"] = id;
    data["output_index"] = i;
    if (!tool) data["content_index"] = 0;
    out.push_back(std::move(data));
  };
  out.push_back({{"type", "response.output_item.added"}, {"output_index", i}, {"item", response_item(block, i, "", false)}});
  if (!tool) place({{"type", "response.content_part.added"}, {"part", part("")}});
  for (const auto& delta : block.deltas) place({{"type", kind + ".delta"}, {"delta", delta}});
  place({{"type", kind + ".done"}, {tool ? "arguments" : "text", whole}});
  if (!tool) place({{"type", "response.content_part.done"}, {"part", part(whole)}});
  out.push_back({{"type", "response.output_item.done"}, {"output_index", i}, {"item", response_item(block, i, whole, true)}});
}

std::vector<std::string> responses_stream(const Blocks& blocks) {
  std::vector<OrderedJson> events{{{"type", "response.created"}, {"response", response_object(OrderedJson::array(), false)}},
                                  {{"type", "response.in_progress"}, {"response", response_object(OrderedJson::array(), false)}}};
  OrderedJson output = OrderedJson::array();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::string whole = join(blocks[i].deltas);
    response_item_events(blocks[i], i, whole, events);
    output.push_back(response_item(blocks[i], i, whole, true));
  }
  events.push_back({{"type", "response.completed"}, {"response", response_object(output, true)}});
  std::vector<std::string> out;
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i]["sequence_number"] = i;
    out.push_back(event(events[i]));
  }
  return out;
}

OrderedJson anthropic_whole(const Blocks& blocks) {
  OrderedJson content = OrderedJson::array();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::string whole = join(blocks[i].deltas);
    if (blocks[i].kind == Block::Kind::text) content.push_back({{"type", "text"}, {"text", whole}});
    if (blocks[i].kind == Block::Kind::thinking) {
      content.push_back({{"type", "thinking"}, {"thinking", whole}, {"signature", "c2lnbmVk"}});
    }
    if (blocks[i].kind == Block::Kind::tool) {
      content.push_back({{"type", "tool_use"},
                         {"id", "toolu_" + std::to_string(i)},
                         {"name", "write_file"},
                         {"input", OrderedJson::parse(whole)}});
    }
  }
  return {{"id", "msg_fake_1"},       {"type", "message"},
          {"role", "assistant"},      {"model", "fake-model-served"},
          {"content", content},       {"stop_reason", "end_turn"},
          {"stop_sequence", nullptr}, {"usage", {{"input_tokens", 21}, {"cache_read_input_tokens", 4}, {"output_tokens", 17}}}};
}

OrderedJson chat_whole(const Blocks& blocks) {
  OrderedJson message = {{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
  OrderedJson calls = OrderedJson::array();
  for (const auto& block : blocks) {
    const std::string whole = join(block.deltas);
    if (block.kind == Block::Kind::tool) {
      calls.push_back({{"id", "call_" + std::to_string(calls.size())},
                       {"type", "function"},
                       {"function", {{"name", "write_file"}, {"arguments", whole}}}});
    } else {
      message[block.kind == Block::Kind::text ? "content" : "reasoning_content"] = whole;
    }
  }
  if (!calls.empty()) message["tool_calls"] = calls;
  return {
      {"id", "chatcmpl-fake-1"},
      {"object", "chat.completion"},
      {"created", 1760000000},
      {"model", "fake-model-served"},
      {"choices", OrderedJson::array({{{"index", 0}, {"message", message}, {"logprobs", nullptr}, {"finish_reason", "stop"}}})},
      {"usage", {{"prompt_tokens", 25}, {"completion_tokens", 17}, {"total_tokens", 42}}}};
}

}  // namespace

std::string model_path(DialectId dialect) {
  if (dialect == DialectId::anthropic) return "v1/messages";
  if (dialect == DialectId::openai_responses) return "v1/responses";
  return dialect == DialectId::embeddings ? "v1/embeddings" : "v1/chat/completions";
}

std::string ask(DialectId dialect, bool stream, std::string_view text) {
  const OrderedJson messages = OrderedJson::array({{{"role", "user"}, {"content", text}}});
  if (dialect == DialectId::embeddings) return OrderedJson{{"model", "fake-model"}, {"input", text}}.dump();
  if (dialect == DialectId::openai_responses)
    return OrderedJson{{"model", "fake-model"}, {"input", messages}, {"stream", stream}}.dump();
  if (dialect == DialectId::openai_chat)
    return OrderedJson{{"model", "fake-model"}, {"messages", messages}, {"stream", stream}}.dump();
  return OrderedJson{{"model", "fake-model"}, {"max_tokens", 64}, {"messages", messages}, {"stream", stream}}.dump();
}

std::string json_text(std::string_view text) {
  const std::string quoted = OrderedJson(text).dump();
  return quoted.substr(1, quoted.size() - 2);
}

std::vector<std::string> say_stream(DialectId dialect, const Blocks& blocks) {
  if (dialect == DialectId::anthropic) return anthropic_stream(blocks);
  return dialect == DialectId::openai_responses ? responses_stream(blocks) : chat_stream(blocks);
}

std::string say_whole(DialectId dialect, const Blocks& blocks) {
  if (dialect == DialectId::anthropic) return anthropic_whole(blocks).dump();
  if (dialect == DialectId::openai_chat) return chat_whole(blocks).dump();
  OrderedJson output = OrderedJson::array();
  for (std::size_t i = 0; i < blocks.size(); ++i) output.push_back(response_item(blocks[i], i, join(blocks[i].deltas), true));
  return response_object(output, true).dump();
}

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += part;
  return out;
}

}  // namespace pg::test
