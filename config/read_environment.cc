// Environment twins.
#include "config/read_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/knobs.h"
#include "config/problem.h"
#include "config/providers.h"
#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

// Ours but not settings, and PostgreSQL's, which shares the prefix.
constexpr std::array<std::string_view, 19> kOthers = {
    "PG_APP_KEY", "PG_CONFIG",     "PG_KEY",         "PG_PROJECT",       "PG_URL",   "PG_SEED",   "PG_NO_COLOR",
    "PG_BINARY",  "PG_SOURCE_DIR", "PG_BASELINE",    "PG_UPDATE_GOLDEN", "PG_COLOR", "PG_COLORS", "PG_MAJOR",
    "PG_VERSION", "PG_LISTEN",     "PG_CONFIG_FILE", "PG_TEST_EXTRA",    "PG_E2E"};

// "PG_SERVE_PORT=70000" with the caret under the value; credentials are masked where it is printed.
SourcePlace variable_place(const std::string& variable, const std::string& value) {
  SourcePlace place{variable, 0, static_cast<int>(variable.size()) + 2, variable + "=" + value, 1};
  place.width = std::max(1, static_cast<int>(value.size()));
  return place;
}

template <class S>
bool set_twin(const Knob<S>& knob, S& target, const std::string& key, const std::string& variable, const std::string& value,
              Loaded& loaded) {
  if (auto complaint = set_knob_text(knob, knob.slot(target), value))
    loaded.problems.push_back({variable_place(variable, value), complaint->message, complaint->hint});
  else {
    loaded.settings.origins.insert_or_assign(key, "env " + variable);
    loaded.settings.places.insert_or_assign(key, variable_place(variable, value));
  }
  return true;
}

bool set_provider_twin(const std::string& variable, const std::string& value, Loaded& loaded) {
  std::vector<std::string> names = provider_names(loaded.settings);
  for (const auto& [name, row] : loaded.settings.providers)
    if (!row.enabled) names.push_back(name);
  for (const std::string& name : names)
    for (const auto& knob : provider_knobs()) {
      const std::string key = "providers." + name + "." + std::string(knob.key);
      if (variable_of(key) != variable) continue;
      ProviderSettings& row = loaded.settings.providers[name];
      row.name = name;
      if (row.where.empty()) row.where = "env " + variable;
      row.places.insert_or_assign(std::string(knob.key), variable_place(variable, value));
      return set_twin(knob, row, key, variable, value, loaded);
    }
  return false;
}

bool set_by_variable(const std::string& variable, const std::string& value, Loaded& loaded) {
  for (const auto& knob : settings_knobs())
    if (variable_of(knob.key) == variable) return set_twin(knob, loaded.settings, std::string(knob.key), variable, value, loaded);
  for (const auto& knob : guard_knobs()) {
    const std::string key = "guards." + std::string(knob.key);
    if (variable_of(key) == variable) return set_twin(knob, loaded.settings.guards, key, variable, value, loaded);
  }
  return set_provider_twin(variable, value, loaded);
}

std::string unknown_variable(const std::string& variable) {
  std::vector<std::string> names;
  for (const auto& knob : settings_knobs()) names.push_back(variable_of(knob.key));
  for (const auto& knob : guard_knobs()) names.push_back(variable_of("guards." + std::string(knob.key)));
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = find_nearest(variable, views);
  return fmt::format("{} is not a setting{}", mask_credentials(escape_controls(std::string_view(variable).substr(0, 64))),
                     near ? fmt::format(", did you mean {}?", *near) : " and is ignored");
}

}  // namespace

std::string variable_of(std::string_view key) {
  std::string name = "PG_";
  for (const char c : key) name += c == '.' || c == '-' ? '_' : to_upper(c);
  return name;
}

void read_environment(const Environment& environment, Loaded& loaded) {
  for (auto it = environment.lower_bound("PG_"); it != environment.end() && it->first.substr(0, 3) == "PG_"; ++it) {
    const auto& [variable, value] = *it;
    if (value.empty() || std::find(kOthers.begin(), kOthers.end(), variable) != kOthers.end()) continue;
    if (!set_by_variable(variable, value, loaded)) loaded.settings.warnings.push_back(unknown_variable(variable));
  }
}

void read_flags(const std::vector<std::pair<std::string, std::string>>& flags, Loaded& loaded) {
  for (const auto& [key, value] : flags) {
    const auto knobs = settings_knobs();
    const auto knob = std::find_if(knobs.begin(), knobs.end(), [&, &name = key](const auto& row) { return row.key == name; });
    const SourcePlace place{"flag " + key, 0, 1, "", 1};
    if (knob == knobs.end()) {
      loaded.problems.push_back({place, "no such setting", ""});
      continue;
    }
    if (auto complaint = set_knob_text(*knob, knob->slot(loaded.settings), value)) {
      loaded.problems.push_back({place, complaint->message, complaint->hint});
      continue;
    }
    loaded.settings.origins.insert_or_assign(key, "flag");
    loaded.settings.places.insert_or_assign(key, place);
  }
}

}  // namespace pg
