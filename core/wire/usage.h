// Tokens spent, as the provider reports them.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pg {

/// Named as OpenTelemetry GenAI names them; -1 = not reported. `input_tokens` here INCLUDES cached ones, whatever the dialect
/// (Anthropic reports them apart; OpenAI's prompt_tokens hold them): see protocols, Usage.
struct Usage {
  std::int64_t input_tokens = -1;
  std::int64_t output_tokens = -1;
  std::int64_t cached_tokens = -1;          // read from the provider's prompt cache; part of input_tokens
  std::int64_t cache_write_tokens = -1;     // written to it; part of input_tokens
  std::int64_t reasoning_tokens = -1;       // part of output_tokens
  std::int64_t cache_write_1h_tokens = -1;  // those of cache_write_tokens that are kept for an hour: they cost more
  std::int64_t audio_input_tokens = -1;     // of sound; part of input_tokens
  std::int64_t audio_output_tokens = -1;    // of sound; part of output_tokens
  bool doubtful = false;                    // a number was negative or absurd and was clamped: nothing to pay by
  bool unfinished = false;                  // output_tokens is what a stream began with: its last word on them never came
  bool estimated = false;                   // some of the numbers are ours, by size
};

/// More of a part than of the whole: of cached tokens than of input, or of reasoning than of output.
constexpr bool contradicts_itself(const Usage& usage) {
  const auto exceeds = [](std::int64_t part, std::int64_t whole) { return whole >= 0 && part > whole; };
  return exceeds(usage.cached_tokens, usage.input_tokens) || exceeds(usage.reasoning_tokens, usage.output_tokens);
}

/// A number of which -1 says that nobody knows it, for sums.
constexpr std::int64_t zero_if_unknown(std::int64_t number) {
  return number < 0 ? 0 : number;
}

/// The numbers providers send. `uncached_input` is Anthropic's input_tokens, which leaves the cache out.
enum class UsageField : std::uint8_t {
  input,
  uncached_input,
  output,
  cached,
  cache_write,
  reasoning,
  cache_write_1h,
  audio_input,
  audio_output
};

/// No call spends more; what a provider reports beyond it is a fault of theirs.
inline constexpr std::int64_t kMaxTokens = 1'000'000'000;

/// Gathers the usage of one reply. Providers send running totals, some of them in every event: a later number replaces.
class UsageTally {
 public:
  /// `number` is a JSON number; null and anything else is no report. Negative counts become 0, absurd ones kMaxTokens.
  void set(UsageField field, std::string_view number);
  /// Whether what is set from now on is said before there is an answer: Anthropic's message_start counts an output token or so,
  /// and only a message_delta says how many there were.
  void set_opening(bool opening) { opening_ = opening; }
  Usage total() const;

 private:
  std::int64_t value(UsageField field) const { return values_[static_cast<std::size_t>(field)]; }

  std::array<std::int64_t, 9> values_{-1, -1, -1, -1, -1, -1, -1, -1, -1};
  std::bitset<9> clamped_;
  bool opening_ = false;
  bool unfinished_ = false;
};

}  // namespace pg
