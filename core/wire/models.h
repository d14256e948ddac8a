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

/// The models of an OpenAI (`object: list`) or Anthropic (`has_more`) list. upstream_failed when it is neither.
Result<std::vector<ListedModel>> read_models(std::string_view body);

/// Anthropic: `{data:[{type:"model",id,display_name,created_at}],has_more,first_id,last_id}`; others `{object:"list",data:[…]}`.
std::string write_models(DialectId dialect, std::span<const ListedModel> models);
/// What Codex asks for with `?client_version=`.
std::string write_codex_models(std::span<const ListedModel> models);

}  // namespace pg
