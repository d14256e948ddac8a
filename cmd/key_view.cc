// Keys as tables and JSON show them.
#include "cmd/key_view.h"

#include <fmt/format.h>

#include <vector>

#include "cmd/print.h"
#include "core/base/text.h"
#include "core/store/audit_store.h"

namespace pg {
namespace {

constexpr std::string_view kIdDetail = "id ";  // as the row of a removed project begins

std::map<std::string, std::string> removed_projects(Db& db) {
  std::map<std::string, std::string> names;
  const auto note = [&](const AuditEntry& entry) {
    if (entry.act == "project.remove" && entry.detail.starts_with(kIdDetail))
      names[entry.detail.substr(kIdDetail.size())] = entry.target;
    return true;
  };
  // A name is a comfort: a list of keys does not fail for an audit log that cannot be read.
  if (!AuditStore(db).select(0, note)) names.clear();
  return names;
}

}  // namespace

std::string_view key_state(const Key& key, UnixMillis now) {
  if (key.revoked != 0) return "revoked";
  if (key.expires != 0 && key.expires <= now) return "expired";
  return key.enabled ? "active" : "disabled";
}

std::string budget_cell(const Key& key) {
  return key.rules.budget == 0 ? "–" : format_usd(key.rules.budget);
}

std::string rate_cell(const Key& key) {
  const RateRules& rate = key.rules.rate;
  if (rate.empty()) return "–";
  if (rate.rph == 0) return fmt::format("{}/min", rate.rpm);
  return rate.rpm == 0 ? fmt::format("{}/h", rate.rph) : fmt::format("{}/min {}/h", rate.rpm, rate.rph);
}

std::string project_or_id(const Settings& settings, const std::string& id) {
  if (id.empty()) return "any";
  for (const auto& [name, project] : settings.projects)
    if (project.id == id) return name;
  return id;
}

std::string key_json(const Settings& settings, const Key& key, std::string_view text, std::optional<bool> in_force) {
  std::vector<std::string> scopes;
  const auto names = scopes_text(key.scopes);
  for (auto scope : split(names, ',')) scopes.emplace_back(scope);
  std::string object = "{";
  json_number(object, "id", key.id);
  json_field(object, "name", key.name);
  if (!text.empty()) json_field(object, "key", text);
  json_field(object, "prefix", key.prefix);
  json_field(object, "state", key_state(key, wall_clock().wall()));
  json_field(object, "owner", key.owner);
  json_field(object, "project", project_or_id(settings, key.project));
  json_raw(object, "scopes", json_list(scopes));
  json_number(object, "concurrency", key.concurrency);
  json_number(object, "rpm", key.rules.rate.rpm);
  json_number(object, "rph", key.rules.rate.rph);
  json_number(object, "max_tokens", key.rules.max_tokens);
  json_raw(object, "budget_usd", key.rules.budget == 0 ? "null" : "\"" + spell_usd(key.rules.budget) + "\"");
  json_time(object, "created", key.created);
  json_time(object, "expires", key.expires);
  json_time(object, "revoked", key.revoked);
  if (in_force) json_bool(object, "in_force", *in_force);
  return object + "}";
}

std::string ProjectNames::cell(const std::string& id) {
  std::string name = project_or_id(place_.settings, id);
  if (name != id) return name;
  if (!removed_) removed_ = removed_projects(place_.db);
  const auto known = removed_->find(id);
  return known == removed_->end() ? fmt::format("unknown ({})", id.substr(0, 8)) : known->second + " (removed)";
}

}  // namespace pg
