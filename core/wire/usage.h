// Tokens spent, as the provider reports them.
#pragma once

#include <cstdint>

namespace pg {

/// Named as OpenTelemetry GenAI names them; -1 = not reported. `input_tokens` here INCLUDES cached ones, whatever the dialect
/// (Anthropic reports them apart; OpenAI's prompt_tokens hold them): see protocols, Usage.
struct Usage {
  std::int64_t input_tokens = -1;
  std::int64_t output_tokens = -1;
  std::int64_t cached_tokens = -1;       // read from the provider's prompt cache; part of input_tokens
  std::int64_t cache_write_tokens = -1;  // written to it; part of input_tokens
  std::int64_t reasoning_tokens = -1;    // part of output_tokens
};

}  // namespace pg
