// Finding blank lines and data lines; CR, LF and CRLF may be mixed and cut anywhere.
#include "core/wire/sse.h"

#include <cstring>

namespace pg {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kNowhere = std::string_view::npos;

// The next LF, or CR if there may be any.
std::size_t find_line_end(std::string_view text, std::size_t at, bool has_cr) {
  const void* hit = std::memchr(text.data() + at, '\n', text.size() - at);
  const std::size_t lf = hit == nullptr ? text.size() : static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
  const void* early = !has_cr ? nullptr : std::memchr(text.data() + at, '\r', lf - at);
  if (early != nullptr) return static_cast<std::size_t>(static_cast<const char*>(early) - text.data());
  return hit == nullptr ? kNowhere : lf;
}

// The value of `line` when it is the field `name`: with or without one space behind the colon, or no colon at all.
bool read_field(std::string_view line, std::string_view name, std::string_view& value) {
  if (!line.starts_with(name)) return false;
  if (line.size() == name.size()) {
    value = line.substr(line.size());
    return true;
  }
  if (line[name.size()] != ':') return false;
  value = line.substr(name.size() + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  return true;
}

// Takes one line off `text`, with its end left out.
std::string_view take_line(std::string_view text, std::size_t& at, bool has_cr) {
  const std::size_t end = find_line_end(text, at, has_cr);
  if (end == kNowhere) {
    std::string_view line = text.substr(at);
    at = text.size();
    return line;
  }
  std::string_view line = text.substr(at, end - at);
  at = end + (text.substr(end, 2) == "\r\n" ? 2 : 1);
  return line;
}

}  // namespace

// One past the event's last byte in input_, or kNowhere.
std::size_t SseReader::find_end() {
  std::size_t at = at_;
  while (at < input_.size()) {
    const char c = input_[at];
    if (blank_cr_) {
      blank_cr_ = false;
      return c == '\n' ? at + 1 : at;
    }
    if (line_start_ && after_cr_ && c == '\n') {
      after_cr_ = false;
      ++at;
      continue;
    }
    after_cr_ = false;
    if (line_start_ && c == '\n') return at + 1;
    if (line_start_ && c == '\r') {
      blank_cr_ = true;
      ++at;
      continue;
    }
    line_start_ = false;
    at = find_line_end(input_, at, has_cr_);
    if (at == kNowhere) return kNowhere;
    after_cr_ = input_[at++] == '\r';
    line_start_ = true;
  }
  return kNowhere;
}

void SseReader::read_lines(SseEvent& event) {
  event.type = event.data = {};
  event.data_lines = event.data_begin = 0;
  std::size_t at = 0;
  if (first_ && event.raw.starts_with(kByteOrderMark)) at = kByteOrderMark.size();
  first_ = false;
  while (at < event.raw.size()) {
    std::string_view line = take_line(event.raw, at, has_cr_);
    std::string_view value;
    if (read_field(line, "event", value)) event.type = value;
    if (!read_field(line, "data", value)) continue;
    if (event.data_lines++ == 0) {
      event.data = value;
      event.data_begin = static_cast<std::size_t>(value.data() - event.raw.data());
      continue;
    }
    if (event.data_lines == 2) joined_.assign(event.data);
    joined_.push_back('\n');
    joined_.append(value);
    event.data = joined_;
  }
}

Result<bool> SseReader::next(SseEvent& event) {
  if (partial_out_) partial_.clear();
  partial_out_ = false;
  const std::size_t end = find_end();
  const std::size_t taken = (end == kNowhere ? input_.size() : end) - at_;
  if (partial_.size() + taken > max_event_)
    return make_error(Code::upstream_failed, "the provider sent an event that is too large");
  if (end == kNowhere || !partial_.empty()) {
    partial_.append(input_, at_, taken);
    event.raw = partial_;
    partial_out_ = end != kNowhere;
  } else {
    event.raw = input_.substr(at_, taken);
  }
  at_ += taken;
  if (end == kNowhere) return false;
  line_start_ = true;
  after_cr_ = false;
  read_lines(event);
  return true;
}

bool SseReader::rest(SseEvent& event) {
  if (partial_out_ || partial_.empty()) return false;
  event.raw = partial_;
  partial_out_ = true;
  read_lines(event);
  return true;
}

void write_sse(const SseEvent& event, std::string_view data, std::string& out) {
  if (event.data_lines == 1 && data.find('\n') == kNowhere) {
    const std::size_t end = event.data_begin + event.data.size();
    out.append(event.raw, 0, event.data_begin).append(data).append(event.raw, end);
    return;
  }
  std::size_t at = event.raw.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  out.append(event.raw, 0, at);
  bool written = false;
  while (at < event.raw.size()) {
    const std::size_t begin = at;
    std::string_view line = take_line(event.raw, at, true);
    std::string_view value;
    std::string_view ending = event.raw.substr(begin + line.size(), at - begin - line.size());
    if (!read_field(line, "data", value)) {
      out.append(event.raw, begin, at - begin);
      continue;
    }
    for (std::size_t from = 0; !written && from <= data.size();) {
      const std::size_t stop = std::min(data.find('\n', from), data.size());
      out.append("data: ").append(data, from, stop - from).append(ending.empty() ? "\n" : ending);
      from = stop + 1;
    }
    written = true;
  }
}

}  // namespace pg
