// Non-blocking system calls on the fast path; a ring reads and waits, or Asio does. stream_tls.cc has what TLS does on
// the same descriptor.
#include "proxy/net/stream.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace pg {
namespace {

constexpr int kMaxPieces = 64;                  // a gather write takes so many at a time
constexpr std::size_t kLongestWait = 1u << 20;  // the kernel keeps so much of one connection if it must

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

// What epoll says of one descriptor, as something that can be polled itself.
class OneWatch {
 public:
  OneWatch(int watched, short events) : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event wanted{};
    wanted.events = static_cast<std::uint32_t>(events);
    if (fd_ >= 0) ::epoll_ctl(fd_, EPOLL_CTL_ADD, watched, &wanted);
  }
  ~OneWatch() {
    if (fd_ >= 0) ::close(fd_);
  }
  OneWatch(const OneWatch&) = delete;
  OneWatch& operator=(const OneWatch&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

bool is_long(std::span<const iovec> pieces) {
  std::size_t size = 0;
  for (auto piece = pieces.begin(); piece != pieces.end() && size <= kLong; ++piece) size += piece->iov_len;
  return size > kLong;
}

Stream::Stream(Loop& loop, TcpSocket socket, Stage stage) : loop_(loop), socket_(std::move(socket)), stage_(stage) {
  if (socket_.is_open()) {
    boost::system::error_code failed;
    fd_ = loop_.ring() != nullptr ? socket_.release(failed) : socket_.native_handle();
    adopt();
  }
  loop_.watch(*this);
}

Stream::~Stream() {
  loop_.unwatch(*this);
  close();
}

void Stream::adopt() {
  const int on = 1;
  if (loop_.ring() == nullptr) {
    socket_.non_blocking(true);
  } else {
    ::ioctl(fd_, FIONBIO, &on);
  }
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void Stream::on_tick(SteadyTime now) {
  if (now >= deadline_ && stopped_ == IoEnd::ok) abort(IoEnd::timeout);
  if (wakes_for_input_ && !woke_for_input_ && has_input()) {
    woke_for_input_ = true;
    end_wait();
  }
}

void Stream::abort(IoEnd why) {
  if (stopped_ == IoEnd::ok) stopped_ = why;
  end_wait();
}

void Stream::end_wait() {
  boost::system::error_code ignored;
  if (job_.ticket != Loop::Job::kNone) loop_.ring()->cancel(job_.ticket);
  if (socket_.is_open()) socket_.cancel(ignored);
}

void Stream::close() {
  boost::system::error_code ignored;
  ssl_.reset();
  if (socket_.is_open()) {
    socket_.close(ignored);
  } else if (fd_ >= 0) {
    ::close(fd_);
  }
  fd_ = -1;
}

void Stream::shutdown_write() {
  if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
}

IoResult Stream::try_read(char* to, std::size_t size) {
  if (ssl_) return try_read_tls(to, size);
  return loop_.ring() != nullptr ? IoResult{IoEnd::again, 0} : receive_now(to, size);
}

IoResult Stream::receive_now(char* to, std::size_t size) {
  const ssize_t got = ::recv(fd_, to, size, 0);
  if (got > 0) return {IoEnd::ok, static_cast<std::size_t>(got)};
  return got == 0 ? IoResult{IoEnd::eof, 0} : from_errno();
}

IoResult Stream::result_of(const std::tuple<boost::system::error_code, std::size_t>& got) const {
  const auto& [error, size] = got;
  if (!error) return {IoEnd::ok, size};
  if (stopped_ != IoEnd::ok) return {stopped_, 0};
  return {error == asio::error::eof ? IoEnd::eof : IoEnd::failed, 0};
}

IoResult Stream::result_of(int outcome) const {
  if (outcome > 0) return {IoEnd::ok, static_cast<std::size_t>(outcome)};
  if (outcome == 0) return {IoEnd::eof, 0};
  return {stopped_ != IoEnd::ok ? stopped_ : IoEnd::failed, 0};
}

Task<IoResult> Stream::read_in_ring(char* to, std::size_t size) {
  const auto receive = [this, to, size](Ring& ring, std::unique_ptr<Ring::Waiter> waiter) {
    return ring.receive(fd_, to, size, std::move(waiter));
  };
  for (;;) {
    if (stopped_ != IoEnd::ok) co_return IoResult{stopped_, 0};
    co_await loop_.in_ring(job_, stage_, receive);
    if (job_.result != -EAGAIN && job_.result != -EINTR) co_return result_of(job_.result);
    const IoEnd waited = co_await wait_readable();
    if (waited != IoEnd::ok) co_return IoResult{waited, 0};
  }
}

Task<IoResult> Stream::read_with_asio(char* to, std::size_t size) {
  if (stopped_ != IoEnd::ok) co_return IoResult{stopped_, 0};
  const auto into = asio::buffer(to, size);
  const auto got = co_await socket_.async_read_some(into, kAwait);
  co_return result_of(got);
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

Task<IoResult> Stream::read_with_asio_in_turn(char* to, std::size_t size) {
  if (stopped_ != IoEnd::ok) co_return IoResult{stopped_, 0};
  const auto got = co_await async_read_in_turn(to, size);
  co_return result_of(got);
}

Task<IoResult> Stream::read_some(char* to, std::size_t size) {
  if (ssl_) return read_tls(to, size);
  return loop_.ring() != nullptr ? read_in_ring(to, size) : read_with_asio(to, size);
}

Task<IoResult> Stream::read_in_turn(char* to, std::size_t size) {
  if (ssl_) return read_tls(to, size);
  return loop_.ring() != nullptr ? read_in_ring(to, size) : read_with_asio_in_turn(to, size);
}

// Each read makes room for the sender, so that few of them save his kernel work as well.
void Stream::set_low_water(std::size_t bytes) {
  const int mark = static_cast<int>(std::min(bytes, kLongestWait));
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark);
}

// A mark that stays would keep the next, short request from being heard.
class Stream::LowWater {
 public:
  LowWater(Stream& stream, std::size_t bytes) : stream_(stream) { stream_.set_low_water(bytes); }
  ~LowWater() { stream_.set_low_water(1); }
  LowWater(const LowWater&) = delete;
  LowWater& operator=(const LowWater&) = delete;

 private:
  Stream& stream_;
};

// Kernels without a ring for us may wait for more than they have room for.
Task<IoResult> Stream::read_long(char* to, std::size_t size) {
  if (ssl_ || loop_.ring() == nullptr) {
    const IoResult got = co_await read_some(to, size);
    co_return got;
  }
  const LowWater mark(*this, size);
  IoResult got{IoEnd::again, 0};
  while (got.end == IoEnd::again) {
    const IoEnd waited = co_await wait_readable();
    got = waited == IoEnd::ok ? receive_now(to, size) : IoResult{waited, 0};
  }
  co_return got;
}

auto Stream::poll_in_ring(int fd, short events) {
  return loop_.in_ring(job_, stage_, [fd, events](Ring& ring, std::unique_ptr<Ring::Waiter> waiter) {
    return ring.poll(fd, events, std::move(waiter));
  });
}

Task<IoEnd> Stream::wait_for(TcpSocket::wait_type what, short events) {
  if (stopped_ != IoEnd::ok) co_return stopped_;
  bool failed = false;
  if (loop_.ring() != nullptr) {
    co_await poll_in_ring(fd_, events);
    // Of a peer that has ended its side the ring tells at once, and always will: epoll tells only what is asked.
    if (stopped_ == IoEnd::ok && job_.result > 0 && (job_.result & (events | POLLERR | POLLHUP)) == 0) {
      const OneWatch watch(fd_, events);
      co_await poll_in_ring(watch.fd(), POLLIN);
    }
    failed = job_.result < 0;
  } else {
    const auto done = co_await socket_.async_wait(what, kAwait);
    failed = std::get<0>(done).failed();
  }
  if (stopped_ != IoEnd::ok) co_return stopped_;
  co_return failed && !woke_for_input_ ? IoEnd::failed : IoEnd::ok;
}

Task<IoEnd> Stream::wait_writable_or_input() {
  wakes_for_input_ = true;
  woke_for_input_ = false;
  const IoEnd waited = co_await wait_writable();
  wakes_for_input_ = woke_for_input_ = false;
  co_return waited;
}

Task<IoEnd> Stream::wait_readable() {
  return wait_for(TcpSocket::wait_read, POLLIN);
}

Task<IoEnd> Stream::wait_writable() {
  return wait_for(TcpSocket::wait_write, POLLOUT);
}

IoResult Stream::try_write(std::span<const iovec> pieces) {
  if (ssl_) return try_write_tls(pieces);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());  // sendmsg does not write through it
  message.msg_iovlen = std::min<std::size_t>(pieces.size(), kMaxPieces);
  const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
  return sent >= 0 ? IoResult{IoEnd::ok, static_cast<std::size_t>(sent)} : from_errno();
}

std::span<iovec> Stream::write_now(std::span<iovec> pieces) {
  if (stopped_ != IoEnd::ok || collects(pieces)) return pieces;
  const IoResult sent = try_write(pieces);
  return sent.end == IoEnd::ok ? drop_written(pieces, sent.size) : pieces;
}

// What goes wrong goes wrong for write_all() as well, which says so.
Task<std::span<iovec>> Stream::write_in_turn(std::span<iovec> pieces) {
  if (stopped_ != IoEnd::ok) co_return pieces;
  message_.msg_iov = pieces.data();
  message_.msg_iovlen = std::min<std::size_t>(pieces.size(), kMaxPieces);
  co_await loop_.in_ring(job_, Stage::listen, [this](Ring& ring, std::unique_ptr<Ring::Waiter> waiter) {
    return ring.send(fd_, message_, std::move(waiter));
  });
  co_return job_.result > 0 ? drop_written(pieces, static_cast<std::size_t>(job_.result)) : pieces;
}

Task<IoEnd> Stream::write_all(std::span<iovec> pieces) {
  pieces = drop_written(pieces, 0);
  if (!pieces.empty() && collects(pieces)) pieces = co_await write_in_turn(pieces);
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
  if (loop_.ring() != nullptr) {
    const IoEnd end = co_await connect_in_ring(endpoint);
    co_return end;
  }
  const auto done = co_await socket_.async_connect(endpoint, kAwait);
  if (stopped_ != IoEnd::ok) co_return stopped_;
  lacks_descriptor_ = std::get<0>(done) == asio::error::no_descriptors;
  if (std::get<0>(done)) co_return IoEnd::failed;
  fd_ = socket_.native_handle();
  adopt();
  co_return IoEnd::ok;
}

Task<IoEnd> Stream::connect_in_ring(asio::ip::tcp::endpoint endpoint) {
  if (stopped_ != IoEnd::ok) co_return stopped_;
  fd_ = ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  lacks_descriptor_ = fd_ < 0 && (errno == EMFILE || errno == ENFILE);
  if (fd_ < 0) co_return IoEnd::failed;
  adopt();
  if (::connect(fd_, endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0) co_return IoEnd::ok;
  if (errno != EINPROGRESS) co_return IoEnd::failed;
  const IoEnd waited = co_await wait_writable();
  if (waited != IoEnd::ok) co_return waited;
  int error = 0;
  socklen_t size = sizeof error;
  co_return ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0 ? IoEnd::ok : IoEnd::failed;
}

bool Stream::has_input() {
  if (ssl_) return has_tls_input();
  pollfd entry{fd_, POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

PeerState peer_state(int fd) {
  pollfd entry{fd, POLLRDHUP, 0};
  if (::poll(&entry, 1, 0) <= 0) return PeerState::present;
  if ((entry.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return PeerState::gone;
  return (entry.revents & POLLRDHUP) != 0 ? PeerState::half_closed : PeerState::present;
}

}  // namespace pg
