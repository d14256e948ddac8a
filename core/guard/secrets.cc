// From an anchor to a finding: edges in code, the regular expression where the anchor stands, then what the rule demands of the
// value.
#include "core/guard/secrets.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <unordered_map>

#include "core/base/shipped.h"
#include "core/base/text.h"
#include "core/guard/edges.h"
#include "core/guard/rule_file.h"

namespace pg {
namespace {

bool has_enough(const SecretRule& rule, std::string_view value) {
  int digits = 0, lower = 0, upper = 0;
  for (const char c : value) {
    digits += kDigits.has(c) ? 1 : 0;
    lower += kLower.has(c) ? 1 : 0;
    upper += kUpper.has(c) ? 1 : 0;
  }
  return digits >= rule.min_digits && lower >= rule.min_lower && upper >= rule.min_upper;
}

/// What the rule's own demands make of a candidate. A right checksum outweighs any likeness to a placeholder.
Judgement weigh(const SecretRule& rule, Candidate& candidate) {
  Judgement all = Judgement::possible;
  for (const Validator validator : rule.validators) {
    const Judgement one = validator(candidate);
    if (one == Judgement::no) return one;
    if (one == Judgement::weak || all == Judgement::possible) all = one;
  }
  if (all == Judgement::certain) return all;
  const std::string_view value = candidate.value_text();
  if (!has_enough(rule, value)) return Judgement::no;
  if (rule.placeholders && is_placeholder(value)) return Judgement::no;
  if (rule.entropy_min > 0 && entropy(value) < rule.entropy_min) return Judgement::no;
  if (!rule.samples.empty() && std::count(rule.samples.begin(), rule.samples.end(), sample_hash(value)) > 0) return Judgement::no;
  return all;
}

/// End of the run of `allowed` at `at`; a slash may be escaped.
std::size_t run_end(std::string_view text, std::size_t at, const ByteSet& allowed) {
  while (at < text.size()) {
    std::size_t slash = at;
    while (slash < text.size() && slash - at < 7 && text[slash] == '\\') ++slash;
    const bool escaped = slash > at && slash < text.size() && text[slash] == '/';
    if (!allowed.has(text[escaped ? slash : at])) break;
    at = (escaped ? slash : at) + 1;
  }
  return at;
}

/// Where the value begins that seems to begin at `begin`, when the first letters are those of an escape.
std::size_t behind_escape(std::string_view text, std::size_t begin, std::size_t stop) {
  for (std::size_t ahead = 1; ahead <= 5 && begin + ahead <= stop; ++ahead)
    if (escape_before(text, begin + ahead) > ahead) return begin + ahead;
  return begin;
}

Finding finding_of(const Place& value, RuleIndex rule, Judgement judgement) {
  return {static_cast<std::uint32_t>(value.begin), static_cast<std::uint32_t>(value.end), rule, judgement == Judgement::weak};
}

}  // namespace

Result<std::shared_ptr<const SecretRules>> SecretRules::read(std::string_view toml, std::string_view file) {
  PG_TRY(auto rules, read_rule_file(toml, file));
  std::erase_if(rules, [](const SecretRule& rule) { return rule.opt_in; });
  return make(std::move(rules), file);
}

Result<std::shared_ptr<const SecretRules>> SecretRules::choose(const RuleChoice& choice) {
  PG_TRY(auto rules, read_rule_file(shipped("secrets.toml"), "secrets.toml"));
  if (!choice.opt_in) std::erase_if(rules, [](const SecretRule& rule) { return rule.opt_in; });
  const auto find = [&](std::string_view id) {
    return std::find_if(rules.begin(), rules.end(), [&](const SecretRule& rule) { return rule.rule.id == id; });
  };
  for (const RuleText& text : choice.more) {
    std::optional<RuleFlaw> flaw;
    for (SecretRule& rule : read_rules(text.toml, "scan.rule", true, flaw)) {
      const auto old = find(rule.rule.id);
      if (old == rules.end())
        rules.push_back(std::move(rule));
      else
        *old = std::move(rule);
    }
    if (flaw)
      return make_error(Code::invalid_config, fmt::format("{}:{}:{}: {}", text.file, flaw->line, flaw->column, flaw->message));
  }
  for (const std::string& id : choice.disable) {
    const auto rule = find(id);
    if (rule == rules.end()) {
      std::vector<std::string_view> ids;
      for (const SecretRule& known : rules) ids.push_back(known.rule.id);
      const auto near = find_nearest(id, ids);
      return make_error(Code::invalid_config, fmt::format("no rule is called \"{}\"{}", escape_controls(id),
                                                          near ? fmt::format(" (did you mean \"{}\"?)", *near) : ""));
    }
    rules.erase(rule);
    // What is only looked for beside its findings goes with it.
    std::erase_if(rules, [&](const SecretRule& other) { return other.near == id; });
  }
  return make(std::move(rules), "secrets.toml");
}

Result<std::shared_ptr<const SecretRules>> SecretRules::make(std::vector<SecretRule> rules, std::string_view file) {
  auto made = std::make_shared<SecretRules>();
  made->rules_ = std::move(rules);
  made->anchors_ = std::make_unique<AnchorTable>();
  std::unordered_map<std::string_view, RuleIndex> by_id;
  for (std::size_t i = 0; i < made->rules_.size(); ++i) {
    const SecretRule& rule = made->rules_[i];
    const auto index = static_cast<RuleIndex>(i);
    if (!by_id.emplace(rule.rule.id, index).second)
      return make_error(Code::invalid_config, fmt::format("{}: two rules are called {}", file, rule.rule.id));
    for (const Anchor& anchor : rule.anchors) made->anchors_->add(anchor, index);
    made->fingerprint_ = fnv1a(rule.pattern->regex(), fnv1a(rule.rule.id, made->fingerprint_));
  }
  for (std::size_t i = 0; i < made->rules_.size(); ++i) {
    const std::string& near = made->rules_[i].near;
    if (near.empty()) continue;
    if (!by_id.contains(near))
      return make_error(Code::invalid_config,
                        fmt::format("{}: rule {}: no rule is called {}", file, made->rules_[i].rule.id, near));
    made->near_.emplace_back(static_cast<RuleIndex>(i), by_id[near]);
  }
  made->anchors_->build();
  return std::shared_ptr<const SecretRules>(std::move(made));
}

void SecretRules::judge(std::string_view text, const AnchorTable::Hit& hit, std::vector<Finding>& out) const {
  const SecretRule& rule = rules_[hit.owner];
  // Of the many URLs of a text few have an '@', and to look for it costs a tenth of an expression.
  if (rule.ahead != 0 && text.substr(hit.begin, rule.ahead_max).find(rule.ahead) == std::string_view::npos) return;
  std::size_t begin = hit.begin;
  for (std::size_t n = 0; n < rule.before_max && begin > 0 && rule.before.has(text[begin - 1]); ++n) --begin;
  // The letters of an escape belong to the class too: in \nhttps the value begins behind the n.
  const std::size_t escaped = begin < hit.begin ? behind_escape(text, begin, hit.begin) : begin;
  if (!judge_at(text, begin, hit.owner, out) && escaped != begin) judge_at(text, escaped, hit.owner, out);
}

/// False when no expression matched between its edges.
bool SecretRules::judge_at(std::string_view text, std::size_t begin, RuleIndex index, std::vector<Finding>& out) const {
  const SecretRule& rule = rules_[index];
  if (!left_edge(text, begin, rule.left)) return false;
  // A second keyword inside a value that was just found says nothing new, and repeated heads must not cost a walk each.
  if (!out.empty() && out.back().rule == index && begin < out.back().end) return true;
  const auto match = rule.pattern->match_at(text, begin, rule.group);
  if (!match || !right_edge(text, match->whole.end, rule.right)) return false;
  Candidate candidate{text, match->whole, match->group};
  const Judgement judgement = weigh(rule, candidate);
  if (judgement != Judgement::no) out.push_back(finding_of(candidate.value, index, judgement));
  return true;
}

void SecretRules::find(std::string_view text, std::vector<Finding>& out) const {
  const std::size_t first = out.size();
  AnchorTable::Scan scan(*anchors_, text);
  AnchorTable::Hit hit;
  while (scan.next(hit)) judge(text, hit, out);
  if (!near_.empty() && out.size() > first) find_near(text, first, out);
}

/// Runs of exactly run_length bytes of the class `right`, around findings of another rule; no byte is walked twice.
void SecretRules::find_near(std::string_view text, std::size_t first, std::vector<Finding>& out) const {
  const std::size_t last = out.size();
  for (const auto& [index, wanted] : near_) {
    const SecretRule& rule = rules_[index];
    std::size_t at = 0;
    for (std::size_t i = first; i < last; ++i) {
      if (out[i].rule != wanted) continue;
      const std::size_t window = out[i].begin - std::min<std::size_t>(out[i].begin, rule.near_bytes);
      const std::size_t stop = std::min(text.size(), out[i].end + rule.near_bytes);
      if (window > at) {
        at = window;
        while (at > 0 && at < stop && rule.right.has(text[at - 1])) ++at;  // a run that began outside
      }
      while (at < stop) {
        const std::size_t end = run_end(text, at, rule.right);
        judge_run(text, {at, end}, index, out);
        at = end + 1;
      }
    }
  }
}

void SecretRules::judge_run(std::string_view text, Place run, RuleIndex index, std::vector<Finding>& out) const {
  const SecretRule& rule = rules_[index];
  // The letters of an escape belong to the class too: in \nABC the value begins behind the n.
  const auto length = [&] {
    const std::string_view spelled = text.substr(run.begin, run.size());
    return spelled.size() - static_cast<std::size_t>(std::count(spelled.begin(), spelled.end(), '\\'));
  };
  if (length() == rule.run_length + 1 && escape_before(text, run.begin + 1) != 0) ++run.begin;
  if (length() != rule.run_length || !left_edge(text, run.begin, rule.left)) return;
  const auto match = rule.pattern->match_at(text.substr(0, run.end), run.begin);
  if (!match) return;
  Candidate candidate{text, match->whole, match->whole};
  const Judgement judgement = weigh(rule, candidate);
  if (judgement != Judgement::no) out.push_back(finding_of(candidate.value, index, judgement));
}

std::shared_ptr<const SecretRules> shipped_secret_rules() {
  static const std::shared_ptr<const SecretRules> kRules = [] {
    auto rules = SecretRules::read(shipped("secrets.toml"), "secrets.toml");
    if (!rules) throw std::logic_error(rules.error().message);  // a build that ships broken rules fails its first test
    return *rules;
  }();
  return kRules;
}

std::uint64_t fnv1a(std::string_view bytes, std::uint64_t hash) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

}  // namespace pg
