// A provider that answers before it has taken the whole request (fault catalogue, E68): what it then does with the connection.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/loopback.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

constexpr std::string_view kTooLarge = R"({"error":{"message":"too much","type":"invalid_request_error"}})";

/// Answers with 413 as soon as a head is there, and keeps the connection; reads on after a while.
class HastyProvider {
 public:
  explicit HastyProvider(Ms before_answer) : before_answer_(before_answer) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    const int small = 64 * 1024;
    ::setsockopt(listening_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    REQUIRE(::bind(listening_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listening_, 8) == 0);
    REQUIRE(::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    accepting_ = std::thread([this] { accept_all(); });
  }
  ~HastyProvider() {
    stop_ = true;
    accepting_.join();
    for (std::thread& thread : serving_) thread.join();
    ::close(listening_);
  }
  HastyProvider(const HastyProvider&) = delete;
  HastyProvider& operator=(const HastyProvider&) = delete;

  std::uint16_t port() const { return port_; }
  /// What came on each connection.
  std::vector<std::string> heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  void accept_all() {
    while (!stop_) {
      pollfd waiting{listening_, POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      const std::lock_guard lock(mutex_);
      heard_.emplace_back();
      serving_.emplace_back([this, fd, number = heard_.size() - 1] { serve(fd, number); });
    }
  }
  bool read_some(int fd, std::size_t number, std::size_t size) {
    std::string bytes(size, '\0');
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, 20) <= 0) return true;
    const ssize_t got = ::recv(fd, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    const std::lock_guard lock(mutex_);
    heard_[number].append(bytes, 0, static_cast<std::size_t>(got));
    return true;
  }
  bool has_head(std::size_t number) {
    const std::lock_guard lock(mutex_);
    return heard_[number].find("\r\n\r\n") != std::string::npos;
  }
  void serve(int fd, std::size_t number) {
    while (!stop_ && !has_head(number))
      if (!read_some(fd, number, 512)) break;
    std::this_thread::sleep_for(before_answer_);
    const std::string answer =
        "HTTP/1.1 413 Too Large\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(kTooLarge.size()) +
        "\r\n\r\n" + std::string(kTooLarge);
    (void)::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    std::this_thread::sleep_for(Ms{150});
    while (!stop_ && read_some(fd, number, 1u << 20)) {
    }
    ::close(fd);
  }

  Ms before_answer_;
  int listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;  // guards both below
  std::vector<std::string> heard_;
  std::vector<std::thread> serving_;
  std::thread accepting_;
};

std::string settings_for(const HastyProvider& provider) {
  return "[serve]\nthreads = 1\n[providers.hasty]\nopenai_base_url = \"http://127.0.0.1:" + std::to_string(provider.port()) +
         "/v1\"\ncredential = \"env:FAKE_KEY\"\n";
}

}  // namespace

TEST_CASE("upstream E68: no other call is sent where a request was not taken whole") {
  HastyProvider provider(Ms{0});
  World w(kRedactAll, settings_for(provider), {}, "providers = [\"hasty\"]\n");
  const std::string large = ask(DialectId::openai_chat, false, std::string(12u << 20, 'x'));
  for (int i = 0; i < 3; ++i) {
    const RawReply reply = w.post("v1/chat/completions", large, {}, Ms{10'000});
    CHECK(reply.status == 413);
    CHECK(reply.body == kTooLarge);
  }
  for (const std::string& connection : provider.heard()) CHECK(connection.find("POST", 1) == std::string::npos);
  CHECK(provider.heard().size() == 3);
}

TEST_CASE("upstream E68: an answer is heard that comes while the provider takes no more of the request") {
  HastyProvider provider(Ms{200});
  World w(kRedactAll, settings_for(provider), {}, "providers = [\"hasty\"]\n");
  const auto begun = std::chrono::steady_clock::now();
  const RawReply reply =
      w.post("v1/chat/completions", ask(DialectId::openai_chat, false, std::string(12u << 20, 'x')), {}, Ms{10'000});
  CHECK(reply.status == 413);
  CHECK(reply.body == kTooLarge);
  CHECK(std::chrono::steady_clock::now() - begun < Ms{3'000});
}

}  // namespace pg::test
