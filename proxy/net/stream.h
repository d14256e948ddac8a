// One TCP or TLS byte stream with a deadline: tries the system call first and waits only when it must. Belongs to one loop.
#pragma once

#include <sys/socket.h>
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

/// More bytes than these are not put off to be read or written together with what others have: they are near the processor as
/// long as they are seen to at once, and one system call more is nothing beside the time they take.
inline constexpr std::size_t kLong = 64 * 1024;
bool is_long(std::span<const iovec> pieces);

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

  /// One attempt without waiting, where that is cheaper than read_some(): on a ring it is not, and says `again`.
  IoResult try_read(char* to, std::size_t size);
  /// Waits until something can be read.
  Task<IoResult> read_some(char* to, std::size_t size);
  /// The same where a call's way begins anew, at a head: looks when there is nothing else to do (by then it may have come, and a
  /// look in vain costs as much as a read), and goes on when it is its stage's turn.
  Task<IoResult> read_in_turn(char* to, std::size_t size);
  /// read_some() of what is long: waits until all of `size` is there, or as much as the kernel takes in, or the peer has ended.
  Task<IoResult> read_long(char* to, std::size_t size);

  /// Writes all of `pieces` (whose entries are changed on the way), waiting as needed.
  Task<IoEnd> write_all(std::span<iovec> pieces);
  /// One attempt without waiting: how much of `pieces` was taken.
  IoResult try_write(std::span<const iovec> pieces);
  /// The same, unless the loop collects such writes; gives what is left of `pieces` (whose entries are changed), for write_all().
  std::span<iovec> write_now(std::span<iovec> pieces);
  /// One attempt together with what others write in this turn of a loop that collects writes; gives what is left.
  Task<std::span<iovec>> write_in_turn(std::span<iovec> pieces);
  bool collects(std::span<const iovec> pieces) const { return !ssl_ && loop_.collects_writes() && !is_long(pieces); }
  Task<IoEnd> wait_writable();
  Task<IoEnd> wait_readable();
  /// For one who sends and may be answered before he is done: also ends, within two ticks, when has_input().
  Task<IoEnd> wait_writable_or_input();
  /// The peer has said something that is for us (TLS talks of its own accord), has ended, or is gone.
  bool has_input();

  Task<IoEnd> connect(asio::ip::tcp::endpoint endpoint);
  /// Whether connect() failed for want of a descriptor, here or in the whole system.
  bool lacks_descriptor() const { return lacks_descriptor_; }
  /// TLS handshake as a client.
  Task<IoEnd> start_tls(SslPtr ssl);

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  const SSL* ssl() const { return ssl_.get(); }
  void close();
  void shutdown_write();
  Loop& loop() { return loop_; }

 private:
  void on_tick(SteadyTime now) override;
  IoResult receive_now(char* to, std::size_t size);
  IoResult try_read_tls(char* to, std::size_t size);
  IoResult try_write_tls(std::span<const iovec> pieces);
  bool has_tls_input();
  IoEnd end_of(int ssl_error) const;
  IoResult result_of(const std::tuple<boost::system::error_code, std::size_t>& got) const;
  IoResult result_of(int outcome) const;
  auto async_read_in_turn(char* to, std::size_t size);
  Task<IoResult> read_with_asio(char* to, std::size_t size);
  Task<IoResult> read_with_asio_in_turn(char* to, std::size_t size);
  Task<IoResult> read_in_ring(char* to, std::size_t size);
  Task<IoResult> read_tls(char* to, std::size_t size);
  auto poll_in_ring(int fd, short events);
  class LowWater;
  void set_low_water(std::size_t bytes);
  void end_wait();
  void adopt();
  Task<IoEnd> wait_for(TcpSocket::wait_type what, short events);
  Task<IoEnd> connect_in_ring(asio::ip::tcp::endpoint endpoint);

  Loop& loop_;
  TcpSocket socket_;  // Asio's, where there is no ring
  int fd_ = -1;       // -1 = closed; ours, where there is one
  Loop::Job job_;
  msghdr message_{};  // what the ring is to send
  SslPtr ssl_;
  Stage stage_;
  SteadyTime deadline_ = SteadyTime::max();
  IoEnd stopped_ = IoEnd::ok;
  bool lacks_descriptor_ = false;
  bool wakes_for_input_ = false;
  bool woke_for_input_ = false;
  bool tls_wants_write_ = false;
  enum class TlsInput : std::uint8_t {
    unknown,
    dry,      // the last look found no whole record, and nothing was waited for since
    awaited,  // there is something
  };
  TlsInput tls_input_ = TlsInput::unknown;
};

/// What poll(2) says of a peer, without reading: still there, ended its side, or gone.
enum class PeerState : std::uint8_t { present, half_closed, gone };
PeerState peer_state(int fd);

}  // namespace pg
