// Prelude (total length, header length, CRC), headers, payload, CRC; numbers are big-endian ("Amazon event stream encoding").
#include "core/wire/event_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "core/base/ascii.h"
#include "core/base/crc32.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/wire/reply.h"

namespace pg {
namespace {

constexpr std::size_t kPrelude = 12;
constexpr std::size_t kChecksum = 4;

std::uint32_t read_big_endian(std::string_view bytes, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

Error bad_frame(std::string detail) {
  return make_error(Code::upstream_failed, "the provider's event stream is broken", std::move(detail));
}

/// Bytes of a value by its type; 0xFFFF: two bytes of length stand in front.
constexpr std::size_t kSized = 0xFFFF;
std::size_t value_size(unsigned type) {
  constexpr std::size_t kSizes[] = {0, 0, 1, 2, 4, 8, kSized, kSized, 8, 16};
  return type < std::size(kSizes) ? kSizes[type] : kSized + 1;
}

constexpr unsigned kStringType = 7;

void keep_header(std::string_view name, std::string_view value, EventFrame& frame) {
  if (name == ":message-type") frame.message_type = value;
  if (name == ":event-type") frame.event_type = value;
  if (name == ":exception-type" || name == ":error-code") frame.exception_type = value;
  if (name == ":error-message") frame.error_message = value;
}

bool take_piece(std::string_view& bytes, std::size_t size, std::string_view& out) {
  if (bytes.size() < size) return false;
  out = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

bool read_headers(std::string_view bytes, EventFrame& frame) {
  std::string_view piece, name, value;
  while (!bytes.empty()) {
    if (!take_piece(bytes, 1, piece) || !take_piece(bytes, read_big_endian(piece, 1), name) || !take_piece(bytes, 1, piece))
      return false;
    const unsigned type = read_big_endian(piece, 1);
    std::size_t size = value_size(type);
    if (size > kSized) return false;
    if (size == kSized) {
      if (!take_piece(bytes, 2, piece)) return false;
      size = read_big_endian(piece, 2);
    }
    if (!take_piece(bytes, size, value)) return false;
    if (type == kStringType) keep_header(name, value, frame);
  }
  return true;
}

/// `json` on one line, as SSE wants its data: line breaks between tokens are the only ones JSON may hold.
std::string one_line(std::string json) {
  for (char& c : json)
    if (c == '\n' || c == '\r') c = ' ';
  return json;
}

std::string sse_event(std::string_view type, std::string_view data) {
  return fmt::format("event: {}\ndata: {}\n\n", type, data);
}

bool is_event_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower(c) || c == '_'; });
}

/// {"bytes": base64 of the event Anthropic would have sent}
Status append_chunk_event(const EventFrame& frame, std::string& out) {
  JsonDoc outer, inner;
  if (!outer.parse(frame.payload)) return bad_frame("a chunk is not JSON");
  const auto data = from_base64(outer.root()["bytes"].text());
  if (!data || !inner.parse(*data)) return bad_frame("a chunk holds no event");
  const std::string type = inner.root()["type"].text();
  if (!is_event_name(type)) return bad_frame("a chunk holds an event without a type");
  out += sse_event(type, one_line(*data));
  return {};
}

void append_fault_event(const EventFrame& frame, std::string& out) {
  JsonDoc doc;
  ReplyFault fault;
  fault.status = bedrock_status(frame.exception_type);
  fault.message = frame.error_message;
  if (fault.message.empty() && doc.parse(frame.payload)) fault.message = doc.root()["message"].text();
  if (fault.message.empty() || !is_utf8(fault.message)) fault.message = "the provider answered with an error";
  out += sse_event("error", fmt::format(R"({{"type":"error","error":{}}})", write_fault(Wire::anthropic, fault)));
}

}  // namespace

Result<bool> EventFrameReader::next(EventFrame& frame) {
  if (broken_) return bad_frame("behind a broken frame");
  if (used_ > 0 && used_ >= buffer_.size() / 2) {
    buffer_.erase(0, used_);
    used_ = 0;
  }
  const std::string_view rest = std::string_view(buffer_).substr(used_);
  if (rest.size() < kPrelude) return false;
  broken_ = true;  // until it proves right
  const std::size_t total = read_big_endian(rest, 4), headers = read_big_endian(rest.substr(4), 4);
  if (crc32(rest.substr(0, 8)) != read_big_endian(rest.substr(8), 4))
    return bad_frame("the checksum of a frame's lengths is wrong");
  if (total > kMaxEventFrame || total < kPrelude + kChecksum || headers > total - kPrelude - kChecksum)
    return bad_frame("a frame of impossible length");
  if (rest.size() < total) {
    broken_ = false;
    return false;
  }
  if (crc32(rest.substr(0, total - kChecksum)) != read_big_endian(rest.substr(total - kChecksum), 4))
    return bad_frame("the checksum of a frame is wrong");
  frame = EventFrame();
  if (!read_headers(rest.substr(kPrelude, headers), frame)) return bad_frame("a frame's headers cannot be read");
  frame.payload = rest.substr(kPrelude + headers, total - kPrelude - headers - kChecksum);
  used_ += total;
  broken_ = false;
  return true;
}

Status BedrockEvents::push(std::string_view bytes, std::string& out) {
  frames_.feed(bytes);
  EventFrame frame;
  for (;;) {
    PG_TRY(const bool more, frames_.next(frame));
    if (!more) return {};
    if (frame.message_type == "exception" || frame.message_type == "error") {
      append_fault_event(frame, out);
    } else if (frame.event_type == "chunk") {
      PG_TRY_STATUS(append_chunk_event(frame, out));
    }  // events that are not known yet say nothing to this client
  }
}

int bedrock_status(std::string_view exception_type) {
  struct ExceptionRow {
    std::string_view name;
    int status;
  };
  // Amazon Bedrock Runtime, InvokeModelWithResponseStream, Errors.
  constexpr ExceptionRow kRows[] = {
      {"accessdenied", 403},       {"internalserver", 500}, {"modelerror", 500},       {"modelnotready", 429},
      {"modelstreamerror", 500},   {"modeltimeout", 504},   {"resourcenotfound", 404}, {"servicequotaexceeded", 429},
      {"serviceunavailable", 503}, {"throttling", 429},     {"validation", 400}};
  const std::string name = to_lower(exception_type);
  for (const ExceptionRow& row : kRows)
    if (name.starts_with(row.name)) return row.status;
  return 500;
}

}  // namespace pg
