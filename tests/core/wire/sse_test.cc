#include "core/wire/sse.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/gen.h"
#include "tests/support/result.h"

namespace pg {
namespace {

struct Seen {
  std::string raw, type, data;
  std::size_t lines = 0;
  bool operator==(const Seen&) const = default;
};

struct Read {
  std::vector<Seen> events;
  std::string raws;
  bool at_boundary = true;
};

Seen seen_event(const SseEvent& event) {
  return {std::string(event.raw), std::string(event.type), std::string(event.data), event.data_lines};
}

Read read_pieces(const std::vector<std::string>& pieces) {
  SseReader reader(1 << 23);
  Read result;
  SseEvent event;
  for (const std::string& piece : pieces) {
    reader.feed(piece);
    while (reader.next(event).value()) {
      result.events.push_back(seen_event(event));
      result.raws += event.raw;
    }
  }
  result.at_boundary = reader.at_boundary();
  if (reader.rest(event)) {
    result.events.push_back(seen_event(event));
    result.raws += event.raw;
  }
  return result;
}

TEST_CASE("events end at blank lines and keep every byte") {
  const Read result = read_pieces({"event: a\ndata: 1\n\n: note\n\ndata: 2\n\n"});
  REQUIRE(result.events.size() == 3);
  CHECK(result.events[0] == Seen{"event: a\ndata: 1\n\n", "a", "1", 1});
  CHECK(result.events[1] == Seen{": note\n\n", "", "", 0});
  CHECK(result.events[2] == Seen{"data: 2\n\n", "", "2", 1});
  CHECK(result.at_boundary);
}

TEST_CASE("CRLF, LF and CR line ends") {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    CAPTURE(end);
    const std::string first = "event: a" + end + "data: 1" + end + end;
    const Read result = read_pieces({first + "data: 2" + end + end});
    REQUIRE(result.events.size() == 2);
    CHECK(result.events[0] == Seen{first, "a", "1", 1});
    CHECK(result.events[1].data == "2");
  }
}

TEST_CASE("lines: no space, no colon, several data lines, id and retry, a byte order mark") {
  const Read result =
      read_pieces({"\xef\xbb\xbf"
                   "data:1\ndata:  2\ndata\nid: 7\nretry: 10\ndatax: no\n\n\xef\xbb\xbf"
                   "data: no\n\n"});
  REQUIRE(result.events.size() == 2);
  CHECK(result.events[0].data == "1\n 2\n");
  CHECK(result.events[0].lines == 3);
  CHECK(result.events[1].lines == 0);
}

TEST_CASE("no final blank line: the rest is told apart") {
  for (const std::string tail : {"data: [DONE]", "data: [DONE]\n", "data: [DONE]\r\n"}) {
    const Read result = read_pieces({"data: 1\n\n", tail});
    CHECK_FALSE(result.at_boundary);
    REQUIRE(result.events.size() == 2);
    CHECK(result.events[1].data == "[DONE]");
    CHECK(result.events[1].raw == tail);
  }
}

TEST_CASE("any cut of the bytes gives the same events") {
  PG_GEN(gen);
  const std::string_view parts[] = {
      "data: {\"a\":1}", "data:x",           "event: b", ": c", "\n", "\n\n", "\r\n", "\r\n\r\n", "\r", "\r\r",
      "id: 1",           "\xf0\x9f\x98\x80", "data",     ":",   " "};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (std::size_t n = gen.number(1, 14); n > 0; --n) text += parts[gen.number(0, std::size(parts) - 1)];
    const Read whole = read_pieces({text});
    REQUIRE(whole.raws == text);
    std::vector<std::string> pieces(1);
    for (char c : text) {
      pieces.back().push_back(c);
      if (gen.number(0, 2) == 0) pieces.emplace_back();
    }
    const Read cut = read_pieces(pieces);
    CAPTURE(text);
    REQUIRE(cut.raws == text);
    REQUIRE(cut.events == whole.events);
    REQUIRE(cut.at_boundary == whole.at_boundary);
  }
}

TEST_CASE("a 5 MB event in small pieces is one event, read in linear time") {
  const std::string event = "data: \"" + std::string(5 << 20, 'x') + "\"\n\n";
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < event.size(); at += 997) pieces.push_back(event.substr(at, 997));
  const auto begin = std::chrono::steady_clock::now();
  const Read result = read_pieces(pieces);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
  REQUIRE(result.events.size() == 1);
  CHECK(result.events[0].raw == event);
}

TEST_CASE("an event beyond the bound is refused") {
  SseReader reader(100);
  SseEvent event;
  reader.feed("data: 1\n\n");
  CHECK(reader.next(event).value());
  const std::string big = "data: " + std::string(95, 'x');
  reader.feed(big);
  const Result<bool> refused = reader.next(event);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::upstream_failed);
}

std::string rewritten(std::string_view raw, std::string_view data) {
  SseReader reader(1000);
  SseEvent event;
  reader.feed(raw);
  REQUIRE(reader.next(event).value());
  std::string out;
  write_sse(event, data, out);
  return out;
}

TEST_CASE("changed data goes out with everything else as it came") {
  CHECK(rewritten(": c\r\nevent: a\r\ndata:old\r\nid: 3\r\n\r\n", "new") == ": c\r\nevent: a\r\ndata:new\r\nid: 3\r\n\r\n");
  CHECK(rewritten("data: {\nevent: a\ndata: }\n\n", "{\n1\n}") == "data: {\ndata: 1\ndata: }\nevent: a\n\n");
  CHECK(rewritten("data: {\ndata: }\n\n", "{}") == "data: {}\n\n");
  CHECK(rewritten("\xef\xbb\xbf"
                  "data: 1\ndata: 2\n\n",
                  "3\n4") ==
        "\xef\xbb\xbf"
        "data: 3\ndata: 4\n\n");
}

}  // namespace
}  // namespace pg
