// One table for each dialect.
#include "core/wire/request_rows.h"

namespace pg {
namespace {

using Place = RequestPlace;
using Row = KeyRow<Place>;

constexpr Row kAnthropicRows[] = {
    {Place::root, "messages", Place::messages},
    {Place::root, "system", Place::block},
    {Place::root, "tools", Place::schema},
    {Place::root, "model", Place::model},
    {Place::root, "stream", Place::stream},
    {Place::root, "thread", Place::thread},
    {Place::root, "metadata", Place::opaque},
    {Place::root, "thinking", Place::opaque},
    {Place::root, "tool_choice", Place::opaque},
    {Place::root, "context_management", Place::opaque},
    {Place::root, "cache_control", Place::opaque},
    {Place::root, "service_tier", Place::opaque},
    {Place::root, "container", Place::opaque},
    {Place::root, "output_config", Place::schema},
    {Place::root, "output_format", Place::schema},
    {Place::root, "mcp_servers", Place::opaque},  // holds the credential the provider itself must present there
    {Place::thread, "previous_message_id", Place::continues},
    {Place::message, "content", Place::block},
    {Place::message, "role", Place::opaque},
    {Place::message, "id", Place::opaque},
    {Place::block, "type", Place::opaque},
    {Place::block, "text", Place::block},
    {Place::block, "content", Place::block},
    {Place::block, "input", Place::free},
    {Place::block, "source", Place::source},
    {Place::block, "thinking", Place::signed_text},
    {Place::block, "signature", Place::opaque},
    {Place::block, "data", Place::opaque},  // redacted_thinking
    {Place::block, "id", Place::opaque},
    {Place::block, "tool_use_id", Place::opaque},
    {Place::block, "name", Place::opaque},
    {Place::block, "tool_name", Place::opaque},
    {Place::block, "cache_control", Place::opaque},
    {Place::block, "encrypted_content", Place::opaque},
    {Place::block, "encrypted_index", Place::opaque},
    {Place::block, "encrypted_stdout", Place::opaque},
    {Place::block, "file_id", Place::opaque},
    {Place::block, "caller", Place::opaque},
    {Place::source, "type", Place::opaque},
    {Place::source, "media_type", Place::opaque},
    {Place::source, "data", Place::media},
    {Place::source, "url", Place::media},
    {Place::source, "content", Place::block},
    {Place::source, "file_id", Place::opaque},
};

constexpr Row kChatRows[] = {
    {Place::root, "messages", Place::messages},
    {Place::root, "tools", Place::schema},
    {Place::root, "functions", Place::schema},
    {Place::root, "model", Place::model},
    {Place::root, "stream", Place::stream},
    {Place::root, "response_format", Place::schema},
    {Place::root, "metadata", Place::opaque},
    {Place::root, "user", Place::opaque},
    {Place::root, "safety_identifier", Place::opaque},
    {Place::root, "prompt_cache_key", Place::opaque},
    {Place::root, "tool_choice", Place::opaque},
    {Place::root, "function_call", Place::opaque},
    {Place::root, "stream_options", Place::opaque},
    {Place::root, "logit_bias", Place::opaque},
    {Place::root, "reasoning_effort", Place::opaque},
    {Place::root, "service_tier", Place::opaque},
    {Place::root, "audio", Place::opaque},
    {Place::root, "input", Place::block},  // embeddings
    {Place::root, "encoding_format", Place::opaque},
    {Place::message, "content", Place::block},
    {Place::message, "role", Place::opaque},
    {Place::message, "name", Place::opaque},
    {Place::message, "tool_call_id", Place::opaque},
    {Place::message, "tool_calls", Place::tool_calls},
    {Place::message, "function_call", Place::function},
    {Place::message, "reasoning_content", Place::block},
    {Place::message, "reasoning", Place::block},
    {Place::message, "reasoning_details", Place::opaque},
    {Place::message, "audio", Place::opaque},
    {Place::tool_calls, "id", Place::opaque},
    {Place::tool_calls, "type", Place::opaque},
    {Place::tool_calls, "function", Place::function},
    {Place::tool_calls, "custom", Place::function},
    {Place::tool_calls, "extra_content", Place::opaque},  // Gemini thought signatures
    {Place::function, "name", Place::opaque},
    {Place::function, "arguments", Place::arguments},
    {Place::function, "input", Place::block},
    {Place::block, "type", Place::opaque},
    {Place::block, "text", Place::block},
    {Place::block, "image_url", Place::source},
    {Place::block, "input_audio", Place::source},
    {Place::block, "file", Place::source},
    {Place::block, "cache_control", Place::opaque},
    {Place::source, "url", Place::media},
    {Place::source, "data", Place::media},
    {Place::source, "file_data", Place::media},
    {Place::source, "file_id", Place::opaque},
    {Place::source, "detail", Place::opaque},
    {Place::source, "format", Place::opaque},
};

constexpr Row kResponsesRows[] = {
    {Place::root, "input", Place::messages},
    {Place::root, "instructions", Place::block},
    {Place::root, "tools", Place::tools},
    {Place::root, "model", Place::model},
    {Place::root, "stream", Place::stream},
    {Place::root, "previous_response_id", Place::continues},
    {Place::root, "conversation", Place::conversation},
    {Place::root, "include", Place::include},
    {Place::root, "store", Place::store},
    {Place::root, "text", Place::schema},
    {Place::root, "metadata", Place::opaque},
    {Place::root, "client_metadata", Place::opaque},
    {Place::root, "user", Place::opaque},
    {Place::root, "safety_identifier", Place::opaque},
    {Place::root, "prompt_cache_key", Place::opaque},
    {Place::root, "reasoning", Place::opaque},
    {Place::root, "tool_choice", Place::opaque},
    {Place::root, "stream_options", Place::opaque},
    {Place::root, "service_tier", Place::opaque},
    {Place::tool, "authorization", Place::opaque},  // what the provider itself must present to an MCP server
    {Place::tool, "headers", Place::opaque},
    {Place::conversation, "id", Place::conversation},
    {Place::message, "type", Place::opaque},
    {Place::message, "id", Place::opaque},
    {Place::message, "role", Place::opaque},
    {Place::message, "status", Place::opaque},
    {Place::message, "phase", Place::opaque},
    {Place::message, "name", Place::opaque},
    {Place::message, "namespace", Place::opaque},
    {Place::message, "call_id", Place::opaque},
    {Place::message, "content", Place::block},
    {Place::message, "output", Place::block},
    {Place::message, "input", Place::block},
    {Place::message, "arguments", Place::arguments},
    {Place::message, "summary", Place::reasoning},
    {Place::message, "encrypted_content", Place::opaque},
    {Place::message, "tools", Place::tools},
    {Place::message, "action", Place::free},
    {Place::message, "result", Place::media},  // image_generation_call
    {Place::reasoning, "type", Place::opaque},
    {Place::reasoning, "text", Place::reasoning_summary},
    {Place::block, "type", Place::opaque},
    {Place::block, "text", Place::block},
    {Place::block, "image_url", Place::media},
    {Place::block, "file_data", Place::media},
    {Place::block, "file_url", Place::media},
    {Place::block, "file_id", Place::opaque},
    {Place::block, "detail", Place::opaque},
    {Place::block, "logprobs", Place::opaque},
    {Place::block, "encrypted_content", Place::opaque},
};

constexpr RequestRows kAnthropic(kAnthropicRows), kResponses(kResponsesRows), kChat(kChatRows);

}  // namespace

const RequestRows& request_rows(DialectId dialect) {
  switch (dialect) {
    case DialectId::anthropic:
      return kAnthropic;
    case DialectId::openai_responses:
      return kResponses;
    case DialectId::openai_chat:
    case DialectId::embeddings:
    case DialectId::gemini:
    case DialectId::cohere:
      break;
  }
  return kChat;
}

RequestPlace default_place(RequestPlace parent) {
  switch (parent) {
    case Place::schema:
    case Place::opaque:
    case Place::signed_text:
    case Place::reasoning:
      return parent;
    case Place::tools:
    case Place::tool:
      return Place::schema;
    case Place::thread:
    case Place::conversation:
    case Place::model:
    case Place::stream:
    case Place::store:
    case Place::continues:
    case Place::include:
      return Place::opaque;
    case Place::block:
      return Place::block;
    default:
      return Place::free;
  }
}

}  // namespace pg
