// Non-blocking system calls on the fast path; Asio only waits. TLS runs on the same descriptor.
#include "proxy/net/stream.h"

#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace pg {
namespace {

constexpr int kMaxPieces = 64;  // a gather write takes so many at a time

IoResult from_errno() {
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {IoEnd::again, 0};
  return {IoEnd::failed, 0};
}

// Drops `size` written bytes from the front; gives the entries that are left.
std::span<iovec> drop_written(std::span<iovec> pieces, std::size_t size) {
  while (!pieces.empty() && size >= pieces.front().iov_len) {
    size -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (size > 0) {
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + size;
    pieces.front().iov_len -= size;
  }
  return pieces;
}

}  // namespace

Stream::Stream(Loop& loop, TcpSocket socket, Stage stage) : loop_(loop), socket_(std::move(socket)), stage_(stage) {
  if (socket_.is_open()) {
    socket_.non_blocking(true);
    const int on = 1;
    ::setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  loop_.watch(*this);
}

Stream::~Stream() {
  loop_.unwatch(*this);
}

void Stream::on_tick(SteadyTime now) {
  if (now >= deadline_ && stopped_ == IoEnd::ok) abort(IoEnd::timeout);
}

void Stream::abort(IoEnd why) {
  if (stopped_ == IoEnd::ok) stopped_ = why;
  boost::system::error_code ignored;
  if (socket_.is_open()) socket_.cancel(ignored);
}

void Stream::close() {
  boost::system::error_code ignored;
  ssl_.reset();
  if (socket_.is_open()) socket_.close(ignored);
}

void Stream::shutdown_write() {
  boost::system::error_code ignored;
  if (socket_.is_open()) socket_.shutdown(TcpSocket::shutdown_send, ignored);
}

IoEnd Stream::end_of(int ssl_error) const {
  switch (ssl_error) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return IoEnd::again;
    case SSL_ERROR_ZERO_RETURN:
      return IoEnd::eof;
    default:
      return IoEnd::failed;
  }
}

IoResult Stream::try_read(char* to, std::size_t size) {
  if (ssl_) {
    std::size_t got = 0;
    const int ok = SSL_read_ex(ssl_.get(), to, size, &got);
    if (ok == 1) return {IoEnd::ok, got};
    const int error = SSL_get_error(ssl_.get(), ok);
    tls_wants_write_ = error == SSL_ERROR_WANT_WRITE;
    return {end_of(error), 0};
  }
  const ssize_t got = ::recv(fd(), to, size, 0);
  if (got > 0) return {IoEnd::ok, static_cast<std::size_t>(got)};
  return got == 0 ? IoResult{IoEnd::eof, 0} : from_errno();
}

IoResult Stream::result_of(const std::tuple<boost::system::error_code, std::size_t>& got) const {
  const auto& [error, size] = got;
  if (!error) return {IoEnd::ok, size};
  if (stopped_ != IoEnd::ok) return {stopped_, 0};
  return {error == asio::error::eof ? IoEnd::eof : IoEnd::failed, 0};
}

Task<IoResult> Stream::read_some(char* to, std::size_t size) {
  if (!ssl_) {
    if (stopped_ != IoEnd::ok) co_return IoResult{stopped_, 0};
    const auto into = asio::buffer(to, size);
    const auto got = co_await socket_.async_read_some(into, kAwait);
    co_return result_of(got);
  }
  for (;;) {
    if (stopped_ != IoEnd::ok) co_return IoResult{stopped_, 0};
    const IoResult got = try_read(to, size);
    if (got.end != IoEnd::again) co_return got;
    IoEnd waited = IoEnd::ok;
    if (tls_wants_write_) {
      waited = co_await wait_writable();
    } else {
      waited = co_await wait_readable();
    }
    if (waited != IoEnd::ok) co_return IoResult{waited, 0};
  }
}

// Gives the error_code and the size.
auto Stream::async_read_in_turn(char* to, std::size_t size) {
  return asio::async_initiate<const Await, void(boost::system::error_code, std::size_t)>(
      [this, to, size](auto handler) {
        loop_.hold(Stage::listen, [this, to, size, handler = std::move(handler)]() mutable {
          auto in_turn = loop_.in_turn(stage_, std::move(handler));
          if (stopped_ != IoEnd::ok) return in_turn(boost::system::error_code(asio::error::operation_aborted), std::size_t{0});
          socket_.async_read_some(asio::buffer(to, size), std::move(in_turn));
        });
      },
      kAwait);
}

Task<IoResult> Stream::read_in_turn(char* to, std::size_t size) {
  if (stopped_ != IoEnd::ok) co_return IoResult{stopped_, 0};
  if (ssl_) {
    const IoResult got = co_await read_some(to, size);
    co_return got;
  }
  const auto got = co_await async_read_in_turn(to, size);
  co_return result_of(got);
}

Task<IoEnd> Stream::wait_readable() {
  if (stopped_ != IoEnd::ok) co_return stopped_;
  const auto done = co_await socket_.async_wait(TcpSocket::wait_read, kAwait);
  if (stopped_ != IoEnd::ok) co_return stopped_;
  co_return std::get<0>(done) ? IoEnd::failed : IoEnd::ok;
}

Task<IoEnd> Stream::wait_writable() {
  if (stopped_ != IoEnd::ok) co_return stopped_;
  const auto done = co_await socket_.async_wait(TcpSocket::wait_write, kAwait);
  if (stopped_ != IoEnd::ok) co_return stopped_;
  co_return std::get<0>(done) ? IoEnd::failed : IoEnd::ok;
}

IoResult Stream::try_write(std::span<const iovec> pieces) {
  if (ssl_) {
    std::size_t written = 0;
    for (const iovec& piece : pieces) {
      std::size_t done = 0;
      while (done < piece.iov_len) {
        std::size_t took = 0;
        const int ok = SSL_write_ex(ssl_.get(), static_cast<const char*>(piece.iov_base) + done, piece.iov_len - done, &took);
        if (ok != 1) {
          const IoEnd end = end_of(SSL_get_error(ssl_.get(), ok));
          return written + done > 0 && end == IoEnd::again ? IoResult{IoEnd::ok, written + done} : IoResult{end, 0};
        }
        done += took;
      }
      written += done;
    }
    return {IoEnd::ok, written};
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());  // sendmsg does not write through it
  message.msg_iovlen = std::min<std::size_t>(pieces.size(), kMaxPieces);
  const ssize_t sent = ::sendmsg(fd(), &message, MSG_NOSIGNAL);
  return sent >= 0 ? IoResult{IoEnd::ok, static_cast<std::size_t>(sent)} : from_errno();
}

std::span<iovec> Stream::write_now(std::span<iovec> pieces) {
  if (stopped_ != IoEnd::ok) return pieces;
  const IoResult sent = try_write(pieces);
  return sent.end == IoEnd::ok ? drop_written(pieces, sent.size) : pieces;
}

Task<IoEnd> Stream::write_all(std::span<iovec> pieces) {
  pieces = drop_written(pieces, 0);
  while (!pieces.empty()) {
    if (stopped_ != IoEnd::ok) co_return stopped_;
    const IoResult sent = try_write(pieces);
    if (sent.end == IoEnd::ok) {
      pieces = drop_written(pieces, sent.size);
      continue;
    }
    if (sent.end != IoEnd::again) co_return sent.end;
    const IoEnd waited = co_await wait_writable();
    if (waited != IoEnd::ok) co_return waited;
  }
  co_return IoEnd::ok;
}

Task<IoEnd> Stream::connect(asio::ip::tcp::endpoint endpoint) {
  const auto done = co_await socket_.async_connect(endpoint, kAwait);
  if (stopped_ != IoEnd::ok) co_return stopped_;
  if (std::get<0>(done)) co_return IoEnd::failed;
  socket_.non_blocking(true);
  const int on = 1;
  ::setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  co_return IoEnd::ok;
}

Task<IoEnd> Stream::start_tls(SslPtr ssl) {
  ssl_ = std::move(ssl);
  for (;;) {
    const int ok = SSL_do_handshake(ssl_.get());
    if (ok == 1) co_return IoEnd::ok;
    const int error = SSL_get_error(ssl_.get(), ok);
    IoEnd waited = IoEnd::failed;
    if (error == SSL_ERROR_WANT_READ) {
      waited = co_await wait_readable();
    } else if (error == SSL_ERROR_WANT_WRITE) {
      waited = co_await wait_writable();
    }
    if (waited != IoEnd::ok) co_return waited;
  }
}

PeerState peer_state(int fd) {
  pollfd entry{fd, POLLRDHUP, 0};
  if (::poll(&entry, 1, 0) <= 0) return PeerState::present;
  if ((entry.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return PeerState::gone;
  return (entry.revents & POLLRDHUP) != 0 ? PeerState::half_closed : PeerState::present;
}

bool peer_has_bytes(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

}  // namespace pg
