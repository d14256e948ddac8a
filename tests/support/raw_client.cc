// RawClient: sockets by hand, because an HTTP library would repair what these tests want to send.
#include "tests/support/raw_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "tests/support/loopback.h"

namespace pg::test {
namespace {

char fold(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

int left(SteadyClock::time_point until) {
  const auto rest = std::chrono::duration_cast<Ms>(until - SteadyClock::now()).count();
  return static_cast<int>(std::max<long>(0, rest));
}

bool contains_folded(std::string_view text, std::string_view word) {
  const auto at = std::search(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) { return fold(a) == b; });
  return at != text.end();
}

void parse_head(RawReply& reply) {
  reply.status = 0;
  reply.fields.clear();
  const std::string_view head = reply.head;
  if (head.starts_with("HTTP/1.") && head.size() > 12) reply.status = std::atoi(std::string(head.substr(9, 3)).c_str());
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos && at + 2 < head.size()) {
    const std::size_t begin = at + 2;
    at = head.find("\r\n", begin);
    const std::string_view line = head.substr(begin, at - begin);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    reply.fields.emplace_back(line.substr(0, colon), value);
  }
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return fold(x) == fold(y); });
}

std::string find_field(const Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (same_name(key, name)) return value;
  }
  return {};
}

bool has_field(const Fields& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return same_name(field.first, name); });
}

RawClient::RawClient(std::uint16_t port) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const void* raw = &address;
  if (::connect(fd_, static_cast<const sockaddr*>(raw), sizeof address) != 0) {
    ::close(fd_);
    fd_ = -1;
    return;
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RawClient::~RawClient() {
  close();
}

void RawClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void RawClient::half_close() {
  ::shutdown(fd_, SHUT_WR);
}

void RawClient::reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

bool RawClient::send(std::string_view bytes, Ms limit) {
  const auto until = SteadyClock::now() + limit;
  while (!bytes.empty() && fd_ >= 0) {
    pollfd wait{fd_, POLLOUT, 0};
    if (::poll(&wait, 1, left(until)) <= 0) return false;
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return bytes.empty();
}

bool RawClient::fill(SteadyClock::time_point until) {
  if (fd_ < 0 || eof_) return false;
  pollfd wait{fd_, POLLIN, 0};
  if (::poll(&wait, 1, left(until)) <= 0) return false;
  char part[65536];
  const ssize_t n = ::recv(fd_, part, sizeof part, 0);
  if (n > 0) {
    buffer_.append(part, static_cast<std::size_t>(n));
    return true;
  }
  if (n < 0 && errno == EINTR) return true;
  eof_ = true;
  reset_ = n < 0;
  return false;
}

std::string RawClient::read_all(Ms limit) {
  const auto until = SteadyClock::now() + limit;
  while (fill(until)) {
  }
  return std::exchange(buffer_, {});
}

bool RawClient::wait_for(std::string_view mark, Ms limit) {
  const auto until = SteadyClock::now() + limit;
  while (buffer_.find(mark) == std::string::npos) {
    if (!fill(until)) return false;
  }
  return true;
}

bool RawClient::wait_for_close(Ms limit) {
  const auto until = SteadyClock::now() + limit;
  while (!eof_ && SteadyClock::now() < until) fill(until);
  return eof_;
}

RawReply RawClient::read_reply(Ms limit, bool to_head) {
  const auto begin = SteadyClock::now();
  const auto until = begin + limit;
  RawReply reply;
  auto take = [&](std::size_t n) {
    std::string part = buffer_.substr(0, n);
    buffer_.erase(0, n);
    return part;
  };
  auto need = [&](std::size_t n) {
    while (buffer_.size() < n && fill(until)) {
    }
    return buffer_.size() >= n;
  };
  auto finish = [&] {
    reply.closed = eof_;
    reply.reset = reset_;
    reply.waited = std::chrono::duration_cast<Ms>(SteadyClock::now() - begin);
    return reply;
  };
  for (;;) {
    while (buffer_.find("\r\n\r\n") == std::string::npos) {
      if (!fill(until)) return finish();
    }
    reply.head = take(buffer_.find("\r\n\r\n") + 4);
    parse_head(reply);
    if (reply.status / 100 != 1 || reply.status == 101) break;
    ++reply.interim;
  }
  const std::string length = reply.field("content-length");
  if (to_head || reply.status == 204 || reply.status == 304) {
    reply.complete = true;
  } else if (contains_folded(reply.field("transfer-encoding"), "chunked")) {
    for (;;) {
      std::size_t line;
      while ((line = buffer_.find("\r\n")) == std::string::npos) {
        if (!fill(until)) return finish();
      }
      const std::size_t size = std::strtoul(buffer_.c_str(), nullptr, 16);
      if (!need(line + 2 + size + 2)) {
        if (buffer_.size() > line + 2) reply.body += buffer_.substr(line + 2, size);
        return finish();
      }
      take(line + 2);
      if (size > 0) reply.chunks.push_back(take(size));
      if (size > 0) reply.body += reply.chunks.back();
      take(2);
      if (size == 0) break;
    }
    reply.complete = true;
  } else if (!length.empty()) {
    const std::size_t size = std::strtoul(length.c_str(), nullptr, 10);
    reply.complete = need(size);
    reply.body = take(std::min(size, buffer_.size()));
    reply.chunks.push_back(reply.body);
  } else {
    while (fill(until)) {
    }
    reply.body = take(buffer_.size());
    reply.chunks.push_back(reply.body);
    reply.complete = eof_ && !reset_;
  }
  return finish();
}

std::string write_request(std::string_view method, std::string_view target, const Fields& fields, std::string_view body,
                          std::string_view host) {
  std::string out;
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  if (!has_field(fields, "host")) out.append("Host: ").append(host).append("\r\n");
  for (const auto& [name, value] : fields) out.append(name).append(": ").append(value).append("\r\n");
  if (!body.empty() || method == "POST") out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  out.append("\r\n").append(body);
  return out;
}

RawReply exchange(std::uint16_t port, std::string_view bytes, Ms limit) {
  RawClient client(port);
  if (!client.send(bytes, limit)) {
    // The peer may have answered and closed before it took everything: what it said still counts.
  }
  return client.read_reply(limit, bytes.starts_with("HEAD "));
}

std::string write_chunk(std::string_view text) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx", text.size());
  return std::string(size).append("\r\n").append(text).append("\r\n");
}

}  // namespace pg::test
