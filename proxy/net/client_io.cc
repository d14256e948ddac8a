// Bodies of known size are read straight into a buffer of that size; nothing is zero-filled, nothing is copied twice.
#include "proxy/net/client_io.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "proxy/net/chunks.h"
#include "proxy/net/http_parse.h"

namespace pg {
namespace {

constexpr std::size_t kFirstRead = 4 * 1024;
constexpr std::size_t kNextRead = 64 * 1024;
constexpr std::uint64_t kSlowestBodyBytesPerSecond = 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::size_t kGentleCloseBytes = 4u << 20;
constexpr Millis kGentleCloseTime{1'000};

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

// A TLS hello, an HTTP/2 preface or a request line that ends in LF alone will never become a head; waiting for more of it would
// only hang the client.
bool is_hopeless(std::string_view bytes) {
  if (bytes.empty()) return false;
  if (static_cast<unsigned char>(bytes[0]) == 0x16 || bytes.starts_with("PRI * HTTP/2.0\r\n") ||
      static_cast<unsigned char>(bytes[0]) >= 0x80 || bytes[0] == '\0')
    return true;
  const std::size_t line = bytes.find('\n');
  return line != std::string_view::npos && (line == 0 || bytes[line - 1] != '\r');
}

}  // namespace

ClientIo::ClientIo(Loop& loop, TcpSocket socket) : stream_(loop, std::move(socket), Stage::request) {}

Task<ClientIo::HeadEnd> ClientIo::read_head(const Limits& limits) {
  bool begun = !in_.empty();
  stream_.set_deadline(now() + (begun ? limits.head_timeout : limits.idle_timeout));
  for (;;) {
    // One stray CRLF before a request line is allowed (RFC 9112 §2.2).
    if (in_.view().starts_with("\r\n")) in_.consume(2);
    if (is_hopeless(in_.view())) co_return HeadEnd::plain_garbage;
    head_size_ = find_head_end(in_.view());
    consumed_ = head_size_;
    if (head_size_ > limits.max_head || (head_size_ == 0 && in_.size() > limits.max_head)) co_return HeadEnd::too_large;
    if (head_size_ > 0) co_return HeadEnd::complete;
    in_.make_room(kFirstRead);
    const IoResult got = co_await stream_.read_in_turn(in_.free_begin(), in_.free_size());
    if (got.end == IoEnd::timeout) co_return begun ? HeadEnd::timeout : HeadEnd::closed;
    if (got.end != IoEnd::ok) co_return HeadEnd::closed;
    in_.grew(got.size);
    if (!begun) stream_.set_deadline(now() + limits.head_timeout);
    begun = true;
  }
}

SteadyTime ClientIo::body_deadline(const Limits& limits, std::uint64_t size) const {
  return now() + limits.body_timeout + std::chrono::seconds(size / kSlowestBodyBytesPerSecond);
}

Task<Status> ClientIo::read_body(const RequestHead& head, const Limits& limits, Buffer& body) {
  body.clear();
  expect_body(head);
  if (body_done_) co_return Status{};
  const std::uint64_t size = head.content_length.value_or(0);
  if (size > limits.max_body) co_return make_error(Code::too_large, "the body is larger than the limit");
  stream_.set_deadline(body_deadline(limits, size));
  if (head.expects_continue && in_.size() == head_size_) {
    const iovec interim = piece_of(kContinue);
    const IoEnd sent = co_await write(interim, limits.stall_timeout);
    if (sent != IoEnd::ok) co_return make_error(Code::timeout, "the client left");
    stream_.set_deadline(body_deadline(limits, size));
  }
  Status done{};
  if (head.chunked) {
    done = co_await read_chunked(limits, body);
  } else {
    done = co_await read_sized(size, body);
  }
  body_done_ = done.has_value();
  co_return done;
}

bool ClientIo::take_body(const RequestHead& head, const Limits& limits, Buffer& body) {
  const std::uint64_t size = head.content_length.value_or(0);
  if (head.chunked || size > limits.max_body || size > in_.size() - head_size_) return false;
  const auto all = static_cast<std::size_t>(size);
  body.clear();
  body.reserve(all);
  body.append(in_.view().substr(head_size_, all));
  consumed_ = head_size_ + all;
  body_done_ = true;
  return true;
}

Task<Status> ClientIo::read_sized(std::uint64_t size, Buffer& body) {
  const std::string_view early = in_.view().substr(head_size_, static_cast<std::size_t>(size));
  body.reserve(static_cast<std::size_t>(size));
  body.append(early);
  consumed_ = head_size_ + early.size();
  // With little to do it is quicker to take what has come while the client still sends.
  const bool waits_for_all = stream_.loop().collects_writes();
  while (body.size() < size) {
    const std::size_t wanted = static_cast<std::size_t>(size) - body.size();
    IoResult got = stream_.try_read(body.free_begin(), wanted);
    if (got.end == IoEnd::again && wanted > kLong && waits_for_all)
      got = co_await stream_.read_long(body.free_begin(), wanted);
    else if (got.end == IoEnd::again)
      got = co_await stream_.read_some(body.free_begin(), wanted);
    if (got.end == IoEnd::timeout) co_return make_error(Code::timeout, "the body came too slowly");
    if (got.end != IoEnd::ok) co_return make_error(Code::bad_request, "the body ended before its Content-Length");
    body.grew(got.size);
  }
  co_return Status{};
}

Task<Status> ClientIo::read_chunked(const Limits& limits, Buffer& body) {
  ChunkDecoder decoder;
  std::string data;
  Buffer raw;  // not in_: the head's views point into that
  raw.append(in_.view().substr(head_size_));
  consumed_ = in_.size();
  for (;;) {
    const Result<std::size_t> took = decoder.push(raw.view(), data);
    if (!took) co_return took.error();
    raw.consume(took.value());
    if (body.size() + data.size() > limits.max_body) co_return make_error(Code::too_large, "the body is larger than the limit");
    body.append(data);
    data.clear();
    if (decoder.done()) break;
    raw.make_room(kNextRead);
    IoResult got = stream_.try_read(raw.free_begin(), raw.free_size());
    if (got.end == IoEnd::again) got = co_await stream_.read_some(raw.free_begin(), raw.free_size());
    if (got.end == IoEnd::timeout) co_return make_error(Code::timeout, "the body came too slowly");
    if (got.end != IoEnd::ok) co_return make_error(Code::bad_request, "the chunked body was cut short");
    raw.grew(got.size);
  }
  pipelined_ = raw.view();
  co_return Status{};
}

void ClientIo::finish_exchange() {
  in_.consume(std::min(consumed_, in_.size()));
  if (!pipelined_.empty()) in_.append(pipelined_);
  pipelined_.clear();
  head_size_ = consumed_ = 0;
  body_done_ = true;
}

Task<IoEnd> ClientIo::write(std::span<iovec> pieces, Millis timeout) {
  stream_.set_deadline(now() + timeout);
  return stream_.write_all(pieces);
}

Task<IoEnd> ClientIo::write(iovec first, iovec second, Millis timeout) {
  iovec pieces[2] = {first, second};
  const std::span<iovec> both(pieces);
  const IoEnd end = co_await write(both, timeout);
  co_return end;
}

Task<void> ClientIo::close_gently() {
  stream_.shutdown_write();
  stream_.set_deadline(now() + kGentleCloseTime);
  Buffer sink(kNextRead);
  for (std::size_t total = 0; total < kGentleCloseBytes;) {
    IoResult got = stream_.try_read(sink.free_begin(), sink.free_size());
    if (got.end == IoEnd::again) got = co_await stream_.read_some(sink.free_begin(), sink.free_size());
    if (got.end != IoEnd::ok) break;
    total += got.size;
  }
  stream_.close();
}

const std::optional<Address>& ClientIo::peer() {
  if (peer_) return peer_;
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getpeername(stream_.fd(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return peer_;
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4);
    Address& address = peer_.emplace();
    std::memcpy(address.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
  } else if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    Address& address = peer_.emplace();
    address.v6 = true;
    std::memcpy(address.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
  }
  return peer_;
}

}  // namespace pg
