// Replies are cut into small deltas on purpose: placeholders arrive split, as they do from a real provider.
#include "core/wire/echo.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "core/base/encode.h"
#include "core/wire/json_walk.h"

namespace pg {
namespace {

struct EchoText {
  std::string text;
  std::int64_t input_tokens;
  std::int64_t output_tokens;
};

// Four bytes a token: near enough for a provider that charges nothing.
std::int64_t tokens_of_size(std::size_t bytes) {
  return static_cast<std::int64_t>(bytes / 4 + 1);
}

// The last text of the newest message that has one; falls back to settings text.
std::string find_last_text(std::string_view body, const RequestView& view) {
  for (auto span = view.spans.rbegin(); span != view.spans.rend(); ++span)
    if (span->role == SpanRole::text && !span->head) return unescape_json(body.substr(span->begin, span->end - span->begin));
  return "";
}

std::string printable_part(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 200)) out.push_back(c >= ' ' && c <= '~' ? c : '?');
  return out;
}

// Pieces of at most seven bytes that never cut a UTF-8 sequence.
std::vector<std::string_view> cut_small(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    std::size_t size = std::min<std::size_t>(7, text.size());
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
    pieces.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return pieces;
}

std::string anthropic_usage(const EchoText& echo) {
  return fmt::format(R"({{"input_tokens":{},"output_tokens":{}}})", echo.input_tokens, echo.output_tokens);
}

std::string anthropic_whole(const EchoText& echo, std::string_view model, std::string_view id) {
  return fmt::format(
      R"({{"id":"msg_{}","type":"message","role":"assistant","model":{},"content":[{{"type":"text","text":{}}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{}}})",
      id, json_quoted(model), json_quoted(echo.text), anthropic_usage(echo));
}

std::string anthropic_stream(const EchoText& echo, std::string_view model, std::string_view id) {
  std::string out = fmt::format(
      "event: message_start\ndata: "
      R"({{"type":"message_start","message":{{"id":"msg_{}","type":"message","role":"assistant","model":{},"content":[],"stop_reason":null,"stop_sequence":null,"usage":{{"input_tokens":{},"output_tokens":1}}}}}})"
      "\n\nevent: content_block_start\ndata: "
      R"({{"type":"content_block_start","index":0,"content_block":{{"type":"text","text":""}}}})"
      "\n\n",
      id, json_quoted(model), echo.input_tokens);
  for (const std::string_view piece : cut_small(echo.text))
    out += fmt::format(
        "event: content_block_delta\ndata: "
        R"({{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":{}}}}})"
        "\n\n",
        json_quoted(piece));
  out += fmt::format(
      "event: content_block_stop\ndata: "
      R"({{"type":"content_block_stop","index":0}})"
      "\n\nevent: message_delta\ndata: "
      R"({{"type":"message_delta","delta":{{"stop_reason":"end_turn","stop_sequence":null}},"usage":{}}})"
      "\n\nevent: message_stop\ndata: "
      R"({{"type":"message_stop"}})"
      "\n\n",
      anthropic_usage(echo));
  return out;
}

std::string chat_usage(const EchoText& echo) {
  return fmt::format(R"({{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}})", echo.input_tokens, echo.output_tokens,
                     echo.input_tokens + echo.output_tokens);
}

std::string chat_whole(const EchoText& echo, std::string_view model, std::string_view id, std::int64_t created) {
  return fmt::format(
      R"({{"id":"chatcmpl-{}","object":"chat.completion","created":{},"model":{},"choices":[{{"index":0,"message":{{"role":"assistant","content":{},"refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{}}})",
      id, created, json_quoted(model), json_quoted(echo.text), chat_usage(echo));
}

std::string chat_stream(const EchoText& echo, std::string_view model, std::string_view id, std::int64_t created) {
  const auto chunk = [&](std::string_view delta, std::string_view finish) {
    return fmt::format(
        R"(data: {{"id":"chatcmpl-{}","object":"chat.completion.chunk","created":{},"model":{},"choices":[{{"index":0,"delta":{},"finish_reason":{}}}]}})"
        "\n\n",
        id, created, json_quoted(model), delta, finish);
  };
  std::string out = chunk(R"({"role":"assistant","content":""})", "null");
  for (const std::string_view piece : cut_small(echo.text))
    out += chunk(fmt::format(R"({{"content":{}}})", json_quoted(piece)), "null");
  out += chunk("{}", R"("stop")");
  out += fmt::format(
      R"(data: {{"id":"chatcmpl-{}","object":"chat.completion.chunk","created":{},"model":{},"choices":[],"usage":{}}})"
      "\n\ndata: [DONE]\n\n",
      id, created, json_quoted(model), chat_usage(echo));
  return out;
}

std::string echo_response(const EchoText& echo, std::string_view model, std::string_view id, std::int64_t created, bool done) {
  const std::string output =
      done
          ? fmt::format(
                R"({{"id":"msg_{}","type":"message","status":"completed","role":"assistant","content":[{{"type":"output_text","text":{},"annotations":[]}}]}})",
                id, json_quoted(echo.text))
          : "";
  const std::string usage =
      done
          ? fmt::format(
                R"({{"input_tokens":{},"input_tokens_details":{{"cached_tokens":0}},"output_tokens":{},"output_tokens_details":{{"reasoning_tokens":0}},"total_tokens":{}}})",
                echo.input_tokens, echo.output_tokens, echo.input_tokens + echo.output_tokens)
          : "null";
  return fmt::format(
      R"({{"id":"resp_{}","object":"response","created_at":{},"status":"{}","error":null,"incomplete_details":null,"instructions":null,"model":{},"output":[{}],"parallel_tool_calls":true,"tool_choice":"auto","tools":[],"usage":{}}})",
      id, created, done ? "completed" : "in_progress", json_quoted(model), output, usage);
}

std::string responses_stream(const EchoText& echo, std::string_view model, std::string_view id, std::int64_t created) {
  std::string out;
  int sequence = 0;
  const auto event = [&](std::string_view type, std::string_view fields) {
    out += fmt::format("event: {0}\ndata: {{\"type\":\"{0}\",\"sequence_number\":{1},{2}}}\n\n", type, sequence++, fields);
  };
  const std::string item = fmt::format(R"("item_id":"msg_{}","output_index":0,"content_index":0)", id);
  const std::string text = json_quoted(echo.text);
  event("response.created", "\"response\":" + echo_response(echo, model, id, created, false));
  event("response.in_progress", "\"response\":" + echo_response(echo, model, id, created, false));
  event(
      "response.output_item.added",
      fmt::format(
          R"("output_index":0,"item":{{"id":"msg_{}","type":"message","status":"in_progress","role":"assistant","content":[]}})",
          id));
  event("response.content_part.added", item + R"(,"part":{"type":"output_text","text":"","annotations":[]})");
  for (const std::string_view piece : cut_small(echo.text))
    event("response.output_text.delta", fmt::format(R"({},"delta":{},"logprobs":[])", item, json_quoted(piece)));
  event("response.output_text.done", fmt::format(R"({},"text":{},"logprobs":[])", item, text));
  event("response.content_part.done",
        fmt::format(R"({},"part":{{"type":"output_text","text":{},"annotations":[]}})", item, text));
  event(
      "response.output_item.done",
      fmt::format(
          R"("output_index":0,"item":{{"id":"msg_{}","type":"message","status":"completed","role":"assistant","content":[{{"type":"output_text","text":{},"annotations":[]}}]}})",
          id, text));
  event("response.completed", "\"response\":" + echo_response(echo, model, id, created, true));
  return out;
}

// Eight numbers from a hash of the text: the same text, the same vector.
std::string embedding(std::string_view text, bool as_base64) {
  std::array<float, 8> values{};
  std::uint32_t hash = 2166136261u;
  for (float& value : values) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    value = static_cast<float>(hash % 2000) / 1000.0f - 1.0f;
  }
  if (as_base64) {
    std::string bytes;
    for (const float value : values) {
      const auto bits = std::bit_cast<std::uint32_t>(value);
      for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(bits >> shift & 0xFF));
    }
    return json_quoted(to_base64(bytes));
  }
  return fmt::format("[{:.3f}]", fmt::join(values, ","));
}

std::string embeddings_whole(std::string_view body, const RequestView& view, std::int64_t tokens) {
  const bool as_base64 = body.find(R"("encoding_format":"base64")") != std::string_view::npos;
  std::string rows;
  int index = 0;
  for (const Span& span : view.spans) {
    if (span.role != SpanRole::text) continue;
    if (index > 0) rows += ',';
    rows += fmt::format(R"({{"object":"embedding","index":{},"embedding":{}}})", index++,
                        embedding(body.substr(span.begin, span.end - span.begin), as_base64));
  }
  return fmt::format(R"({{"object":"list","data":[{}],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{}}}}})", rows,
                     json_quoted(view.model), tokens, tokens);
}

}  // namespace

EchoReply write_echo(DialectId dialect, std::string_view body, const RequestView& view, bool counts_tokens, std::int64_t created,
                     std::string_view id) {
  const std::string said = find_last_text(body, view);
  const EchoText echo{"You said: " + said, tokens_of_size(body.size()), tokens_of_size(said.size())};
  EchoReply reply{view.stream ? "text/event-stream; charset=utf-8" : "application/json", "", printable_part(said)};
  if (counts_tokens) {
    reply.content_type = "application/json";
    reply.body = fmt::format(R"({{"input_tokens":{}}})", echo.input_tokens);
    return reply;
  }
  switch (dialect) {
    case DialectId::anthropic:
      reply.body = view.stream ? anthropic_stream(echo, view.model, id) : anthropic_whole(echo, view.model, id);
      break;
    case DialectId::openai_chat:
      reply.body = view.stream ? chat_stream(echo, view.model, id, created) : chat_whole(echo, view.model, id, created);
      break;
    case DialectId::openai_responses:
      reply.body =
          view.stream ? responses_stream(echo, view.model, id, created) : echo_response(echo, view.model, id, created, true);
      break;
    case DialectId::embeddings:
      reply.content_type = "application/json";
      reply.body = embeddings_whole(body, view, echo.input_tokens);
      break;
    case DialectId::gemini:
    case DialectId::cohere:
      break;  // no client speaks them
  }
  return reply;
}

}  // namespace pg
