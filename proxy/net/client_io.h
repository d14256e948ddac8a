// ClientIo: the client's side of a connection. Reads a head, then its body; writes heads and pieces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/address.h"
#include "core/base/http.h"
#include "core/base/result.h"
#include "core/policy.h"
#include "proxy/net/buffer.h"
#include "proxy/net/stream.h"

namespace pg {

class ClientIo {
 public:
  ClientIo(Loop& loop, TcpSocket socket);

  enum class HeadEnd : std::uint8_t { complete, closed, timeout, too_large, plain_garbage };

  /// Waits for the next head (the keep-alive wait, then `head_timeout` in all); it stays in the buffer until finish_exchange().
  Task<HeadEnd> read_head(const Limits& limits);
  std::string_view head_bytes() const { return in_.view().substr(0, head_size_); }
  /// What came of a head that will not be complete.
  std::string_view begun_head() const { return in_.view(); }

  /// Reads the whole body into `body`. too_large before or while reading, timeout, bad_request for broken framing or a body cut
  /// short. Sends `100 Continue` first when it is expected.
  Task<Status> read_body(const RequestHead& head, const Limits& limits, Buffer& body);
  /// The same at once, when the body came with its head, as small ones do; false, with nothing done, when read_body() must wait
  /// or refuse.
  bool take_body(const RequestHead& head, const Limits& limits, Buffer& body);

  /// Drops the head (and the body, whether read or not known to be there): the next read_head() starts after it.
  void finish_exchange();
  /// True when the body was read to its end, so that the connection can carry another request.
  bool body_is_done() const { return body_done_; }
  void expect_body(const RequestHead& head) { body_done_ = !head.chunked && head.content_length.value_or(0) == 0; }

  /// Writes what goes out at once; gives what is left of `pieces` (whose entries are changed), for write().
  std::span<iovec> write_now(std::span<iovec> pieces) { return stream_.write_now(pieces); }
  Task<IoEnd> write(std::span<iovec> pieces, Millis timeout);
  /// Writes one or two pieces whole within `timeout`.
  Task<IoEnd> write(iovec first, iovec second, Millis timeout);
  Task<IoEnd> write(iovec only, Millis timeout) { return write(only, iovec{}, timeout); }

  /// Ends our side and reads what is still coming, so that the peer gets our answer rather than a reset.
  Task<void> close_gently();
  Stream& stream() { return stream_; }
  /// Who is at the other end of the connection, asked for once; nullopt when it is gone, or when it has no address.
  const std::optional<Address>& peer();

 private:
  Task<Status> read_chunked(const Limits& limits, Buffer& body);
  Task<Status> read_sized(std::uint64_t size, Buffer& body);
  SteadyTime body_deadline(const Limits& limits, std::uint64_t size) const;

  Stream stream_;
  Buffer in_;
  std::size_t head_size_ = 0;
  std::size_t consumed_ = 0;  // head and body bytes of in_ that belong to this exchange
  std::string pipelined_;     // what came after a chunked body
  bool body_done_ = true;
  std::optional<Address> peer_;
};

}  // namespace pg
