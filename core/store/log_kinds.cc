// One pass over the four columns that tell of findings.
#include "core/store/log_kinds.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "core/base/text.h"

namespace pg {
namespace {

struct KindCount {
  std::string_view kind;
  std::int64_t count = 1;
};

// "EMAIL:2"
KindCount read_kind_count(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  KindCount one{text.substr(0, colon), 1};
  if (colon != std::string_view::npos) std::from_chars(text.data() + colon + 1, text.data() + text.size(), one.count);
  return one;
}

class KindReader {
 public:
  KindReader(const LogField& by, const std::function<std::string(std::string_view)>& kind_of) : by_(by), kind_of_(kind_of) {}

  // A call that was blocked sent nothing: what else it had was neither replaced nor let through.
  void add(std::string_view redactions, std::string_view detected, std::string_view blocked, std::string_view places) {
    row_.clear();
    if (by_.kind == LogKind::rule) {
      add_rules(places, !blocked.empty());
    } else {
      const bool all = by_.sql != "redactions" && by_.sql != "detected" && by_.sql != "blocked";
      if (all || by_.sql == "redactions") add_counts(redactions, blocked.empty() ? &KindLine::redacted : nullptr);
      if (all || by_.sql == "detected") add_counts(detected, blocked.empty() ? &KindLine::detected : nullptr);
      if (all || by_.sql == "blocked") add_blocked(blocked);
    }
    for (const auto& [name, said] : row_) add_to(lines_[name], said);
    KindLine once;
    for (const auto& [name, said] : row_) add_to(once, said);
    once.requests = row_.empty() ? 0 : 1;
    once.blocked = std::min<std::int64_t>(once.blocked, 1);
    add_to(total_, once);
  }

  KindReport report() {
    KindReport report;
    report.total = total_;
    for (auto& [name, line] : lines_) {
      report.lines.push_back(line);
      report.lines.back().name = name;
    }
    std::stable_sort(report.lines.begin(), report.lines.end(),
                     [](const KindLine& a, const KindLine& b) { return a.requests > b.requests; });
    if (by_.kind != LogKind::rule) return report;
    for (KindLine& line : report.lines) line.redacted = line.detected = -1;
    report.total.redacted = report.total.detected = -1;
    return report;
  }

 private:
  static void add_to(KindLine& sum, const KindLine& more) {
    sum.requests += more.requests;
    sum.redacted += more.redacted;
    sum.detected += more.detected;
    sum.blocked += more.blocked;
  }

  KindLine& line_of(std::string_view name) {
    KindLine& line = row_[std::string(name)];
    line.requests = 1;
    return line;
  }
  void add_counts(std::string_view kinds, std::int64_t KindLine::*values) {
    for (const std::string_view text : Pieces(kinds, ',')) {
      const KindCount one = read_kind_count(trim(text));
      if (one.kind.empty()) continue;
      KindLine& line = line_of(one.kind);
      if (values != nullptr) line.*values += one.count;
    }
  }
  void add_blocked(std::string_view rules) {
    for (const std::string_view rule : Pieces(rules, ','))
      if (const auto id = trim(rule); !id.empty()) line_of(kind_of_(id)).blocked = 1;
  }
  // "messages[3].content: aws-access-key-id; system: iban". Of a blocked call they are those that blocked it.
  void add_rules(std::string_view places, bool is_blocked) {
    for (const std::string_view place : Pieces(places, ';')) {
      const std::size_t colon = place.rfind(": ");
      if (colon == std::string_view::npos) continue;
      for (const std::string_view id : Pieces(place.substr(colon + 2), ',')) line_of(trim(id)).blocked = is_blocked ? 1 : 0;
    }
  }

  const LogField& by_;
  const std::function<std::string(std::string_view)>& kind_of_;
  std::map<std::string, KindLine> row_, lines_;
  KindLine total_;
};

}  // namespace

bool groups_kinds(const LogField& by) {
  return by.kind == LogKind::kinds || by.kind == LogKind::rule;
}

Result<KindReport> read_kinds(Db& db, const LogQuery& query, const LogField& by,
                              const std::function<std::string(std::string_view rule)>& kind_of) {
  KindReader reader(by, kind_of);
  PG_TRY_STATUS(LogStore(db).visit(query, "redactions, detected, blocked, places", [&reader](const Statement& row) -> Status {
    if (row.view(0).empty() && row.view(1).empty() && row.view(2).empty()) return {};
    reader.add(row.view(0), row.view(1), row.view(2), row.view(3));
    return {};
  }));
  return reader.report();
}

}  // namespace pg
