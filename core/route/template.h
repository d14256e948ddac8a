// Prompt templates of endpoints: "Sum up in {{words|100}} words: {{text}}". Filled with a call's input, in one pass: what an
// input holds is never read as a template again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/wire/json_doc.h"

namespace pg {

/// Immutable; threads may share it.
class PromptTemplate {
 public:
  /// "{{name}}" stands for that member of the input, "{{user.name}}" for a member of a member, "{{name|words}}" for "words" where
  /// the input has none; "{{{{" is two braces. bad_request for what is none of these; detail is the byte where it stands.
  static Result<PromptTemplate> make(std::string_view text);

  struct Variable {
    std::string name;          // "user.name"
    bool has_default = false;  // everywhere it stands
  };
  /// In the order of their first place, each once.
  const std::vector<Variable>& variables() const { return variables_; }

  /// Texts as they are, numbers and truth as JSON spells them, lists and tables as JSON. bad_request for a variable that the
  /// input lacks (or has as null) where the template has no default.
  Result<std::string> fill(JsonView input) const;

 private:
  struct Piece {
    std::string text;      // as it is, or what stands for the variable where the input has none
    std::string variable;  // "" = text
    bool has_default = false;
  };
  void add(Piece piece);

  std::vector<Piece> pieces_;
  std::vector<Variable> variables_;
};

}  // namespace pg
