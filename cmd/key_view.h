// How keys are shown: state, limits and project in a table's cells, and the whole as JSON.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cmd/open.h"
#include "core/access/keys.h"

namespace pg {

/// "active", "disabled", "expired" or "revoked".
std::string_view key_state(const Key& key, UnixMillis now);

std::string budget_cell(const Key& key);
std::string rate_cell(const Key& key);

/// "any"; the name of the project of that id; the id where the settings have none.
std::string project_or_id(const Settings& settings, const std::string& id);

/// `text` is the key itself, of one that was just made; `in_force` whether a running serve knows of it.
std::string key_json(const Settings& settings, const Key& key, std::string_view text = {}, std::optional<bool> in_force = {});

/// Names for people, also of projects that are gone: the audit log knows what they were called.
class ProjectNames {
 public:
  explicit ProjectNames(Workplace& place) : place_(place) {}
  /// "any", "work", "work (removed)", or "unknown (7b1f0c53)" when nobody knows the name.
  std::string cell(const std::string& id);

 private:
  Workplace& place_;
  std::optional<std::map<std::string, std::string>> removed_;  // name by id; read when the first is asked for
};

}  // namespace pg
