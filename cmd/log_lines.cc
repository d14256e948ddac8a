// Log rows as columns, TAB-separated fields, JSON and pages.
#include "cmd/log_lines.h"

#include <algorithm>
#include <charconv>

#include "core/access/prices.h"
#include "core/base/ascii.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/store/attempts.h"

namespace pg {
namespace {

constexpr int kFlagsLeast = 10;
constexpr int kFlagsUsual = 22;

std::string dash(std::string text, std::string_view none) {
  return text.empty() ? std::string(none) : text;
}

std::string what_cell(const LogRow& row) {
  auto model = model_cell(row);
  // Of a call to a service, what its own documentation speaks of: "GET github/user".
  std::size_t service = std::string::npos;
  if (row.dialect == "http" && !row.provider.empty())
    service = row.path.find("/" + row.provider, row.path.starts_with("/api/") ? 5 + row.project.size() : 0);
  if (model.empty() && service != std::string::npos) return fmt::format("{} {}", row.method, row.path.substr(service + 1));
  return model.empty() ? fmt::format("{} {}", row.method, row.path) : model;
}

std::string cached_cell(const LogRow& row) {
  if (row.usage.cached_tokens < 0 || row.usage.input_tokens <= 0) return "–";
  return fmt::format("{}%", row.usage.cached_tokens * 100 / row.usage.input_tokens);
}

/// The sum of "EMAIL:2,GITHUB_TOKEN:1".
std::int64_t total_of(std::string_view kinds) {
  std::int64_t total = 0;
  for (auto kind : split(kinds, ',')) {
    std::int64_t count = 0;
    const auto colon = kind.rfind(':');
    if (colon == std::string_view::npos) continue;
    auto digits = kind.substr(colon + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    total += count;
  }
  return total;
}

/// "EMAIL,IBAN" of "EMAIL:2,IBAN:1".
std::string kinds_of(std::string_view kinds) {
  std::string names;
  for (auto kind : split(kinds, ',')) names += fmt::format("{}{}", names.empty() ? "" : ",", kind.substr(0, kind.rfind(':')));
  return names;
}

Color status_color(const LogRow& row) {
  if (row.outcome == "blocked") return Color::yellow;
  if (row.status >= 500) return Color::red;
  if (row.status >= 400) return Color::yellow;
  return Color::green;
}

std::vector<Cell> terminal_cells(const LogRow& row, bool ids) {
  std::vector<Cell> cells{{clock_cell(row.time), Color::dim},    {dash(row.agent, "–")},
                          {what_cell(row), Color::bold},         {std::to_string(row.status), status_color(row)},
                          {duration_cell(row.latency_ms)},       {duration_cell(row.ttft_ms)},
                          {count_cell(row.usage.input_tokens)},  {cached_cell(row)},
                          {count_cell(row.usage.output_tokens)}, {cost_cell(row)}};
  if (ids) cells.push_back({row.id, Color::dim});
  cells.push_back({log_flags(row), row.outcome == "ok" ? Color::plain : status_color(row)});
  return cells;
}

std::string number_field(std::int64_t number) {
  return number < 0 ? "-" : std::to_string(number);
}

/// The same columns for programs: whole values, milliseconds, plain counts, and the id last.
std::vector<Cell> plain_cells(const LogRow& row) {
  return {{format_rfc3339(row.time), Color::dim},
          {dash(row.agent, "-")},
          {dash(what_cell(row), "-"), Color::bold},
          {std::to_string(row.status), status_color(row)},
          {number_field(row.latency_ms)},
          {number_field(row.ttft_ms)},
          {number_field(row.usage.input_tokens)},
          {number_field(row.usage.cached_tokens)},
          {number_field(row.usage.output_tokens)},
          {row.price == kPriceUnknown ? "?"
           : row.cost < 0             ? "-"
                                      : (row.price % 2 == 1 ? "~" : "") + spell_usd(row.cost)},
          {dash(log_flags(row), "-")},
          {row.id}};
}

std::vector<Column> live_columns(bool ids) {
  std::vector<Column> columns{{"TIME", Align::left, 1, 12}, {"AGENT", Align::left, 5, 12}, {"MODEL", Align::left, 0, 16},
                              {"ST", Align::right, 0},      {"LAT", Align::right, 2},      {"TTFT", Align::right, 6},
                              {"IN", Align::right, 3},      {"CACHED", Align::right, 7},   {"OUT", Align::right, 4},
                              {"COST", Align::right, 0}};
  if (ids) columns.push_back({"ID", Align::left, 0, 26});
  columns.push_back({"FLAGS", Align::left, 0, kFlagsLeast});
  return columns;
}

std::vector<int> live_widths(const std::vector<Column>& columns, bool ids, int width) {
  std::vector<int> natural{12, 12, 24, 3, 6, 6, 6, 6, 5, 8};
  if (ids) natural.push_back(26);
  natural.push_back(kFlagsUsual);
  auto widths = fit_columns(columns, natural, width);
  int used = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) used += widths[i] < 0 ? 0 : widths[i] + 2;
  if (widths.back() >= 0) widths.back() = std::max(widths.back(), width - used);
  return widths;
}

}  // namespace

std::string model_cell(const LogRow& row) {
  if (row.model_served.empty() || row.model.empty() || row.model_served.starts_with(row.model))
    return dash(row.model, row.model_served);
  return row.model + "→" + row.model_served;
}

std::string log_flags(const LogRow& row) {
  std::vector<std::string> flags;
  if (row.outcome == "blocked" || !row.blocked.empty()) {
    auto place = std::string_view(row.places).substr(0, row.places.find_first_of(".:;"));
    flags.push_back(fmt::format("BLOCKED {}{}{}", kinds_of(row.blocked), place.empty() ? "" : " in ", place));
  }
  if (row.outcome == "canceled" || row.status == 499) flags.emplace_back("client-cancelled");
  if (auto total = total_of(row.redactions); total > 0) flags.push_back(fmt::format("redact:{}", total));
  if (auto total = total_of(row.detected); total > 0) flags.push_back(fmt::format("detect:{}", total));
  const Attempts attempts = read_attempts(row.attempts);
  if (attempts.queue_ms > 0) flags.push_back("queued:" + duration_cell(attempts.queue_ms));
  if (attempts.count > 0) flags.push_back(fmt::format("fallback:{}({})", attempts.count, attempts.reasons));
  if (!row.cache_break.empty()) flags.push_back("break:" + row.cache_break);
  if (row.unknown_tokens > 0) flags.push_back(fmt::format("unknown-token:{}", row.unknown_tokens));
  if (!row.error.empty() && row.outcome != "blocked" && row.outcome != "canceled") flags.push_back(row.error);
  return fmt::format("{}", fmt::join(flags, " "));
}

LogLines::LogLines(const Shell& shell, LogLook look) : shell_(shell), look_(std::move(look)) {
  if (look_.fields.empty()) {
    columns_ = live_columns(look_.ids);
    widths_ = live_widths(columns_, look_.ids, shell.width);
    return;
  }
  // Rows come one by one: each column has the width its kind of value needs, and the last takes what is left.
  std::vector<int> natural;
  for (const LogField* field : look_.fields) {
    std::string title(field->name);
    for (char& c : title) c = to_upper(c);
    const bool text = field->text != nullptr || field->kind == LogKind::model;
    const int width = field->kind == LogKind::time ? 12 : field->name == "id" ? 26 : text ? 20 : 8;
    natural.push_back(std::max(width, display_width(title)));
    columns_.push_back({std::move(title), text || field->kind == LogKind::time ? Align::left : Align::right, 0, 8});
  }
  widths_ = fit_columns(columns_, natural, shell.width);
  int used = 0;
  for (std::size_t i = 0; i + 1 < widths_.size(); ++i) used += widths_[i] < 0 ? 0 : widths_[i] + 2;
  if (columns_.back().align == Align::left && widths_.back() >= 0) widths_.back() = std::max(widths_.back(), shell.width - used);
}

std::string LogLines::titles() const {
  if (look_.format || (shell_.json && !look_.csv)) return {};
  if (look_.csv) {
    std::string line;
    if (look_.fields.empty()) return log_csv_titles() + "\n";
    for (const LogField* field : look_.fields) line += fmt::format("{}{}", line.empty() ? "" : ",", field->name);
    return line + "\n";
  }
  if (!shell_.out_tty) return {};
  std::vector<Cell> cells;
  for (const auto& column : columns_) cells.push_back({column.title, Color::dim});
  return aligned_line(shell_, columns_, widths_, cells) + "\n";
}

std::string LogLines::field_line(const LogRow& row) const {
  std::vector<Cell> cells;
  const bool live = shell_.out_tty && !look_.csv && !shell_.json;
  for (const LogField* field : look_.fields) cells.push_back({log_value(*field, row, live ? Reader::people : Reader::programs)});
  if (live) return aligned_line(shell_, columns_, widths_, cells) + "\n";
  if (!look_.csv && !shell_.json) return tab_line(cells) + "\n";
  std::string out = look_.csv ? "" : "{";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const LogField& field = *look_.fields[i];
    if (look_.csv)
      out += fmt::format("{}{}", i == 0 ? "" : ",", csv_cell(cells[i].text));
    else if (field.number == nullptr || field.kind == LogKind::time || field.kind == LogKind::money)
      field.kind == LogKind::money&& cells[i].text.empty() ? json_raw(out, field.name, "null")
                                                           : json_field(out, field.name, cells[i].text);
    else
      json_raw(out, field.name, cells[i].text.empty() ? "null" : cells[i].text);
  }
  return out + (look_.csv ? "\n" : "}\n");
}

std::string LogLines::line(const LogRow& row) const {
  if (look_.format) return look_.format->line(row);
  if (!look_.fields.empty()) return field_line(row);
  if (look_.csv) return log_csv(row) + "\n";
  if (shell_.json) return log_json(row) + "\n";
  if (!shell_.out_tty) return tab_line(shell_, plain_cells(row)) + "\n";
  return aligned_line(shell_, columns_, widths_, terminal_cells(row, look_.ids)) + "\n";
}

}  // namespace pg
