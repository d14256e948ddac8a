// Guards::make and inspect: runs the finders that are wanted, leaves out what is allowed, and lets one finding win each place.
#include "core/guard/guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_set>

#include "core/base/text.h"
#include "core/guard/matcher.h"
#include "core/guard/matcher_filter.h"
#include "core/guard/pii.h"
#include "core/guard/secrets.h"

namespace pg {
namespace {

constexpr std::array<std::string_view, 4> kActionNames = {"off", "detect", "redact", "block"};
constexpr std::string_view kCustomPrefix = "custom:";

bool is_name(std::string_view name) {
  static constexpr ByteSet kName("a-z0-9-");
  if (name.empty() || name.size() > 32 || !kLower.has(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return kName.has(c); });
}

std::string kind_of(std::string_view name) {
  std::string kind(name);
  for (char& c : kind) c = c == '-' ? '_' : kLower.has(c) ? static_cast<char>(c - 32) : c;
  return kind;
}

/// The exact values a rule lets pass.
struct AllowList {
  std::unordered_set<std::string> values;
  std::vector<std::string> domains;  // lower case, with the '@'
  bool has(std::string_view value) const {
    if (!values.empty() && values.contains(std::string(value))) return true;
    if (domains.empty()) return false;
    const std::size_t at = value.rfind('@');
    if (at == std::string_view::npos) return false;
    const std::string domain = to_lower(value.substr(at));
    return std::find(domains.begin(), domains.end(), domain) != domains.end();
  }
};

class ProjectGuards final : public Guards {
 public:
  Status set_up(std::shared_ptr<const SecretRules> secrets, const GuardSettings& settings);
  void inspect(std::string_view text, Scrutiny scrutiny, std::vector<Finding>& out) const override;
  const Rule& rule(RuleIndex index) const override { return rules_[index]; }
  Action action(RuleIndex index) const override { return actions_[index]; }
  std::span<const Rule> rules() const override { return rules_; }
  std::uint64_t fingerprint() const override { return fingerprint_; }

 private:
  void add_rules(const GuardSettings& settings);
  Status add_custom(const std::vector<CustomRule>& custom);
  Status set_actions(const GuardSettings& settings);
  Status set_allowed(const GuardSettings& settings);
  Result<RuleIndex> find_rule(std::string_view id) const;
  void set_fingerprint(const GuardSettings& settings);
  bool keeps(std::string_view text, const Finding& finding) const;
  /// What a finding would lead to: a weak one to a note at most.
  Action effect(const Finding& f) const { return f.weak ? std::min(actions_[f.rule], Action::detect) : actions_[f.rule]; }
  bool outranks(const Finding& a, const Finding& b) const;
  void merge(std::vector<Finding>& out, std::size_t first) const;

  std::shared_ptr<const SecretRules> secrets_;
  std::vector<Rule> rules_;  // secrets, personal data, custom
  std::vector<Action> actions_;
  std::vector<AllowList> allowed_;
  std::vector<std::unique_ptr<Pattern>> custom_;
  std::unique_ptr<MatcherFilter> custom_filter_;  // numbers as in custom_; nullptr: there are none
  PiiChoice pii_;
  bool any_secret_ = false;
  bool any_pii_ = false;
  RuleIndex pii_base_ = 0;
  RuleIndex custom_base_ = 0;
  std::uint64_t fingerprint_ = 0;
};

Status ProjectGuards::set_up(std::shared_ptr<const SecretRules> secrets, const GuardSettings& settings) {
  secrets_ = std::move(secrets);
  add_rules(settings);
  if (auto status = add_custom(settings.custom); !status) return status;
  if (auto status = set_actions(settings); !status) return status;
  if (auto status = set_allowed(settings); !status) return status;
  any_secret_ = std::any_of(actions_.begin(), actions_.begin() + pii_base_, [](Action a) { return a != Action::off; });
  for (std::size_t i = 0; i < kPiiKinds; ++i) {
    pii_.wanted[i] = actions_[pii_base_ + i] != Action::off;
    any_pii_ |= pii_.wanted[i];
  }
  pii_.private_ipv4 = settings.private_ipv4;
  set_fingerprint(settings);
  return {};
}

void ProjectGuards::add_rules(const GuardSettings& settings) {
  if (secrets_ != nullptr) {
    for (const SecretRule& secret : secrets_->rules()) {
      rules_.push_back(secret.rule);
      actions_.push_back(settings.secrets);
    }
  }
  pii_base_ = static_cast<RuleIndex>(rules_.size());
  const std::array<Action, kPiiKinds> chosen = {settings.email, settings.iban,  settings.card,
                                                settings.ssn,   settings.phone, settings.ipv4};
  for (std::size_t i = 0; i < kPiiKinds; ++i) {
    rules_.push_back(pii_rules()[i]);
    actions_.push_back(chosen[i]);
  }
  custom_base_ = static_cast<RuleIndex>(rules_.size());
}

Status ProjectGuards::add_custom(const std::vector<CustomRule>& custom) {
  if (custom.empty()) return {};
  custom_filter_ = std::make_unique<MatcherFilter>();
  for (const CustomRule& rule : custom) {
    if (!is_name(rule.name))
      return make_error(Code::invalid_config, fmt::format("custom rule \"{}\": a name is lower-case letters, digits and '-'",
                                                          escape_controls(rule.name)));
    auto pattern = std::make_unique<Pattern>(rule.regex, Charset::utf8);
    if (const auto status = pattern->check(); !status)
      return make_error(Code::invalid_config, fmt::format("custom rule \"{}\": {}", rule.name, status.error().message));
    const std::string id = fmt::format("{}{}", kCustomPrefix, rule.name);
    if (find_rule(id)) return make_error(Code::invalid_config, fmt::format("two custom rules are called \"{}\"", rule.name));
    rules_.push_back({id, kind_of(rule.name), "Custom rule " + rule.name, Category::custom, 70});
    actions_.push_back(rule.action);
    custom_.push_back(std::move(pattern));
    custom_filter_->add(rule.regex);
  }
  custom_filter_->build();
  return {};
}

Result<RuleIndex> ProjectGuards::find_rule(std::string_view id) const {
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (rules_[i].id == id) return static_cast<RuleIndex>(i);
  std::vector<std::string_view> ids{"secrets"};
  for (const Rule& rule : rules_) ids.push_back(rule.id);
  const auto near = find_nearest(id, ids);
  return make_error(Code::invalid_config, fmt::format("unknown rule \"{}\"{}", escape_controls(id),
                                                      near ? fmt::format(" (did you mean \"{}\"?)", *near) : std::string()));
}

Status ProjectGuards::set_actions(const GuardSettings& settings) {
  for (const auto& [id, action] : settings.actions) {
    PG_TRY(const RuleIndex index, find_rule(id));
    actions_[index] = action;
  }
  return {};
}

Status ProjectGuards::set_allowed(const GuardSettings& settings) {
  allowed_.resize(rules_.size());
  for (const auto& [id, values] : settings.allow) {
    std::vector<std::size_t> targets;
    if (id == "secrets") {
      for (std::size_t i = 0; i < pii_base_; ++i) targets.push_back(i);
    } else {
      PG_TRY(const RuleIndex index, find_rule(id));
      targets.push_back(index);
    }
    for (const std::size_t target : targets) {
      for (const std::string& value : values) {
        if (rules_[target].id == "email" && value.starts_with('@'))
          allowed_[target].domains.push_back(to_lower(value));
        else
          allowed_[target].values.insert(value);
      }
    }
  }
  return {};
}

void ProjectGuards::set_fingerprint(const GuardSettings& settings) {
  std::uint64_t hash = fnv1a(PG_VERSION);
  const auto mix = [&hash](std::string_view part) { hash = fnv1a(part, fnv1a(std::to_string(part.size()), hash)); };
  mix(std::to_string(secrets_ != nullptr ? secrets_->fingerprint() : 0));
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    mix(rules_[i].id);
    mix(action_name(actions_[i]));
  }
  for (const auto& [id, values] : settings.allow) {
    mix(id);
    mix(std::to_string(values.size()));
    for (const std::string& value : values) mix(value);
  }
  for (const CustomRule& rule : settings.custom) mix(rule.regex);
  mix(settings.private_ipv4 ? "private" : "public");
  fingerprint_ = hash;
}

bool ProjectGuards::keeps(std::string_view text, const Finding& finding) const {
  if (actions_[finding.rule] == Action::off) return false;
  return !allowed_[finding.rule].has(text.substr(finding.begin, finding.end - finding.begin));
}

/// The stronger consequence wins, so that a rule that only watches cannot shield what another would redact; then the longer
/// finding, then the rule of higher priority.
bool ProjectGuards::outranks(const Finding& a, const Finding& b) const {
  if (effect(a) != effect(b)) return effect(a) > effect(b);
  if (a.end - a.begin != b.end - b.begin) return a.end - a.begin > b.end - b.begin;
  return rules_[a.rule].priority > rules_[b.rule].priority;
}

void ProjectGuards::merge(std::vector<Finding>& out, std::size_t first) const {
  const auto begin = out.begin() + static_cast<std::ptrdiff_t>(first);
  std::stable_sort(begin, out.end(), [](const Finding& a, const Finding& b) { return a.begin < b.begin; });
  std::size_t kept = first;
  Finding winner;  // with its own bounds, while out[kept] grows over all it touches
  for (std::size_t i = first; i < out.size(); ++i) {
    const Finding& next = out[i];
    if (i == first || next.begin > out[kept].end) {
      if (i != first) ++kept;
      winner = out[kept] = next;
      continue;
    }
    if (outranks(next, winner)) winner = next;
    out[kept] = {out[kept].begin, std::max(out[kept].end, next.end), winner.rule, winner.weak};
  }
  if (out.size() > first) out.resize(kept + 1);
}

void ProjectGuards::inspect(std::string_view text, Scrutiny scrutiny, std::vector<Finding>& out) const {
  // Offsets are 32 bits wide; a text beyond that is cut by whoever reads it.
  text = text.substr(0, std::numeric_limits<std::uint32_t>::max());
  const std::size_t first = out.size();
  if (any_secret_) secrets_->find(text, out);
  if (scrutiny == Scrutiny::all) {
    if (any_pii_) find_pii(text, pii_, pii_base_, out);
    for (const int i : custom_filter_ ? custom_filter_->candidates(text) : std::vector<int>()) {
      const auto index = static_cast<RuleIndex>(custom_base_ + i);
      if (actions_[index] == Action::off) continue;
      const Pattern& pattern = *custom_[static_cast<std::size_t>(i)];
      for (auto place = pattern.find(text, 0); place; place = pattern.find(text, place->end))
        out.push_back({static_cast<std::uint32_t>(place->begin), static_cast<std::uint32_t>(place->end), index, false});
    }
  }
  if (out.size() == first) return;
  const auto begin = out.begin() + static_cast<std::ptrdiff_t>(first);
  out.erase(std::remove_if(begin, out.end(), [&](const Finding& f) { return !keeps(text, f); }), out.end());
  merge(out, first);
}

}  // namespace

std::string_view action_name(Action action) {
  return kActionNames[static_cast<std::size_t>(action)];
}

Result<std::shared_ptr<const Guards>> Guards::make(std::shared_ptr<const SecretRules> secrets, GuardSettings settings) {
  auto guards = std::make_shared<ProjectGuards>();
  if (auto status = guards->set_up(std::move(secrets), settings); !status) return std::move(status).error();
  return std::shared_ptr<const Guards>(std::move(guards));
}

}  // namespace pg
