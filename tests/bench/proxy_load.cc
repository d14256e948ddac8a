// Latency at a fixed rate counts from the planned moment of sending, so that a server that stalls is not excused.
#include "tests/bench/proxy_load.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

#include "tests/bench/proxy_mock.h"

namespace pg::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kPatience = 20 * kSecond;  // for what is under way at the end

double percentile(std::vector<std::int64_t>& times, double part) {
  if (times.empty()) return 0;
  const std::size_t at = std::min(times.size() - 1, static_cast<std::size_t>(part * static_cast<double>(times.size())));
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(at), times.end());
  return static_cast<double>(times[at]) / 1'000;
}

/// One answer as it comes: how much of it is still to come, and the text of its chunks.
class Answer {
 public:
  void begin() { *this = Answer(); }
  /// False when it is none.
  bool take(std::string_view bytes) {
    raw_ += bytes;
    if (!has_head_ && !read_head()) return !broken_;
    return chunked_ ? read_chunks() : read_plain();
  }
  bool whole() const { return whole_; }
  int status() const { return status_; }
  std::string& text() { return text_; }

 private:
  bool read_head() {
    const std::size_t end = raw_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    status_ = raw_.size() > 12 ? std::atoi(raw_.c_str() + 9) : 0;
    for (std::size_t at = raw_.find("\r\n"); at < end; at = raw_.find("\r\n", at + 2)) {
      const char* const line = raw_.c_str() + at + 2;
      if (::strncasecmp(line, "content-length:", 15) == 0) left_ = std::strtoull(line + 15, nullptr, 10);
      if (::strncasecmp(line, "transfer-encoding:", 18) == 0) chunked_ = true;
    }
    raw_.erase(0, end + 4);
    broken_ = status_ < 200;
    return has_head_ = !broken_;
  }
  bool read_plain() {
    const std::size_t got = std::min(left_, raw_.size());
    left_ -= got;
    raw_.clear();
    whole_ = left_ == 0;
    return true;
  }
  bool read_chunks() {
    for (;;) {
      const std::size_t line = raw_.find("\r\n");
      if (line == std::string::npos) return true;
      const std::size_t size = std::strtoull(raw_.c_str(), nullptr, 16);
      if (raw_.size() < line + 2 + size + 2) return true;
      text_.append(raw_, line + 2, size);
      raw_.erase(0, line + 2 + size + 2);
      if (size == 0) return whole_ = true;
    }
  }
  std::string raw_, text_;
  std::size_t left_ = 0;
  int status_ = 0;
  bool has_head_ = false, chunked_ = false, whole_ = false, broken_ = false;
};

struct Client {
  int fd = -1;
  std::string request;  // head and body
  std::size_t body_at = 0;
  std::size_t sent = 0;
  Answer answer;
  bool busy = false;
  bool wants_write = false;
  std::int64_t begun = 0;
  int events = 0;
};

class Generator {
 public:
  explicit Generator(const Load& load) : load_(load), clients_(static_cast<std::size_t>(load.connections)) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    head_ =
        fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                    load.path, load.port, load.fields, load.body->bytes.size());
    for (Client& client : clients_) {
      client.request = head_ + load.body->bytes;
      open(client);
    }
  }
  ~Generator() {
    for (const Client& client : clients_)
      if (client.fd >= 0) ::close(client.fd);
    ::close(epoll_);
  }
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  LoadResult run() {
    const std::int64_t start = monotonic_ns();
    count_from_ = start + static_cast<std::int64_t>(load_.warmup * kSecond);
    const std::int64_t end = count_from_ + static_cast<std::int64_t>(load_.seconds * kSecond);
    next_planned_ = start;
    std::vector<epoll_event> events(256);
    bool over = false;
    while (!over || busy_ > 0) {
      const std::int64_t now = monotonic_ns();
      over = over || now >= end || (load_.stop != nullptr && load_.stop->load());
      if (now >= end + kPatience) break;
      if (!over) begin_due(now);
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1);
      for (int i = 0; i < count; ++i) serve(clients_[events[static_cast<std::size_t>(i)].data.u32], over);
    }
    result_.errors += static_cast<std::uint64_t>(busy_);
    result_.per_second = static_cast<double>(result_.counted) / load_.seconds;
    result_.p50 = percentile(latencies_, 0.5);
    result_.p99 = percentile(latencies_, 0.99);
    result_.ttft_p50 = percentile(firsts_, 0.5);
    result_.chunk_p50 = percentile(delays_, 0.5);
    result_.chunk_p99 = percentile(delays_, 0.99);
    return result_;
  }

 private:
  void open(Client& client) {
    if (client.fd >= 0) ::close(client.fd);
    client.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(load_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(client.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) ++result_.errors;
    client.wants_write = false;
    watch(client, EPOLL_CTL_ADD, EPOLLIN);
  }
  void watch(const Client& client, int how, std::uint32_t what) {
    epoll_event event{what, {.u32 = static_cast<std::uint32_t>(&client - clients_.data())}};
    ::epoll_ctl(epoll_, how, client.fd, &event);
  }
  void begin_due(std::int64_t now) {
    for (Client& client : clients_) {
      if (client.busy) continue;
      if (load_.rate > 0 && next_planned_ > now) return;
      begin(client, load_.rate > 0 ? next_planned_ : now);
      if (load_.rate > 0) next_planned_ += static_cast<std::int64_t>(kSecond / load_.rate);
    }
  }
  void begin(Client& client, std::int64_t planned) {
    load_.body->renew(client.request.data() + head_.size(), ++number_);
    client.answer.begin();
    client.sent = 0;
    client.events = 0;
    client.busy = true;
    client.begun = planned;
    ++busy_;
    send(client);
  }
  void send(Client& client) {
    const ssize_t size =
        ::send(client.fd, client.request.data() + client.sent, client.request.size() - client.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size > 0) client.sent += static_cast<std::size_t>(size);
    if (size < 0 && errno != EAGAIN) return fail(client);
    const bool wants = client.sent < client.request.size();
    if (wants != client.wants_write) watch(client, EPOLL_CTL_MOD, EPOLLIN | (wants ? std::uint32_t{EPOLLOUT} : 0U));
    client.wants_write = wants;
  }
  void fail(Client& client) {
    if (client.busy) {
      ++result_.errors;
      ++result_.all;
      --busy_;
    }
    client.busy = false;
    open(client);
  }
  void serve(Client& client, bool over) {
    if (client.wants_write) send(client);
    static thread_local std::string buffer(256 * 1024, '\0');
    const ssize_t size = ::recv(client.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0 || !client.busy || !client.answer.take({buffer.data(), static_cast<std::size_t>(size)})) return fail(client);
    if (load_.stream) read_stamps(client, monotonic_ns());
    if (client.answer.whole()) finish(client, over);
  }
  void read_stamps(Client& client, std::int64_t now) {
    static const std::string_view stamp = kStamp;
    std::string& text = client.answer.text();
    std::size_t done = 0;
    for (std::size_t at = text.find(stamp); at != std::string::npos && at + stamp.size() + 19 <= text.size();
         at = text.find(stamp, done)) {
      done = at + stamp.size() + 19;
      if (client.events++ == 0 && client.begun >= count_from_) firsts_.push_back(now - client.begun);
      if (client.begun >= count_from_) delays_.push_back(now - std::atoll(text.c_str() + at + stamp.size()));
    }
    text.erase(0, done);
  }
  void finish(Client& client, bool over) {
    const std::int64_t now = monotonic_ns();
    const bool good = client.answer.status() == 200 && (!load_.stream || client.events == kStreamEvents);
    result_.errors += good ? 0 : 1;
    ++result_.all;
    if (client.begun >= count_from_ && !over) {
      ++result_.counted;
      latencies_.push_back(now - client.begun);
    }
    client.busy = false;
    --busy_;
    if (!over && load_.rate == 0) begin(client, now);
  }

  const Load& load_;
  std::vector<Client> clients_;
  std::string head_;
  int epoll_ = -1;
  int busy_ = 0;
  std::uint64_t number_ = static_cast<std::uint64_t>(monotonic_ns()) / 1'000 % 1'000'000'000;  // other texts than the last run's
  std::int64_t count_from_ = 0, next_planned_ = 0;
  std::vector<std::int64_t> latencies_, firsts_, delays_;
  LoadResult result_;
};

}  // namespace

LoadResult run_load(const Load& load) {
  return Generator(load).run();
}

}  // namespace pg::bench
