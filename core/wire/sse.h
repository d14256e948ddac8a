// Server-sent events as bytes (WHATWG HTML §9.2): cuts a stream into events without losing one byte of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pg {

/// One event, or a run of comments: everything up to and with its blank line. Views are good until the reader's next call.
struct SseEvent {
  std::string_view raw;   // every byte, line endings and comments as they came; all raws in a row are the stream
  std::string_view type;  // the last `event:` line, "" without one
  std::string_view data;  // the `data:` lines, joined by LF
  std::size_t data_lines = 0;
  std::size_t data_begin = 0;  // of the first data line's value, in raw
};

class SseReader {
 public:
  /// `max_event` bounds the bytes of one event.
  explicit SseReader(std::size_t max_event) : max_event_(max_event) {}

  /// Takes the next bytes, which stay where they are until next() has returned false.
  void feed(std::string_view bytes) {
    input_ = bytes;
    at_ = 0;
    has_cr_ = has_cr_ || bytes.find('\r') != std::string_view::npos;
  }
  /// The next whole event; false when more bytes are needed. upstream_failed when an event outgrows its bound.
  Result<bool> next(SseEvent& event);
  /// At the end of the stream: what never got its blank line, read as an event. False when there is nothing.
  bool rest(SseEvent& event);
  /// True when no part of an event is waiting for its end.
  bool at_boundary() const { return partial_.empty() && at_ == input_.size(); }

 private:
  std::size_t find_end();
  void read_lines(SseEvent& event);

  std::size_t max_event_;
  std::string_view input_;
  std::size_t at_ = 0;
  std::string partial_;       // the bytes of an event that came in earlier pieces
  bool partial_out_ = false;  // partial_ was handed out as an event
  bool has_cr_ = false;       // somewhere in the stream so far: CR is rare, and then need not be looked for in every line
  bool line_start_ = true;
  bool after_cr_ = false;
  bool blank_cr_ = false;  // a blank line ended in CR: whether an LF follows decides where the event ends
  bool first_ = true;      // a byte order mark may only open the stream
  std::string joined_;
};

/// Appends `event` with its data replaced and everything else as it came. Line breaks in `data` become data lines of their own.
void write_sse(const SseEvent& event, std::string_view data, std::string& out);

}  // namespace pg
