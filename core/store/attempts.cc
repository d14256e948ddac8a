// Written by whoever asks providers; read by whatever shows a row.
#include "core/store/attempts.h"

#include <fmt/format.h>

#include <charconv>

#include "core/base/text.h"

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

}  // namespace pg
