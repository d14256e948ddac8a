// Log rows as columns, TAB-separated fields, JSON and pages.
#include "cmd/log_lines.h"

#include <algorithm>
#include <charconv>

#include "core/base/encode.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr int kFlagsLeast = 20;

std::string dash(std::string text, std::string_view none) {
  return text.empty() ? std::string(none) : text;
}

/// Asked for and served, when the provider answered with another model than a dated form of the one asked for.
std::string model_cell(const LogRow& row) {
  if (row.model_served.empty() || row.model.empty() || row.model_served.starts_with(row.model))
    return dash(row.model, row.model_served);
  return row.model + "→" + row.model_served;
}

std::string what_cell(const LogRow& row) {
  auto model = model_cell(row);
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

/// "queue:350ms,openai:429,openai#2:503" taken apart: how long it waited, and who was asked before for want of what.
struct Attempts {
  std::int64_t queue_ms = 0;
  std::string asked;    // "openai:429,openai#2:503"
  std::string reasons;  // "429,503"
  int count = 0;
};

Attempts read_attempts(std::string_view text) {
  constexpr std::string_view kQueue = "queue:";
  Attempts attempts;
  for (const std::string_view part : split(text, ',')) {
    if (part.empty()) continue;
    if (part.starts_with(kQueue) && part.ends_with("ms")) {
      std::from_chars(part.data() + kQueue.size(), part.data() + part.size(), attempts.queue_ms);
      continue;
    }
    attempts.asked += fmt::format("{}{}", attempts.count == 0 ? "" : ",", part);
    attempts.reasons += fmt::format("{}{}", attempts.count == 0 ? "" : ",", part.substr(part.rfind(':') + 1));
    ++attempts.count;
  }
  return attempts;
}

Color status_color(const LogRow& row) {
  if (row.outcome == "blocked") return Color::yellow;
  if (row.status >= 500) return Color::red;
  if (row.status >= 400) return Color::yellow;
  return Color::green;
}

std::vector<Cell> terminal_cells(const LogRow& row, bool ids) {
  std::vector<Cell> cells{{clock_cell(row.time), Color::dim},   {dash(row.agent, "–")},
                          {what_cell(row), Color::bold},        {std::to_string(row.status), status_color(row)},
                          {duration_cell(row.latency_ms)},      {duration_cell(row.ttft_ms)},
                          {count_cell(row.usage.input_tokens)}, {cached_cell(row)},
                          {count_cell(row.usage.output_tokens)}};
  if (ids) cells.push_back({row.id, Color::dim});
  cells.push_back({log_flags(row), row.outcome == "ok" ? Color::plain : status_color(row)});
  return cells;
}

std::string number_field(std::int64_t number) {
  return number < 0 ? "-" : std::to_string(number);
}

/// The same columns for programs: whole values, milliseconds, plain counts, and the id last.
std::vector<Cell> plain_cells(const LogRow& row) {
  return {{format_rfc3339(row.time)},
          {dash(row.agent, "-")},
          {dash(what_cell(row), "-")},
          {std::to_string(row.status)},
          {number_field(row.latency_ms)},
          {number_field(row.ttft_ms)},
          {number_field(row.usage.input_tokens)},
          {number_field(row.usage.cached_tokens)},
          {number_field(row.usage.output_tokens)},
          {dash(log_flags(row), "-")},
          {row.id}};
}

std::vector<Column> live_columns(bool ids) {
  std::vector<Column> columns{{"TIME", Align::left, 0, 12}, {"AGENT", Align::left, 1, 12}, {"MODEL", Align::left, 0, 16},
                              {"ST", Align::right, 0},      {"LAT", Align::right, 0},      {"TTFT", Align::right, 2},
                              {"IN", Align::right, 0},      {"CACHED", Align::right, 3},   {"OUT", Align::right, 0}};
  if (ids) columns.push_back({"ID", Align::left, 0, 26});
  columns.push_back({"FLAGS", Align::left, 0, kFlagsLeast});
  return columns;
}

std::vector<int> live_widths(const std::vector<Column>& columns, bool ids, int width) {
  std::vector<int> natural{12, 12, 24, 3, 6, 6, 6, 6, 5};
  if (ids) natural.push_back(26);
  natural.push_back(kFlagsLeast + 2);
  auto widths = fit_columns(columns, natural, width);
  int used = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) used += widths[i] < 0 ? 0 : widths[i] + 2;
  widths.back() = std::max(widths.back(), width - used);
  return widths;
}

}  // namespace

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
  if (row.unknown_tokens > 0) flags.push_back(fmt::format("unknown-token:{}", row.unknown_tokens));
  if (!row.error.empty() && row.outcome != "blocked" && row.outcome != "canceled") flags.push_back(row.error);
  return fmt::format("{}", fmt::join(flags, " "));
}

LogLines::LogLines(const Shell& shell, bool ids)
    : shell_(shell), columns_(live_columns(ids)), widths_(live_widths(columns_, ids, shell.width)) {}

std::string LogLines::titles() const {
  if (shell_.json || !shell_.out_tty) return {};
  std::vector<Cell> cells;
  for (const auto& column : columns_) cells.push_back({column.title, Color::dim});
  return aligned_line(shell_, columns_, widths_, cells) + "\n";
}

std::string LogLines::line(const LogRow& row) const {
  if (shell_.json) return log_json(row) + "\n";
  if (!shell_.out_tty) return tab_line(plain_cells(row)) + "\n";
  return aligned_line(shell_, columns_, widths_, terminal_cells(row, columns_.size() > 10)) + "\n";
}

std::string log_json(const LogRow& row) {
  std::string object = "{";
  json_field(object, "id", row.id);
  json_number(object, "seq", row.seq);
  json_time(object, "time", row.time);
  json_field(object, "project", row.project);
  json_field(object, "project_id", row.project_id);
  json_field(object, "key", row.key);
  json_field(object, "agent", row.agent);
  json_field(object, "agent_version", row.agent_version);
  json_field(object, "session", row.session);
  json_field(object, "dialect", row.dialect);
  json_field(object, "method", row.method);
  json_field(object, "path", row.path);
  json_field(object, "provider", row.provider);
  json_field(object, "model", row.model);
  json_field(object, "model_served", row.model_served);
  json_number(object, "status", row.status);
  json_field(object, "outcome", row.outcome);
  json_bool(object, "stream", row.stream);
  json_known(object, "latency_ms", row.latency_ms);
  json_known(object, "ttft_ms", row.ttft_ms);
  json_known(object, "upstream_ms", row.upstream_ms);
  json_known(object, "input_tokens", row.usage.input_tokens);
  json_known(object, "output_tokens", row.usage.output_tokens);
  json_known(object, "cached_tokens", row.usage.cached_tokens);
  json_known(object, "cache_write_tokens", row.usage.cache_write_tokens);
  json_known(object, "reasoning_tokens", row.usage.reasoning_tokens);
  json_number(object, "bytes_in", row.bytes_in);
  json_number(object, "bytes_out", row.bytes_out);
  json_field(object, "redactions", row.redactions);
  json_field(object, "detected", row.detected);
  json_field(object, "blocked", row.blocked);
  json_field(object, "places", row.places);
  const Attempts attempts = read_attempts(row.attempts);
  json_field(object, "attempts", attempts.asked);
  json_number(object, "queue_ms", attempts.queue_ms);
  json_field(object, "warnings", row.warnings);
  json_number(object, "restored", row.restored);
  json_number(object, "unknown_tokens", row.unknown_tokens);
  json_field(object, "error", row.error);
  json_field(object, "upstream_request_id", row.upstream_request_id);
  return object + "}";
}

std::string log_page(const Shell& shell, const LogRow& row) {
  std::string out;
  auto say = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    out += shell.out_tty ? fmt::format("{:<11}{}\n", name, escape_controls(value))
                         : fmt::format("{}\t{}\n", name, escape_controls(value));
  };
  say("id", row.id);
  say("time", shell.out_tty ? date_cell(row.time).substr(0, 11) + clock_cell(row.time) : format_rfc3339(row.time));
  say("request", fmt::format("{} {}{}", row.method, row.path, row.stream ? " (stream)" : ""));
  say("answer", fmt::format("{} {}", row.status, row.outcome));
  say("agent", row.agent + (row.agent_version.empty() ? "" : " " + row.agent_version));
  say("session", row.session);
  say("project", row.project);
  say("key", row.key);
  say("provider", row.provider);
  say("dialect", row.dialect);
  say("model", model_cell(row));
  say("total", duration_cell(row.latency_ms));
  const Attempts attempts = read_attempts(row.attempts);
  say("queued", attempts.queue_ms > 0 ? duration_cell(attempts.queue_ms) : "");
  say("upstream", row.upstream_ms < 0 ? "" : duration_cell(row.upstream_ms) + " until its first byte");
  say("first token", row.ttft_ms < 0 ? "" : duration_cell(row.ttft_ms));
  if (row.usage.input_tokens >= 0)
    say("tokens in",
        fmt::format("{}{}", row.usage.input_tokens,
                    row.usage.cached_tokens > 0 ? fmt::format(", {} of them cached", row.usage.cached_tokens) : std::string{}));
  if (row.usage.output_tokens >= 0)
    say("tokens out",
        fmt::format(
            "{}{}", row.usage.output_tokens,
            row.usage.reasoning_tokens > 0 ? fmt::format(", {} of them reasoning", row.usage.reasoning_tokens) : std::string{}));
  say("bytes", fmt::format("{} in, {} out", row.bytes_in, row.bytes_out));
  say("redacted", row.redactions);
  say("restored", row.restored == 0 ? "" : std::to_string(row.restored));
  say("detected", row.detected);
  say("blocked", row.blocked);
  for (auto place : split(row.places, ';')) say("place", std::string(trim(place)));
  for (const std::string_view asked : split(attempts.asked, ','))
    if (!asked.empty())
      say("not by", fmt::format("{}: {}", asked.substr(0, asked.rfind(':')), asked.substr(asked.rfind(':') + 1)));
  say("not crossed", row.warnings);
  say("error", row.error);
  say("upstream id", row.upstream_request_id);
  return out;
}

}  // namespace pg
