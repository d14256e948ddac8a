// Finds the body of a private key: base64 whose lines may stand behind numbers, signs, names and colours of whatever showed them.
#include "core/guard/pem.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "core/base/encode.h"
#include "core/guard/byte_set.h"

namespace pg {
namespace {

// What may stand between two base64 characters of a pasted key, besides escapes: quotes, commas, indentation, '+' and '>'
// prefixes, string continuation, and the words of Proc-Type and DEK-Info headers.
constexpr ByteSet kFiller(" \t\r\n\\\"'`,;:.|>#*()[]_-");
constexpr std::size_t kKeptBody = 4096;         // characters of a body are judged by at most
constexpr std::size_t kLongestBlock = 1 << 20;  // a keyring, each line behind the words of git blame
constexpr std::size_t kDeepestSlash = 15;       // backslashes before a slash, in JSON in JSON in JSON in JSON
constexpr std::size_t kLongestPrefix = 160;     // between the base64 of two lines
constexpr std::size_t kLongestHeaders = 1000;   // before the first line: Proc-Type, Version, Comment
constexpr std::size_t kShownLine = 24, kFullLine = 40;

struct Body {
  std::size_t end = 0;  // where dashes begin, or the first byte that belongs to no key
  std::string base64;   // its beginning
};

Body read_body(std::string_view text, std::size_t at) {
  Body body;
  while (at < text.size()) {
    const char byte = text[at];
    if (byte == '-' && text.substr(at, 5) == "-----") break;
    if (byte == '\\' && at + 1 < text.size() && kAlnum.has(text[at + 1])) {
      at += 2;  // \n, \r, \t; of \u000a the digits count as body, which harms nothing
      continue;
    }
    if (kBase64.has(byte) || byte == '=') {
      if (body.base64.size() < kKeptBody) body.base64 += byte;
    } else if (!kFiller.has(byte)) {
      break;
    }
    ++at;
  }
  body.end = at;
  return body;
}

/// The END line behind `at` with all dashes before it, of which a diff's sign may be one; an empty place where the next block
/// begins, or where none ended for too long.
Place find_end_line(std::string_view text, std::size_t at) {
  const std::string_view near = text.substr(0, std::min(text.size(), at + kLongestBlock));
  for (at = near.find("----", at); at != std::string_view::npos; at = near.find("----", at)) {
    const std::size_t begin = at;
    while (at < near.size() && near[at] == '-') ++at;
    const std::string_view rest = near.substr(at + (at < near.size() && near[at] == ' ' ? 1 : 0));
    // A form writes '+' for a blank.
    if (rest.starts_with("BEGIN ") || rest.starts_with("BEGIN+")) return {begin, begin};
    if (!rest.starts_with("END ") && !rest.starts_with("END+")) continue;
    std::size_t close = near.find("----", at);
    if (close == std::string_view::npos || close - at > 64) continue;
    for (int dashes = 0; dashes < 5 && close < text.size() && text[close] == '-'; ++dashes) ++close;
    return {begin, close};
  }
  return {near.size(), near.size()};
}

/// Length of a base64 character at `at` in plain, JSON's \/ or percent spelling, or 0.
std::size_t symbol_at(std::string_view text, std::size_t at) {
  if (kBase64.has(text[at]) || text[at] == '=') return 1;
  if (text[at] == '\\') {
    std::size_t slash = at;
    while (slash < text.size() && slash - at <= kDeepestSlash && text[slash] == '\\') ++slash;
    return slash < text.size() && text[slash] == '/' ? slash + 1 - at : 0;
  }
  constexpr std::array<std::string_view, 5> kPercent = {"%2B", "%2F", "%3D", "%2b", "%2f"};
  const bool spelled = text[at] == '%' && std::count(kPercent.begin(), kPercent.end(), text.substr(at, 3)) > 0;
  return spelled ? 3 : 0;
}

/// The next run of base64 at or after `at`, none of it the letter of an escape such as \n; empty at the end.
Place next_run(std::string_view text, std::size_t at) {
  while (at < text.size() && symbol_at(text, at) == 0) {
    const bool escaped = text[at] == '\\';
    at += text[at] == '%' ? std::min<std::size_t>(3, text.size() - at) : 1;
    if (!escaped) continue;
    while (at < text.size() && text[at] == '\\') ++at;  // a row of them is looked at once
    if (at < text.size() && kAlnum.has(text[at])) ++at;
  }
  Place run{at, at};
  while (run.end < text.size()) {
    const std::size_t size = symbol_at(text, run.end);
    if (size == 0) break;
    run.end += size;
  }
  return run;
}

/// Lower case, upper case and digits, as base64 of random bytes has them and hardly a name or a path does.
bool is_mixed(std::string_view run) {
  const auto any = [run](const ByteSet& set) { return std::any_of(run.begin(), run.end(), [&](char c) { return set.has(c); }); };
  return any(kLower) && any(kUpper) && any(kDigits);
}

/// What stands between BEGIN and END: whether nothing but base64 and fillers, and how much of it is lines of a key.
bool is_key(std::string_view between, std::size_t least) {
  const Body plain = read_body(between, 0);
  if (plain.end == between.size()) return plain.base64.size() >= std::max<std::size_t>(64, least) && entropy(plain.base64) >= 3.5;
  std::string lines;
  std::size_t size = 0;
  for (Place run = next_run(between, 0); run.size() > 0; run = next_run(between, run.end)) {
    const std::string_view line = between.substr(run.begin, run.size());
    if (line.size() < kShownLine || !is_mixed(line)) continue;
    size += line.size();
    if (lines.size() < kKeptBody) lines += line;
  }
  const auto spaces = static_cast<std::size_t>(std::count(between.begin(), between.end(), ' '));
  // Code between two constants has long names, too, but they are never a third of it.
  return size >= std::max<std::size_t>(48, least) && size * 10 >= (between.size() - spaces) * 3 && entropy(lines) >= 4.5;
}

bool ends_line(std::string_view text, std::size_t at) {
  return at >= text.size() || std::string_view("\r\n\\\"'`<&% \t\x1b~,").find(text[at]) != std::string_view::npos;
}

struct Lines {
  Place place;
  std::string base64;  // its beginning
};

/// At most `most` lines of base64 from `at` on, with whatever stands before each; the last may be short.
Lines read_lines(std::string_view text, std::size_t at, std::size_t first_gap, std::size_t most) {
  Lines lines{{at, at}, {}};
  std::size_t count = 0;
  while (count < most) {
    const std::size_t gap = count == 0 ? first_gap : kLongestPrefix;
    Place run = next_run(text, lines.place.end);
    const auto is_line = [&] {
      const std::string_view line = text.substr(run.begin, run.size());
      if (line.size() >= kFullLine) return is_mixed(line);
      return count > 0 && line.size() >= 4 && ends_line(text, run.end) &&
             (line.back() == '=' || (line.size() >= 12 && is_mixed(line)) || count + 1 == most);
    };
    while (run.size() > 0 && run.begin - lines.place.end <= gap && !is_line()) run = next_run(text, run.end);
    if (run.size() == 0 || run.begin - lines.place.end > gap) break;
    if (count++ == 0) lines.place.begin = run.begin;
    lines.place.end = run.end;
    if (lines.base64.size() < kKeptBody) lines.base64 += text.substr(run.begin, run.size());
    if (run.size() < kFullLine) break;
  }
  return lines;
}

/// Prose could pass for a body that has no END line, so some 64 characters have to look random. OpenSSH's first are always the
/// same.
bool looks_random(std::string_view base64) {
  // The sign of an added line or a colour may have been taken for the beginning.
  if (base64.substr(0, 32).find("b3BlbnNzaC1rZXktdjE") != std::string_view::npos)
    base64.remove_prefix(std::min<std::size_t>(base64.size(), 72));
  const std::string_view start = base64.substr(0, 64);
  return start.size() == 64 && std::count_if(start.begin(), start.end(), [](char b) { return kDigits.has(b); }) >= 2 &&
         entropy(start) >= 4.2;
}

bool has_headers(std::string_view text) {
  constexpr std::array<std::string_view, 5> kHeaders = {"Proc-Type:", "Version:", "Comment:", "Charset:", "Hash:"};
  return std::any_of(kHeaders.begin(), kHeaders.end(),
                     [text](std::string_view h) { return text.find(h) != std::string_view::npos; });
}

/// The last line's end: fillers behind the last base64 character are no part of a block that was cut.
std::size_t trimmed(std::string_view text, std::size_t begin, std::size_t end) {
  while (end > begin && !kBase64.has(text[end - 1]) && text[end - 1] != '=') --end;
  return end;
}

/// Where a key ends that was cut, or `at`.
std::size_t cut_end(std::string_view text, std::size_t at) {
  std::size_t end = at;
  const Body plain = read_body(text, at);
  if (looks_random(plain.base64)) end = trimmed(text, at, plain.end);
  const std::size_t first_gap = has_headers(text.substr(at, kLongestPrefix)) ? kLongestHeaders : kLongestPrefix;
  const Lines lines = read_lines(text, at, first_gap, std::string_view::npos);
  return looks_random(lines.base64) ? std::max(end, lines.place.end) : end;
}

}  // namespace

Judgement check_pem(Candidate& c) {
  const std::string_view head = c.text.substr(c.whole.begin, c.whole.size());
  // The smallest RSA key there ever was (512 bits) has 400 characters: less between BEGIN and END is a sample that was cut.
  const std::size_t least = head.find("RSA") != std::string_view::npos ? 256 : 0;
  const Place first = next_run(c.text, c.whole.end);
  if (c.text.substr(first.begin).starts_with("EXAMPLE")) return Judgement::no;  // as documentation marks what it shows
  const Place close = find_end_line(c.text, c.whole.end);
  if (close.size() > 0 && is_key(c.text.substr(c.whole.end, close.begin - c.whole.end), least)) {
    c.value.end = close.end;
  } else {
    const std::size_t end = cut_end(c.text.substr(0, close.begin), c.whole.end);
    if (end == c.whole.end || (close.size() > 0 && end - c.whole.end < least)) return Judgement::no;
    c.value.end = end;
  }
  c.whole.end = c.value.end;
  return Judgement::possible;
}

Judgement check_ppk(Candidate& c) {
  const std::string_view head = c.text.substr(c.whole.begin, c.whole.size());
  std::size_t count = 0;
  const std::size_t digits = head.rfind(' ') + 1;
  std::from_chars(head.data() + digits, head.data() + head.size(), count);
  const std::string_view near = c.text.substr(0, std::min(c.text.size(), c.whole.end + kLongestBlock));
  const Lines lines = read_lines(near, c.whole.end, kLongestPrefix, count);
  if (lines.base64.size() < kFullLine) return Judgement::no;
  c.value = lines.place;
  c.whole.end = lines.place.end;
  return Judgement::possible;
}

Judgement check_pem_base64(Candidate& c) {
  std::string_view head = c.value_text().substr(0, 160);
  head = head.substr(0, head.size() / 4 * 4);
  const auto bytes = from_base64(head);
  return bytes && bytes->find("PRIVATE KEY") != std::string::npos ? Judgement::possible : Judgement::no;
}

}  // namespace pg
