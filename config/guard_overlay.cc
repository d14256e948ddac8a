// Actions, rules, exceptions and patterns of one guard table laid over another.
#include "config/guard_overlay.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/knobs.h"
#include "core/base/encode.h"
#include "core/guard/pii.h"

namespace pg {
namespace {

void set_all(GuardSettings& guards, Action action) {
  const auto set = [action](Action& one) {
    if (one != Action::off) one = action;
  };
  for (const Knob<GuardSettings>& knob : guard_knobs())
    if (const auto slot = knob.slot(guards); std::holds_alternative<Action*>(slot)) set(*std::get<Action*>(slot));
  for (auto& [id, its] : guards.actions) set(its);
  for (CustomRule& rule : guards.custom) set(rule.action);
}

void copy_knob(const Knob<GuardSettings>& knob, GuardSettings& to, GuardSettings from) {
  const KnobSlot target = knob.slot(to);
  const KnobSlot source = knob.slot(from);
  if (std::holds_alternative<Action*>(target)) *std::get<Action*>(target) = *std::get<Action*>(source);
  if (std::holds_alternative<bool*>(target)) *std::get<bool*>(target) = *std::get<bool*>(source);
}

void add_custom(std::vector<CustomRule>& rules, const CustomRule& rule) {
  const auto old = std::find_if(rules.begin(), rules.end(), [&](const CustomRule& other) { return other.name == rule.name; });
  if (old == rules.end())
    rules.push_back(rule);
  else
    *old = rule;
}

}  // namespace

GuardSettings lay_over(GuardSettings under, const GuardOverlay& over) {
  if (over.all) set_all(under, *over.all);
  for (const Knob<GuardSettings>& knob : guard_knobs())
    if (over.set.count(std::string(knob.key)) != 0) copy_knob(knob, under, over.own);
  for (const auto& [id, action] : over.own.actions) under.actions.insert_or_assign(id, action);
  for (const auto& [id, values] : over.own.allow) under.allow.insert_or_assign(id, values);
  for (const CustomRule& rule : over.own.custom) add_custom(under.custom, rule);
  return under;
}

GuardSettings lay_local(GuardSettings under) {
  for (Action* action : {&under.email, &under.iban, &under.card, &under.ssn, &under.phone, &under.ipv4}) *action = Action::off;
  for (const Rule& rule : pii_rules()) under.actions.erase(rule.id);
  if (under.secrets == Action::redact) under.secrets = Action::block;
  for (auto& [id, action] : under.actions)
    if (action == Action::redact)
      action = id.starts_with("custom:") ? Action::off : Action::block;  // the rest are secrets' rules
  for (CustomRule& rule : under.custom)
    if (rule.action == Action::redact) rule.action = Action::off;
  return under;
}

std::string spell_guards(GuardSettings guards) {
  std::string text;
  for (const auto& knob : guard_knobs()) text += fmt::format("{}={};", knob.key, knob_text(knob, knob.slot(guards)));
  for (const auto& [id, action] : guards.actions) text += fmt::format("{}={};", json_quoted(id), action_name(action));
  for (const auto& [id, values] : guards.allow) {
    text += json_quoted(id) + "+";
    for (const std::string& value : values) text += json_quoted(value) + ",";
  }
  for (const CustomRule& rule : guards.custom)
    text += fmt::format(";{}~{}={}", json_quoted(rule.name), json_quoted(rule.regex), action_name(rule.action));
  return text;
}

}  // namespace pg
