// A service that echoes its request, or complains of a field, writes the value as its own format wants it.
#include "core/guard/credential_spellings.h"

#include <algorithm>
#include <string>

#include "core/base/ascii.h"
#include "core/base/encode.h"

namespace pg {
namespace {

void keep_spelling(std::vector<SecretString>& out, std::string spelling) {
  const auto is_same = [&spelling](const SecretString& other) { return other.reveal() == spelling; };
  if (!spelling.empty() && std::none_of(out.begin(), out.end(), is_same)) out.emplace_back(spelling);
  wipe(spelling.data(), spelling.size());
}

// `text` with each of `bytes` behind, or as, what is_unicode says: `\/`, or `\u0026`.
std::string with_escaped(std::string_view text, std::string_view bytes, bool is_unicode) {
  std::string out;
  for (const char c : text) {
    if (bytes.find(c) == std::string_view::npos) {
      out += c;
    } else if (is_unicode) {
      out.append("\\u00").append(to_hex(std::string_view(&c, 1)));
    } else {
      out.append("\\").append(1, c);
    }
  }
  return out;
}

// Percent-encoded but for letters, digits and `kept`.
std::string percent_spelling(std::string_view text, std::string_view kept, bool is_form, bool is_lower_hex) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c) || kept.find(c) != std::string_view::npos) {
      out += c;
    } else if (is_form && c == ' ') {
      out += '+';
    } else {
      out += '%';
      for (const char digit : to_hex(std::string_view(&c, 1))) out += is_lower_hex ? digit : to_upper(digit);
    }
  }
  return out;
}

void keep_as_text(std::vector<SecretString>& out, std::string_view text) {
  constexpr std::string_view kKept[] = {
      "-._~",                     // RFC 3986: all but the unreserved
      "-._~/",                    // what leaves paths alone
      "-._~!*'()",                // a component, as JavaScript has it
      "-._~!*'();/?:@&=+$,#",     // a whole URL
      "-._~!*'();/?:@&=+$,#[]%",  // a URL that was one already
  };
  keep_spelling(out, std::string(text));
  const std::string json = json_escaped(text);
  keep_spelling(out, json);
  keep_spelling(out, with_escaped(json, "/", false));
  keep_spelling(out, with_escaped(json, "<>&", true));
  for (const bool is_lower_hex : {false, true}) {
    for (const std::string_view kept : kKept) keep_spelling(out, percent_spelling(text, kept, false, is_lower_hex));
    keep_spelling(out, percent_spelling(text, "-._*", true, is_lower_hex));
    keep_spelling(out, percent_spelling(text, "-._~", true, is_lower_hex));  // with blanks as `+`, else as RFC 3986
  }
}

// The digits that hang on nothing but `text` when `before` bytes of a group of three stand in front of it.
std::string inner_base64(std::string_view text, std::size_t before) {
  std::string whole = to_base64(std::string(before, '\0').append(text));
  const std::size_t from = (before * 8 + 5) / 6, to = (before + text.size()) * 8 / 6;
  std::string inner = whole.substr(from, to - from);
  wipe(whole.data(), whole.size());
  return inner;
}

std::string as_base64url(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

void keep_as_base64(std::vector<SecretString>& out, std::string_view credential) {
  const std::string whole = to_base64(credential);
  keep_as_text(out, std::string_view(whole).substr(0, whole.find('=')));
  keep_spelling(out, to_base64url(credential));
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string inner = inner_base64(credential, before);
    keep_as_text(out, inner);
    keep_spelling(out, as_base64url(inner));
  }
}

}  // namespace

std::vector<SecretString> credential_spellings(std::string_view credential) {
  std::vector<SecretString> out;
  keep_as_text(out, credential);
  keep_as_base64(out, credential);
  return out;
}

}  // namespace pg
