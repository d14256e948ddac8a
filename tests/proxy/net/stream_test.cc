// A stream does the same on a ring and without one.
#include "proxy/net/stream.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "proxy/net/loop.h"
#include "tests/support/loopback.h"

namespace pg::test {
namespace {

using namespace std::chrono_literals;

/// A socket that listens on a port of its own.
struct Listening {
  Listening() {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(fd, 16) == 0);
    REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
  }
  ~Listening() { ::close(fd); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;
  asio::ip::tcp::endpoint endpoint() const { return {asio::ip::address_v4::loopback(), port}; }
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port = 0;
};

/// The far end of a connection; the near one is for a stream.
struct Peer {
  Peer() {
    const Listening listening;
    sockaddr_in address = loopback(listening.port);
    REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    near = ::accept4(listening.fd, nullptr, nullptr, SOCK_CLOEXEC);
    REQUIRE(near >= 0);
  }
  ~Peer() { hang_up(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  void say(std::string_view text) const {
    CHECK(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  }
  /// All that comes until the other side ends.
  std::string hear() const {
    std::string all, some(65'536, '\0');
    for (ssize_t got = 1; (got = ::recv(fd, some.data(), some.size(), 0)) > 0;)
      all.append(some, 0, static_cast<std::size_t>(got));
    return all;
  }
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    hang_up();
  }
  void hang_up() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int near = -1;
};

/// Runs a coroutine on a loop, with a stream over `peer`'s near end.
template <class Work>
void with_stream(bool ring, const Peer& peer, Work work) {
  Loop loop;
  asio::co_spawn(
      loop.io(),
      [](Loop& on, int fd, Work& own) -> Task<void> {
        TcpSocket socket(on.io(), asio::ip::tcp::v4(), fd);
        Stream stream(on, std::move(socket), Stage::request);
        co_await own(stream);
      }(loop, peer.near, work),
      asio::detached);
  loop.run(ring);
}

Task<void> pause(Loop& loop, Millis time) {
  Timer timer(loop.io());
  timer.expires_after(time);
  co_await timer.async_wait(kAwait);
}

// Until the other side takes no more, nor makes more room for it.
Task<void> fill_stream(Stream& stream) {
  const std::string much(1u << 20, 'x');
  const iovec piece = piece_of(much);
  for (int refused = 0; refused < 5;) {
    const IoResult sent = stream.try_write(std::span<const iovec>(&piece, 1));
    refused = sent.end == IoEnd::ok ? 0 : refused + 1;
    if (refused > 0) co_await pause(stream.loop(), 5ms);
  }
}

std::string text_of(const std::string& room, IoResult got) {
  return got.end == IoEnd::ok ? room.substr(0, got.size) : "end " + std::to_string(static_cast<int>(got.end));
}

const bool kModes[] = {false, true};

}  // namespace

TEST_CASE("stream: reads what is there and waits for what is not, whichever way it is asked") {
  for (const bool ring : kModes) {
    CAPTURE(ring);
    Peer peer;
    std::vector<std::string> heard;
    peer.say("one");
    std::thread other([&] {
      for (const char* const word : {"two", "three", "four"}) {
        std::this_thread::sleep_for(20ms);
        peer.say(word);
      }
    });
    with_stream(ring, peer, [&](Stream& stream) -> Task<void> {
      std::string room(100, '\0');
      IoResult got = co_await stream.read_in_turn(room.data(), room.size());
      heard.push_back(text_of(room, got));
      got = co_await stream.read_some(room.data(), room.size());
      heard.push_back(text_of(room, got));
      got = co_await stream.read_some(room.data(), 5);
      heard.push_back(text_of(room, got));
      const IoEnd waited = co_await stream.wait_readable();
      heard.push_back(waited == IoEnd::ok ? "readable" : "not readable");
      got = co_await stream.read_in_turn(room.data(), room.size());
      heard.push_back(text_of(room, got));
    });
    other.join();
    CHECK(heard == std::vector<std::string>{"one", "two", "three", "readable", "four"});
  }
}

TEST_CASE("stream: the end of the other side, and its going without one") {
  for (const bool ring : kModes) {
    for (const bool reset : {false, true}) {
      CAPTURE(ring);
      CAPTURE(reset);
      Peer peer;
      IoEnd end = IoEnd::ok;
      std::thread other([&] {
        std::this_thread::sleep_for(20ms);
        if (reset) {
          peer.reset();
        } else {
          peer.hang_up();
        }
      });
      with_stream(ring, peer, [&](Stream& stream) -> Task<void> {
        std::string room(100, '\0');
        const IoResult got = co_await stream.read_some(room.data(), room.size());
        end = got.end;
      });
      other.join();
      CHECK(end == (reset ? IoEnd::failed : IoEnd::eof));
    }
  }
}

TEST_CASE("stream: what is long comes in few reads, whole or as far as there is any, and short reads after it are as ever") {
  constexpr std::size_t kSize = 300'000, kPieces = 60;
  for (const bool ring : kModes) {
    CAPTURE(ring);
    Peer peer;
    std::string sent(kSize, 'x');
    for (std::size_t i = 0; i < kSize; i += 1'000) sent[i] = static_cast<char>('a' + i / 1'000 % 26);
    std::string got(kSize, '\0'), arrived;
    std::size_t reads = 0, at = 0;
    IoResult after, cut, last;
    std::thread other([&] {
      for (std::size_t piece = 0; piece < kPieces; ++piece) {
        peer.say(std::string_view(sent).substr(piece * kSize / kPieces, kSize / kPieces));
        std::this_thread::sleep_for(2ms);
      }
      std::this_thread::sleep_for(30ms);
      peer.say("?");
      std::this_thread::sleep_for(30ms);
      peer.say("half of what was promised");
      ::shutdown(peer.fd, SHUT_WR);
    });
    bool was_on_ring = false;
    with_stream(ring, peer, [&](Stream& stream) -> Task<void> {
      was_on_ring = stream.loop().ring() != nullptr;
      stream.set_deadline(std::chrono::steady_clock::now() + 5s);
      for (IoResult part; at < kSize && part.end == IoEnd::ok; at += part.size, ++reads)
        part = co_await stream.read_long(got.data() + at, kSize - at);
      arrived = got;
      after = co_await stream.read_some(got.data(), 64);
      cut = co_await stream.read_long(got.data(), kSize);
      last = co_await stream.read_long(got.data(), kSize);
    });
    other.join();
    CHECK(at == kSize);
    CHECK(arrived == sent);
    // The kernel may wake a reader before its mark when its buffer is nearly full: few, then, and not one.
    if (was_on_ring) CHECK(reads * 10 <= kPieces);
    CHECK(after.size == 1);
    CHECK(cut.size == std::string_view("half of what was promised").size());
    CHECK(last.end == IoEnd::eof);
  }
}

TEST_CASE("stream: a wait for what is long ends with the deadline, and gives what had come to the next read") {
  for (const bool ring : kModes) {
    CAPTURE(ring);
    Peer peer;
    IoResult long_read, later;
    bool was_on_ring = false;
    peer.say("a beginning");
    with_stream(ring, peer, [&](Stream& stream) -> Task<void> {
      was_on_ring = stream.loop().ring() != nullptr;
      std::vector<char> room(100'000);
      stream.set_deadline(std::chrono::steady_clock::now() + 100ms);
      long_read = co_await stream.read_long(room.data(), room.size());
      stream.set_deadline(std::chrono::steady_clock::now() + 3s);
      if (was_on_ring) later = co_await stream.read_some(room.data(), room.size());
    });
    if (!was_on_ring) {
      CHECK(long_read.size == 11);
      continue;
    }
    CHECK(long_read.end == IoEnd::timeout);
    CHECK(later.size == 11);
  }
}

TEST_CASE("stream: a deadline and an abort end every wait, and say which it was") {
  for (const bool ring : kModes) {
    for (const IoEnd why : {IoEnd::timeout, IoEnd::canceled}) {
      for (int way = 0; way < 3; ++way) {
        CAPTURE(ring);
        CAPTURE(way);
        Peer peer;
        IoEnd end = IoEnd::ok, later = IoEnd::ok;
        peer.say("ab");
        with_stream(ring, peer, [&](Stream& stream) -> Task<void> {
          std::string room(100, '\0');
          std::string much(16u << 20, 'x');
          IoResult got = co_await stream.read_some(room.data(), 2);
          if (why == IoEnd::timeout) {
            stream.set_deadline(std::chrono::steady_clock::now() + 10ms);
          } else {
            asio::co_spawn(
                stream.loop().io(),
                [](Stream& other) -> Task<void> {
                  co_await pause(other.loop(), 10ms);
                  other.abort(IoEnd::canceled);
                }(stream),
                asio::detached);
          }
          iovec piece = piece_of(much);
          const std::span<iovec> pieces(&piece, 1);
          if (way == 0) got = co_await stream.read_some(room.data(), room.size());
          if (way == 1) got = co_await stream.read_in_turn(room.data(), room.size());
          end = got.end;
          if (way == 2) end = co_await stream.write_all(pieces);
          later = co_await stream.wait_readable();
        });
        CHECK(end == why);
        CHECK(later == why);
      }
    }
  }
}

TEST_CASE("stream: writes all of many pieces to one who reads slowly, and closing tells him so") {
  for (const bool ring : kModes) {
    CAPTURE(ring);
    Peer peer;
    std::string heard;
    std::vector<std::string> texts;
    std::string expected;
    for (int i = 0; i < 200; ++i)
      expected += texts.emplace_back(static_cast<std::size_t>(i * 997), static_cast<char>('a' + i % 26));
    std::thread other([&] {
      std::this_thread::sleep_for(30ms);
      heard = peer.hear();
    });
    IoEnd end = IoEnd::failed;
    with_stream(ring, peer, [&](Stream& stream) -> Task<void> {
      std::vector<iovec> pieces;
      for (const std::string& text : texts) pieces.push_back(piece_of(text));
      const std::span<iovec> all(pieces);
      end = co_await stream.write_all(all);
      stream.close();
      CHECK(!stream.is_open());
    });
    other.join();
    CHECK(end == IoEnd::ok);
    CHECK(heard == expected);
  }
}

TEST_CASE("stream: one who has ended his side and reads nothing is waited for, not asked again and again") {
  for (const bool ring : kModes) {
    CAPTURE(ring);
    Peer peer;
    ::shutdown(peer.fd, SHUT_WR);
    IoEnd end = IoEnd::ok;
    with_stream(ring, peer, [&](Stream& stream) -> Task<void> {
      co_await fill_stream(stream);
      stream.set_deadline(std::chrono::steady_clock::now() + 60ms);
      end = co_await stream.wait_writable();
    });
    CHECK(end == IoEnd::timeout);
  }
}

TEST_CASE("stream: a wait to write ends when the other side has something to say") {
  for (const bool ring : kModes) {
    CAPTURE(ring);
    Peer peer;
    IoEnd end = IoEnd::failed;
    bool has_input = false;
    std::thread other([&] {
      std::this_thread::sleep_for(50ms);
      peer.say("no more of it");
    });
    with_stream(ring, peer, [&](Stream& stream) -> Task<void> {
      co_await fill_stream(stream);
      stream.set_deadline(std::chrono::steady_clock::now() + 3s);
      end = co_await stream.wait_writable_or_input();
      has_input = stream.has_input();
    });
    other.join();
    CHECK(end == IoEnd::ok);
    CHECK(has_input);
  }
}

TEST_CASE("stream: many that write in one turn all get through") {
  constexpr std::size_t kStreams = 40;
  std::vector<Peer> peers(kStreams);
  Loop loop;
  std::size_t collected = 0;
  for (std::size_t i = 0; i < kStreams; ++i) {
    peers[i].say("?");
    asio::co_spawn(
        loop.io(),
        [](Loop& on, int fd, std::string text, std::size_t& count) -> Task<void> {
          TcpSocket socket(on.io(), asio::ip::tcp::v4(), fd);
          Stream stream(on, std::move(socket), Stage::request);
          char question = 0;
          co_await stream.read_in_turn(&question, 1);
          iovec pieces[2] = {piece_of(text), piece_of("!")};
          std::span<iovec> left(pieces);
          count += stream.collects(left) ? 1 : 0;
          if (stream.collects(left)) left = co_await stream.write_in_turn(left);
          const IoEnd end = co_await stream.write_all(left);
          CHECK(end == IoEnd::ok);
        }(loop, peers[i].near, "I am " + std::to_string(i), collected),
        asio::detached);
  }
  loop.run(true);
  for (std::size_t i = 0; i < kStreams; ++i) CHECK(peers[i].hear() == "I am " + std::to_string(i) + "!");
  if (loop.ring() != nullptr) CHECK(collected > 0);
}

TEST_CASE("stream: connects, or says that it cannot") {
  for (const bool ring : kModes) {
    CAPTURE(ring);
    const Listening listening;
    asio::ip::tcp::endpoint nobody = listening.endpoint();
    nobody.port(Listening().port);
    Loop loop;
    IoEnd there = IoEnd::failed, gone = IoEnd::ok, sent = IoEnd::failed;
    asio::co_spawn(
        loop.io(),
        [](Loop& on, asio::ip::tcp::endpoint to, asio::ip::tcp::endpoint nowhere, IoEnd& one, IoEnd& two,
           IoEnd& three) -> Task<void> {
          TcpSocket unopened(on.io()), unopened_too(on.io());
          Stream stream(on, std::move(unopened), Stage::reply), other(on, std::move(unopened_too), Stage::reply);
          one = co_await stream.connect(to);
          iovec piece = piece_of("hello");
          const std::span<iovec> pieces(&piece, 1);
          three = co_await stream.write_all(pieces);
          two = co_await other.connect(nowhere);
        }(loop, listening.endpoint(), nobody, there, gone, sent),
        asio::detached);
    loop.run(ring);
    CHECK(there == IoEnd::ok);
    CHECK(sent == IoEnd::ok);
    CHECK(gone == IoEnd::failed);
    const int accepted = ::accept4(listening.fd, nullptr, nullptr, SOCK_CLOEXEC);
    char heard[8]{};
    CHECK(::recv(accepted, heard, sizeof heard, 0) == 5);
    CHECK(::recv(accepted, heard, sizeof heard, 0) == 0);  // a stream that goes closes its connection
    ::close(accepted);
  }
}

}  // namespace pg::test
