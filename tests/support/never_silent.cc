// Walks bodies, and knows which of their members have nothing to say.
#include "tests/support/never_silent.h"

#include <algorithm>
#include <array>

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;
using Pointer = OrderedJson::json_pointer;

bool is_opaque(std::string_view key, const OrderedJson& value) {
  constexpr std::array<std::string_view, 7> kOpaque = {"input_schema", "parameters", "schema", "cache_control",
                                                       "format",       "metadata",   "grammar"};
  return std::find(kOpaque.begin(), kOpaque.end(), key) != kOpaque.end() || (key == "input" && value.is_object());
}

void walk(const OrderedJson& value, const Pointer& at, std::vector<Pointer>& members, std::vector<Pointer>& objects) {
  if (value.is_object()) objects.push_back(at);
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) walk(value[i], at / i, members, objects);
  }
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.items()) {
    members.push_back(at / key);
    if (!is_opaque(key, member)) walk(member, at / key, members, objects);
  }
}

std::string warnings_of(const Translated& translated) {
  std::string told;
  for (const std::string& warning : translated.warnings) told += warning + '\n';
  return told;
}

/// "redacted_thinking" is named by "drop:thinking" too.
bool names(const std::string& told, const std::string& word) {
  if (told.find(word) != std::string::npos) return true;
  const std::size_t underscore = word.find('_');
  return underscore != std::string::npos && told.find(':' + word.substr(underscore + 1) + '\n') != std::string::npos;
}

struct Excuse {
  Wire from;
  std::string_view pattern;
  std::string_view why;
};

constexpr std::string_view kLabel = "a label of the schema, which no other vendor has";
constexpr std::string_view kThought = "what is signed travels whole, and what is not is named as `thinking`";
constexpr Excuse kExcuses[] = {
    {Wire::anthropic, "messages.content.thinking", kThought},
    {Wire::openai_chat, "n", "one answer is what silence asks for, and more are refused"},
    {Wire::openai_chat, "response_format.json_schema.name", kLabel},
    {Wire::openai_chat, "response_format.json_schema.strict", "others hold to a schema always; false is named"},
    {Wire::openai_responses, "text.format.name", kLabel},
    {Wire::openai_responses, "text.format.strict", "others hold to a schema always; false is named"},
    {Wire::openai_responses, "input.id", "an item's number in the vendor's own books"},
    {Wire::openai_responses, "input.status", "only what was whole can be sent again"},
    {Wire::openai_responses, "input.summary", kThought},
    {Wire::openai_responses, "input.summary.type", kThought},
    {Wire::openai_responses, "input.summary.text", kThought},
    {Wire::openai_responses, "input.encrypted_content", kThought},
    {Wire::openai_responses, "input.output.image_url", "named as `tool_result.media` where it cannot go"},
    {Wire::openai_responses, "parallel_tool_calls", "true is what silence asks for, and false is named"},
};

}  // namespace

std::vector<Pointer> places_in(const OrderedJson& body) {
  std::vector<Pointer> members, objects;
  walk(body, Pointer(), members, objects);
  return members;
}

std::vector<Pointer> objects_in(const OrderedJson& body) {
  std::vector<Pointer> members, objects;
  walk(body, Pointer(), members, objects);
  return objects;
}

std::string pattern_of(const Pointer& place) {
  std::string pattern;
  std::string text = place.to_string();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('/', at + 1), text.size());
    const std::string piece = text.substr(at + 1, end - at - 1);
    if (piece.find_first_not_of("0123456789") != std::string::npos) pattern += (pattern.empty() ? "" : ".") + piece;
    at = end;
  }
  return pattern;
}

OrderedJson without(const OrderedJson& body, const Pointer& place) {
  OrderedJson copy = body;
  copy.at(place.parent_pointer()).erase(place.back());
  return copy;
}

std::string_view excuse_for(Wire from, std::string_view pattern) {
  for (const Excuse& excuse : kExcuses) {
    if (excuse.from == from && excuse.pattern == pattern) return excuse.why;
  }
  return {};
}

bool is_default(const OrderedJson& value) {
  const OrderedJson schema = {{"type", "object"}, {"properties", OrderedJson::object()}};
  return value.is_null() || value == false || value.empty() || value == "" || value == "{}" || value == "auto" ||
         value == "function" || value == "message" || value == OrderedJson{{"type", "auto"}} || value == schema;
}

bool is_named(const Result<Translated>& result, const OrderedJson& body, const Pointer& place) {
  if (!result) return true;  // nothing was sent at all
  const std::string told = warnings_of(*result);
  for (Pointer at = place; !at.empty(); at = at.parent_pointer()) {
    const OrderedJson& value = body.at(at);
    const std::string key = at.back();
    const bool common = key == "messages" || key == "content" || key == "input" || key == "tools" || key == "system";
    if (!common && key.find_first_not_of("0123456789") != std::string::npos && names(told, key)) return true;
    if (value.is_object() && value.contains("type") && value["type"].is_string() && names(told, value["type"])) return true;
  }
  return false;
}

std::string outcome_of(const Result<Translated>& result) {
  if (!result) return "refused: " + result.error().message;
  std::string outcome = result->body + warnings_of(*result);
  const ReplyContext& context = result->context;
  outcome += '\n' + context.model;
  for (const bool flag : {context.stream, context.include_usage, context.encrypted_reasoning, context.hide_thinking})
    outcome += flag ? '1' : '0';
  return outcome;
}

}  // namespace pg::test
