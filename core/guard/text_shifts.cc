// RFC 8259: an escape is one code point, but for the second half of a surrogate pair.
#include "core/guard/text_shifts.h"

#include <algorithm>

#include "core/base/text.h"

namespace pg {
namespace {

bool is_low_half(std::string_view escape) {
  const char first = escape.size() < 6 ? '0' : static_cast<char>(escape[2] | 0x20), second = escape.size() < 6 ? '0' : escape[3];
  return first == 'd' && ((second >= 'C' && second <= 'F') || (second >= 'c' && second <= 'f'));
}

std::int64_t count_raw_points(std::string_view raw) {
  std::int64_t count = 0;
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t escape = std::min(raw.find('\\', at), raw.size());
    count += count_code_points(raw.substr(at, escape - at));
    if (escape == raw.size()) break;
    const bool unicode = escape + 1 < raw.size() && raw[escape + 1] == 'u';
    if (!unicode || !is_low_half(raw.substr(escape, 6))) ++count;
    at = escape + (unicode ? 6 : 2);
  }
  return count;
}

}  // namespace

void TextShifts::pass(std::string_view raw) {
  at_ += count_raw_points(raw);
}

void TextShifts::replace(std::string_view raw, std::string_view original) {
  const std::int64_t size = count_raw_points(raw);
  const std::int64_t before = moves_.empty() ? 0 : moves_.back().by;
  moves_.push_back({at_, at_ + size, before + count_code_points(original) - size});
  at_ += size;
}

std::int64_t TextShifts::moved(std::int64_t place, bool ends) const {
  // The first token that does not end before `place`: all before it have moved what is here.
  const auto token = std::partition_point(moves_.begin(), moves_.end(), [place](const Move& move) { return move.end <= place; });
  const std::int64_t by = token == moves_.begin() ? 0 : std::prev(token)->by;
  if (token == moves_.end() || place <= token->begin) return place + by;
  return ends ? token->end + token->by : token->begin + by;
}

}  // namespace pg
