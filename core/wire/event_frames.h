// application/vnd.amazon.eventstream: the length-prefixed, checksummed frames in which Amazon Bedrock streams, and what a stream
// of an Anthropic model says in them as server-sent events. Any split of the same bytes gives the same frames.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pg {

/// One frame. Only the header fields that say what it is are kept.
struct EventFrame {
  std::string message_type;    // ":message-type": "event", "exception", "error"
  std::string event_type;      // ":event-type": "chunk"
  std::string exception_type;  // ":exception-type": "throttlingException"; for errors ":error-code"
  std::string error_message;   // ":error-message"
  std::string payload;
};

/// AWS allows 16 MiB of payload and 128 KiB of headers.
inline constexpr std::size_t kMaxEventFrame = (16u << 20) + (128u << 10) + 16;

class EventFrameReader {
 public:
  void feed(std::string_view bytes) { buffer_ += bytes; }
  /// The next whole frame; false when more bytes must come. upstream_failed for a wrong checksum, an impossible length or headers
  /// that are none: nothing behind them can be trusted, and every later call says so again.
  Result<bool> next(EventFrame& frame);
  /// True between frames: the stream may end here.
  bool at_boundary() const { return buffer_.size() == used_ && !broken_; }

 private:
  std::string buffer_;
  std::size_t used_ = 0;
  bool broken_ = false;
};

/// A Bedrock stream of an Anthropic model as the SSE that Anthropic itself would have sent.
class BedrockEvents {
 public:
  /// Appends the events that `bytes` complete. upstream_failed as EventFrameReader says.
  Status push(std::string_view bytes, std::string& out);
  bool at_boundary() const { return frames_.at_boundary(); }

 private:
  EventFrameReader frames_;
};

/// The HTTP status that an exception of Bedrock's stands for ("throttlingException" -> 429).
int bedrock_status(std::string_view exception_type);

}  // namespace pg
