// Which models take which words for how hard they think, and what goes with it. What a model does not take is refused by its
// provider, so that a name nobody knows is told no such word: it then thinks as it does by itself.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace pg {

/// OpenAI's words, from the least to the most.
enum class Effort : std::uint8_t { none, minimal, low, medium, high, xhigh, max };

/// A set of them.
class Efforts {
 public:
  constexpr Efforts() = default;
  constexpr Efforts(std::initializer_list<Effort> list) {
    for (const Effort effort : list) bits_ = static_cast<std::uint8_t>(bits_ | 1u << static_cast<unsigned>(effort));
  }
  constexpr bool has(Effort effort) const { return (bits_ >> static_cast<unsigned>(effort) & 1u) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  bool operator==(const Efforts&) const = default;

 private:
  std::uint8_t bits_ = 0;
};

inline constexpr Efforts kUpToXhigh = {Effort::none, Effort::minimal, Effort::low, Effort::medium, Effort::high, Effort::xhigh};

/// When a model takes a temperature, top_p and penalties that are not its own.
enum class Sampling : std::uint8_t {
  always,
  unless_thinking,       // and it thinks when its effort is not named
  unless_told_to_think,  // and it does not think when its effort is not named
  never,
};

struct KnownEfforts {
  Efforts efforts;     // empty: the model takes no such word
  bool known = false;  // the name says so
  Sampling sampling = Sampling::always;
};

/// What a model of that name takes at a provider of that vendor, in Chat Completions and Responses.
KnownEfforts find_efforts(std::string_view vendor, std::string_view model);

/// The word of `efforts` that comes closest to `wanted`: below it before above it, and thinking stays off only where it can be.
/// "" when there is none.
std::string_view nearest_effort(Efforts efforts, std::string_view wanted);

/// How a Gemini model of that name is asked to think.
struct GeminiThinking {
  enum class Way : std::uint8_t { none, budget, level };
  Way way = Way::level;
  std::int64_t least = 0, most = 0;  // thinkingBudget
  bool can_rest = true;              // a budget of 0 is taken
};
/// thinkingLevel for names that are not known, as all have it from 3 on (Gemini API, Thinking).
GeminiThinking gemini_thinking(std::string_view model);

}  // namespace pg
