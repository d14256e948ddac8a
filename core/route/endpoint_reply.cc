// What an endpoint gives: the model's answer, checked, in a shape that is the same whoever answered.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/guard/restore_json.h"
#include "core/guard/stream_restore.h"
#include "core/route/endpoint.h"
#include "core/wire/json_out.h"

namespace pg {
namespace {

// Models put JSON into a fence of Markdown even when they are told not to.
std::string_view without_fence(std::string_view text) {
  constexpr std::string_view kFence = "```";
  text = trim(text);
  if (!text.starts_with(kFence) || !text.ends_with(kFence) || text.size() < 2 * kFence.size()) return text;
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return text;
  return trim(text.substr(line + 1, text.size() - kFence.size() - line - 1));
}

void add_count(JsonOut& json, std::string_view name, std::int64_t count) {
  if (count >= 0) json.field(name, count);
}

void add_usage(JsonOut& json, const Usage& usage) {
  json.open_object("usage");
  add_count(json, "input_tokens", usage.input_tokens);
  add_count(json, "output_tokens", usage.output_tokens);
  add_count(json, "cached_tokens", usage.cached_tokens);
  add_count(json, "reasoning_tokens", usage.reasoning_tokens);
  json.close_object();
}

void add_schema(JsonOut& json, std::string_view name, const std::shared_ptr<const JsonSchema>& schema) {
  if (schema != nullptr) json.raw(name, schema->text());
}

// The schema that the templates stand for, where the endpoint has none of its own.
void add_input(JsonOut& json, const Endpoint& endpoint) {
  if (endpoint.input != nullptr) return add_schema(json, "input", endpoint.input);
  std::vector<std::pair<std::string_view, bool>> names;  // and whether it must be there
  for (const PromptTemplate* text : {&endpoint.system, &endpoint.prompt})
    for (const PromptTemplate::Variable& variable : text->variables()) {
      const std::string_view name = std::string_view(variable.name).substr(0, variable.name.find('.'));
      const auto known = std::find_if(names.begin(), names.end(), [&](const auto& row) { return row.first == name; });
      if (known == names.end())
        names.emplace_back(name, !variable.has_default);
      else
        known->second = known->second || !variable.has_default;
    }
  json.open_object("input").field("type", "object").open_object("properties");
  for (const auto& row : names) json.raw(row.first, "{}");
  json.close_object().open_array("required");
  for (const auto& row : names)
    if (row.second) json.string(row.first);
  json.close_array().field("additionalProperties", false).close_object();
}

}  // namespace

RestoreCounts restore_answer(const Vault& vault, Answer& answer) {
  if (answer.stop != "refusal") answer.text = std::string(without_fence(answer.text));
  RestoreCounts counts;
  const TokenIndex index(vault);
  for (std::string* text : {&answer.text, &answer.refusal}) {
    std::string restored;
    if (!restore_json(*text, index, counts, restored) && !restore_whole(index, TextForm::document, *text, counts, restored))
      continue;
    *text = std::move(restored);
  }
  return counts;
}

std::string find_answer_flaw(const Endpoint& endpoint, const Answer& answer) {
  if (endpoint.output == nullptr || answer.stop == "refusal") return "";
  return fmt::format("{}", fmt::join(endpoint.output->find_flaws(answer.text), "; "));
}

std::string write_correction(std::string_view flaw) {
  return fmt::format("That does not fit the schema: {}. Answer once more, with JSON that fits it and nothing else.", flaw);
}

std::string write_endpoint_reply(const Endpoint& endpoint, const Answer& answer, const EndpointReplyFacts& facts) {
  std::string out;
  JsonOut json(out);
  json.open_object().field("id", facts.id).field("endpoint", endpoint.name).field("model", answer.model);
  if (answer.stop == "refusal" && (endpoint.output != nullptr || answer.text.empty()))
    json.null("output").field("refusal", answer.refusal.empty() ? answer.text : answer.refusal);
  else if (endpoint.output != nullptr)
    json.raw("output", answer.text);
  else
    json.field("output", answer.text);
  json.field("stop", answer.stop);
  if (!facts.session.empty())
    json.open_object("session").field("id", facts.session).field("turn", static_cast<std::int64_t>(facts.turn)).close_object();
  if (facts.tries > 1) json.field("tries", std::int64_t{facts.tries});
  add_usage(json, answer.usage);
  json.close_object();
  return out;
}

std::string write_endpoint(const Endpoint& endpoint) {
  std::string out;
  JsonOut json(out);
  json.open_object().field("name", endpoint.name).field_if("description", endpoint.description).field("model", endpoint.model);
  add_input(json, endpoint);
  add_schema(json, "output", endpoint.output);
  json.field("sessions", endpoint.session_for > Millis{0}).close_object();
  return out;
}

}  // namespace pg
