// What differs between models and vendors of one dialect stands here, not in the dialect's code.
#include "core/translate_call.h"

#include <algorithm>
#include <iterator>

#include "core/base/text.h"
#include "core/wire/models.h"

namespace pg {
namespace {

// What a cloud calls a model may say nothing; then what clients call it does.
KnownEfforts efforts_for(const Target& target) {
  const std::string& vendor = target.provider->vendor;
  KnownEfforts found = find_efforts(vendor, target.model);
  for (const auto& [said, called] : target.provider->model_names)
    if (!found.known && called == target.model) found = find_efforts(vendor, said);
  return found;
}

// Models that go on from the thoughts of their tool turns, and want to be told them. Left out where the field is not known to be
// taken, whatever the model.
bool keeps_thoughts(const Target& target) {
  const std::string& vendor = target.provider->vendor;
  if (vendor == "groq" || vendor == "mistral") return false;
  if (vendor == "deepseek" || vendor == "moonshot") return true;
  constexpr std::string_view kThinkers[] = {"kimi-", "deepseek-", "glm-", "minimax-m"};
  return std::any_of(std::begin(kThinkers), std::end(kThinkers),
                     [&target](std::string_view part) { return contains_ignore_case(target.model, part); });
}

TranslateOptions options_for(const Target& target, std::string_view session) {
  const bool is_openai = target.provider->vendor == "openai";
  TranslateOptions options;
  options.model = target.model;
  options.model_max_tokens = anthropic_max_tokens(target.model);
  if (target.provider->max_output_tokens != 0) {
    options.max_output_tokens = target.provider->max_output_tokens;
    options.model_max_tokens = std::min(options.model_max_tokens, options.max_output_tokens);
  }
  options.thinking = claude_thinking(target.model) != ClaudeThinking::none;
  options.adaptive_thinking = claude_thinking(target.model) == ClaudeThinking::adaptive;
  options.structured_output = claude_takes_schemas(target.model);
  const bool on_vertex = !target.outlet->vendor.empty();
  options.gemini_call_ids = !on_vertex;
  options.gemini = gemini_thinking(target.model);
  const KnownEfforts known = efforts_for(target);
  options.efforts = known.efforts;
  options.sampling = known.sampling;
  options.cache_key = session;
  options.max_completion_tokens = is_openai;
  options.developer_role = is_openai;
  options.custom_tools = is_openai;
  options.reasoning_content = keeps_thoughts(target);
  options.mistral_fields = target.provider->vendor == "mistral";
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
  // Too many of them for either: the second says so.
  if (!other) return other.error().message.starts_with("`stop_sequences") ? other : done;
  target.outlet = second;
  return other;
}

}  // namespace pg
