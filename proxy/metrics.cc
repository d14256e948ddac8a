// A row costs the writer a few look-ups and no memory once its series is there; the request path nothing at all.
#include "proxy/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <vector>

#include "core/base/ascii.h"
#include "core/base/text.h"
#include "core/store/attempts.h"

namespace pg {
namespace {

constexpr std::size_t kMostModels = 50, kMostSeries = 1'000, kMostNames = 200;
constexpr std::size_t kLongestModelLabel = 64;
constexpr std::string_view kOther = "other";
constexpr std::array<std::string_view, 5> kTokenTypes = {"input", "output", "cached", "cache_write", "reasoning"};

// A label's value: what is no printable ASCII is "?", since a scrape with one bad byte in it is lost as a whole.
void append_label(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append("=\"");
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    out += c >= ' ' && c <= '~' ? c : '?';
  }
  out += '"';
}

void append_head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

void append_one(std::string& out, std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
  append_head(out, name, type, help);
  out += fmt::format("{} {}\n", name, value);
}

std::string in_seconds(std::int64_t ms) {
  return fmt::format("{}.{:03}", ms / 1000, ms % 1000);
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// "upstream 502: overloaded_error" -> "502"; "upstream_failed: …" -> "upstream_failed"; "" for what no provider did.
std::string_view failure_kind(std::string_view error) {
  constexpr std::string_view kAnswered = "upstream ";
  if (error.starts_with(kAnswered)) {
    const std::string_view rest = error.substr(kAnswered.size());
    const std::string_view status = rest.substr(0, rest.find(':'));
    return is_number(status) ? status : std::string_view();
  }
  const std::string_view name = error.substr(0, error.find(':'));
  return name.starts_with("upstream_") ? name : std::string_view();
}

}  // namespace

void Metrics::Histogram::add(std::int64_t ms) {
  if (ms < 0) return;  // it did not happen
  const auto place = std::lower_bound(kBounds.begin(), kBounds.end(), ms);
  ++counts[static_cast<std::size_t>(place - kBounds.begin())];
  sum_ms += ms;
}

void Metrics::Histogram::write(std::string& out, std::string_view name, std::string_view help) const {
  append_head(out, name, "histogram", help);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    below += counts[i];
    out += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", name, static_cast<double>(kBounds[i]) / 1000, below);
  }
  below += counts.back();
  out += fmt::format("{0}_bucket{{le=\"+Inf\"}} {1}\n{0}_sum {2}\n{0}_count {1}\n", name, below, in_seconds(sum_ms));
}

void Metrics::add(Counts& counts, std::string_view name, std::int64_t more) {
  if (name.empty() || more <= 0) return;
  auto found = counts.find(name);
  if (found == counts.end()) found = counts.try_emplace(std::string(counts.size() < kMostNames ? name : kOther)).first;
  found->second += static_cast<std::uint64_t>(more);
}

// A name is a client's word until a provider has answered to it, and there is room for so many.
std::string_view Metrics::model_label(const LogRow& row) {
  const std::string_view model = row.model;
  if (model.empty() || models_.contains(model)) return model;
  const bool answered = row.status < 400 && !row.provider.empty();
  if (!answered || model.size() > kLongestModelLabel || models_.size() >= kMostModels) return kOther;
  models_.emplace(model);
  return model;
}

void Metrics::note_request(const LogRow& row) {
  const Labels<std::string_view> said{row.provider, model_label(row), row.project, row.agent, row.status};
  auto found = requests_.find(said);
  if (found == requests_.end()) {
    const bool room = requests_.size() < kMostSeries;
    const Labels<std::string_view> label = room ? said : Labels<std::string_view>{kOther, kOther, kOther, kOther, 0};
    found = requests_
                .try_emplace({std::string(label.provider), std::string(label.model), std::string(label.project),
                              std::string(label.agent), label.code})
                .first;
  }
  ++found->second;
}

void Metrics::note_tokens(const LogRow& row) {
  const std::array<std::int64_t, kTokenTypes.size()> spent = {row.usage.input_tokens, row.usage.output_tokens,
                                                              row.usage.cached_tokens, row.usage.cache_write_tokens,
                                                              row.usage.reasoning_tokens};
  for (std::size_t i = 0; i < spent.size(); ++i) tokens_[i] += static_cast<std::uint64_t>(zero_if_unknown(spent[i]));
  cost_ += zero_if_unknown(row.cost);
}

// Of a call that was blocked nothing was sent, so that nothing was replaced in what was.
void Metrics::note_findings(const LogRow& row) {
  for (const std::string_view rule : Pieces(row.blocked, ',')) add(blocked_, trim(rule));
  if (!row.blocked.empty()) return;
  for (const std::string_view kind : Pieces(row.redactions, ',')) {
    const std::size_t colon = kind.rfind(':');
    std::int64_t count = 1;
    if (colon != std::string_view::npos) std::from_chars(kind.data() + colon + 1, kind.data() + kind.size(), count);
    add(redactions_, trim(kind.substr(0, colon)), count);
  }
}

// Every provider that was asked and failed, those included that another stood in for.
void Metrics::note_failures(const LogRow& row) {
  if (row.attempts.empty()) return add(failures_, failure_kind(row.error));
  const Attempts attempts = read_attempts(row.attempts);
  for (const std::string_view reason : Pieces(attempts.reasons, ','))
    if (is_number(reason) || reason.starts_with("upstream_")) add(failures_, reason);
  if (!attempts.answered) add(failures_, failure_kind(row.error));  // else it is one of those
}

void Metrics::note(std::span<const LogRow> rows) {
  const std::lock_guard lock(mutex_);
  for (const LogRow& row : rows) {
    note_request(row);
    duration_.add(row.latency_ms);
    first_token_.add(row.ttft_ms);
    note_tokens(row);
    note_findings(row);
    note_failures(row);
  }
}

void Metrics::write_counts(std::string& out, std::string_view name, std::string_view label, std::string_view help,
                           const Counts& counts) {
  append_head(out, name, "counter", help);
  for (const auto& [value, count] : counts) {
    out.append(name).append("{");
    append_label(out, label, value);
    out += fmt::format("}} {}\n", count);
  }
}

void Metrics::write_requests(std::string& out) const {
  append_head(out, "pg_requests_total", "counter",
              "Calls that ended, by who answered and how. Models beyond the first 50: other.");
  std::vector<std::string> lines;
  for (const auto& [labels, count] : requests_) {
    std::string& line = lines.emplace_back("pg_requests_total{");
    append_label(line, "provider", labels.provider);
    append_label(line, ",model", labels.model);
    append_label(line, ",project", labels.project);
    append_label(line, ",agent", labels.agent);
    append_label(line, ",code", labels.code == 0 ? std::string(kOther) : std::to_string(labels.code));
    line += fmt::format("}} {}\n", count);
  }
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) out += line;
}

void Metrics::write_sums(std::string& out) const {
  duration_.write(out, "pg_request_duration_seconds", "From a call's first byte to the end of its answer.");
  first_token_.write(out, "pg_time_to_first_token_seconds", "From a call's first byte to the first event of its stream.");
  append_head(out, "pg_tokens_total", "counter",
              "Tokens; cached and cache_write are parts of input, reasoning is one of output.");
  for (std::size_t i = 0; i < kTokenTypes.size(); ++i)
    out += fmt::format("pg_tokens_total{{type=\"{}\"}} {}\n", kTokenTypes[i], tokens_[i]);
  append_head(out, "pg_cost_usd_total", "counter", "What calls did cost, those without a known price left out.");
  out += fmt::format("pg_cost_usd_total {}.{:09}\n", cost_ / 1'000'000'000, cost_ % 1'000'000'000);
  write_counts(out, "pg_redactions_total", "kind", "Values that were replaced in calls that were sent.", redactions_);
  write_counts(out, "pg_blocked_total", "rule", "Calls that a rule stopped.", blocked_);
  write_counts(out, "pg_upstream_errors_total", "kind", "Providers that failed, by status or what went wrong.", failures_);
}

std::string Metrics::write(const MetricsNow& now) const {
  std::string out;
  {
    const std::lock_guard lock(mutex_);
    write_requests(out);
    write_sums(out);
  }
  append_one(out, "pg_inflight", "gauge", "Requests under way.", now.in_flight);
  append_one(out, "pg_log_dropped_total", "counter", "Calls that are not in the log, and not in these sums.", now.log_dropped);
  append_one(out, "pg_log_failing", "gauge", "1 while the log cannot be written.", now.log_failing ? 1 : 0);
  append_one(out, "pg_config_last_reload_success", "gauge", "0 while a settings file is wrong and the ones before are in force.",
             now.settings_good ? 1 : 0);
  append_head(out, "pg_build_info", "gauge", "Which pg this is.");
  out += "pg_build_info{version=\"" PG_VERSION "\"} 1\n";
  return out;
}

}  // namespace pg
