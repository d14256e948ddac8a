// One table for each dialect.
#include "core/wire/request_rows.h"

namespace pg {
namespace {

using RequestRow = KeyRow<RequestPlace>;

constexpr RequestRow kAnthropicRows[] = {
    {RequestPlace::root, "messages", RequestPlace::messages},
    {RequestPlace::root, "system", RequestPlace::block},
    {RequestPlace::root, "tools", RequestPlace::schema},
    {RequestPlace::root, "model", RequestPlace::model},
    {RequestPlace::root, "stream", RequestPlace::stream},
    {RequestPlace::root, "thread", RequestPlace::thread},
    {RequestPlace::root, "metadata", RequestPlace::opaque},
    {RequestPlace::root, "thinking", RequestPlace::opaque},
    {RequestPlace::root, "tool_choice", RequestPlace::opaque},
    {RequestPlace::root, "context_management", RequestPlace::opaque},
    {RequestPlace::root, "cache_control", RequestPlace::opaque},
    {RequestPlace::root, "service_tier", RequestPlace::opaque},
    {RequestPlace::root, "container", RequestPlace::opaque},
    {RequestPlace::root, "output_config", RequestPlace::schema},
    {RequestPlace::root, "output_format", RequestPlace::schema},
    {RequestPlace::root, "mcp_servers", RequestPlace::opaque},  // holds the credential the provider itself must present there
    {RequestPlace::thread, "previous_message_id", RequestPlace::continues},
    {RequestPlace::message, "content", RequestPlace::block},
    {RequestPlace::message, "role", RequestPlace::opaque},
    {RequestPlace::message, "id", RequestPlace::opaque},
    {RequestPlace::block, "type", RequestPlace::opaque},
    {RequestPlace::block, "text", RequestPlace::block},
    {RequestPlace::block, "content", RequestPlace::block},
    {RequestPlace::block, "input", RequestPlace::free},
    {RequestPlace::block, "source", RequestPlace::source},
    {RequestPlace::block, "thinking", RequestPlace::signed_text},
    {RequestPlace::block, "signature", RequestPlace::opaque},
    {RequestPlace::block, "data", RequestPlace::opaque},  // redacted_thinking
    {RequestPlace::block, "id", RequestPlace::opaque},
    {RequestPlace::block, "tool_use_id", RequestPlace::opaque},
    {RequestPlace::block, "name", RequestPlace::opaque},
    {RequestPlace::block, "tool_name", RequestPlace::opaque},
    {RequestPlace::block, "cache_control", RequestPlace::opaque},
    {RequestPlace::block, "encrypted_content", RequestPlace::opaque},
    {RequestPlace::block, "encrypted_index", RequestPlace::opaque},
    {RequestPlace::block, "encrypted_stdout", RequestPlace::opaque},
    {RequestPlace::block, "file_id", RequestPlace::opaque},
    {RequestPlace::block, "caller", RequestPlace::opaque},
    {RequestPlace::source, "type", RequestPlace::opaque},
    {RequestPlace::source, "media_type", RequestPlace::opaque},
    {RequestPlace::source, "data", RequestPlace::media},
    {RequestPlace::source, "url", RequestPlace::media},
    {RequestPlace::source, "content", RequestPlace::block},
    {RequestPlace::source, "file_id", RequestPlace::opaque},
};

constexpr RequestRow kChatRows[] = {
    {RequestPlace::root, "messages", RequestPlace::messages},
    {RequestPlace::root, "tools", RequestPlace::schema},
    {RequestPlace::root, "functions", RequestPlace::schema},
    {RequestPlace::root, "model", RequestPlace::model},
    {RequestPlace::root, "stream", RequestPlace::stream},
    {RequestPlace::root, "response_format", RequestPlace::schema},
    {RequestPlace::root, "metadata", RequestPlace::free},  // a client's own words, which the vendor shows and keeps
    {RequestPlace::root, "user", RequestPlace::opaque},
    {RequestPlace::root, "safety_identifier", RequestPlace::opaque},
    {RequestPlace::root, "prompt_cache_key", RequestPlace::opaque},
    {RequestPlace::root, "tool_choice", RequestPlace::opaque},
    {RequestPlace::root, "function_call", RequestPlace::opaque},
    {RequestPlace::root, "stream_options", RequestPlace::opaque},
    {RequestPlace::root, "logit_bias", RequestPlace::opaque},
    {RequestPlace::root, "reasoning_effort", RequestPlace::opaque},
    {RequestPlace::root, "service_tier", RequestPlace::opaque},
    {RequestPlace::root, "audio", RequestPlace::opaque},
    {RequestPlace::root, "input", RequestPlace::block},  // embeddings
    {RequestPlace::root, "encoding_format", RequestPlace::opaque},
    {RequestPlace::message, "content", RequestPlace::block},
    {RequestPlace::message, "role", RequestPlace::opaque},
    {RequestPlace::message, "name", RequestPlace::opaque},
    {RequestPlace::message, "tool_call_id", RequestPlace::opaque},
    {RequestPlace::message, "tool_calls", RequestPlace::tool_calls},
    {RequestPlace::message, "function_call", RequestPlace::function},
    {RequestPlace::message, "reasoning_content", RequestPlace::block},
    {RequestPlace::message, "reasoning", RequestPlace::block},
    {RequestPlace::message, "reasoning_details", RequestPlace::opaque},
    {RequestPlace::message, "audio", RequestPlace::source},  // an id, or all that a client keeps of what was said
    {RequestPlace::tool_calls, "id", RequestPlace::opaque},
    {RequestPlace::tool_calls, "type", RequestPlace::opaque},
    {RequestPlace::tool_calls, "function", RequestPlace::function},
    {RequestPlace::tool_calls, "custom", RequestPlace::function},
    {RequestPlace::tool_calls, "extra_content", RequestPlace::opaque},  // Gemini thought signatures
    {RequestPlace::function, "name", RequestPlace::opaque},
    {RequestPlace::function, "arguments", RequestPlace::arguments},
    {RequestPlace::function, "input", RequestPlace::block},
    {RequestPlace::block, "type", RequestPlace::opaque},
    {RequestPlace::block, "text", RequestPlace::block},
    {RequestPlace::block, "image_url", RequestPlace::source},
    {RequestPlace::block, "input_audio", RequestPlace::source},
    {RequestPlace::block, "file", RequestPlace::source},
    {RequestPlace::block, "cache_control", RequestPlace::opaque},
    {RequestPlace::source, "url", RequestPlace::media},
    {RequestPlace::source, "id", RequestPlace::opaque},
    {RequestPlace::source, "data", RequestPlace::media},
    {RequestPlace::source, "file_data", RequestPlace::media},
    {RequestPlace::source, "file_id", RequestPlace::opaque},
    {RequestPlace::source, "detail", RequestPlace::opaque},
    {RequestPlace::source, "format", RequestPlace::opaque},
};

constexpr RequestRow kResponsesRows[] = {
    {RequestPlace::root, "input", RequestPlace::messages},
    {RequestPlace::root, "instructions", RequestPlace::block},
    {RequestPlace::root, "tools", RequestPlace::tools},
    {RequestPlace::root, "model", RequestPlace::model},
    {RequestPlace::root, "stream", RequestPlace::stream},
    {RequestPlace::root, "previous_response_id", RequestPlace::continues},
    {RequestPlace::root, "conversation", RequestPlace::conversation},
    {RequestPlace::root, "include", RequestPlace::include},
    {RequestPlace::root, "store", RequestPlace::store},
    {RequestPlace::root, "text", RequestPlace::schema},
    {RequestPlace::root, "metadata", RequestPlace::free},  // a client's own words
    {RequestPlace::root, "client_metadata", RequestPlace::opaque},
    {RequestPlace::root, "user", RequestPlace::opaque},
    {RequestPlace::root, "safety_identifier", RequestPlace::opaque},
    {RequestPlace::root, "prompt_cache_key", RequestPlace::opaque},
    {RequestPlace::root, "reasoning", RequestPlace::opaque},
    {RequestPlace::root, "tool_choice", RequestPlace::opaque},
    {RequestPlace::root, "stream_options", RequestPlace::opaque},
    {RequestPlace::root, "service_tier", RequestPlace::opaque},
    {RequestPlace::tool, "authorization", RequestPlace::opaque},  // what the provider itself must present to an MCP server
    {RequestPlace::tool, "headers", RequestPlace::opaque},
    {RequestPlace::conversation, "id", RequestPlace::conversation},
    {RequestPlace::message, "type", RequestPlace::opaque},
    {RequestPlace::message, "id", RequestPlace::opaque},
    {RequestPlace::message, "role", RequestPlace::opaque},
    {RequestPlace::message, "status", RequestPlace::opaque},
    {RequestPlace::message, "phase", RequestPlace::opaque},
    {RequestPlace::message, "name", RequestPlace::opaque},
    {RequestPlace::message, "namespace", RequestPlace::opaque},
    {RequestPlace::message, "call_id", RequestPlace::opaque},
    {RequestPlace::message, "content", RequestPlace::block},
    {RequestPlace::message, "output", RequestPlace::block},
    {RequestPlace::message, "input", RequestPlace::block},
    {RequestPlace::message, "arguments", RequestPlace::arguments},
    {RequestPlace::message, "summary", RequestPlace::reasoning},
    {RequestPlace::message, "encrypted_content", RequestPlace::opaque},
    {RequestPlace::message, "tools", RequestPlace::tools},
    {RequestPlace::message, "action", RequestPlace::free},
    {RequestPlace::message, "result", RequestPlace::media},  // image_generation_call
    {RequestPlace::reasoning, "type", RequestPlace::opaque},
    {RequestPlace::reasoning, "text", RequestPlace::reasoning_summary},
    {RequestPlace::block, "type", RequestPlace::opaque},
    {RequestPlace::block, "text", RequestPlace::block},
    {RequestPlace::block, "image_url", RequestPlace::media},
    {RequestPlace::block, "file_data", RequestPlace::media},
    {RequestPlace::block, "file_url", RequestPlace::media},
    {RequestPlace::block, "file_id", RequestPlace::opaque},
    {RequestPlace::block, "detail", RequestPlace::opaque},
    {RequestPlace::block, "logprobs", RequestPlace::opaque},
    {RequestPlace::block, "encrypted_content", RequestPlace::opaque},
};

constexpr RequestRows kAnthropicRequest(kAnthropicRows), kResponsesRequest(kResponsesRows), kChatRequest(kChatRows);

}  // namespace

const RequestRows& request_rows(DialectId dialect) {
  switch (dialect) {
    case DialectId::anthropic:
      return kAnthropicRequest;
    case DialectId::openai_responses:
      return kResponsesRequest;
    case DialectId::openai_chat:
    case DialectId::embeddings:
    case DialectId::gemini:
    case DialectId::cohere:
      break;
  }
  return kChatRequest;
}

RequestPlace default_place(RequestPlace parent) {
  switch (parent) {
    case RequestPlace::schema:
    case RequestPlace::opaque:
    case RequestPlace::signed_text:
    case RequestPlace::reasoning:
      return parent;
    case RequestPlace::tools:
    case RequestPlace::tool:
      return RequestPlace::schema;
    case RequestPlace::thread:
    case RequestPlace::conversation:
    case RequestPlace::model:
    case RequestPlace::stream:
    case RequestPlace::store:
    case RequestPlace::continues:
    case RequestPlace::include:
      return RequestPlace::opaque;
    case RequestPlace::block:
      return RequestPlace::block;
    default:
      return RequestPlace::free;
  }
}

}  // namespace pg
