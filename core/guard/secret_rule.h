// SecretRule: one block of secrets.toml, as the finder uses it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/guard/anchors.h"
#include "core/guard/byte_set.h"
#include "core/guard/matcher.h"
#include "core/guard/rule.h"
#include "core/guard/validators.h"

namespace pg {

struct SecretRule {
  Rule rule;
  std::vector<std::string> keywords;  // as written
  std::vector<Anchor> anchors;        // of the keywords
  std::unique_ptr<Pattern> pattern;   // matched where a keyword begins, or `before` it
  int group = 0;                      // which group is the secret
  ByteSet before;                     // the value may begin up to `before_max` of these bytes ahead of the keyword
  std::size_t before_max = 0;
  char ahead = 0;  // unless 0: a byte that stands within `ahead_max` bytes of every value's keyword; looked for first
  std::size_t ahead_max = 0;
  ByteSet left;            // bytes that must not stand left of the match
  ByteSet right;           // nor right of it
  double entropy_min = 0;  // bits per byte of the secret
  int min_digits = 0, min_lower = 0, min_upper = 0;
  std::vector<Validator> validators;
  std::vector<std::string> validator_names;
  std::vector<std::string> samples;  // first 16 hex digits of SHA-256 of published sample values
  bool placeholders = true;          // refuse obvious stand-ins: runs, sequences, EXAMPLE
  std::string near;                  // found only within `near_bytes` of a finding of that rule; has no keywords then
  std::size_t near_bytes = 0;
  std::size_t run_length = 0;                          // near: length of the runs of `right` that are candidates
  bool opt_in = false;                                 // only for who asks for it: too noisy to be on for everybody
  std::string source;                                  // where the shape is documented
  std::vector<std::string> examples, counterexamples;  // in the language of rule_examples.h
};

/// True for values that only stand for a secret: 8 equal characters in a row, alphabetic or numeric sequences of 8, EXAMPLE,
/// REDACTED, your-… and the like.
bool is_placeholder(std::string_view value);

/// The SHA-256 prefix under which SecretRule::samples knows a value.
std::string sample_hash(std::string_view value);

}  // namespace pg
