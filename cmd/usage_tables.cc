// Tables over sums.
#include "cmd/usage_tables.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>

#include "cmd/log_values.h"
#include "cmd/print.h"
#include "core/access/prices.h"
#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr int kBarCells = 12;

std::string group_name(const UsageLine& line, UsageBy by) {
  if (by == UsageBy::day) return date_cell(line.time).substr(0, 10);
  if (by == UsageBy::hour) return date_cell(line.time);
  return line.name;
}

/// What the bars measure: money where there is any, else tokens, else requests.
std::int64_t weight(const LogSums& sums, const LogSums& total) {
  if (total.cost > 0) return sums.cost;
  const auto tokens = sums.input_tokens + sums.output_tokens;
  return total.input_tokens + total.output_tokens > 0 ? tokens : sums.requests;
}

std::string bar(std::int64_t value, std::int64_t most) {
  if (most <= 0 || value <= 0) return {};
  const auto halves = std::max<std::int64_t>(1, value * 2 * kBarCells / most);
  std::string out;
  for (std::int64_t i = 0; i < halves / 2; ++i) out += "█";
  return out + (halves % 2 == 1 ? "▌" : "");
}

std::int64_t weight(const UsagePoint& point, const LogSums& total) {
  LogSums sums;
  sums.cost = point.cost;
  sums.input_tokens = point.tokens;
  sums.requests = point.requests;
  return weight(sums, total);
}

// Periods of time in at most as many cells, each as high as its periods are on average; the highest is full, one without anything
// is blank.
class Sparkline {
 public:
  /// From the period that begins at `first` to the one that begins at `last`. A day may be an hour longer or shorter than others.
  Sparkline(UnixMillis first, UnixMillis last, UnixMillis period)
      : first_(first),
        period_(period),
        periods_((last - first + period / 2) / period + 1),
        cells_(static_cast<std::size_t>(std::min<std::int64_t>(periods_, kBarCells))) {}
  void add(UnixMillis time, std::int64_t value) {
    const std::int64_t number = std::clamp<std::int64_t>((time - first_ + period_ / 2) / period_, 0, periods_ - 1);
    cells_[static_cast<std::size_t>(number * std::ssize(cells_) / periods_)] += static_cast<double>(value);
  }
  std::string text() const {
    static constexpr std::string_view kSteps[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    std::vector<double> heights(cells_.size());
    for (std::int64_t i = 0; i < std::ssize(cells_); ++i)
      heights[static_cast<std::size_t>(i)] =
          cells_[static_cast<std::size_t>(i)] / static_cast<double>(begin_of(i + 1) - begin_of(i));
    const double most = *std::max_element(heights.begin(), heights.end());
    std::string out;
    for (const double height : heights)
      out += height <= 0 ? std::string_view(" ")
                         : kSteps[static_cast<std::size_t>(std::clamp(std::ceil(height / most * 8), 1.0, 8.0)) - 1];
    while (out.ends_with(' ')) out.pop_back();
    return out;
  }

 private:
  // The first period that add() puts into that cell.
  std::int64_t begin_of(std::int64_t cell) const { return (cell * periods_ + std::ssize(cells_) - 1) / std::ssize(cells_); }

  UnixMillis first_;
  std::int64_t period_, periods_;
  std::vector<double> cells_;
};

// The course of all groups over the same time, each against its own highest; nothing where there is but one hour.
std::vector<std::string> trends(const UsageReport& report) {
  UnixMillis first = std::numeric_limits<UnixMillis>::max(), last = 0;
  for (const UsageLine& line : report.lines) {
    if (line.trend.empty()) continue;
    first = std::min(first, line.trend.front().time);
    last = std::max(last, line.trend.back().time);
  }
  std::vector<std::string> texts;
  if (last <= first) return texts;
  for (const UsageLine& line : report.lines) {
    Sparkline sparkline(first, last, kHour);
    for (const UsagePoint& point : line.trend) sparkline.add(point.time, weight(point, report.total));
    texts.push_back(sparkline.text());
  }
  return texts;
}

// Days or hours stand below each other; the line of their sum shows them all in a row.
std::string total_course(const UsageReport& report, UsageBy by) {
  if (report.lines.size() < 3) return {};
  Sparkline sparkline(report.lines.front().time, report.lines.back().time, by == UsageBy::day ? kDay : kHour);
  for (const UsageLine& line : report.lines) sparkline.add(line.time, weight(line.sums, report.total));
  return sparkline.text();
}

std::vector<Cell> sum_cells(const Shell& shell, const LogSums& sums) {
  const auto count = [&](std::int64_t n) { return shell.out_tty ? count_cell(n) : std::to_string(n); };
  const std::string cached =
      shell.out_tty ? (sums.input_tokens > 0 ? fmt::format("{}%", sums.cached_tokens * 100 / sums.input_tokens) : "–")
                    : std::to_string(sums.cached_tokens);
  return {{count(sums.requests)},      {count(sums.errors), sums.errors > 0 ? Color::red : Color::plain},
          {count(sums.input_tokens)},  {cached},
          {count(sums.output_tokens)}, {shell.out_tty ? cost_cell(sums) : piped_cost(sums)}};
}

Table usage_frame(UsageBy by, bool trend) {
  std::string title(usage_groups()[static_cast<std::size_t>(by)]);
  for (char& c : title) c = to_upper(c);
  std::vector<Column> columns{{title, Align::left, 0, 10}, {"REQUESTS", Align::right},     {"ERRORS", Align::right, 3},
                              {"IN", Align::right, 2},     {"CACHED", Align::right, 4},    {"OUT", Align::right, 1},
                              {"COST", Align::right},      {"", Align::left, 5, kBarCells}};
  if (trend) columns.push_back({"TREND", Align::left, 6, kBarCells});
  return Table(std::move(columns));
}

struct SessionTree {
  LogSums sums;
  const UsageLine* root = nullptr;
  std::vector<const UsageLine*> agents;
};

// "SESSION/AGENT" stands below "SESSION", which holds the sum of all.
void add_sessions(Table& table, const Shell& shell, const UsageReport& report) {
  std::vector<std::string> order;
  std::map<std::string, SessionTree> trees;
  for (const UsageLine& line : report.lines) {
    const std::string session = line.name.substr(0, line.name.find('/'));
    auto& tree = trees[session];
    if (tree.sums.requests == 0) order.push_back(session);
    tree.sums.add(line.sums);
    if (line.name == session)
      tree.root = &line;
    else
      tree.agents.push_back(&line);
  }
  std::stable_sort(order.begin(), order.end(), [&](const std::string& a, const std::string& b) {
    return weight(trees[a].sums, report.total) > weight(trees[b].sums, report.total);
  });
  std::int64_t most = 0;
  for (const auto& [name, tree] : trees) most = std::max(most, weight(tree.sums, report.total));
  const auto add = [&](const std::string& name, const LogSums& sums) {
    std::vector<Cell> cells{{name}};
    for (Cell& cell : sum_cells(shell, sums)) cells.push_back(std::move(cell));
    if (shell.out_tty) cells.push_back({bar(weight(sums, report.total), most), Color::cyan});
    table.add(std::move(cells));
  };
  for (const std::string& name : order) {
    const SessionTree& tree = trees[name];
    add(name.empty() ? "(no session)" : name, tree.sums);
    for (std::size_t i = 0; i < tree.agents.size(); ++i)
      add((i + 1 == tree.agents.size() ? "└ " : "├ ") + tree.agents[i]->name.substr(name.size() + 1), tree.agents[i]->sums);
  }
}

void add_total(Table& table, const Shell& shell, const LogSums& total, std::string course) {
  std::vector<Cell> cells{{"total", Color::bold}};
  for (Cell& cell : sum_cells(shell, total)) cells.push_back(std::move(cell));
  if (!course.empty()) cells.push_back({std::move(course), Color::cyan});
  table.add(std::move(cells));
}

// Only when there is something to say, and never in what a program reads.
std::string cache_break_note(const Shell& shell, const LogSums& total) {
  if (!shell.out_tty || total.cache_breaks == 0) return {};
  const std::string known = spell_cache_loss(total, "");
  const std::string lost = known.empty() ? "?" : format_usd(total.cache_lost_cost);
  const std::string note = fmt::format("{} cache break{}: {} tokens read anew, {} more", count_cell(total.cache_breaks),
                                       total.cache_breaks == 1 ? "" : "s", count_cell(total.cache_lost), lost);
  return fmt::format("\n{}\npg logs search 'cache_break:*'\n",
                     fmt::join(wrapped(note, static_cast<std::size_t>(shell.width)), "\n"));
}

std::string sums_json(std::string object, const LogSums& sums) {
  json_number(object, "requests", sums.requests);
  json_number(object, "errors", sums.errors);
  json_number(object, "blocked", sums.blocked);
  json_number(object, "redacted", sums.redacted);
  json_number(object, "input_tokens", sums.input_tokens);
  json_number(object, "output_tokens", sums.output_tokens);
  json_number(object, "cached_tokens", sums.cached_tokens);
  json_number(object, "cache_write_tokens", sums.cache_write_tokens);
  json_number(object, "reasoning_tokens", sums.reasoning_tokens);
  json_text_or_null(object, "cost_usd", spell_cost(sums, ""));
  json_number(object, "cost_unknown_requests", sums.unpriced);
  json_number(object, "cost_estimated_requests", sums.estimated);
  json_number(object, "cache_breaks", sums.cache_breaks);
  json_number(object, "cache_break_tokens", sums.cache_lost);
  json_text_or_null(object, "cache_break_cost_usd", spell_cache_loss(sums, ""));
  return object + "}";
}

}  // namespace

std::string usage_table(const Shell& shell, const UsageReport& report, UsageBy by) {
  const bool timed = by == UsageBy::day || by == UsageBy::hour;
  const bool draws = shell.out_tty && !shell.ascii;
  const auto courses = draws ? trends(report) : std::vector<std::string>();
  Table table = usage_frame(by, !courses.empty());
  if (by == UsageBy::session && shell.out_tty) {
    add_sessions(table, shell, report);
  } else {
    std::int64_t most = 0;
    for (const UsageLine& line : report.lines) most = std::max(most, weight(line.sums, report.total));
    for (std::size_t i = 0; i < report.lines.size(); ++i) {
      const UsageLine& line = report.lines[i];
      const std::string name = group_name(line, by);
      std::vector<Cell> cells{{name.empty() ? "–" : name}};
      for (Cell& cell : sum_cells(shell, line.sums)) cells.push_back(std::move(cell));
      if (shell.out_tty) cells.push_back({bar(weight(line.sums, report.total), most), Color::cyan});
      if (!courses.empty()) cells.push_back({courses[i], Color::cyan});
      table.add(std::move(cells));
    }
  }
  if (shell.out_tty && report.lines.size() > 1)
    add_total(table, shell, report.total, draws && timed ? total_course(report, by) : std::string());
  return table.text(shell) + cache_break_note(shell, report.total);
}

std::string usage_json(const UsageReport& report, const std::string& by) {
  std::string lines;
  for (const UsageLine& line : report.lines) {
    std::string object = "{";
    if (line.time != 0)
      json_time(object, "begin", line.time);
    else
      json_field(object, "name", line.name);
    lines += (lines.empty() ? "" : ",") + sums_json(std::move(object), line.sums);
  }
  std::string object = "{";
  json_field(object, "by", by);
  json_raw(object, "groups", "[" + lines + "]");
  json_raw(object, "total", sums_json("{", report.total));
  return object + "}";
}

std::string usage_csv(const UsageReport& report, const std::string& by) {
  std::string out = by +
                    ",requests,errors,blocked,redacted,input_tokens,output_tokens,cached_tokens,cache_write_tokens,"
                    "reasoning_tokens,cost_usd,cost_unknown_requests,cost_estimated_requests,cache_breaks,cache_break_tokens,"
                    "cache_break_cost_usd\n";
  for (const UsageLine& line : report.lines) {
    const LogSums& s = line.sums;
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                       line.time != 0 ? format_rfc3339(line.time) : csv_cell(line.name), s.requests, s.errors, s.blocked,
                       s.redacted, s.input_tokens, s.output_tokens, s.cached_tokens, s.cache_write_tokens, s.reasoning_tokens,
                       spell_cost(s, ""), s.unpriced, s.estimated, s.cache_breaks, s.cache_lost, spell_cache_loss(s, ""));
  }
  return out;
}

std::string agents_table(const Shell& shell, const std::vector<AgentLine>& lines, UnixMillis now) {
  Table table({{"AGENT", Align::left, 0, 8},
               {"KEYS", Align::right, 4},
               {"SESSIONS", Align::right, 6},
               {"LAST SEEN", Align::left, 0, 9},
               {"REQUESTS", Align::right},
               {"REDACTED", Align::right, 2},
               {"BLOCKED", Align::right, 1},
               {"COST", Align::right, 3},
               {"VERSIONS", Align::left, 5, 8}});
  std::vector<const AgentLine*> by_keys;
  for (const AgentLine& line : lines) {
    by_keys.push_back(&line);
    const auto count = [&](std::int64_t n) { return shell.out_tty ? count_cell(n) : std::to_string(n); };
    table.add({{line.agent, Color::bold},
               {count(line.keys)},
               {count(line.sessions)},
               {shell.out_tty ? ago_cell(line.last, now) : format_rfc3339(line.last)},
               {count(line.sums.requests)},
               {count(line.sums.redacted)},
               {count(line.sums.blocked), line.sums.blocked > 0 ? Color::yellow : Color::plain},
               {shell.out_tty ? cost_cell(line.sums) : piped_cost(line.sums)},
               {line.versions}});
  }
  if (!shell.out_tty) return table.text(shell);
  std::stable_sort(by_keys.begin(), by_keys.end(), [](const AgentLine* a, const AgentLine* b) { return a->keys > b->keys; });
  std::string heads;
  int used = 0;
  for (const AgentLine* line : by_keys) {
    const std::string head = cut_to(fmt::format("{} {}", line->keys, escape_controls(line->agent)), shell.width);
    const int cells = display_width(head);
    const bool fits = used + 3 + cells <= shell.width;
    heads += (heads.empty() ? "" : fits ? " / " : "\n") + head;
    used = fits && used > 0 ? used + 3 + cells : cells;
  }
  return heads + "\n\n" + table.text(shell);
}

std::string agents_json(const std::vector<AgentLine>& lines) {
  std::string list;
  for (const AgentLine& line : lines) {
    std::string object = "{";
    json_field(object, "agent", line.agent);
    json_field(object, "versions", line.versions);
    json_number(object, "keys", line.keys);
    json_number(object, "sessions", line.sessions);
    json_time(object, "last_seen", line.last);
    list += (list.empty() ? "" : ",") + sums_json(std::move(object), line.sums);
  }
  return "[" + list + "]";
}

}  // namespace pg
