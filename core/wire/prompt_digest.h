// A prompt in a few numbers: enough to say later where the next turn of its conversation first differs, and nothing of what it
// says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/wire/spans.h"

namespace pg {

/// Short digests of what a provider's prompt cache goes by, in the order it reads them. They hold for one run of the program: the
/// hashes are keyed with a secret drawn at start-up.
struct PromptDigest {
  /// A longer conversation is told by its first messages.
  static constexpr std::size_t kMostMessages = 1'024;

  std::uint32_t tools = 0;
  std::uint32_t system = 0;
  std::uint32_t settings = 0;           // thinking, tool_choice, output schemas
  std::uint32_t opening = 0;            // the first message of the user's: which conversation this is
  std::vector<std::uint32_t> messages;  // texts alone: cache marks and ids move from turn to turn

  bool empty() const { return messages.empty(); }
  /// Takes a text of the prompt, by its hash.
  void add(const Span& span, std::uint64_t hash);
  /// Makes room for the messages of `view`, and takes what it knows beside the texts.
  void begin(const RequestView& view);
  /// The last text is in.
  void end(const RequestView& view);
};

/// Where `now` first differs from `before`, as the provider reads it: "tools", "system", "settings" or "messages[12]"; "" when
/// one is the beginning of the other.
std::string find_drift(const PromptDigest& before, const PromptDigest& now);

}  // namespace pg
