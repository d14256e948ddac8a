// Translation of model calls between dialects: a request here, its reply in reply_translator.h. Pure functions over bytes.
//
// How the proxy uses it, when the client's dialect and the target's differ:
//   1. guard the client's body as always (placeholders are just text to what follows);
//   2. translate_request(client, target, body, options) -> upstream body, warnings, and the ReplyContext to keep;
//   3. send it to the path of the target's dialect (Gemini: gemini_path(); the body has no model there);
//   4. ReplyTranslator(target, client, context, ReplySource{status, is it SSE}); push() upstream bytes, finish() at the end;
//   5. its output, in the client's dialect, goes through the client dialect's ReplyPath (restore, guard, facts).
// When the dialects are the same, bytes are forwarded as they are, but for strip_carriers().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/wire/call.h"
#include "core/wire/dialect.h"
#include "core/wire/efforts.h"

namespace pg {

struct TranslateOptions {
  std::string model;                       // what the target calls the model; "" keeps the client's word
  std::int64_t model_max_tokens = 64'000;  // Anthropic demands max_tokens: what it gets when the call names none
  std::int64_t max_output_tokens = 0;      // a call that asks for more gets this; 0 = no cap
  std::string cache_key;                   // prompt_cache_key for OpenAI targets when the call has none: the session
  bool drop_unsupported = false;           // n, seed, logprobs …: dropped with a warning instead of refused
  bool system_anywhere = false;            // Anthropic: the model takes system messages amid a conversation
  bool adaptive_thinking = true;           // Anthropic: effort as output_config.effort; false = thinking.budget_tokens
  bool thinking = true;                    // Anthropic: the model can think at all
  bool structured_output = true;           // Anthropic: answers and tool inputs can be held to a schema
  bool max_completion_tokens = true;       // Chat: false writes max_tokens, which old and compatible servers know
  bool developer_role = false;             // Chat: the server knows the role `developer`
  bool custom_tools = false;               // Chat: the server knows freeform tools; false wraps them as functions
  bool reasoning_content = false;          // Chat: thoughts of tool turns go along as reasoning_content (DeepSeek, Kimi)
  bool mistral_fields = false;             // Chat: the server refuses what Mistral's API has no name for
  Efforts efforts = kUpToXhigh;            // Chat, Responses: the words the model takes
  Sampling sampling = Sampling::always;    // Chat, Responses: when it takes a temperature
  GeminiThinking gemini = {};              // Gemini: how the model is asked to think
  bool gemini_call_ids = true;             // Gemini: function calls carry ids; false for Vertex, which rejects them
};

/// A tool as the target knows it, and as the client does.
struct NamedTool {
  std::string wire;
  ToolName name;
  bool wrapped = false;  // a freeform tool that travels as a function of one string
};

/// What a reply needs to know of its request.
struct ReplyContext {
  std::string model;  // as the client asked for it
  std::vector<NamedTool> tools;
  std::int64_t input_estimate = 0;  // tokens, erring high: for clients that want a number before the provider has told it
  bool stream = false;              // what the client waits for
  bool include_usage = false;
  bool encrypted_reasoning = false;
  bool hide_thinking = false;  // the client did not ask to see thoughts
  std::string reply_id;        // used where upstream names none: the exchange id
  std::int64_t now = 0;        // unix seconds, where upstream tells no time
};

struct Translated {
  std::string body;
  std::vector<std::string> warnings;  // "drop:top_k", "change:temperature", "move:system"
  ReplyContext context;               // reply_id and now are the proxy's to fill in
};

Wire wire_of(DialectId dialect);
std::string_view wire_name(Wire wire);

/// The detail of the refusal of Anthropic's threads, which its clients are told as error.details.error_code.
inline constexpr std::string_view kThreadUnsupported = "thread_unsupported_request";

/// `body` of dialect `from` as dialect `to` says it. bad_request naming the parameter for what cannot cross.
Result<Translated> translate_request(Wire from, Wire to, std::string_view body, const TranslateOptions& options);

/// "/models/MODEL:streamGenerateContent?alt=sse", to be added to a base URL that ends in the version.
std::string gemini_path(std::string_view model, bool stream);

/// `body` without the thoughts that another vendor signed and that an earlier translated turn left in the client's history; the
/// same bytes when there are none. For requests that are otherwise forwarded as they are. Where the last tool turn begins without
/// its thought then, Anthropic refuses a thinking budget: thinking is off for this request, and `warnings` says so.
Result<std::string> strip_carriers(Wire dialect, std::string_view body, std::vector<std::string>& warnings);

}  // namespace pg
