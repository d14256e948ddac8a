// The bound rests on what estimate_tokens.cc charges: 1.075 tokens a byte for the dearest text there is ("a.a.a."), and for media
// so many apiece, whatever their size.
#include "core/wire/call_size.h"

#include <algorithm>
#include <limits>

#include "core/wire/estimate_tokens.h"
#include "core/wire/json_doc.h"
#include "core/wire/translate.h"
#include "core/wire/usage.h"

namespace pg {
namespace {

constexpr std::int64_t kMostPerMedia = 3'200;
constexpr std::int64_t kFraming = 64;
constexpr std::int64_t kMostChoices = 128;

std::int64_t occurrences(std::string_view text, std::string_view word) {
  std::int64_t count = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + word.size())) ++count;
  return count;
}

}  // namespace

std::int64_t input_tokens_at_most(std::string_view body) {
  // An escaped letter can hide the word that an image is known by.
  if (body.find("\\u00") != std::string_view::npos) return std::numeric_limits<std::int64_t>::max();
  std::int64_t media = 0;
  for (const std::string_view word : {"image", "file", "document"}) media += occurrences(body, word);
  const auto size = static_cast<std::int64_t>(body.size());
  return size + size / 10 + kFraming + media * kMostPerMedia;
}

std::int64_t estimate_call_tokens(DialectId dialect, std::string_view body) {
  if (dialect == DialectId::embeddings) return estimate_text_tokens(body);
  const auto tokens = estimate_request_tokens(wire_of(dialect), body);
  // What cannot be read is refused elsewhere, or passes as it is: four bytes a token, as for a bill without usage.
  return tokens ? tokens.value() : static_cast<std::int64_t>(body.size() / 4);
}

std::int64_t output_tokens_asked(DialectId dialect, std::string_view body) {
  if (dialect == DialectId::embeddings) return 0;
  JsonDoc doc;
  if (!doc.parse(body)) return -1;
  const JsonView root = doc.root();
  std::int64_t asked = -1;
  for (const std::string_view name : {"max_tokens", "max_completion_tokens", "max_output_tokens"})
    if (root[name].is_number())  // below zero some servers take for "as many as you like"
      asked = std::max(asked, std::min<std::int64_t>(root[name].number(-1), kMaxTokens));
  if (asked < 0) return -1;
  const std::int64_t choices =
      dialect == DialectId::openai_chat ? std::clamp<std::int64_t>(root["n"].number(1), 1, kMostChoices) : 1;
  return std::min(asked * choices, kMaxTokens);
}

}  // namespace pg
