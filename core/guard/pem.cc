// Walks the body of a private key: base64 with line breaks that may be real, escaped, quoted, joined by '+' or prefixed.
#include "core/guard/pem.h"

#include <algorithm>
#include <string>

#include "core/base/encode.h"
#include "core/guard/byte_set.h"

namespace pg {
namespace {

// What may stand between two base64 characters of a pasted key, besides escapes: quotes, commas, indentation, '+' and '>'
// prefixes, string continuation, and the words of Proc-Type and DEK-Info headers.
constexpr ByteSet kFiller(" \t\r\n\\\"'`,;:.|>#*()[]_-");

struct Body {
  std::size_t end = 0;  // where the dashes begin, or the first byte that belongs to no key
  std::string base64;   // at most the first 4096 characters
  bool closed = false;  // five dashes stand at `end`
};

Body read_body(std::string_view text, std::size_t at) {
  Body body;
  while (at < text.size()) {
    const char byte = text[at];
    if (byte == '-' && text.substr(at, 5) == "-----") {
      body.closed = true;
      break;
    }
    if (byte == '\\' && at + 1 < text.size() && kAlnum.has(text[at + 1])) {
      at += 2;  // \n, \r, \t; of \u000a the digits count as body, which harms nothing
      continue;
    }
    if (kBase64.has(byte) || byte == '=') {
      if (body.base64.size() < 4096) body.base64 += byte;
    } else if (!kFiller.has(byte)) {
      break;
    }
    ++at;
  }
  body.end = at;
  return body;
}

/// End of the "-----END … PRIVATE KEY…-----" line that begins at `at`, or `at` when none does.
std::size_t end_line(std::string_view text, std::size_t at) {
  static constexpr std::string_view kEnd = "-----END ";
  if (text.substr(at, kEnd.size()) != kEnd) return at;
  const std::size_t close = text.find("-----", at + kEnd.size());
  return close == std::string_view::npos || close - at > 64 ? at : close + 5;
}

/// The last line's end: fillers behind the last base64 character are no part of a block that was cut.
std::size_t trimmed(std::string_view text, std::size_t begin, std::size_t end) {
  while (end > begin && !kBase64.has(text[end - 1]) && text[end - 1] != '=') --end;
  return end;
}

}  // namespace

Judgement check_pem(Candidate& c) {
  const Body body = read_body(c.text, c.whole.end);
  if (body.base64.size() < 64 || entropy(body.base64) < 3.5) return Judgement::no;
  const std::string_view head = c.text.substr(c.whole.begin, c.whole.size());
  // The smallest RSA key there ever was (512 bits) has 400 characters: less between BEGIN and END is a sample that was cut.
  if (body.closed && head.find("RSA ") != std::string_view::npos && body.base64.size() < 256) return Judgement::no;
  const std::size_t close = body.closed ? end_line(c.text, body.end) : body.end;
  if (!body.closed || close == body.end) {
    // Without an END line prose could pass for a body, so the first 64 characters have to look random.
    const std::string_view start = std::string_view(body.base64).substr(0, 64);
    const auto digits = std::count_if(start.begin(), start.end(), [](char b) { return kDigits.has(b); });
    if (digits < 2 || entropy(start) < 4.2) return Judgement::no;
    c.value.end = trimmed(c.text, c.whole.end, body.end);
  } else {
    c.value.end = close;
  }
  c.whole.end = c.value.end;
  return Judgement::possible;
}

Judgement check_pem_base64(Candidate& c) {
  std::string_view head = c.value_text().substr(0, 160);
  head = head.substr(0, head.size() / 4 * 4);
  const auto bytes = from_base64(head);
  return bytes && bytes->find("PRIVATE KEY") != std::string::npos ? Judgement::possible : Judgement::no;
}

}  // namespace pg
