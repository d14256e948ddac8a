// Small documents: a tree is fine here.
#include "core/wire/models.h"

#include <nlohmann/json.hpp>

#include "core/base/text.h"

namespace pg {
namespace {

using Json = nlohmann::ordered_json;

std::string string_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t created_of(const Json& object) {
  if (const auto found = object.find("created"); found != object.end() && found->is_number_integer())
    return found->get<std::int64_t>();
  const std::optional<UnixMillis> time = parse_rfc3339(string_of(object, "created_at"));
  return time ? *time / 1000 : 0;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Gemini's "models/gemini-2.5-pro".
std::string without_collection(std::string name) {
  return name.starts_with("models/") ? name.substr(7) : name;
}

struct ClaudeRow {
  std::string_view start;
  std::int64_t max_tokens;
  ClaudeThinking thinking;
  bool takes_schemas = false;
};
// The first that fits counts; what fits none is as the newest are. Only these are asked to think in tokens: newer ones refuse
// `enabled`, and these refuse `adaptive`.
constexpr ClaudeRow kClaudes[] = {{"claude-3-7", 64'000, ClaudeThinking::budget},
                                  {"claude-3.7", 64'000, ClaudeThinking::budget},
                                  {"claude-3-5", 8192, ClaudeThinking::none},
                                  {"claude-3.5", 8192, ClaudeThinking::none},
                                  {"claude-3-", 4096, ClaudeThinking::none},
                                  {"claude-opus-4-0", 32'000, ClaudeThinking::budget},
                                  {"claude-opus-4-1", 32'000, ClaudeThinking::budget, true},
                                  {"claude-opus-4.1", 32'000, ClaudeThinking::budget, true},
                                  {"claude-opus-4-20", 32'000, ClaudeThinking::budget},
                                  {"claude-opus-4@", 32'000, ClaudeThinking::budget},
                                  {"claude-opus-4-5", 64'000, ClaudeThinking::budget, true},
                                  {"claude-opus-4.5", 64'000, ClaudeThinking::budget, true},
                                  {"claude-sonnet-4-0", 64'000, ClaudeThinking::budget},
                                  {"claude-sonnet-4-20", 64'000, ClaudeThinking::budget},
                                  {"claude-sonnet-4@", 64'000, ClaudeThinking::budget},
                                  {"claude-sonnet-4-5", 64'000, ClaudeThinking::budget, true},
                                  {"claude-sonnet-4.5", 64'000, ClaudeThinking::budget, true},
                                  {"claude-haiku-4-5", 64'000, ClaudeThinking::budget, true},
                                  {"claude-haiku-4.5", 64'000, ClaudeThinking::budget, true},
                                  {"claude-2", 4096, ClaudeThinking::none}};
constexpr ClaudeRow kNewestClaude = {"", 64'000, ClaudeThinking::adaptive, true};

const ClaudeRow& row_of_claude(std::string_view model) {
  // Clouds write more in front: "us.anthropic.claude-…".
  const std::size_t begin = model.find("claude-");
  if (begin != std::string_view::npos)
    for (const ClaudeRow& row : kClaudes)
      if (model.substr(begin).starts_with(row.start)) return row;
  return kNewestClaude;
}

Json model_json(DialectId dialect, const ListedModel& model) {
  if (dialect != DialectId::anthropic)
    return {{"id", model.id}, {"object", "model"}, {"created", model.created}, {"owned_by", "provider"}};
  return {{"type", "model"},
          {"id", model.id},
          {"display_name", model.name.empty() ? model.id : model.name},
          {"created_at", format_rfc3339(model.created * 1000)}};
}

Error unreadable_list() {
  return make_error(Code::upstream_failed, "the provider's list of models cannot be read");
}

}  // namespace

std::int64_t anthropic_max_tokens(std::string_view model) {
  return row_of_claude(model).max_tokens;
}

ClaudeThinking claude_thinking(std::string_view model) {
  return row_of_claude(model).thinking;
}

bool claude_takes_schemas(std::string_view model) {
  return row_of_claude(model).takes_schemas;
}

Result<std::vector<ListedModel>> read_models(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  const bool has_data = json.is_object() && json.contains("data") && json["data"].is_array();
  const bool has_names = json.is_object() && json.contains("models") && json["models"].is_array();
  std::vector<ListedModel> models;
  if (has_data) {
    for (const Json& row : json["data"])
      if (row.is_object() && !string_of(row, "id").empty())
        models.push_back({string_of(row, "id"), string_of(row, "display_name"), created_of(row)});
  } else if (has_names) {
    for (const Json& row : json["models"])
      if (row.is_object() && !string_of(row, "name").empty())
        models.push_back({without_collection(string_of(row, "name")), string_of(row, "displayName"), 0});
  }
  // Codex has `models` of its own, without names, which is none of these lists.
  const bool other = has_names && models.empty() && !json["models"].empty();
  if ((!has_data && !has_names) || other) return unreadable_list();
  return models;
}

std::string write_models(DialectId dialect, std::span<const ListedModel> models) {
  Json data = Json::array();
  for (const ListedModel& model : models) data.push_back(model_json(dialect, model));
  if (dialect != DialectId::anthropic) return dump(Json{{"object", "list"}, {"data", data}});
  const Json first = models.empty() ? Json(nullptr) : Json(models.front().id);
  const Json last = models.empty() ? Json(nullptr) : Json(models.back().id);
  return dump(Json{{"data", data}, {"has_more", false}, {"first_id", first}, {"last_id", last}});
}

std::string write_model(DialectId dialect, const ListedModel& model) {
  return dump(model_json(dialect, model));
}

Result<std::string> find_model_row(std::string_view body, std::string_view id) {
  const Json json = Json::parse(body, nullptr, false);
  const auto data = json.is_object() ? json.find("data") : json.end();
  if (data == json.end() || !data->is_array()) return unreadable_list();
  for (const Json& row : *data)
    if (row.is_object() && string_of(row, "id") == id) return dump(row);
  return std::string();
}

std::string write_codex_models(std::span<const ListedModel> models) {
  Json data = Json::array();
  for (const ListedModel& model : models)
    data.push_back({{"slug", model.id}, {"display_name", model.name.empty() ? model.id : model.name}});
  return dump(Json{{"models", data}});
}

}  // namespace pg
