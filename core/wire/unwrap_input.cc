// Holds back an escape until it is whole, and the high half of a surrogate pair until the low one is there.
#include "core/wire/unwrap_input.h"

#include "core/base/ascii.h"
#include "core/wire/json_doc.h"
#include "core/wire/json_walk.h"

namespace pg {
namespace {

constexpr std::string_view kKey = "\"input\"";
constexpr std::size_t kMostBefore = 64;  // blanks a model may put around the key

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

bool is_high_half(std::string_view escape) {
  const char first = escape[2], second = escape[3];
  return (first == 'd' || first == 'D') && (second == '8' || second == '9' || (second | 0x20) == 'a' || (second | 0x20) == 'b');
}

/// Whole characters of a string's inside that begins at text[at]: up to its closing quote, or to an escape that is not whole yet.
std::size_t whole_until(std::string_view text) {
  std::size_t at = 0;
  while ((at = find_string_special(text, at)) < text.size()) {
    if (text[at] == '"') return at;
    if (text[at] != '\\') {  // a raw control character: no JSON, but its meaning is plain
      ++at;
      continue;
    }
    if (at + 1 >= text.size()) return at;
    const std::size_t size = text[at + 1] == 'u' ? 6 : 2;
    if (at + size > text.size()) return at;
    const bool half = size == 6 && is_high_half(text.substr(at, 6));
    if (half && text.size() < at + 12 && std::string_view("\\u").starts_with(text.substr(at + 6, 2))) return at;
    at += size;
  }
  return text.size();
}

bool has_hex_escapes(std::string_view text) {
  for (std::size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at + 2)) {
    if (text[at + 1] != 'u') continue;
    for (std::size_t i = at + 2; i < at + 6; ++i)
      if (!is_hex(text[i])) return false;
  }
  return true;
}

}  // namespace

void InputUnwrapper::push(std::string_view arguments, std::string& out) {
  if (state_ == State::after) return;
  pending_ += arguments;
  if (state_ == State::before && !find_value()) return;
  if (state_ == State::inside) decode(out);
}

/// Looks for the opening quote of the value; a text that cannot be {"input":"…"} any more is foreign.
bool InputUnwrapper::find_value() {
  const std::string_view text = pending_;
  std::size_t at = skip_blanks(text, 0);
  for (std::string_view token : {std::string_view("{"), kKey, std::string_view(":"), std::string_view("\"")}) {
    const std::string_view there = text.substr(at, token.size());
    if (!token.starts_with(there) || at > kMostBefore) {
      state_ = State::foreign;
      return false;
    }
    if (there.size() < token.size()) return false;
    at = token == "\"" ? at + 1 : skip_blanks(text, at + token.size());
  }
  pending_.erase(0, at);
  state_ = State::inside;
  return true;
}

void InputUnwrapper::decode(std::string& out) {
  const std::size_t size = whole_until(pending_);
  const std::string_view ready = std::string_view(pending_).substr(0, size);
  out += has_hex_escapes(ready) ? unescape_json_piece(ready) : std::string(ready);
  const bool ended = size < pending_.size() && pending_[size] == '"';
  pending_.erase(0, size);
  if (ended) state_ = State::after;
}

void InputUnwrapper::finish(std::string& out) {
  if (state_ == State::after) return;
  if (state_ == State::inside) {
    out += pending_;
  } else if (state_ == State::foreign || !pending_.empty()) {
    JsonDoc doc;  // the same object with its members in another order, or with more of them
    const bool has_input = doc.parse(pending_).has_value() && doc.root()["input"].is_string();
    out += has_input ? doc.root()["input"].text() : doc.root().is_object() && doc.root().size() == 0 ? std::string() : pending_;
  }
  pending_.clear();
  state_ = State::after;
}

}  // namespace pg
