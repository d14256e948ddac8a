// The page of `pg logs show`: everything known of one request, in the order it happened.
#include <fmt/ranges.h>

#include <algorithm>

#include "cmd/log_lines.h"
#include "core/access/prices.h"
#include "core/base/text.h"
#include "core/store/attempts.h"

namespace pg {
namespace {

constexpr int kNameCells = 13;

class Page {
 public:
  explicit Page(const Shell& shell) : shell_(shell) {}

  void say(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    const std::string text = escape_controls(value);
    if (!shell_.out_tty) return void(out_ += fmt::format("{}\t{}\n", name, text));
    std::string_view front = name == last_ ? std::string_view() : name;
    for (const std::string& line : wrapped(text, static_cast<std::size_t>(std::max(shell_.width - kNameCells, kNameCells))))
      out_ += fmt::format("{:<{}}{}\n", std::exchange(front, {}), kNameCells, line);
    last_ = name;
  }
  // What is to be pasted into a shell: the terminal breaks its lines, nobody else does.
  void say_command(std::string_view name, const std::vector<std::string>& parts) {
    if (parts.empty()) return;
    const std::string out = fmt::format("{}", fmt::join(parts, shell_.out_tty ? std::string_view(" \\\n  ") : " "));
    out_ += shell_.out_tty ? fmt::format("{}\n  {}\n", name, out) : fmt::format("{}\t{}\n", name, out);
    last_ = name;
  }
  std::string take() { return std::move(out_); }

 private:
  const Shell& shell_;
  std::string out_;
  std::string last_;
};

// What of the way was measured, each from the request's arrival on.
void say_timeline(Page& page, const LogRow& row) {
  const auto at = [&](std::int64_t millis, std::string_view what) {
    if (millis >= 0) page.say("timeline", fmt::format("{:>8}  {}", format_duration(millis), what));
  };
  at(0, "request came");
  at(row.connect_ms, "connected to the provider");
  at(row.tls_ms, "TLS with it");
  at(row.upstream_ms, "provider's first byte");
  at(row.ttft_ms, "first token");
  // Of an answer that the provider never began, pg's own is all there is.
  std::string end = row.status == 499 && row.bytes_out == 0 ? "the client left" : row.upstream_ms < 0 ? "answered" : "last byte";
  if (const auto spoke = row.latency_ms - row.ttft_ms; row.stream && row.ttft_ms >= 0 && spoke > 0 && row.usage.output_tokens > 0)
    end += fmt::format(", {} tokens/s", row.usage.output_tokens * 1000 / spoke);
  at(row.latency_ms, end);
}

void say_attempts(Page& page, const LogRow& row) {
  const Attempts attempts = read_attempts(row.attempts);
  if (attempts.queue_ms > 0) page.say("queued", duration_cell(attempts.queue_ms));
  if (attempts.count == 0 && !attempts.answered) return;
  int number = 0;
  const std::vector<std::string_view> asked = split(attempts.asked, ',');
  for (const auto attempt : asked) {
    if (attempt.empty()) continue;
    const auto colon = std::min(attempt.find(':'), attempt.size());
    page.say("attempts",
             fmt::format("{}. {} {}", ++number, attempt.substr(0, colon), attempt.substr(std::min(colon + 1, attempt.size()))));
  }
  const std::string who = answered_by(row);
  // An answer that was kept while others were asked stands among them already, in the provider's own status; nobody's is pg's.
  const auto is_kept = [&](std::string_view attempt) {
    return row.status >= 400 && attempt.starts_with(who + ":") &&
           attempt.find_first_not_of("0123456789", who.size() + 1) == attempt.npos;
  };
  const bool is_told = std::any_of(asked.begin(), asked.end(), is_kept);
  if (!who.empty() && !is_told) page.say("attempts", fmt::format("{}. {} {}", ++number, who, row.status));
}

void say_tokens(Page& page, const LogRow& row) {
  const Usage& usage = row.usage;
  const auto part = [](std::int64_t count, std::string_view what) {
    return count > 0 ? fmt::format(", {} of them {}", count, what) : std::string();
  };
  if (usage.input_tokens >= 0)
    page.say("tokens in", fmt::format("{}{}{}", usage.input_tokens, part(usage.cached_tokens, "cached"),
                                      part(usage.cache_write_tokens, "written to the cache")));
  if (usage.output_tokens >= 0)
    page.say("tokens out", fmt::format("{}{}", usage.output_tokens, part(usage.reasoning_tokens, "reasoning")));
}

void say_guards(Page& page, const LogRow& row) {
  page.say("redacted", row.redactions);
  page.say("restored", row.restored == 0 ? "" : std::to_string(row.restored));
  page.say("detected", row.detected);
  page.say("blocked", row.blocked);
  for (auto place : split(row.places, ';')) page.say("place", std::string(trim(place)));
}

std::string cost_text(const LogRow& row, const std::string& prices) {
  if (row.price == kPriceUnknown)
    return fmt::format("? (no price for {}/{}; add [prices.\"{}/{}\"] to pg.toml)", row.provider, provider_model(row),
                       row.provider, provider_model(row));
  if (row.cost < 0) return {};
  std::string text = cost_cell(row);
  const bool doubtful = row.warnings.find("clamp:usage") != std::string::npos;
  if (row.price % 2 == 1)
    text += doubtful ? " (estimated: what the provider says was used cannot be)"
                     : " (estimated: the provider did not say what was used)";
  if (!prices.empty()) text += ", prices of " + prices;
  return text;
}

std::string_view cache_break_reason(std::string_view place) {
  if (place == "provider") return "another provider was asked than in the turn before";
  if (place == "model") return "another model was asked than in the turn before";
  if (place == "expired") return "more time had passed than the provider keeps a prompt";
  if (place == "unexplained") return "the texts are those of the turn before, in time; the provider had them no more";
  return "differs from the turn before";
}

std::string cache_break_text(const LogRow& row) {
  if (row.cache_break.empty()) return {};
  const std::string cost = row.cache_lost_cost < 0 ? "?" : format_usd(row.cache_lost_cost);
  return fmt::format("{}: {}; {} tokens not from the cache, {} more", row.cache_break, cache_break_reason(row.cache_break),
                     row.cache_lost, cost);
}

}  // namespace

std::string log_page(const Shell& shell, const LogRow& row, const std::string& prices, const CurlLine& curl) {
  Page page(shell);
  page.say("id", row.id);
  page.say("time", shell.out_tty ? date_cell(row.time).substr(0, 11) + clock_cell(row.time) : format_rfc3339(row.time));
  page.say("request", fmt::format("{} {}{}", row.method, row.path, row.stream ? " (stream)" : ""));
  page.say("answer", fmt::format("{} {}", row.status, row.outcome));
  page.say("agent", row.agent + (row.agent_version.empty() ? "" : " " + row.agent_version));
  page.say("session", row.session);
  page.say("client", row.ip);
  page.say("user agent", row.ua);
  page.say("project", row.project);
  page.say("key", row.key);
  page.say("route", row.route);
  page.say("provider", row.provider);
  page.say("dialect", row.dialect);
  page.say("model", model_cell(row));
  say_timeline(page, row);
  say_attempts(page, row);
  say_tokens(page, row);
  page.say("cost", cost_text(row, prices));
  page.say("cache break", cache_break_text(row));
  page.say("bytes", fmt::format("{} in, {} out", row.bytes_in, row.bytes_out));
  say_guards(page, row);
  page.say("not crossed", row.warnings);
  page.say("error", row.error);
  page.say("upstream id", row.upstream_request_id);
  page.say("no curl", curl.why);
  page.say("curl differs", curl.differs);
  page.say_command("curl", curl.parts);
  return page.take();
}

}  // namespace pg
