// SecretRules: the shipped secret rules and the one pass that finds them. Immutable after loading, shared by all threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/guard/anchors.h"
#include "core/guard/rule.h"
#include "core/guard/secret_rule.h"

namespace pg {

/// A text that holds rules, and what to call it in errors.
struct RuleText {
  std::string file;
  std::string toml;
};

/// Which rules a scan goes by, beyond the shipped ones.
struct RuleChoice {
  std::vector<RuleText> more;        // [[scan.rule]] blocks; an id that exists already is replaced
  std::vector<std::string> disable;  // ids
  bool opt_in = false;               // also the rules that are only for who asks
};

class SecretRules {
 public:
  /// The rules of a TOML file; `file` names it in errors. invalid_config for a malformed block or two rules of one id.
  static Result<std::shared_ptr<const SecretRules>> read(std::string_view toml, std::string_view file);

  /// The shipped rules as `choice` changes them. invalid_config as read(), and for an id to disable that no rule has.
  static Result<std::shared_ptr<const SecretRules>> choose(const RuleChoice& choice);

  /// Appends what stands in `text`: in order of discovery, not merged, every rule.
  void find(std::string_view text, std::vector<Finding>& out) const;

  std::span<const SecretRule> rules() const { return rules_; }
  std::uint64_t fingerprint() const { return fingerprint_; }

 private:
  static Result<std::shared_ptr<const SecretRules>> make(std::vector<SecretRule> rules, std::string_view file);
  void judge(std::string_view text, const AnchorTable::Hit& hit, std::vector<Finding>& out) const;
  bool judge_at(std::string_view text, std::size_t begin, RuleIndex index, std::vector<Finding>& out) const;
  void find_near(std::string_view text, std::size_t first, std::vector<Finding>& out) const;
  void judge_run(std::string_view text, Place run, RuleIndex index, std::vector<Finding>& out) const;

  std::vector<SecretRule> rules_;
  std::vector<std::pair<RuleIndex, RuleIndex>> near_;  // rule with `near`, the rule it names
  std::unique_ptr<AnchorTable> anchors_;
  std::uint64_t fingerprint_ = 0;  // of ids and expressions; the version of the program stands for the rest of shipped rules
};

/// The rules built into the binary, read on first use; never null.
std::shared_ptr<const SecretRules> shipped_secret_rules();

/// FNV-1a, for fingerprints of settings: stable between runs.
std::uint64_t fnv1a(std::string_view bytes, std::uint64_t hash = 0xCBF29CE484222325ULL);

}  // namespace pg
