// JSON Schema (2020-12, and what draft 7 has in common with it) for what endpoints take and give: compiled once, then checked in
// bounded time. No references beyond the schema itself; a keyword that is not checked here is refused, not overlooked.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pg {

/// Immutable; threads may share it.
class JsonSchema {
 public:
  /// bad_request that says where ("/properties/age: …") for what is no schema, or one with words that are not checked here.
  static Result<std::shared_ptr<const JsonSchema>> make(std::string_view text);
  ~JsonSchema();

  /// What of `value`, which is JSON, does not fit: "text is missing", "items[2].age must be an integer". At most `most` of them;
  /// none when it fits. Never a value out of `value`. Names of members are the schema's own, and those it does not know cut
  /// short.
  std::vector<std::string> find_flaws(std::string_view value, std::size_t most = 5) const;

  /// As it was written.
  const std::string& text() const { return text_; }
  /// Whether every object in it is closed and all of its members required, as OpenAI's strict mode wants it.
  bool is_strict() const;

  struct Node;
  struct Rules;

 private:
  JsonSchema();
  std::string text_;
  std::unique_ptr<Rules> rules_;
};

}  // namespace pg
