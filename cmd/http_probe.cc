// The tiny client: connect, send, read until the reply is whole. Every wait ends at one deadline.
#include "cmd/http_probe.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::size_t kLargestAnswer = 16u << 20;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

class Deadline {
 public:
  explicit Deadline(Millis timeout) : end_(std::chrono::steady_clock::now() + timeout) {}
  int left() const {
    auto left = std::chrono::duration_cast<Millis>(end_ - std::chrono::steady_clock::now()).count();
    return left <= 0 ? 0 : static_cast<int>(std::min<long long>(left, 1'000'000'000));
  }

 private:
  std::chrono::steady_clock::time_point end_;
};

Error too_slow() {
  return make_error(Code::upstream_timeout, "no answer in time; --timeout allows more");
}

Status wait_for(int descriptor, short events, const Deadline& deadline) {
  pollfd wanted{descriptor, events, 0};
  while (true) {
    const int ready = ::poll(&wanted, 1, deadline.left());
    if (ready > 0) return {};
    if (ready == 0) return too_slow();
    if (errno != EINTR) return make_error(Code::upstream_failed, std::strerror(errno));
  }
}

bool is_loopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof v6);
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) != 0;
}

Status connect_to(int descriptor, const addrinfo& address, const Deadline& deadline) {
  if (::connect(descriptor, address.ai_addr, address.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return make_error(Code::upstream_failed, std::strerror(errno));
  if (auto ready = wait_for(descriptor, POLLOUT, deadline); !ready) return ready.error();
  int problem = 0;
  socklen_t size = sizeof problem;
  ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size);
  if (problem != 0) return make_error(Code::upstream_failed, std::strerror(problem));
  return {};
}

Status send_all(int descriptor, std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    const auto sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      return make_error(Code::upstream_failed, std::strerror(errno));
    } else if (auto ready = wait_for(descriptor, POLLOUT, deadline); !ready) {
      return ready.error();
    }
  }
  return {};
}

Result<std::string> receive_all(int descriptor, const Deadline& deadline) {
  std::string bytes;
  char block[16'384];
  while (true) {
    if (auto ready = wait_for(descriptor, POLLIN, deadline); !ready) return ready.error();
    const auto got = ::recv(descriptor, block, sizeof block, 0);
    if (got == 0) return bytes;
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return make_error(Code::upstream_failed, std::strerror(errno));
    bytes.append(block, static_cast<std::size_t>(got));
    if (bytes.size() > kLargestAnswer) return make_error(Code::too_large, "the answer is larger than 16 MiB");
  }
}

Result<std::string> exchange(const Url& url, const std::string& wire, Millis timeout) {
  const Deadline deadline(timeout);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int problem = ::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &found); problem != 0)
    return make_error(Code::upstream_failed, ::gai_strerror(problem));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
  Error last = make_error(Code::upstream_failed, "no address");
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    if (!is_loopback(address->ai_addr)) return make_error(Code::forbidden, "only a pg on this machine is asked without TLS");
    const Socket socket(::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    auto connected = connect_to(socket.get(), *address, deadline);
    if (!connected) {
      last = connected.error();
      continue;
    }
    if (auto sent = send_all(socket.get(), wire, deadline); !sent) return sent.error();
    return receive_all(socket.get(), deadline);
  }
  return last;
}

Error not_http() {
  return make_error(Code::upstream_failed, "what answers there does not speak HTTP");
}
Error cut_short() {
  return make_error(Code::upstream_failed, "the answer was cut short");
}

Result<std::string> dechunk(std::string_view bytes) {
  std::string body;
  while (true) {
    const auto end = bytes.find("\r\n");
    if (end == std::string_view::npos) return cut_short();
    std::size_t size = 0;
    auto [stop, problem] = std::from_chars(bytes.data(), bytes.data() + end, size, 16);
    if (problem != std::errc{} || stop == bytes.data()) return cut_short();
    bytes.remove_prefix(end + 2);
    if (size == 0) return body;
    if (bytes.size() < 2 || size > bytes.size() - 2) return cut_short();
    body += bytes.substr(0, size);
    bytes.remove_prefix(size + 2);
  }
}

}  // namespace

Result<ProbeReply> read_probe_reply(std::string_view bytes) {
  const auto head_end = bytes.find("\r\n\r\n");
  if (!bytes.starts_with("HTTP/1.") || head_end == std::string_view::npos || head_end < 12) return not_http();
  ProbeReply reply;
  std::from_chars(bytes.data() + 9, bytes.data() + 12, reply.status);
  if (reply.status < 100) return not_http();
  auto head = bytes.substr(0, head_end);
  auto body = bytes.substr(head_end + 4);
  bool chunked = false;
  for (auto line : split(head.substr(std::min(head.find("\r\n"), head.size())), '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    auto name = to_lower(trim(line.substr(0, colon)));
    auto value = trim(line.substr(colon + 1));
    if (name == "transfer-encoding") chunked = contains_ignore_case(value, "chunked");
    std::size_t length = 0;
    if (name == "content-length" && std::from_chars(value.data(), value.data() + value.size(), length).ec == std::errc{}) {
      if (length > body.size()) return cut_short();
      body = body.substr(0, length);
    }
    reply.fields.emplace_back(std::move(name), std::string(value));
  }
  if (!chunked) {
    reply.body = body;
    return reply;
  }
  PG_TRY(reply.body, dechunk(body));
  return reply;
}

Result<ProbeReply> probe(const Url& url, const ProbeRequest& request, Millis timeout) {
  if (url.tls) return make_error(Code::forbidden, "only a pg on this machine is asked, and that without TLS");
  std::string wire = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", request.method,
                                 url.path.empty() ? "/" : url.path, url.query.empty() ? "" : "?" + url.query, url.authority());
  for (const auto& [name, value] : request.fields) wire += fmt::format("{}: {}\r\n", name, value);
  if (!request.body.empty()) wire += fmt::format("Content-Length: {}\r\n", request.body.size());
  wire += "\r\n" + request.body;
  PG_TRY(auto bytes, exchange(url, wire, timeout));
  return read_probe_reply(bytes);
}

}  // namespace pg
