// Rows of names: the first that fits counts.
#include "core/wire/efforts.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "core/base/text.h"

namespace pg {
namespace {

constexpr Efforts kNoEffort = {};
constexpr Efforts kMediumEffort = {Effort::medium};
constexpr Efforts kLowToHigh = {Effort::low, Effort::medium, Effort::high};
constexpr Efforts kLowToXhigh = {Effort::low, Effort::medium, Effort::high, Effort::xhigh};
constexpr Efforts kMediumToXhigh = {Effort::medium, Effort::high, Effort::xhigh};
constexpr Efforts kMinimalToHigh = {Effort::minimal, Effort::low, Effort::medium, Effort::high};
constexpr Efforts kNoneToHigh = {Effort::none, Effort::low, Effort::medium, Effort::high};
constexpr Efforts kNoneToXhigh = {Effort::none, Effort::low, Effort::medium, Effort::high, Effort::xhigh};
constexpr Efforts kNoneToMax = {Effort::none, Effort::low, Effort::medium, Effort::high, Effort::xhigh, Effort::max};

struct ModelEffortRow {
  std::string_view vendor;  // "": any
  std::string_view model;   // a glob, in lower case, of the name without its maker ("openai/")
  Efforts efforts;
  Sampling sampling = Sampling::always;
};
// OpenAI, models pages and what its API answers to the others ("Supported values are: …"); OpenRouter, Reasoning tokens, which
// turns the word into whatever the model takes; xAI, Reasoning; Groq, Reasoning; Ollama, Thinking. Sampling: OpenAI, Using
// GPT-5.2 and "Unsupported value: 'temperature' does not support …".
constexpr ModelEffortRow kModelEfforts[] = {{"openrouter", "*", kUpToXhigh},
                                            {"mistral", "*", kNoEffort},
                                            {"groq", "qwen*", {Effort::none}},
                                            {"ollama", "deepseek-r1*", kNoneToHigh},
                                            {"ollama", "qwen3*", kNoneToHigh},
                                            {"ollama", "magistral*", kNoneToHigh},
                                            {"", "gpt-oss*", kLowToHigh},
                                            {"", "grok-3-mini*", {Effort::low, Effort::high}},
                                            {"", "grok-4.3*", kNoneToHigh},
                                            {"", "gpt-3*", kNoEffort},
                                            {"", "gpt-4*", kNoEffort},
                                            {"", "chatgpt-*", kNoEffort},
                                            {"", "gpt-5-chat*", kNoEffort},
                                            {"", "gpt-5.*-chat*", kMediumEffort, Sampling::never},
                                            {"", "gpt-5-pro*", {Effort::high}, Sampling::never},
                                            {"", "gpt-5.*-pro*", kMediumToXhigh, Sampling::never},
                                            {"", "gpt-5-codex*", kLowToHigh, Sampling::never},
                                            {"", "gpt-5.1-codex-max*", kLowToXhigh, Sampling::never},
                                            {"", "gpt-5.1-codex*", kLowToHigh, Sampling::never},
                                            {"", "gpt-5.*-codex*", kLowToXhigh, Sampling::never},
                                            {"", "gpt-5.1*", kNoneToHigh, Sampling::unless_told_to_think},
                                            {"", "gpt-5.2*", kNoneToXhigh, Sampling::unless_told_to_think},
                                            {"", "gpt-5.4*", kNoneToXhigh, Sampling::unless_told_to_think},
                                            {"", "gpt-5.6*", kNoneToMax, Sampling::unless_thinking},
                                            {"", "gpt-5.*", kNoneToXhigh, Sampling::unless_thinking},
                                            {"", "gpt-5*", kMinimalToHigh, Sampling::never},
                                            {"", "gpt-*", kLowToHigh},
                                            {"", "codex-mini*", kLowToHigh, Sampling::never},
                                            {"", "o1-mini*", kNoEffort, Sampling::never},
                                            {"", "o1-preview*", kNoEffort, Sampling::never},
                                            {"", "o3-deep-research*", kMediumEffort, Sampling::never},
                                            {"", "o4-mini-deep-research*", kMediumEffort, Sampling::never},
                                            {"", "o1", kLowToHigh, Sampling::never},
                                            {"", "o1-*", kLowToHigh, Sampling::never},
                                            {"", "o3", kLowToHigh, Sampling::never},
                                            {"", "o3-*", kLowToHigh, Sampling::never},
                                            {"", "o4-*", kLowToHigh, Sampling::never}};

constexpr std::string_view kEffortWords[] = {"none", "minimal", "low", "medium", "high", "xhigh", "max"};

struct GeminiRow {
  std::string_view part;  // of the name
  GeminiThinking thinking;
};
// Gemini API, Thinking: "Set the thinking budget".
constexpr GeminiRow kGeminis[] = {{"gemini-1", {GeminiThinking::Way::none, 0, 0, true}},
                                  {"gemini-2.0", {GeminiThinking::Way::none, 0, 0, true}},
                                  {"gemini-2.5-pro", {GeminiThinking::Way::budget, 128, 32'768, false}},
                                  {"gemini-2.5-flash-lite", {GeminiThinking::Way::budget, 512, 24'576, true}},
                                  {"gemini-2", {GeminiThinking::Way::budget, 1, 24'576, true}}};

}  // namespace

KnownEfforts find_efforts(std::string_view vendor, std::string_view model) {
  const std::size_t slash = model.rfind('/');
  const std::string name = to_lower(slash == std::string_view::npos ? model : model.substr(slash + 1));
  for (const ModelEffortRow& row : kModelEfforts)
    if ((row.vendor.empty() || row.vendor == vendor) && matches_glob(row.model, name)) return {row.efforts, true, row.sampling};
  return {};
}

std::string_view nearest_effort(Efforts efforts, std::string_view wanted) {
  const auto word = std::find(std::begin(kEffortWords), std::end(kEffortWords), wanted);
  if (efforts.empty()) return "";
  const auto begin = word == std::end(kEffortWords) ? 3 : static_cast<int>(word - std::begin(kEffortWords));
  const auto takes = [efforts](int at) { return efforts.has(static_cast<Effort>(at)); };
  for (int at = begin; at > (begin == 0 ? -1 : 0); --at)
    if (takes(at)) return kEffortWords[at];
  for (int at = begin + 1; at < static_cast<int>(std::size(kEffortWords)); ++at)
    if (takes(at)) return kEffortWords[at];
  return "";
}

GeminiThinking gemini_thinking(std::string_view model) {
  for (const GeminiRow& row : kGeminis)
    if (model.find(row.part) != std::string_view::npos) return row.thinking;
  return {};
}

}  // namespace pg
