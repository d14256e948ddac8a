// One field of a log row as text: for people, for programs, in a template, in CSV.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/store/log_query.h"
#include "core/store/log_store.h"

namespace pg {

enum class Reader { people, programs };

/// The field's value. What is not known is "–" for people and nothing for programs.
std::string log_value(const LogField& field, const LogRow& row, Reader reader);

/// "$0.0231", "~$0.0231" when estimated, "?" when the price is not known, "–" when there is nothing to pay for.
std::string cost_cell(const LogRow& row);
/// The same for a sum over rows: "$1.93", with "~" when a part is estimated and "+ ?" when a part is not known.
std::string cost_cell(const LogSums& sums);
/// The same off a terminal, where only the dollar sign and the rounding go: "~1.93+?".
std::string piped_cost(const LogSums& sums);
/// And for programs: "1.93", or `unknown` when no price of what it is made of is known: that is not nothing.
std::string spell_cost(const LogSums& sums, std::string_view unknown);
/// What cache breaks cost, by the same rule.
std::string spell_cache_loss(const LogSums& sums, std::string_view unknown);

/// "time,model,cost" as fields. bad_request for one that is not known.
Result<std::vector<const LogField*>> parse_fields(std::string_view text);

/// `{time} {model}`: text with fields in braces, `\t`, `\n`, `\{` for what they show.
class LogTemplate {
 public:
  /// bad_request for an unknown field or a brace that is not closed.
  static Result<LogTemplate> make(std::string_view text);
  /// One line, with its end; control bytes from traffic are escaped.
  std::string line(const LogRow& row) const;

 private:
  struct Part {
    std::string text;
    const LogField* field = nullptr;
    bool flags = false;
  };
  std::vector<Part> parts_;
};

/// A CSV field (RFC 4180): quoted where needed, control bytes escaped, and nothing a spreadsheet would run as a formula.
std::string csv_cell(std::string_view text);

}  // namespace pg
