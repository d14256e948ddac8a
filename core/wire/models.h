// Lists of models, read from and written to each dialect's shape.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/wire/dialect.h"

namespace pg {

struct ListedModel {
  std::string id;
  std::string name;          // for people; may be empty
  std::int64_t created = 0;  // Unix seconds
};

/// The models of an OpenAI (`object: list`), Anthropic (`has_more`), Gemini or Cohere (`models`, by `name`) list. upstream_failed
/// when it is none of them.
Result<std::vector<ListedModel>> read_models(std::string_view body);

/// The most a Claude model of that name answers with, in tokens: what it is asked for when nobody says. 64000 for names that are
/// not known (Anthropic, Models overview).
std::int64_t anthropic_max_tokens(std::string_view model);

/// How a Claude model of that name is asked to think: not at all, with a budget of tokens (`enabled`), or as it sees fit
/// (`adaptive`), as all from 4.6 on (Anthropic, Adaptive thinking). Adaptive for names that are not known.
enum class ClaudeThinking { none, budget, adaptive };
ClaudeThinking claude_thinking(std::string_view model);

/// Whether it can be held to a JSON Schema (Anthropic, Structured outputs). True for names that are not known.
bool claude_takes_schemas(std::string_view model);

/// Anthropic: `{data:[{type:"model",id,display_name,created_at}],has_more,first_id,last_id}`; others `{object:"list",data:[…]}`.
std::string write_models(DialectId dialect, std::span<const ListedModel> models);
/// One of them, as it stands in such a list.
std::string write_model(DialectId dialect, const ListedModel& model);
/// The one of that id in an OpenAI or Anthropic list, in the provider's own words; "" when it is not there. upstream_failed when
/// it is no such list.
Result<std::string> find_model_row(std::string_view body, std::string_view id);
/// What Codex asks for with `?client_version=`.
std::string write_codex_models(std::span<const ListedModel> models);

}  // namespace pg
