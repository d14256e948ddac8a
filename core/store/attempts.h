// What a row's `attempts` says: "queue:350ms,openai:429,openai#2:resting,=openai#3".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pg {

/// One more who was asked or passed over, and why another is.
void add_attempt(std::string& text, std::string_view label, std::string_view why);
/// Who answered, where the row's provider does not say it all; "" for pg itself.
void add_answerer(std::string& text, std::string_view label);

struct Attempts {
  std::int64_t queue_ms = 0;  // how long the call waited for places
  std::string asked;          // without the queue: "openai:429,openai#2:resting"
  std::string reasons;        // "429,resting"
  int count = 0;              // how many were asked or passed over before the one that answered
  // Who answered, where that is not simply the row's provider: "openai#3" (its third credential), or "" for pg itself, when
  // nobody did.
  std::optional<std::string> answered;
};

Attempts read_attempts(std::string_view text);

struct LogRow;
/// Whose answer the client got: "" when pg had to answer itself, or when nobody did.
std::string answered_by(const LogRow& row);

}  // namespace pg
