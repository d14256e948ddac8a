// What a pattern and an expression say of one text and one row. Linear in the text: `*` never backtracks past the last one.
#include <algorithm>
#include <utility>

#include "core/base/ascii.h"
#include "core/base/text.h"
#include "core/store/log_query.h"
#include "core/store/log_store.h"

namespace pg {
namespace {

// The bytes of the UTF-8 character at `at`; a broken one counts as one.
std::size_t character_size(std::string_view text, std::size_t at) {
  std::size_t size = 1;
  if ((static_cast<unsigned char>(text[at]) & 0xc0u) == 0xc0u)
    while (size < 4 && at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xc0u) == 0x80u) ++size;
  return size;
}

// `pattern` in lower case: `*`, `?` (one character), `\` before either takes its meaning.
bool fits_glob(std::string_view pattern, std::string_view text) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0, t = 0, star = kNone, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
      continue;
    }
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t += character_size(text, t);
    } else if (p < pattern.size() && pattern[p + (escaped ? 1 : 0)] == to_lower(text[t])) {
      p += escaped ? 2 : 1;
      ++t;
    } else if (star != kNone) {
      p = star + 1;
      resume += character_size(text, resume);
      t = resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool fits_kind(std::string_view pattern, std::string_view kinds) {
  for (const std::string_view kind : Pieces(kinds, ',')) {
    const std::size_t colon = std::min(kind.rfind(':'), kind.size());
    const std::string_view count = kind.substr(std::min(colon + 1, kind.size()));
    // "custom:employee" is a name with a colon of its own.
    const bool counted = !count.empty() && std::all_of(count.begin(), count.end(), is_digit);
    const std::string_view name = counted ? kind.substr(0, colon) : kind;
    if (!name.empty() && fits_glob(pattern, name)) return true;
  }
  return false;
}

// "messages[3].content: aws-access-key-id, jwt; system: iban"
bool fits_rule(std::string_view pattern, std::string_view places) {
  for (const std::string_view place : Pieces(places, ';')) {
    const std::size_t colon = place.rfind(": ");
    if (colon == std::string_view::npos) continue;
    for (const std::string_view id : Pieces(place.substr(colon + 2), ','))
      if (fits_glob(pattern, trim(id))) return true;
  }
  return false;
}

bool number_fits(const LogExpr& expr, std::int64_t value) {
  return value >= 0 && std::any_of(expr.tests.begin(), expr.tests.end(),
                                   [&](const LogTest& test) { return value >= test.least && value <= test.most; });
}

bool text_fits(const LogExpr& expr, std::string_view value) {
  return std::any_of(expr.tests.begin(), expr.tests.end(),
                     [&](const LogTest& test) { return test.pattern && test.pattern->matches(value); });
}

bool exists(const LogField& field, const LogRow& row) {
  if (field.kind == LogKind::model) return !row.model.empty() || !row.model_served.empty();
  if (joins_kinds(field)) return !row.redactions.empty() || !row.blocked.empty() || !row.detected.empty();
  return field.text != nullptr ? !field.text(row).empty() : field.number(row) >= least_there(field);
}

bool term_fits(const LogExpr& expr, const LogRow& row) {
  const LogField& field = *expr.field;
  if (field.kind == LogKind::model) return text_fits(expr, row.model) || text_fits(expr, row.model_served);
  return field.text != nullptr ? text_fits(expr, field.text(row)) : number_fits(expr, field.number(row));
}

}  // namespace

bool LogPattern::matches(std::string_view text) const {
  switch (how_) {
    case How::whole:
      return fits_glob(text_, text);
    case How::part:
      return contains_ignore_case(text, text_);
    case How::kinds:
      return fits_kind(text_, text);
    case How::rule:
      return fits_rule(text_, text);
    case How::regex:
      break;
  }
  return regex_->is_in(text);
}

bool LogPattern::is_plain() const {
  return how_ == How::whole && text_.find_first_of("*?\\") == std::string::npos;
}

bool matches_row(const LogExpr& expr, const LogRow& row) {
  const auto holds = [&](const LogExpr& part) { return matches_row(part, row); };
  switch (expr.op) {
    case LogExpr::Op::all_of:
      return std::all_of(expr.parts.begin(), expr.parts.end(), holds);
    case LogExpr::Op::any_of:
      return std::any_of(expr.parts.begin(), expr.parts.end(), holds);
    case LogExpr::Op::none_of:
      return std::none_of(expr.parts.begin(), expr.parts.end(), holds);
    case LogExpr::Op::exists:
      return exists(*expr.field, row);
    case LogExpr::Op::term:
      return term_fits(expr, row);
    case LogExpr::Op::word:
      break;
  }
  return text_fits(expr, row.path) || text_fits(expr, row.model) || text_fits(expr, row.model_served) ||
         text_fits(expr, row.error);
}

Status parse_log_filters(std::span<const std::string> words, UnixMillis now, LogQuery& query) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  PG_TRY(LogExpr expr, parse_log_query(text, now));
  const bool everything = expr.op == LogExpr::Op::all_of && expr.parts.empty();
  query.where = everything ? nullptr : std::make_shared<const LogExpr>(std::move(expr));
  return {};
}

}  // namespace pg
