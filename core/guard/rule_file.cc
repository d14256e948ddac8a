// Reads secrets.toml and a user's own rule files.
#include "core/guard/rule_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <array>
#include <optional>
#include <utility>

#include "core/base/text.h"
#include "core/guard/rule_examples.h"

namespace pg {
namespace {

constexpr std::array<std::string_view, 27> kKeys = {
    "id",           "kind",  "description", "keywords",   "regex",     "group",     "before",          "before_max",
    "left",         "right", "entropy_min", "min_digits", "min_lower", "min_upper", "validators",      "samples",
    "placeholders", "near",  "near_bytes",  "run_length", "source",    "examples",  "counterexamples", "ignore_case",
    "opt_in",       "ahead", "ahead_max"};

class RuleBlock {
 public:
  explicit RuleBlock(const toml::table& table) : table_(table) {}

  std::string text(std::string_view key, std::string_view fallback = {}) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::string(fallback);
    const auto value = node->value<std::string>();
    if (!value) complain(*node, fmt::format("{} must be a string", key));
    return value.value_or(std::string());
  }
  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> out;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return out;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      complain(*node, fmt::format("{} must be an array of strings", key));
      return out;
    }
    for (const toml::node& element : *array) {
      const auto value = element.value<std::string>();
      if (!value) complain(element, fmt::format("{} must hold strings", key));
      out.push_back(value.value_or(std::string()));
    }
    return out;
  }
  template <class T>
  T number(std::string_view key, T fallback) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return fallback;
    const auto value = node->value<double>();
    if (!value || *value < 0 || *value > 65536) {
      complain(*node, fmt::format("{} must be a number from 0 to 65536", key));
      return fallback;
    }
    return static_cast<T>(*value);
  }
  bool flag(std::string_view key, bool fallback) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return fallback;
    const auto value = node->value<bool>();
    if (!value) complain(*node, fmt::format("{} must be true or false", key));
    return value.value_or(fallback);
  }
  /// A class as regular expressions write it, "[A-Za-z0-9_]"; "" or "[]" is empty.
  ByteSet bytes(std::string_view key, std::string_view fallback) {
    const std::string written = text(key, fallback);
    std::string_view inside = written;
    if (inside.size() >= 2 && inside.front() == '[' && inside.back() == ']') inside = inside.substr(1, inside.size() - 2);
    return ByteSet(inside);
  }
  void check_keys() {
    for (const auto& [key, node] : table_) {
      if (std::find(kKeys.begin(), kKeys.end(), key.str()) != kKeys.end()) continue;
      const auto near = find_nearest(key.str(), kKeys);
      complain(node, fmt::format("unknown key \"{}\"{}", key.str(), near ? fmt::format(" (did you mean \"{}\"?)", *near) : ""));
    }
  }
  void complain(const toml::node& node, const std::string& what) {
    if (flaw_) return;
    const toml::source_position at = node.source().begin;
    const auto id = table_.get("id") == nullptr ? std::nullopt : table_.get("id")->value<std::string>();
    flaw_ = RuleFlaw{static_cast<int>(at.line), static_cast<int>(at.column),
                     (id ? "rule " + escape_controls(*id) + ": " : std::string()) + what};
  }
  void complain(const std::string& what) { complain(table_, what); }
  void complain_at(std::string_view key, const std::string& what) {
    const toml::node* node = table_.get(key);
    complain(node == nullptr ? table_ : *node, what);
  }
  const std::optional<RuleFlaw>& flaw() const { return flaw_; }

 private:
  const toml::table& table_;
  std::optional<RuleFlaw> flaw_;
};

std::string kind_from(std::string id) {
  for (char& c : id) c = c == '-' ? '_' : kLower.has(c) ? static_cast<char>(c - 32) : c;
  return id;
}

bool is_id(std::string_view id) {
  static constexpr ByteSet kId("a-z0-9-");
  if (id.empty() || id.size() > 64 || !kLower.has(id.front())) return false;
  return std::all_of(id.begin(), id.end(), [](char c) { return kId.has(c); });
}

bool is_kind(std::string_view kind) {
  static constexpr ByteSet kKind("A-Z0-9_");
  if (kind.empty() || kind.size() > 40 || !kUpper.has(kind.front())) return false;
  return std::all_of(kind.begin(), kind.end(), [](char c) { return kKind.has(c); });
}

void read_anchors(RuleBlock& block, SecretRule& rule) {
  const bool ignore_case = block.flag("ignore_case", false);
  for (const std::string& keyword : rule.keywords) {
    auto anchor = read_keyword(keyword, ignore_case);
    if (!anchor) {
      block.complain(anchor.error().message);
    } else if (!AnchorTable::can_hold(*anchor)) {
      block.complain(fmt::format("keyword \"{}\" is too short or too vague: it needs four bytes of few variants", keyword));
    } else {
      rule.anchors.push_back(std::move(*anchor));
    }
  }
  if (rule.anchors.empty() && rule.near.empty()) block.complain("needs keywords");
}

void read_checks(RuleBlock& block, SecretRule& rule, bool theirs) {
  rule.entropy_min = block.number("entropy_min", 0.0);
  rule.min_digits = block.number("min_digits", 0);
  rule.min_lower = block.number("min_lower", 0);
  rule.min_upper = block.number("min_upper", 0);
  // What somebody asks for in so many words is not second-guessed.
  rule.placeholders = block.flag("placeholders", !theirs);
  rule.samples = block.texts("samples");
  rule.validator_names = block.texts("validators");
  for (const std::string& name : rule.validator_names) {
    rule.validators.push_back(find_validator(name));
    if (rule.validators.back() == nullptr) block.complain(fmt::format("no validator is called \"{}\"", name));
  }
}

SecretRule read_rule(RuleBlock& block, bool theirs) {
  SecretRule rule;
  block.check_keys();
  rule.rule.id = block.text("id");
  rule.rule.kind = block.text("kind", theirs ? kind_from(rule.rule.id) : "");
  rule.rule.description = block.text("description", theirs ? rule.rule.id : "");
  rule.opt_in = block.flag("opt_in", false);
  rule.rule.category = Category::secret;
  rule.rule.priority = 100;
  if (!is_id(rule.rule.id)) block.complain_at("id", "id must be lower-case letters, digits and '-'");
  if (!is_kind(rule.rule.kind)) block.complain_at("kind", "kind must be upper-case letters, digits and '_'");
  rule.near = block.text("near");
  rule.near_bytes = block.number<std::size_t>("near_bytes", 400);
  rule.run_length = block.number<std::size_t>("run_length", 0);
  rule.keywords = block.texts("keywords");
  rule.pattern = std::make_unique<Pattern>(block.text("regex"));
  if (rule.pattern->regex().empty()) block.complain("needs a regex");
  rule.group = block.number("group", 0);
  rule.before = block.bytes("before", "");
  rule.before_max = block.number<std::size_t>("before_max", 0);
  const std::string ahead = block.text("ahead");
  if (ahead.size() > 1) block.complain_at("ahead", "ahead must be one byte");
  rule.ahead = ahead.empty() ? '\0' : ahead[0];
  rule.ahead_max = block.number<std::size_t>("ahead_max", 256);
  rule.left = block.bytes("left", "[A-Za-z0-9_]");
  rule.right = block.bytes("right", "[A-Za-z0-9]");
  rule.source = block.text("source");
  rule.examples = block.texts("examples");
  rule.counterexamples = block.texts("counterexamples");
  read_checks(block, rule, theirs);
  read_anchors(block, rule);
  if (theirs && !block.flaw()) {
    if (const Status status = rule.pattern->check(); !status) block.complain_at("regex", status.error().message);
  }
  return rule;
}

}  // namespace

Result<Anchor> read_keyword(std::string_view keyword, bool ignore_case) {
  Anchor anchor;
  for (std::size_t i = 0; i < keyword.size(); ++i) {
    if (keyword[i] != '{') {
      ByteSet one;
      one.add(keyword[i]);
      if (ignore_case && kLower.has(keyword[i])) one.add(static_cast<char>(keyword[i] - 32));
      if (ignore_case && kUpper.has(keyword[i])) one.add(static_cast<char>(keyword[i] + 32));
      anchor.push_back(one);
      continue;
    }
    const std::size_t close = keyword.find('}', i);
    const auto field = close == std::string_view::npos ? std::nullopt : read_class_field(keyword.substr(i + 1, close - i - 1));
    if (!field) return make_error(Code::invalid_config, fmt::format("keyword \"{}\" has a field that names no class", keyword));
    anchor.insert(anchor.end(), field->count, ByteSet(field->alphabet));
    i = close;
  }
  return anchor;
}

std::string without_examples(std::string_view toml) {
  std::string out;
  out.reserve(toml.size() / 2);
  bool inside = false;  // an array that is left out
  while (!toml.empty()) {
    const std::size_t end = std::min(toml.find('\n'), toml.size() - 1);
    const std::string_view line = toml.substr(0, end + 1);
    const bool begins = line.starts_with("examples = [") || line.starts_with("counterexamples = [");
    const bool left_out = inside || begins || line.starts_with("source = ") || line.starts_with("#");
    if (inside || begins) inside = !trim(line).ends_with(']');
    out += left_out ? std::string_view("\n") : line;
    toml.remove_prefix(line.size());
  }
  return out;
}

std::vector<SecretRule> read_rules(std::string_view toml, std::string_view key, bool theirs, std::optional<RuleFlaw>& flaw) {
  const toml::parse_result parsed = toml::parse(toml);
  const auto place_of = [](const toml::source_region& region) { return std::pair(region.begin.line, region.begin.column); };
  const auto fail = [&](std::pair<std::uint32_t, std::uint32_t> at, std::string_view message) {
    flaw = RuleFlaw{static_cast<int>(at.first), static_cast<int>(at.second), std::string(message)};
    return std::vector<SecretRule>();
  };
  if (!parsed) return fail(place_of(parsed.error().source()), parsed.error().description());
  std::vector<SecretRule> rules;
  const toml::node* node = parsed.table().at_path(key).node();
  if (node == nullptr) return rules;
  const toml::array* blocks = node->as_array();
  if (blocks == nullptr) return fail(place_of(node->source()), fmt::format("a rule is a table: write [[{}]]", key));
  for (const toml::node& element : *blocks) {
    const toml::table* table = element.as_table();
    if (table == nullptr) return fail(place_of(element.source()), fmt::format("a rule is a table: write [[{}]]", key));
    RuleBlock block(*table);
    SecretRule rule = read_rule(block, theirs);
    if (block.flaw()) {
      flaw = block.flaw();
      return {};
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

Result<std::vector<SecretRule>> read_rule_file(std::string_view toml, std::string_view file) {
  std::optional<RuleFlaw> flaw;
  std::vector<SecretRule> rules = read_rules(toml, "rule", false, flaw);
  if (flaw) return make_error(Code::invalid_config, fmt::format("{}:{}:{}: {}", file, flaw->line, flaw->column, flaw->message));
  return rules;
}

}  // namespace pg
