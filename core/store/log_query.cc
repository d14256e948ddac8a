// A hand-written descent over the text. Every number of parts, every depth and every length has its limit.
#include "core/store/log_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/ascii.h"
#include "core/base/text.h"
#include "core/store/log_measure.h"

namespace pg {
namespace {

constexpr std::size_t kMaxQueryText = 16'384;
constexpr std::size_t kMaxTests = 500;  // well under SQLite's 32766 variables and 1000 levels of expression
constexpr int kMaxQueryDepth = 32;
constexpr std::int64_t kMostNumber = std::numeric_limits<std::int64_t>::max();

bool ends_value(char c) {
  return is_blank(c) || c == ',' || c == ')' || c == '(';
}

bool is_measure(LogKind kind) {
  return kind == LogKind::status || kind == LogKind::number || kind == LogKind::size || kind == LogKind::duration ||
         kind == LogKind::money || kind == LogKind::time;
}

std::string_view wanted_of(LogKind kind) {
  switch (kind) {
    case LogKind::status:
      return "a status such as 429 or 4xx";
    case LogKind::number:
      return "a number such as >1000 or 10k";
    case LogKind::size:
      return "a size such as >2MB";
    case LogKind::duration:
      return "a duration such as >2s or <300ms";
    case LogKind::money:
      return "an amount such as >$0.05";
    case LogKind::time:
      return "a time such as >2h (ago), today or 2026-11-20T10:00Z";
    default:
      return "true or false";
  }
}

// How a request may end. Another word would fit no row, as if there were none such.
bool is_outcome(std::string_view word) {
  return word == "ok" || word == "error" || word == "blocked" || word == "canceled";
}

class QueryParser {
 public:
  QueryParser(std::string_view text, std::int64_t now) : text_(text), now_(now) {}

  Result<LogExpr> parse() {
    if (text_.size() > kMaxQueryText) return make_error(Code::bad_request, "the query is too long");
    skip_blanks();
    if (at_ == text_.size()) return LogExpr{};
    PG_TRY(LogExpr expr, parse_or(0));
    skip_blanks();
    if (at_ < text_.size()) return mistake("\")\" without \"(\"");
    return expr;
  }

 private:
  Error mistake(std::string message) const { return mistake_at(at_, std::move(message)); }
  Error mistake_at(std::size_t at, std::string message) const {
    return make_error(Code::bad_request, std::move(message), fmt::format("column {} of the query", at + 1));
  }
  Error bad_value(const LogField& field, std::string_view value) const {
    return mistake(fmt::format("{}: \"{}\" is not {}", field.name, escape_controls(value.substr(0, 64)), wanted_of(field.kind)));
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  bool at_end() const { return at_ >= text_.size(); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  // Takes the keyword, in any case, when it stands alone.
  bool take_keyword(std::string_view word) {
    if (!equals_ignore_case(text_.substr(at_, word.size()), word)) return false;
    const std::size_t next = at_ + word.size();
    if (next < text_.size() && !is_blank(text_[next]) && text_[next] != '(' && text_[next] != ')') return false;
    at_ = next;
    return true;
  }

  Result<LogExpr> parse_or(int depth) {
    if (depth > kMaxQueryDepth) return mistake("too many parentheses inside each other");
    LogExpr any;
    any.op = LogExpr::Op::any_of;
    for (;;) {
      PG_TRY(LogExpr all, parse_and(depth));
      any.parts.push_back(std::move(all));
      skip_blanks();
      if (!take_keyword("OR")) break;
    }
    if (any.parts.size() == 1) return std::move(any.parts.front());
    return any;
  }

  Result<LogExpr> parse_and(int depth) {
    LogExpr all;
    for (;;) {
      PG_TRY(LogExpr term, parse_term(depth));
      all.parts.push_back(std::move(term));
      skip_blanks();
      if (take_keyword("AND")) continue;
      const std::size_t before = at_;
      const bool more = !at_end() && peek() != ')' && !take_keyword("OR");
      at_ = before;
      if (!more) break;
    }
    if (all.parts.size() == 1) return std::move(all.parts.front());
    return all;
  }

  Result<LogExpr> parse_term(int depth) {
    skip_blanks();
    const bool sign = (peek() == '-' || peek() == '!') && at_ + 1 < text_.size() && !ends_operand(peek(1));
    if (sign) ++at_;
    const bool shouted = text_.substr(at_, 3) == "NOT";
    if (sign || take_keyword("NOT")) {
      // `not found` is what errors say: who looks for that would get its opposite.
      if (!sign && !shouted && !begins_term())
        return mistake("\"not\" in front of a word: write NOT, or put what is looked for in quotes: '\"not found\"'");
      LogExpr none;
      none.op = LogExpr::Op::none_of;
      if (depth > kMaxQueryDepth) return mistake("too many negations inside each other");
      PG_TRY(LogExpr term, parse_term(depth + 1));
      none.parts.push_back(std::move(term));
      return none;
    }
    if (peek() != '(') return parse_operand();
    ++at_;
    PG_TRY(LogExpr inner, parse_or(depth + 1));
    skip_blanks();
    if (peek() != ')') return mistake("a parenthesis is not closed");
    ++at_;
    return inner;
  }

  // A field, a parenthesis or a sign comes next, and no word that is looked for.
  bool begins_term() {
    skip_blanks();
    if (peek() == '(' || peek() == '-' || peek() == '!') return true;
    std::size_t end = at_;
    while (end < text_.size() && is_name_char(text_[end])) ++end;
    return end > at_ && end < text_.size() && text_[end] == ':';
  }

  static bool is_name_char(char c) { return is_alnum(c) || c == '.' || c == '_'; }
  static bool ends_operand(char c) { return is_blank(c) || c == ')'; }

  Result<LogExpr> parse_operand() {
    const std::size_t begin = at_;
    if (at_end() || peek() == ')' || take_keyword("OR") || take_keyword("AND"))
      return mistake_at(begin, "a term is missing, such as status:429");
    std::size_t name_end = at_;
    while (name_end < text_.size() && is_name_char(text_[name_end])) ++name_end;
    if (name_end == text_.size() || text_[name_end] != ':') return parse_word();
    if (name_end == at_) return mistake("a field is missing in front of \":\"");
    const std::string name = to_lower(text_.substr(at_, name_end - at_));
    const LogField* field = find_log_field(name);
    if (field == nullptr) {
      Error error = unknown_log_field(name);
      error.detail = fmt::format("column {} of the query", begin + 1);
      return error;
    }
    at_ = name_end + 1;
    return parse_values(*field);
  }

  Result<LogExpr> parse_word() {
    LogExpr word;
    word.op = LogExpr::Op::word;
    if (++tests_ > kMaxTests) return mistake("too many values");
    std::string text;
    bool globs = false;
    if (peek() == '"') {
      PG_TRY(text, parse_quoted());
    } else {
      const std::size_t begin = at_;
      while (!at_end() && !is_blank(peek()) && peek() != '(' && peek() != ')') ++at_;
      text = text_.substr(begin, at_ - begin);
      globs = text.find_first_of("*?") != std::string::npos;
    }
    if (text.empty()) return mistake("an empty phrase");
    using How = LogPattern::How;
    word.tests.push_back({globs ? LogPattern(How::whole, "*" + spell_glob(text) + "*") : LogPattern(How::part, to_lower(text))});
    return word;
  }

  // Between quotes `\"` and `\\` are what they show.
  Result<std::string> parse_quoted() {
    const std::size_t begin = at_++;
    std::string text;
    while (!at_end() && peek() != '"') {
      if (peek() == '\\' && (peek(1) == '"' || peek(1) == '\\')) ++at_;
      text += text_[at_++];
    }
    if (at_end()) return mistake_at(begin, "a quote is not closed");
    ++at_;
    return text;
  }

  static std::string spell_glob(std::string_view word) {
    std::string pattern;
    for (const char c : word) (c == '\\' ? pattern += '\\' : pattern) += c;
    return to_lower(pattern);
  }
  static std::string spell_literal(std::string_view text) {
    std::string pattern;
    for (const char c : text) (c == '\\' || c == '*' || c == '?' ? pattern += '\\' : pattern) += c;
    return to_lower(pattern);
  }

  Result<LogExpr> parse_values(const LogField& field) {
    LogExpr term;
    term.field = &field;
    term.op = LogExpr::Op::term;
    if (peek() == '*' && (at_ + 1 == text_.size() || is_blank(peek(1)) || peek(1) == ')')) {
      ++at_;
      term.op = LogExpr::Op::exists;
      return term;
    }
    for (;;) {
      if (++tests_ > kMaxTests) return mistake("too many values");
      PG_TRY(LogTest test, is_measure(field.kind) ? parse_measure(field) : parse_text(field));
      term.tests.push_back(std::move(test));
      const auto& pattern = term.tests.back().pattern;
      // A session and the agents under it, which have its id, a slash and their own.
      if (field.name == "session" && pattern && pattern->is_plain() && !pattern->text().empty())
        term.tests.push_back({LogPattern(LogPattern::How::whole, pattern->text() + "/*")});
      if (peek() != ',') break;
      ++at_;
    }
    return term;
  }

  Result<std::string> parse_bare() {
    const std::size_t begin = at_;
    while (!at_end() && !ends_value(peek())) ++at_;
    if (at_ == begin) return mistake("a value is missing; write \"field:value\"");
    return std::string(text_.substr(begin, at_ - begin));
  }

  // "/…/" that ends where the value ends; a path such as /v1/messages is none. Case never matters, so that "/…/i" says nothing
  // new; of a path, /v1/i is one.
  std::optional<std::string> take_regex(bool is_path) {
    if (peek() != '/') return std::nullopt;
    for (std::size_t i = at_ + 1; i < text_.size() && !is_blank(text_[i]); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '/' && i > at_ + 1) {
        const std::size_t end = i + (!is_path && text_.substr(i + 1, 1) == "i" ? 2 : 1);
        if (end < text_.size() && !is_blank(text_[end]) && text_[end] != ')') continue;
        std::string regex(text_.substr(at_ + 1, i - at_ - 1));
        at_ = end;
        return regex;
      }
    }
    return std::nullopt;
  }

  Result<LogTest> parse_text(const LogField& field) {
    LogTest test;
    using How = LogPattern::How;
    const How how = field.kind == LogKind::kinds ? How::kinds : field.kind == LogKind::rule ? How::rule : How::whole;
    if (field.kind == LogKind::yes_no) {
      PG_TRY(const std::string word, parse_bare());
      const std::string lower = to_lower(word);
      const bool yes = lower == "true" || lower == "yes";
      if (!yes && lower != "false" && lower != "no") return bad_value(field, word);
      test.least = test.most = yes ? 1 : 0;
    } else if (peek() == '"') {
      PG_TRY(const std::string text, parse_quoted());
      test.pattern.emplace(how, spell_literal(text));
    } else if (const auto expression = take_regex(field.sql == "path")) {
      PG_TRY(Regex regex, Regex::make(*expression));
      test.pattern.emplace(std::move(regex));
    } else {
      PG_TRY(const std::string text, parse_bare());
      test.pattern.emplace(how, spell_glob(text));
    }
    if (field.sql == "outcome" && test.pattern && test.pattern->is_plain() && !is_outcome(test.pattern->text()))
      return mistake(fmt::format("{}: \"{}\" is not ok, error, blocked or canceled", field.name,
                                 escape_controls(test.pattern->text().substr(0, 64))));
    return test;
  }

  Result<LogTest> parse_measure(const LogField& field) {
    if (peek() == '[') return parse_brackets(field);
    std::string_view op;
    for (const std::string_view candidate : {">=", "<=", ">", "<"})
      if (op.empty() && text_.substr(at_, candidate.size()) == candidate) op = candidate;
    at_ += op.size();
    std::string value;
    if (peek() == '"') {
      PG_TRY(value, parse_quoted());
    } else {
      PG_TRY(value, parse_bare());
    }
    const std::size_t dots = op.empty() ? value.find("..") : std::string::npos;
    if (dots != std::string::npos) return make_range(field, value.substr(0, dots), value.substr(dots + 2));
    const auto reach = read_reach(field.kind, value, now_);
    if (!reach) return bad_value(field, value);
    LogTest test;
    test.least = op == ">" ? reach->most + 1 : op.empty() || op == ">=" ? reach->least : 0;
    test.most = op == "<" ? reach->least - 1 : op.empty() || op == "<=" ? reach->most : kMostNumber;
    return test;
  }

  Result<LogTest> make_range(const LogField& field, std::string_view from, std::string_view to) {
    const auto least = read_reach(field.kind, from, now_);
    if (!least) return bad_value(field, from);
    const auto most = read_reach(field.kind, to, now_);
    if (!most) return bad_value(field, to);
    LogTest test;
    test.least = least->least;
    test.most = most->most;
    if (test.least > test.most)
      return mistake(fmt::format("{}: a range goes up: \"{}\" is more than \"{}\"", field.name,
                                 escape_controls(from.substr(0, 64)), escape_controls(to.substr(0, 64))));
    return test;
  }

  Result<LogTest> parse_brackets(const LogField& field) {
    const std::size_t close = text_.find(']', at_);
    if (close == std::string_view::npos) return mistake("a bracket is not closed");
    const std::string_view inside = text_.substr(at_ + 1, close - at_ - 1);
    const std::size_t to = inside.find(" TO ");
    if (to == std::string_view::npos) return mistake("a range is written [a TO b] or a..b");
    at_ = close + 1;
    return make_range(field, trim(inside.substr(0, to)), trim(inside.substr(to + 4)));
  }

  std::string_view text_;
  std::int64_t now_;
  std::size_t at_ = 0;
  std::size_t tests_ = 0;
};

}  // namespace

Result<LogExpr> parse_log_query(std::string_view text, std::int64_t now) {
  return QueryParser(text, now).parse();
}

}  // namespace pg
