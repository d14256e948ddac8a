// Written by whoever asks providers; read by whatever shows a row.
#include "core/store/attempts.h"

#include <fmt/format.h>

#include <charconv>

#include "core/base/text.h"
#include "core/store/log_store.h"

namespace pg {

void add_attempt(std::string& text, std::string_view label, std::string_view why) {
  text += fmt::format("{}{}:{}", text.empty() ? "" : ",", label, why);
}

void add_answerer(std::string& text, std::string_view label) {
  text += fmt::format("{}={}", text.empty() ? "" : ",", label);
}

Attempts read_attempts(std::string_view text) {
  constexpr std::string_view kQueue = "queue:";
  Attempts attempts;
  for (const std::string_view part : split(text, ',')) {
    if (part.empty()) continue;
    if (part.starts_with(kQueue) && part.ends_with("ms")) {
      std::from_chars(part.data() + kQueue.size(), part.data() + part.size(), attempts.queue_ms);
      continue;
    }
    if (part.front() == '=') {  // no provider's name has one
      attempts.answered = part.substr(1);
      continue;
    }
    attempts.asked += fmt::format("{}{}", attempts.count == 0 ? "" : ",", part);
    attempts.reasons += fmt::format("{}{}", attempts.count == 0 ? "" : ",", part.substr(part.rfind(':') + 1));
    ++attempts.count;
  }
  return attempts;
}

// A provider's own error is told by its status; what pg says has a name of pg's, and inside a reply it ends somebody else's.
std::string answered_by(const LogRow& row) {
  const Attempts attempts = read_attempts(row.attempts);
  if (attempts.answered) return *attempts.answered;
  const bool failed = row.outcome == "error" || row.outcome == "blocked";
  const bool is_ours = failed && !row.error.starts_with("upstream ") && (row.status >= 400 || row.upstream_ms < 0);
  const bool is_nobodys = row.status == 499 && row.bytes_out == 0;
  return is_ours || is_nobodys ? std::string() : row.provider;
}

}  // namespace pg
