// Prices of the provider `fake`, and answers that say what they cost.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/fake_upstream.h"

namespace pg::test {

/// A dollar for a million tokens in, ten for a million out.
inline constexpr std::string_view kFakePrices = "[prices.\"fake/*\"]\ninput = \"1\"\noutput = \"10\"\n";

/// Of Anthropic's dialect, with 10 tokens in: at kFakePrices 0.00001 USD and as many times that as there are tokens out.
inline Answer priced_answer(std::int64_t output_tokens) {
  return Answer::json(R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text",)"
                      R"("text":"ok"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,)"
                      R"("output_tokens":)" +
                      std::to_string(output_tokens) + "}}");
}
/// Costs 0.01001 USD.
inline Answer costly_answer() {
  return priced_answer(1000);
}

}  // namespace pg::test
