// Both are listed as `pg config show` lists them, and the lists are compared.
#include "config/settings_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "config/show.h"
#include "core/guard/mask_secrets.h"

namespace pg {
namespace {

constexpr std::size_t kMostDetail = 2'000;
constexpr std::size_t kMostValue = 100;

std::map<std::string, std::string> rows_of_settings(const Settings& settings) {
  std::map<std::string, std::string> rows;
  for (ShownSetting& row : show_settings(settings)) rows[row.key] = std::move(row.value);
  return rows;
}

// Headers and variables may carry a credential, and an exception quotes the very value it excepts.
bool is_private(const std::string& key) {
  return key.find(".headers.") != std::string::npos || key.find(".env.") != std::string::npos ||
         key.find("allow.") != std::string::npos || (key.starts_with("prompt_policies.") && key.ends_with(".text")) ||
         (key.find(".endpoints.") != std::string::npos && (key.ends_with(".system") || key.ends_with(".prompt")));
}

std::string short_value(std::string value) {
  if (value.empty()) return "unset";
  if (value.size() <= kMostValue) return value;
  std::size_t end = kMostValue;
  while (end > 0 && (value[end] & 0xC0) == 0x80) --end;
  return value.substr(0, end) + "…";
}

std::string project_of(const std::string& key) {
  if (!key.starts_with("projects.")) return {};
  const std::size_t begin = std::string_view("projects.").size();
  return key.substr(begin, key.find('.', begin) - begin);
}

}  // namespace

SettingsDiff diff_settings(const Settings& before, const Settings& after) {
  const auto old_rows = rows_of_settings(before), new_rows = rows_of_settings(after);
  std::map<std::string, std::pair<std::string, std::string>> changed;
  for (const auto& [key, value] : old_rows)
    if (const auto now = new_rows.find(key); now == new_rows.end() || now->second != value) changed[key].first = value;
  for (const auto& [key, value] : new_rows)
    if (const auto then = old_rows.find(key); then == old_rows.end() || then->second != value) changed[key].second = value;
  SettingsDiff diff;
  std::size_t left = changed.size();
  bool one_project = true;
  const std::string project = changed.empty() ? "" : project_of(changed.begin()->first);
  for (const auto& [key, values] : changed) {
    one_project = one_project && !project.empty() && project_of(key) == project;
    std::string line = is_private(key) ? key + " changed"
                                       : fmt::format("{}: {} -> {}", key, short_value(values.first), short_value(values.second));
    if (diff.detail.size() + line.size() > kMostDetail) continue;
    diff.detail += (diff.detail.empty() ? "" : "; ") + line;
    --left;
  }
  if (left > 0) diff.detail += fmt::format("{}{} more", diff.detail.empty() ? "" : "; and ", left);
  if (!diff.detail.empty()) SecretMask().mask(diff.detail);
  diff.target = one_project && !changed.empty() ? "project " + project : "settings";
  return diff;
}

}  // namespace pg
