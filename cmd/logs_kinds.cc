// The report of core/store/log_kinds.h in three forms, and the kinds of rules that only the guards know.
#include "cmd/logs_kinds.h"

#include <map>

#include "cmd/log_ask.h"
#include "cmd/log_values.h"
#include "cmd/print.h"
#include "core/base/ascii.h"
#include "core/guard/guard.h"
#include "core/guard/secrets.h"

namespace pg {
namespace {

// Of a rule that is no longer there, its name the way kinds are written.
class RuleKinds {
 public:
  explicit RuleKinds(const Settings& settings) : settings_(settings) {}
  std::string kind_of(std::string_view rule) {
    if (!is_read_) read();
    if (const auto known = kinds_.find(rule); known != kinds_.end()) return known->second;
    std::string kind(rule);
    for (char& c : kind) c = c == '-' ? '_' : to_upper(c);
    return kind;
  }

 private:
  void read() {
    is_read_ = true;
    const auto guards = Guards::make(shipped_secret_rules(), settings_.guards);
    if (!guards) return;
    for (const Rule& rule : guards.value()->rules()) kinds_.emplace(rule.id, rule.kind);
  }

  const Settings& settings_;
  bool is_read_ = false;
  std::map<std::string, std::string, std::less<>> kinds_;
};

std::string kind_json(const KindLine& line) {
  std::string object = "{";
  json_field(object, "name", line.name);
  json_number(object, "requests", line.requests);
  json_known(object, "redacted_values", line.redacted);
  json_known(object, "detected_values", line.detected);
  json_number(object, "blocked", line.blocked);
  return object + "}";
}

std::string kinds_json(const KindReport& report, const LogField& by, std::int64_t without_row) {
  std::string lines;
  for (const KindLine& line : report.lines) lines += (lines.empty() ? "" : ",") + kind_json(line);
  std::string object = "{";
  json_field(object, "by", by.name);
  json_raw(object, "groups", "[" + lines + "]");
  json_raw(object, "total", kind_json(report.total));
  json_number(object, "calls_without_row", without_row);
  return object + "}\n";
}

std::string kinds_csv(const KindReport& report, const LogField& by) {
  std::string out = std::string(by.name) + ",requests,redacted_values,detected_values,blocked\n";
  const auto known = [](std::int64_t number) { return number < 0 ? std::string() : std::to_string(number); };
  for (const KindLine& line : report.lines)
    out += fmt::format("{},{},{},{},{}\n", csv_cell(line.name), line.requests, known(line.redacted), known(line.detected),
                       line.blocked);
  return out;
}

std::vector<Cell> kind_cells(const Shell& shell, const KindLine& line) {
  const auto count = [&](std::int64_t number) {
    return number < 0 ? "–" : shell.out_tty ? count_cell(number) : std::to_string(number);
  };
  return {{line.name, Color::bold},
          {count(line.requests)},
          {count(line.redacted)},
          {count(line.detected), line.detected > 0 ? Color::cyan : Color::plain},
          {count(line.blocked), line.blocked > 0 ? Color::yellow : Color::plain}};
}

}  // namespace

int write_kinds(Shell& shell, Workplace& place, const LogQuery& query, const LogField& by, bool csv, std::int64_t without_row) {
  RuleKinds kinds(place.settings);
  const auto kind_of = [&kinds](std::string_view rule) { return kinds.kind_of(rule); };
  const KindReport report = read_kinds(place.db, query, by, kind_of).value();
  if (shell.json) return shell.write(kinds_json(report, by, without_row)), exit_ok;
  if (csv) return shell.write(kinds_csv(report, by)), exit_ok;
  if (report.lines.empty()) return note_nothing(shell, place, "nothing was found in a row that fits");
  std::string title(by.name);
  for (char& c : title) c = to_upper(c);
  Table table({{title, Align::left, 0, 8},
               {"REQUESTS", Align::right},
               {"REDACTED", Align::right},
               {"DETECTED", Align::right},
               {"BLOCKED", Align::right}});
  for (const KindLine& line : report.lines) table.add(kind_cells(shell, line));
  if (report.lines.size() > 1 && shell.out_tty) {
    KindLine total = report.total;
    total.name = "total";
    table.add(kind_cells(shell, total));
  }
  shell.write(table.text(shell));
  return exit_ok;
}

}  // namespace pg
