// Words to a query.
#include "cmd/log_ask.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cmd/open.h"
#include "cmd/print.h"
#include "core/base/text.h"
#include "core/guard/rule_kinds.h"
#include "core/store/log_measure.h"

namespace pg {
namespace {

Result<LogReach> read_moments_of(std::string_view flag, const std::string& text, UnixMillis now) {
  if (text.empty()) return LogReach{};
  if (const auto reach = read_moments(text, now)) return *reach;
  return make_error(Code::bad_request,
                    fmt::format("{} '{}' is not a time: try 15m, 2h, 3mo, today, yesterday, 2026-11 or 2026-11-20T10:00Z", flag,
                                escape_controls(text)));
}

// Where rows end that are not after it: behind the whole of a day or a month. 0 would be no end at all.
UnixMillis end_of(const LogReach& until) {
  return std::max<UnixMillis>(until.most > until.least ? until.most + 1 : until.most, 1);
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) (c == '"' || c == '\\' ? out += '\\' : out) += c;
  return out + "\"";
}

}  // namespace

void add_ask(CLI::App& command, LogAsk& ask) {
  command.add_option("FILTER", ask.words, "field:value, see 'pg help filters'");
  command.add_option("--since", ask.since, "Not before: 15m, 2h, 3w, 6mo, 1y, today, yesterday, a date or a month (2026-11)")
      ->type_name("TIME");
  command.add_option("--until", ask.until, "Not after: the same forms; a day or a month is in it to its end")->type_name("TIME");
  command.add_flag("--explain", ask.explain, "Print how the database will look for it, and no rows");
}

Result<LogQuery> make_query(const Shell& shell, const LogAsk& ask, UnixMillis now) {
  LogQuery query;
  PG_TRY(const LogReach since, read_moments_of("--since", ask.since, now));
  PG_TRY(const LogReach until, read_moments_of("--until", ask.until, now));
  query.since = since.least;
  if (!ask.until.empty()) query.until = end_of(until);
  if (query.until > 0 && query.since >= query.until)
    return make_error(Code::bad_request, "--since is not before --until: no row could fit");
  std::vector<std::string> words = ask.words;
  if (!shell.project.empty()) {
    if (!words.empty()) {
      words.insert(words.begin(), "(");
      words.emplace_back(")");
    }
    words.push_back("project:" + in_quotes(shell.project));
  }
  if (auto parsed = parse_log_filters(words, now, query); !parsed) return parsed.error();
  if (query.where != nullptr && asks_for_kinds(*query.where)) {
    LogExpr wider = *query.where;
    add_rules_of_kinds(wider, shipped_rule_kinds());
    query.where = std::make_shared<const LogExpr>(std::move(wider));
  }
  return query;
}

// Rows know names of projects alone, and outlive them: it is no mistake to ask for one that is gone.
Result<LogRow> find_row(const Shell& shell, Db& db, const std::string& which) {
  LogStore store(db);
  if (which != "last") {
    PG_TRY(LogRow row, store.find(which));
    if (shell.project.empty() || equals_ignore_case(row.project, shell.project) || row.project_id == shell.project) return row;
    return make_error(Code::not_found,
                      fmt::format("the request {} is none of project {}", row.id, escape_controls(shell.project)));
  }
  LogRow found;
  PG_TRY(LogQuery newest, make_query(shell, {}, wall_clock().wall()));
  newest.limit = 1;
  PG_TRY_STATUS(store.select(newest, [&](const LogRow& row) { return found = row, true; }));
  if (found.id.empty())
    return make_error(Code::not_found, shell.project.empty()
                                           ? std::string("no requests yet")
                                           : fmt::format("no requests of project {} yet", escape_controls(shell.project)));
  return found;
}

int write_explained(Shell& shell, const std::string& text) {
  if (!shell.json) return shell.write(text), exit_ok;
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (const std::string_view line : split(text, '\n')) {
    if (trim(line).empty()) continue;
    const std::size_t end = std::min(line.find(' '), line.size());
    if (groups.empty() || groups.back().first != line.substr(0, end)) groups.push_back({std::string(line.substr(0, end)), {}});
    groups.back().second.emplace_back(trim(line.substr(end)));
  }
  std::string object = "{";
  for (const auto& [name, lines] : groups) json_raw(object, name, json_list(lines));
  shell.write(object + "}\n");
  return exit_ok;
}

namespace {

bool has_row(const Shell& shell, Db& db) {
  auto any = make_query(shell, {}, wall_clock().wall());
  if (!any) return false;
  any.value().limit = 1;
  bool found = false;
  const Status looked = LogStore(db).select(any.value(), [&found](const LogRow&) { return found = true; });
  return found || !looked;
}

}  // namespace

int note_nothing(Shell& shell, Workplace& place, const std::string& said) {
  if (!shell.project.empty()) {
    const auto project = chosen_project(shell, place.settings);
    const bool is_unknown = !project && project.error().code == Code::not_found;
    if (is_unknown && !has_row(shell, place.db)) return shell.fail(project.error());
  }
  shell.note(said);
  return exit_ok;
}

}  // namespace pg
