// Actions by rule, values that pass, patterns of one's own; and the rows that lay them over a project's.
#include "config/read_guards.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/checks.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::size_t kMaxCustomRules = 500;

void read_rule_actions(const TableReader& reader, const TomlTable& table, GuardSettings& guards) {
  for (const TomlEntry& entry : table) {
    const std::string* word = reader.text(entry);
    if (word == nullptr) continue;
    const auto action = parse_action(*word);
    if (!action) {
      const Complaint complaint = action_complaint(entry.key, *word);
      reader.complain(reader.document.value_place(entry.value), complaint.message, complaint.hint);
      continue;
    }
    guards.actions.insert_or_assign(entry.key, *action);
    reader.note(entry.key, reader.document.key_place(entry));
  }
}

void read_allowed_values(const TableReader& reader, const TomlTable& table, GuardSettings& guards) {
  for (const TomlEntry& entry : table) {
    std::vector<std::string> values;
    const KnobType type{entry.key, KnobKind::list, 0, 0, check_plain_text};
    if (auto complaint = set_knob(type, &values, entry.value)) {
      reader.complain(reader.document.value_place(entry.value), complaint->message, complaint->hint);
      continue;
    }
    guards.allow.insert_or_assign(entry.key, std::move(values));
    reader.note(entry.key, reader.document.key_place(entry));
  }
}

void read_custom_rule(const TableReader& reader, const TomlValue& element, GuardSettings& guards, std::set<std::string>& names) {
  CustomRule rule;
  const SourcePlace place = reader.document.value_place(element);
  SourcePlace name_place = place;
  const auto take = [&](std::string& into) {
    return [&into](const TableReader& within, const TomlEntry& entry) {
      if (const std::string* text = within.text(entry)) into = *text;
    };
  };
  const TableHandler read_action = [&](const TableReader& within, const TomlEntry& entry) {
    const std::string* word = within.text(entry);
    if (word == nullptr) return;
    if (const auto action = parse_action(*word))
      rule.action = *action;
    else {
      const Complaint complaint = action_complaint("action", *word);
      within.complain(within.document.value_place(entry.value), complaint.message, complaint.hint);
    }
  };
  const std::size_t before = reader.problems.size();
  const TableHandlers handlers = {{"name", take(rule.name)}, {"regex", take(rule.regex)}, {"action", read_action}};
  if (element.table() == nullptr) return reader.complain(place, "a custom rule is a table", "write [[guards.custom]]");
  read_table<GuardSettings>(reader, *element.table(), {}, guards, "", handlers);
  for (const TomlEntry& entry : *element.table())
    if (entry.key == "regex") name_place = reader.document.value_place(entry.value);
  if (reader.problems.size() != before) return;
  if (rule.name.empty() || rule.regex.empty()) return reader.complain(place, "a custom rule needs a name and a regex");
  if (!names.insert(rule.name).second) return reader.complain(place, "two custom rules of this file have the same name");
  const auto same = [&](const CustomRule& other) { return other.name == rule.name; };
  // A project's rule replaces a default of the same name.
  const auto old = std::find_if(guards.custom.begin(), guards.custom.end(), same);
  reader.note("custom." + rule.name, name_place);
  if (old == guards.custom.end())
    guards.custom.push_back(std::move(rule));
  else
    *old = std::move(rule);
}

void read_custom_rules(const TableReader& reader, const TomlEntry& entry, GuardSettings& guards) {
  const TomlList* list = entry.value.list();
  if (list == nullptr)
    return reader.complain(reader.document.key_place(entry), "custom is a list of tables", "write [[guards.custom]]");
  std::set<std::string> names;
  if (list->size() > kMaxCustomRules)
    return reader.complain(reader.document.key_place(entry), fmt::format("more than {} custom rules", kMaxCustomRules));
  for (const TomlValue& element : *list) read_custom_rule(reader, element, guards, names);
}

}  // namespace

void read_guards(const TableReader& outer, const TomlEntry& entry, GuardSettings& guards) {
  const TomlTable* table = outer.table(entry);
  if (table == nullptr) return;
  const auto inner = [&](auto&& read) {
    return [&read, &guards](const TableReader& within, const TomlEntry& field) {
      if (const TomlTable* found = within.table(field)) read(within.within(field.key), *found, guards);
    };
  };
  const TableHandlers handlers = {
      {"rules", inner(read_rule_actions)},
      {"allow", inner(read_allowed_values)},
      {"custom", [&](const TableReader& within, const TomlEntry& field) { read_custom_rules(within, field, guards); }}};
  read_table<GuardSettings>(outer.within(entry.key), *table, guard_knobs(), guards, "", handlers);
}

void read_guard_overlay(const TableReader& outer, const TomlEntry& entry, GuardOverlay& overlay) {
  if (const std::string* word = entry.value.text()) {
    overlay.all = parse_action(*word);
    if (overlay.all) return outer.note(entry.key, outer.document.value_place(entry.value));
    const Complaint complaint = action_complaint(entry.key, *word);
    return outer.complain(outer.document.value_place(entry.value), complaint.message, complaint.hint);
  }
  if (entry.value.table() == nullptr)
    return outer.complain(outer.document.value_place(entry.value), "guards are one action, or a table",
                          "such as guards = \"off\" or guards = { secrets = \"block\" }");
  read_guards(outer, entry, overlay.own);
  for (const TomlEntry& field : *entry.value.table()) overlay.set.insert(field.key);
}

}  // namespace pg
