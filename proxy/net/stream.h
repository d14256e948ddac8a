// One TCP or TLS byte stream with a deadline: tries the system call first and waits only when it must. Belongs to one loop.
#pragma once

#include <sys/uio.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>

#include "core/base/clock.h"
#include "proxy/net/asio.h"
#include "proxy/net/loop.h"
#include "proxy/net/tls.h"

namespace pg {

using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

enum class IoEnd : std::uint8_t {
  ok,
  again,     // nothing now (only from try_*)
  eof,       // the other side ended cleanly
  timeout,   // the deadline passed
  canceled,  // abort() was called
  failed,    // reset, broken pipe, TLS failure
};

struct IoResult {
  IoEnd end = IoEnd::ok;
  std::size_t size = 0;
};

/// `text` as a piece of a gather write.
inline iovec piece_of(std::string_view text) {
  return {const_cast<char*>(text.data()), text.size()};
}

/// A wait that can be ended from outside.
class Interruptible {
 public:
  virtual void abort(IoEnd why) = 0;

 protected:
  ~Interruptible() = default;
};

class Stream final : private Watched, public Interruptible {
 public:
  /// `stage` is whose turn it is when something was read by read_in_turn().
  Stream(Loop& loop, TcpSocket socket, Stage stage);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  SteadyTime deadline() const { return deadline_; }
  /// Every later wait ends with `timeout` when `deadline` passes; also forgets an earlier abort.
  void set_deadline(SteadyTime deadline) {
    deadline_ = deadline;
    stopped_ = IoEnd::ok;
  }
  /// Ends the wait that is under way, and later ones, with `why`.
  void abort(IoEnd why) override;

  IoResult try_read(char* to, std::size_t size);
  /// Waits until something can be read.
  Task<IoResult> read_some(char* to, std::size_t size);
  /// The same where a call's way begins anew, at a head: looks when there is nothing else to do (by then it may have come, and a
  /// look in vain costs as much as a read), and goes on when it is its stage's turn.
  Task<IoResult> read_in_turn(char* to, std::size_t size);

  /// Writes all of `pieces` (whose entries are changed on the way), waiting as needed.
  Task<IoEnd> write_all(std::span<iovec> pieces);
  /// One attempt without waiting: how much of `pieces` was taken.
  IoResult try_write(std::span<const iovec> pieces);
  /// The same; gives what is left of `pieces` (whose entries are changed), for write_all().
  std::span<iovec> write_now(std::span<iovec> pieces);
  Task<IoEnd> wait_writable();
  Task<IoEnd> wait_readable();

  Task<IoEnd> connect(asio::ip::tcp::endpoint endpoint);
  /// TLS handshake as a client.
  Task<IoEnd> start_tls(SslPtr ssl);

  int fd() { return socket_.native_handle(); }
  bool is_open() const { return socket_.is_open(); }
  bool has_tls() const { return ssl_ != nullptr; }
  const SSL* ssl() const { return ssl_.get(); }
  void close();
  void shutdown_write();
  Loop& loop() { return loop_; }

 private:
  void on_tick(SteadyTime now) override;
  IoEnd end_of(int ssl_error) const;
  IoResult result_of(const std::tuple<boost::system::error_code, std::size_t>& got) const;
  auto async_read_in_turn(char* to, std::size_t size);

  Loop& loop_;
  TcpSocket socket_;
  SslPtr ssl_;
  Stage stage_;
  SteadyTime deadline_ = SteadyTime::max();
  IoEnd stopped_ = IoEnd::ok;
  bool tls_wants_write_ = false;
};

/// What poll(2) says of a peer, without reading: still there, ended its side, or gone.
enum class PeerState : std::uint8_t { present, half_closed, gone };
PeerState peer_state(int fd);
/// Something (or the end, or an error) can be read now.
bool peer_has_bytes(int fd);

}  // namespace pg
