// FakeUpstream: one thread accepts, one thread serves each connection; good for the few connections of a test.
#include "tests/support/fake_upstream.h"

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

constexpr Ms kSlice{20};  // how often a waiting thread looks whether the server stops

std::string reason(int status) {
  return status == 200 ? "OK" : status == 429 ? "Too Many Requests" : "Answer";
}

SeenRequest parse(std::string head) {
  SeenRequest seen;
  seen.head = std::move(head);
  const std::string_view text = seen.head;
  const std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  const std::size_t first = line.find(' ');
  const std::size_t second = line.find(' ', first + 1);
  seen.method = line.substr(0, first);
  if (first != std::string_view::npos) seen.target = line.substr(first + 1, second - first - 1);
  for (std::size_t at = end + 2; at < text.size();) {
    const std::size_t stop = text.find("\r\n", at);
    const std::string_view field = text.substr(at, stop - at);
    const std::size_t colon = field.find(':');
    if (colon != std::string_view::npos) {
      std::string_view value = field.substr(colon + 1);
      while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
      seen.fields.emplace_back(field.substr(0, colon), value);
    }
    at = stop + 2;
  }
  return seen;
}

}  // namespace

Answer& Answer::bytes(std::string text) {
  steps.push_back({Kind::bytes, std::move(text), Ms{0}});
  return *this;
}
Answer& Answer::chunk(std::string_view text) {
  return bytes(write_chunk(text));
}
Answer& Answer::pause(Ms time) {
  steps.push_back({Kind::pause, {}, time});
  return *this;
}
Answer& Answer::close() {
  steps.push_back({Kind::close, {}, Ms{0}});
  return *this;
}
Answer& Answer::reset() {
  steps.push_back({Kind::reset, {}, Ms{0}});
  return *this;
}
Answer& Answer::half_close() {
  steps.push_back({Kind::half_close, {}, Ms{0}});
  return *this;
}
Answer& Answer::hang() {
  steps.push_back({Kind::hang, {}, Ms{0}});
  return *this;
}

Answer Answer::head(int status, const Fields& fields) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + " " + reason(status) + "\r\n";
  for (const auto& [name, value] : fields) out += name + ": " + value + "\r\n";
  return Answer{}.bytes(out + "\r\n");
}

Answer Answer::reply(int status, std::string_view body, Fields fields) {
  if (!has_field(fields, "content-type")) fields.emplace_back("Content-Type", "application/json");
  fields.emplace_back("Content-Length", std::to_string(body.size()));
  Answer answer = head(status, fields);
  answer.steps.back().bytes += body;
  return answer;
}

Answer Answer::stream_head(const Fields& fields) {
  Fields all{{"Content-Type", "text/event-stream; charset=utf-8"}, {"Transfer-Encoding", "chunked"}};
  all.insert(all.end(), fields.begin(), fields.end());
  return head(200, all);
}

Answer Answer::stream(const std::vector<std::string>& pieces, Ms between, const Fields& fields) {
  Answer answer = stream_head(fields);
  std::string together = std::move(answer.steps.back().bytes);
  if (between.count() > 0) {
    answer.steps.back().bytes = together;
    for (const auto& piece : pieces) answer.chunk(piece).pause(between);
    return answer.last_chunk();
  }
  for (const auto& piece : pieces) together += write_chunk(piece);
  answer.steps.back().bytes = together + "0\r\n\r\n";
  return answer;
}

FakeUpstream::FakeUpstream() : respond_([](const SeenRequest&) { return Answer::json("{}"); }) {
  listen_fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  void* raw = &address;
  if (::bind(listen_fd_, static_cast<sockaddr*>(raw), sizeof address) != 0 || ::listen(listen_fd_, 256) != 0) std::abort();
  socklen_t size = sizeof address;
  ::getsockname(listen_fd_, static_cast<sockaddr*>(raw), &size);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

FakeUpstream::~FakeUpstream() {
  stop_ = true;
  accepting_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listen_fd_);
}

void FakeUpstream::respond(Respond respond) {
  const std::lock_guard lock(mutex_);
  respond_ = std::move(respond);
  before_body_ = false;
}
void FakeUpstream::respond(Answer answer) {
  respond([answer = std::move(answer)](const SeenRequest&) { return answer; });
}

void FakeUpstream::respond_before_body(Answer answer) {
  respond(std::move(answer));
  const std::lock_guard lock(mutex_);
  before_body_ = true;
}

void FakeUpstream::forget() {
  const std::lock_guard lock(mutex_);
  seen_.clear();
  leaves_.clear();
  touched_ = 0;
}

std::vector<SeenRequest> FakeUpstream::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}
std::size_t FakeUpstream::count() const {
  const std::lock_guard lock(mutex_);
  return seen_.size();
}
SeenRequest FakeUpstream::last() const {
  const std::lock_guard lock(mutex_);
  return seen_.empty() ? SeenRequest{} : seen_.back();
}

bool FakeUpstream::wait_for(std::size_t requests, Ms limit) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] { return seen_.size() >= requests; });
}

Ms FakeUpstream::wait_for_leave(SteadyClock::time_point since, Ms limit) const {
  std::unique_lock lock(mutex_);
  auto found = leaves_.end();
  changed_.wait_for(lock, limit, [&] {
    found = std::find_if(leaves_.begin(), leaves_.end(), [&](auto at) { return at >= since; });
    return found != leaves_.end();
  });
  return found == leaves_.end() ? Ms{-1} : std::chrono::duration_cast<Ms>(*found - since);
}

Answer FakeUpstream::answer_for(const SeenRequest& request) const {
  Respond respond;
  {
    const std::lock_guard lock(mutex_);
    respond = respond_;
  }
  return respond(request);
}

void FakeUpstream::note_leave() {
  const std::lock_guard lock(mutex_);
  leaves_.push_back(SteadyClock::now());
  changed_.notify_all();
}

void FakeUpstream::accept_all() {
  while (!stop_) {
    pollfd wait{listen_fd_, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(kSlice.count())) <= 0) continue;
    const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::uint64_t number = ++connections_;
    threads_.emplace_back([this, fd, number] {
      serve(fd, number);
      ::close(fd);
    });
  }
}

bool FakeUpstream::read_more(int fd, std::string& buffer) {
  while (!stop_) {
    pollfd wait{fd, POLLIN, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(kSlice.count()));
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) continue;
    char part[65536];
    const ssize_t n = ::recv(fd, part, sizeof part, 0);
    if (n <= 0) return false;
    buffer.append(part, static_cast<std::size_t>(n));
    return true;
  }
  return false;
}

bool FakeUpstream::read_head(int fd, std::string& buffer, SeenRequest& request) {
  bool counted = false;
  for (;;) {
    if (!buffer.empty() && !counted) ++touched_;
    counted = counted || !buffer.empty();
    const std::size_t end = buffer.find("\r\n\r\n");
    if (end != std::string::npos) {
      request = parse(buffer.substr(0, end + 4));
      buffer.erase(0, end + 4);
      return true;
    }
    if (!read_more(fd, buffer)) return false;
  }
}

bool FakeUpstream::read_body(int fd, std::string& buffer, SeenRequest& request) {
  if (request.field("transfer-encoding").empty()) {
    const std::size_t size = std::strtoul(request.field("content-length").c_str(), nullptr, 10);
    while (buffer.size() < size) {
      if (!read_more(fd, buffer)) return false;
    }
    request.body = buffer.substr(0, size);
    buffer.erase(0, size);
    return request.complete = true;
  }
  for (;;) {
    std::size_t line;
    while ((line = buffer.find("\r\n")) == std::string::npos) {
      if (!read_more(fd, buffer)) return false;
    }
    const std::size_t size = std::strtoul(buffer.c_str(), nullptr, 16);
    while (buffer.size() < line + 2 + size + 2) {
      if (!read_more(fd, buffer)) return false;
    }
    request.body += buffer.substr(line + 2, size);
    buffer.erase(0, line + 2 + size + 2);
    if (size == 0) return request.complete = true;
  }
}

void FakeUpstream::serve(int fd, std::uint64_t number) {
  std::string buffer;
  SeenRequest request;
  while (!stop_ && read_head(fd, buffer, request)) {
    request.connection = number;
    bool early = false;
    {
      const std::lock_guard lock(mutex_);
      early = before_body_;
    }
    if (!early && !read_body(fd, buffer, request)) note_leave();
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(request);
      changed_.notify_all();
    }
    if (!early && !request.complete) return;
    if (!play(fd, answer_for(request)) || early) return;  // after an early answer the rest of the body would look like a request
  }
}

bool FakeUpstream::wait_or_leave(int fd, Ms time) {
  const auto until = SteadyClock::now() + time;
  while (!stop_ && SteadyClock::now() < until) {
    pollfd wait{fd, POLLIN | POLLRDHUP, 0};
    const auto rest =
        std::max(Ms{0}, std::chrono::duration_cast<Ms>(until - SteadyClock::now()));  // a negative one would wait forever
    const int ready = ::poll(&wait, 1, static_cast<int>(std::min(rest, kSlice).count()));
    if (ready > 0 && (wait.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) {
      note_leave();
      return false;
    }
    // A pipelined request stays where it is until this answer is done.
    if (ready > 0) std::this_thread::sleep_for(Ms{1});
  }
  return !stop_;
}

bool FakeUpstream::send_all(int fd, std::string_view bytes) {
  while (!bytes.empty() && !stop_) {
    pollfd wait{fd, POLLOUT, 0};
    if (::poll(&wait, 1, static_cast<int>(kSlice.count())) <= 0) continue;
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n < 0) return false;
    bytes_sent_ += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return bytes.empty();
}

bool FakeUpstream::play(int fd, const Answer& answer) {
  for (const auto& step : answer.steps) {
    switch (step.kind) {
      case Answer::Kind::bytes:
        if (!send_all(fd, step.bytes)) {
          note_leave();
          return false;
        }
        break;
      case Answer::Kind::pause:
        if (!wait_or_leave(fd, step.pause)) return false;
        break;
      case Answer::Kind::hang:
        wait_or_leave(fd, Ms{60'000});
        return false;
      case Answer::Kind::half_close:
        ::shutdown(fd, SHUT_WR);
        break;
      case Answer::Kind::close:
        return false;
      case Answer::Kind::reset: {
        const linger now{1, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        return false;
      }
    }
  }
  return true;
}

}  // namespace pg::test
