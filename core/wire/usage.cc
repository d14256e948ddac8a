// Replacing, clamping, and Anthropic's sum.
#include "core/wire/usage.h"

#include <algorithm>

#include "core/base/ascii.h"

namespace pg {
namespace {

struct Count {
  std::int64_t tokens = -1;
  bool clamped = false;
};

// A JSON number as a count: clamped, fractions dropped, exponents taken as absurd. -1 when it is no number.
Count read_count(std::string_view number) {
  if (number.empty()) return {};
  if (number.front() == '-') return number.size() > 1 && is_digit(number[1]) ? Count{0, number != "-0"} : Count{};
  if (!is_digit(number.front())) return {};
  std::int64_t count = 0;
  std::size_t at = 0;
  for (; at < number.size() && is_digit(number[at]); ++at) count = std::min(kMaxTokens, count * 10 + (number[at] - '0'));
  const bool has_exponent = number.find_first_of("eE", at) != std::string_view::npos;
  if (has_exponent && count > 0) count = kMaxTokens;
  return {count, count == kMaxTokens};
}

}  // namespace

void UsageTally::set(UsageField field, std::string_view number) {
  const Count count = read_count(number);
  if (count.tokens < 0) return;
  values_[static_cast<std::size_t>(field)] = count.tokens;
  clamped_.set(static_cast<std::size_t>(field), count.clamped);
  if (field == UsageField::output) unfinished_ = opening_;
}

Usage UsageTally::total() const {
  Usage usage;
  usage.input_tokens = value(UsageField::input);
  usage.output_tokens = value(UsageField::output);
  usage.cached_tokens = value(UsageField::cached);
  usage.cache_write_tokens = value(UsageField::cache_write);
  usage.reasoning_tokens = value(UsageField::reasoning);
  usage.cache_write_1h_tokens = value(UsageField::cache_write_1h);
  usage.audio_input_tokens = value(UsageField::audio_input);
  usage.audio_output_tokens = value(UsageField::audio_output);
  usage.doubtful = clamped_.any();
  usage.unfinished = unfinished_;
  const std::int64_t uncached = value(UsageField::uncached_input);
  if (uncached >= 0) {
    const std::int64_t cache =
        std::max<std::int64_t>(usage.cached_tokens, 0) + std::max<std::int64_t>(usage.cache_write_tokens, 0);
    usage.input_tokens = std::min(kMaxTokens, uncached + cache);
  }
  return usage;
}

}  // namespace pg
