// One epoll loop; pauses are one timer set to the earliest event.
#include "tests/bench/proxy_mock.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace pg::bench {
namespace {

constexpr std::size_t kBeginning = 200;

std::string whole_reply() {
  const std::string body = fmt::format(
      R"({{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"bench","choices":[{{"index":0,"message":{{"role":"assistant","content":"{}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":100,"completion_tokens":100,"total_tokens":200}}}})",
      std::string(800, 'w'));
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

std::string error_reply() {
  constexpr std::string_view kBody = R"({"error":{"message":"mock","type":"server_error","code":null,"param":null}})";
  return fmt::format("HTTP/1.1 500 Oops\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", kBody.size(), kBody);
}

std::string chunk(std::string_view text) {
  return fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

std::size_t content_length(std::string_view head) {
  constexpr std::string_view kName = "\ncontent-length:";
  for (std::size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1))
    if (head.size() - at > kName.size() && ::strncasecmp(head.data() + at, kName.data(), kName.size()) == 0)
      return std::stoul(std::string(head.substr(at + kName.size(), 20)));
  return 0;
}

}  // namespace

std::int64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

MockProvider::MockProvider() {
  listen_fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listen_fd_, raw, size) != 0 || ::listen(listen_fd_, 4'096) != 0 || ::getsockname(listen_fd_, raw, &size) != 0)
    throw std::runtime_error("the mock provider cannot listen");
  port_ = ntohs(address.sin_port);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  for (const int fd : {listen_fd_, timer_}) {
    epoll_event event{EPOLLIN, {.fd = fd}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
  thread_ = std::thread([this] { run(); });
}

MockProvider::~MockProvider() {
  stop_ = true;
  thread_.join();
  for (const auto& [fd, peer] : peers_) ::close(fd);
  for (const int fd : {listen_fd_, epoll_, timer_}) ::close(fd);
}

void MockProvider::run() {
  std::vector<epoll_event> events(256);
  while (!stop_) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listen_fd_) {
        accept_all();
      } else if (fd == timer_) {
        std::uint64_t expired = 0;
        (void)!::read(timer_, &expired, sizeof expired);
      } else if (const auto at = peers_.find(fd); at != peers_.end() && !(read(fd, at->second) && flush(fd, at->second))) {
        ::close(fd);
        peers_.erase(at);
      }
    }
    const std::int64_t now = monotonic_ns();
    write_due(now);
    arm(now);
  }
}

void MockProvider::accept_all() {
  for (;;) {
    const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{EPOLLIN, {.fd = fd}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    peers_[fd] = Peer{};
  }
}

bool MockProvider::read(int fd, Peer& peer) {
  static thread_local std::string buffer(256 * 1024, '\0');
  for (;;) {
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (size < 0) return errno == EAGAIN;
    if (size == 0 || !take(peer, {buffer.data(), static_cast<std::size_t>(size)})) return false;
  }
}

// One request at a time: nobody here sends the next before the answer.
bool MockProvider::take(Peer& peer, std::string_view bytes) {
  if (!peer.in_body) {
    peer.head += bytes;
    const std::size_t end = peer.head.find("\r\n\r\n");
    if (end == std::string::npos) return peer.head.size() < 64 * 1024;
    peer.body_left = content_length(std::string_view(peer.head).substr(0, end + 2));
    peer.in_body = true;
    const std::string rest = peer.head.substr(end + 4);
    peer.head.clear();
    peer.beginning.clear();
    return take(peer, rest);
  }
  if (bytes.size() > peer.body_left) return false;
  if (peer.beginning.size() < kBeginning) peer.beginning += bytes.substr(0, kBeginning);
  peer.body_left -= bytes.size();
  if (peer.body_left > 0) return true;
  peer.in_body = false;
  answer(peer);
  return true;
}

void MockProvider::answer(Peer& peer) {
  static const std::string whole = whole_reply(), error = error_reply();
  const auto asks_for = [&peer](const char* model) { return peer.beginning.find(model) != std::string::npos; };
  if (asks_for("bench-500")) {
    peer.out += error;
    return;
  }
  peer.cut = asks_for("bench-cut");
  if (!peer.cut && !asks_for("bench-paced") && !asks_for("bench-flood")) {
    peer.out += whole;
    return;
  }
  peer.out += "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  peer.events_left = kStreamEvents;
  peer.pause = asks_for("bench-flood") ? 0 : kEventPause;
  peer.next_event = monotonic_ns();
}

void MockProvider::write_event(Peer& peer) {
  peer.out += chunk(fmt::format(
      "data: "
      "{{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"bench\",\"choices\":[{{\"index\":0,"
      "\"delta\":{{\"content\":\"{}{:019} the quick brown fox\"}},\"finish_reason\":null}}]}}\n\n",
      kStamp, monotonic_ns()));
  if (--peer.events_left == 0) peer.out += chunk("data: [DONE]\n\n") + "0\r\n\r\n";
  peer.next_event += peer.pause;
}

void MockProvider::write_due(std::int64_t now) {
  for (auto at = peers_.begin(); at != peers_.end();) {
    Peer& peer = at->second;
    bool here = true;
    while (here && peer.events_left > 0 && peer.next_event <= now && !peer.wants_write) {
      write_event(peer);
      if (peer.cut && peer.events_left < kStreamEvents / 2) {
        peer.out.resize(peer.out.size() - 30);
        (void)flush(at->first, peer);
        here = false;
      } else {
        here = flush(at->first, peer);
      }
    }
    if (here) {
      ++at;
      continue;
    }
    ::close(at->first);
    at = peers_.erase(at);
  }
}

void MockProvider::arm(std::int64_t now) {
  std::int64_t next = 0;
  for (const auto& [fd, peer] : peers_)
    if (peer.events_left > 0 && !peer.wants_write) next = next == 0 ? peer.next_event : std::min(next, peer.next_event);
  if (next == 0) return;
  next = std::max(next, now + 1);
  const itimerspec when{{0, 0}, {next / 1'000'000'000, next % 1'000'000'000}};
  ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
}

bool MockProvider::flush(int fd, Peer& peer) {
  if (peer.out.empty()) return true;
  const ssize_t sent = ::send(fd, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return false;
  peer.out.erase(0, sent > 0 ? static_cast<std::size_t>(sent) : 0);
  const bool wants = !peer.out.empty();
  if (wants != peer.wants_write) {
    epoll_event event{EPOLLIN | (wants ? std::uint32_t{EPOLLOUT} : 0U), {.fd = fd}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
    peer.wants_write = wants;
  }
  return true;
}

}  // namespace pg::bench
