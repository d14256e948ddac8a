// What differs between models and vendors of one dialect stands here, not in the dialect's code.
#include "core/translate_call.h"

#include <algorithm>

#include "core/wire/models.h"

namespace pg {
namespace {

TranslateOptions options_for(const Target& target, std::string_view session) {
  const bool is_openai = target.provider->vendor == "openai";
  const auto is_older = [&](std::string_view start) { return target.model.find(start) != std::string::npos; };
  TranslateOptions options;
  options.model = target.model;
  options.model_max_tokens = anthropic_max_tokens(target.model);
  if (target.provider->max_output_tokens != 0) {
    options.max_output_tokens = target.provider->max_output_tokens;
    options.model_max_tokens = std::min(options.model_max_tokens, options.max_output_tokens);
  }
  options.thinking = claude_thinking(target.model) != ClaudeThinking::none;
  options.adaptive_thinking = claude_thinking(target.model) == ClaudeThinking::adaptive;
  const bool on_vertex = !target.outlet->vendor.empty();
  options.gemini_call_ids = !on_vertex;
  options.gemini_levels = !is_older("gemini-2") && !is_older("gemini-1");
  options.cache_key = session;
  options.max_completion_tokens = is_openai;
  options.developer_role = is_openai;
  options.custom_tools = is_openai;
  options.reasoning_content = target.provider->vendor == "deepseek";
  return options;
}

// Stop sequences are what OpenAI's Responses cannot be told and its Chat Completions can.
const Outlet* find_second_outlet(const Target& target) {
  if (target.outlet->dialect != DialectId::openai_responses) return nullptr;
  for (const Outlet& outlet : target.provider->outlets)
    if (outlet.dialect == DialectId::openai_chat) return &outlet;
  return nullptr;
}

}  // namespace

Result<Translated> translate_call(DialectId from, std::string_view body, std::string_view session, Target& target) {
  const TranslateOptions options = options_for(target, session);
  Result<Translated> done = translate_request(wire_of(from), wire_of(target.outlet->dialect), body, options);
  const Outlet* second = done ? nullptr : find_second_outlet(target);
  if (second == nullptr) return done;
  Result<Translated> other = translate_request(wire_of(from), wire_of(second->dialect), body, options);
  if (!other) return done;
  target.outlet = second;
  return other;
}

}  // namespace pg
