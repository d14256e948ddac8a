// SO_REUSEPORT gives every loop its own accept queue; a first bind without it tells whether the port is taken.
#include "proxy/listener.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "core/base/memory.h"
#include "proxy/connection.h"

namespace pg {

namespace {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
constexpr int kBacklog = 1'024;
constexpr Millis kAcceptPause{50};

}  // namespace

struct Server::Worker {
  explicit Worker(Gateway& gateway) : parts(gateway), acceptor(parts.loop.io()), pause(parts.loop.io()) {}
  LoopParts parts;
  Acceptor acceptor;
  Timer pause;
  std::thread thread;
};

namespace {

constexpr std::string_view kFullAnswer =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\nConnection: close\r\n"
    "Content-Length: 100\r\n\r\n"
    R"({"error":{"message":"too many connections","type":"server_error","param":null,"code":"unavailable"}})";

// Says why and closes, without waiting for anything. What was sent already is taken first: closing on unread bytes resets the
// connection, and the reason could be lost.
void turn_away(int fd) {
  char unread[4'096];
  while (::recv(fd, unread, sizeof unread, MSG_DONTWAIT) == sizeof unread) {
  }
  (void)::send(fd, kFullAnswer.data(), kFullAnswer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(fd, SHUT_WR);
}

// At the limit of descriptors: one is kept back, so that whoever waits at least hears that pg is full.
class ReserveDescriptor {
 public:
  ReserveDescriptor() { hold(); }
  ~ReserveDescriptor() { release(); }
  ReserveDescriptor(const ReserveDescriptor&) = delete;
  ReserveDescriptor& operator=(const ReserveDescriptor&) = delete;
  /// False when nobody waits, or when even the kept one is gone.
  bool turn_one_away(int listening) {
    release();
    const int fd = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      turn_away(fd);
      ::close(fd);
    }
    hold();
    return fd >= 0;
  }

 private:
  void hold() { fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
  void release() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int fd_ = -1;
};

// Closes the connection that has been idle longest, whichever loop has it; false when every one is busy.
bool close_oldest_idle(LoopParts& own) {
  LoopParts* oldest = &own;
  for (LoopParts* parts : own.gw.loops)
    if (parts->idle.oldest() < oldest->idle.oldest()) oldest = parts;
  if (oldest->idle.oldest() == SteadyTime::max()) return false;
  if (oldest == &own) {
    own.idle.close_oldest();
  } else {
    oldest->idle.claim();
    asio::post(oldest->loop.io(), [oldest] { oldest->idle.close_claimed(); });
  }
  return true;
}

// How many connections wait to be accepted; Linux says so in this field of a listening socket.
std::size_t waiting_at(int listening) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(listening, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_unacked : 0;
}

// Out of descriptors: idle connections of this loop give way, as many as wait, and whoever still finds no room hears so. Done in
// one go, since one at a time would keep the last of a long queue waiting for seconds.
void shed(LoopParts& parts, ReserveDescriptor& reserve, int listening) {
  const std::size_t waiting = waiting_at(listening);
  const std::size_t closed = parts.idle.close_oldest(waiting);
  if (closed == 0) close_oldest_idle(parts);
  for (std::size_t i = closed; i < std::max<std::size_t>(waiting, 1) && reserve.turn_one_away(listening); ++i) {
  }
}

bool make_room(LoopParts& parts) {
  if (parts.gw.connections.load(std::memory_order_relaxed) < parts.gw.policy()->limits.max_connections) return true;
  return close_oldest_idle(parts);
}

template <class Worker>
Task<void> accept_all(Worker& worker) {
  ReserveDescriptor reserve;
  for (;;) {
    auto accepted = co_await worker.acceptor.async_accept(kAwait);
    const boost::system::error_code ec = std::get<0>(accepted);
    if (ec == asio::error::operation_aborted || ec == asio::error::bad_descriptor) co_return;
    if (ec) {
      if (ec == asio::error::no_descriptors) {
        shed(worker.parts, reserve, worker.acceptor.native_handle());
      } else {
        close_oldest_idle(worker.parts);
      }
      // What was closed gives its descriptor back in the meantime; and there is no spinning.
      worker.pause.expires_after(kAcceptPause);
      co_await worker.pause.async_wait(kAwait);
      continue;
    }
    TcpSocket socket = std::move(std::get<1>(accepted));
    if (!make_room(worker.parts)) {
      turn_away(socket.native_handle());
      continue;
    }
    // Counted here: of a thousand that come at once none has begun when the last is accepted.
    worker.parts.gw.connections.fetch_add(1, std::memory_order_relaxed);
    asio::co_spawn(worker.parts.loop.io(), serve_connection(worker.parts, std::move(socket)), asio::detached);
  }
}

Status bind_one(Acceptor& acceptor, const asio::ip::tcp::endpoint& endpoint, bool share) {
  boost::system::error_code ec;
  acceptor.open(endpoint.protocol(), ec);
  if (ec) return make_error(Code::io_failed, "cannot open a socket: " + ec.message());
  ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);  // Asio does not: programs that pg starts must not have it
  acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  const int on = 1;
  if (share) ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  acceptor.bind(endpoint, ec);
  if (!ec && share) acceptor.listen(kBacklog, ec);
  if (!ec) return {};
  const std::string where = endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
  const Code code = ec == asio::error::address_in_use ? Code::conflict : Code::io_failed;
  return make_error(code, "cannot listen on " + where + ": " + ec.message());
}

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(Gateway& gateway, int threads) {
  boost::system::error_code ec;
  const std::string host = gateway.serve.host == "localhost" ? "127.0.0.1" : gateway.serve.host;
  const asio::ip::address address = asio::ip::make_address(host, ec);
  if (ec) return make_error(Code::invalid_config, "serve.host is not an IP address: " + host);
  asio::ip::tcp::endpoint endpoint(address, gateway.serve.port);
  std::unique_ptr<Server> server(new Server(gateway));
  gateway.scans.use_threads(std::clamp(threads, 1, ScanPool::kMostThreads));
  if (endpoint.port() != 0) {
    asio::io_context probe_io;
    Acceptor probe(probe_io);
    PG_TRY_STATUS(bind_one(probe, endpoint, false));
  }
  for (int i = 0; i < std::max(threads, 1); ++i) {
    server->workers_.push_back(std::make_unique<Worker>(gateway));
    Worker& worker = *server->workers_.back();
    gateway.loops.push_back(&worker.parts);
    PG_TRY_STATUS(bind_one(worker.acceptor, endpoint, true));
    endpoint.port(worker.acceptor.local_endpoint().port());  // port 0: the others join the first
  }
  gateway.port = endpoint.port();
  return server;
}

Server::Server(Gateway& gateway) : gateway_(gateway) {}
Server::~Server() {
  stop();
}

void Server::run() {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    asio::co_spawn(worker->parts.loop.io(), accept_all(*worker), asio::detached);
    worker->thread = std::thread([raw = worker.get()] { raw->parts.loop.run(raw->parts.gw.serve.io_uring); });
  }
}

void Server::stop_listening() {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    asio::post(worker->parts.loop.io(), [raw = worker.get()] {
      boost::system::error_code ignored;
      raw->acceptor.close(ignored);
    });
  }
}

void Server::give_back_memory() {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    asio::post(worker->parts.loop.io(), [raw = worker.get()] {
      raw->parts.verdicts = VerdictCache();
      raw->parts.known = KnownParts();
      pg::give_back_memory();
    });
  }
}

void Server::stop() {
  gateway_.stopped.store(true);
  for (const std::unique_ptr<Worker>& worker : workers_) worker->parts.loop.io().stop();
  for (const std::unique_ptr<Worker>& worker : workers_)
    if (worker->thread.joinable()) worker->thread.join();
  gateway_.scans.stop();  // before the loops go, whose exchanges hold what is being read
  gateway_.mcp.stop();    // the same: servers tell loops what they have to say
}

}  // namespace pg
