// Where a request body keeps its system prompt: the values and blocks that a prompt policy may be spliced into.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/wire/dialect.h"

namespace pg {

/// A half-open range of the body.
struct ByteRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool empty() const { return begin == end; }
};

/// One block of a list of them.
struct PromptBlock {
  ByteRange whole;
  ByteRange text;   // between the quotes of its "text"
  ByteRange cache;  // the object of its "cache_control"
};

/// The value of `system`, `instructions`, or of a message's `content`.
struct PromptValue {
  enum class Kind : std::uint8_t { text, list, null, other };
  Kind kind = Kind::other;
  ByteRange range;  // of text: between its quotes
  std::vector<PromptBlock> blocks;
};

struct PromptMessage {
  ByteRange whole;
  std::string role;
  std::vector<PromptValue> contents;  // more than one when the key stands there twice
};

struct PromptPlaces {
  std::uint32_t root = 0;          // right behind the first brace
  std::vector<PromptValue> heads;  // Anthropic's system, Responses' instructions; as above
  /// Chat's messages, Responses' input: one for each time the key stands there.
  struct Conversation {
    std::uint32_t begin = 0;  // right behind its bracket
    bool empty = true;
    std::vector<PromptMessage> leading;  // the system and developer messages that it begins with
  };
  std::vector<Conversation> conversations;
};

/// Walks `body` once. bad_request as read_spans().
Result<PromptPlaces> find_prompt_places(std::string_view body, DialectId dialect);

}  // namespace pg
