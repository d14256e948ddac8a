// Costs per kind of byte, in 1/100 token. What they rest on: byte-pair vocabularies of 100k to 260k entries hold nearly every
// common word with its leading space as one token, split rare words every 4 to 6 letters, digits in threes or one by one, and
// runs of punctuation in ones and twos; CJK costs about one token a character, other scripts about one for two.
#include "core/wire/estimate_tokens.h"

#include "core/base/ascii.h"
#include "core/wire/call_io.h"

namespace pg {
namespace {

constexpr std::int64_t kUnit = 100;
constexpr std::int64_t kWordCost = 130;  // a word of up to kWordBytes letters
constexpr std::size_t kWordBytes = 4;    // each further so many may be one more piece, or not
constexpr std::int64_t kMoreWordCost = 75;
constexpr std::int64_t kDigit = 55;
constexpr std::int64_t kPunctuation = 85;
constexpr std::int64_t kRepeated = 25;  // the same sign again: rulers, indentation
constexpr std::int64_t kWideByte = 48;  // of a character beyond ASCII: 3 bytes of CJK are 1.4 tokens
constexpr std::int64_t kMessage = 6;    // whole tokens of framing
constexpr std::int64_t kTool = 16;
constexpr std::int64_t kImage = 1600;     // both vendors scale an image down to about that
constexpr std::int64_t kFilePage = 3000;  // a PDF page, taken as 40 KB of base64
constexpr std::size_t kFilePageBytes = 40'000;

/// The end of a word that begins at `at`: "fooBarBaz" is three of them.
std::size_t word_end(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && is_letter(text[end])) {
    const bool hump = is_upper(text[end]) && text[end - 1] >= 'a';
    if (hump) break;
    ++end;
  }
  return end;
}

std::int64_t word_cost(std::size_t size) {
  return size <= kWordBytes ? kWordCost : kWordCost + static_cast<std::int64_t>((size - 1) / kWordBytes) * kMoreWordCost;
}

std::int64_t media_tokens(const Part& part) {
  if (part.kind == Part::Kind::image) return kImage;
  if (!part.media.text.empty()) return estimate_text_tokens(part.media.text);
  const auto pages = static_cast<std::int64_t>(part.media.data.size() / kFilePageBytes) + 1;
  return pages * kFilePage;
}

std::int64_t part_tokens(const Part& part) {
  std::int64_t tokens = estimate_text_tokens(part.text) + estimate_text_tokens(part.tool.name);
  if (part.kind == Part::Kind::image || part.kind == Part::Kind::file) tokens += media_tokens(part);
  if (part.kind == Part::Kind::tool_call || part.kind == Part::Kind::tool_result) tokens += kMessage;
  // What an encrypted thought costs only its vendor knows: base64 of about its text.
  if (part.text.empty()) tokens += static_cast<std::int64_t>(part.proof.value.size() / 4);
  for (const Part& piece : part.parts) tokens += part_tokens(piece);
  return tokens;
}

}  // namespace

std::int64_t estimate_text_tokens(std::string_view text) {
  std::int64_t cost = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (is_letter(c)) {
      const std::size_t end = word_end(text, at);
      cost += word_cost(end - at);
      at = end;
      continue;
    }
    if (static_cast<unsigned char>(c) >= 0x80) {
      cost += kWideByte;
    } else if (is_digit(c)) {
      cost += kDigit;
    } else if (at > 0 && text[at - 1] == c) {
      cost += kRepeated;
    } else if (c != ' ' || at + 1 == text.size() || !is_letter(text[at + 1])) {  // a blank before a word is part of it
      cost += kPunctuation;
    }
    ++at;
  }
  return (cost + kUnit - 1) / kUnit;
}

std::int64_t estimate_tokens(const Call& call) {
  std::int64_t tokens = kMessage;
  for (const Tool& tool : call.tools) {
    tokens += kTool + estimate_text_tokens(tool.name.name) + estimate_text_tokens(tool.description);
    tokens += estimate_text_tokens(tool.schema) + estimate_text_tokens(tool.format);
  }
  for (const Message& message : call.messages) {
    tokens += kMessage;
    for (const Part& part : message.parts) tokens += part_tokens(part);
  }
  return tokens + estimate_text_tokens(call.format.schema);
}

Result<std::int64_t> estimate_request_tokens(Wire dialect, std::string_view body) {
  JsonDoc doc;
  PG_TRY_STATUS(doc.parse(body));
  Warnings warnings;
  if (dialect == Wire::gemini || dialect == Wire::cohere)
    return make_error(Code::not_implemented, "no client speaks this dialect");
  PG_TRY(Call call, dialect == Wire::anthropic     ? read_anthropic_call(doc.root(), warnings)
                    : dialect == Wire::openai_chat ? read_chat_call(doc.root(), warnings)
                                                   : read_responses_call(doc.root(), warnings));
  return estimate_tokens(call);
}

}  // namespace pg
