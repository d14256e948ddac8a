#include "proxy/net/chunks.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

#include "tests/support/gen.h"
#include "tests/support/result.h"

namespace pg {
namespace {

using namespace std::string_view_literals;  // for bytes with NULs in them

struct Decoded {
  std::string out;
  std::size_t taken = 0;
  bool done = false;
  std::optional<Code> error;
  bool operator==(const Decoded&) const = default;
};

/// Gives the decoder `bytes` in pieces of random size; `most` = 0 gives all at once.
Decoded decode(std::string_view bytes, std::size_t most = 0, test::Gen* gen = nullptr) {
  ChunkDecoder decoder;
  Decoded result;
  while (result.taken < bytes.size() && !decoder.done()) {
    std::size_t size = bytes.size() - result.taken;
    if (most > 0) size = std::min(size, gen != nullptr ? gen->number(1, most) : most);
    const auto taken = decoder.push(bytes.substr(result.taken, size), result.out);
    if (!taken) {
      result.error = taken.error().code;
      result.taken = 0;  // how far it got before it saw the fault depends on the pieces
      return result;
    }
    CHECK((*taken == size || decoder.done()));
    result.taken += *taken;
  }
  result.done = decoder.done();
  return result;
}

TEST_CASE("chunks are joined") {
  const Decoded decoded = decode("5\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\n\r\n");
  CHECK_FALSE(decoded.error);
  CHECK(decoded.done);
  CHECK(decoded.out == "hello 0123456789");
}

TEST_CASE("what RFC 9112 allows") {
  for (const char* text : {"0\r\n\r\n", "000\r\n\r\n", "0005\r\nhello\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n0\r\n\r\n",
                           "5;a=\"q\";b=c\r\nhello\r\n0;last=1\r\n\r\n", "5;a\r\nhello\r\n0\r\n\r\n",
                           "5\r\nhello\r\n0\r\nX-A: b\r\n\r\n", "5\r\nhello\r\n0\r\nX-A: b\r\nX-B:\r\n\r\n"}) {
    CAPTURE(text);
    const Decoded decoded = decode(text);
    CHECK_FALSE(decoded.error);
    CHECK(decoded.done);
    CHECK((decoded.out == "hello" || std::string(text).find("hello") == std::string::npos));
  }
  const std::string data(0xAbC, 'x');
  CHECK(decode("aBc\r\n" + data + "\r\n0\r\n\r\n").out == data);
}

TEST_CASE("the decoder stops at the end of the body") {
  const std::string body = "3\r\nabc\r\n0\r\nX: y\r\n\r\n", next = "POST / HTTP/1.1\r\n";
  ChunkDecoder decoder;
  std::string out;
  const auto taken = decoder.push(body + next, out);
  REQUIRE(taken);
  CHECK(*taken == body.size());
  CHECK(decoder.done());
  CHECK(out == "abc");
  const auto more = decoder.push(next, out);
  CHECK((!more || *more == 0));
  CHECK(out == "abc");
}

TEST_CASE("a body that is not all there is neither done nor wrong") {
  const std::string body = "3\r\nabc\r\n0\r\nX: y\r\n\r\n";
  for (std::size_t size = 0; size < body.size(); ++size) {
    const Decoded decoded = decode(body.substr(0, size));
    CAPTURE(size);
    CHECK_FALSE(decoded.error);
    CHECK_FALSE(decoded.done);
  }
}

TEST_CASE("chunk sizes that two readers could read differently are bad_request") {
  for (const char* size : {"0x5",
                           "5_0",
                           "+5",
                           "-5",
                           " 5",
                           "5 ",
                           "5\t",
                           "\t5",
                           "",
                           "g",
                           "5g",
                           "0X5",
                           "5.",
                           "5,5",
                           "10000000000000005",
                           "fffffffffffffffff",
                           "100000000000000000",
                           "\xEF\xBC\x95",
                           "5\x0b",
                           "5\x0c",
                           "\"5\"",
                           "#",
                           "5h"}) {
    CAPTURE(size);
    const Decoded decoded = decode(std::string(size) + "\r\nhello\r\n0\r\n\r\n");
    CHECK(decoded.error == Code::bad_request);
    CHECK(decoded.out.empty());
  }
  CHECK(decode(std::string("5\0\r\nhello\r\n0\r\n\r\n"sv)).error == Code::bad_request);
  CHECK(decode(std::string(5000, '0') + "5\r\nhello\r\n0\r\n\r\n").error == Code::bad_request);
}

TEST_CASE("lines end in CRLF and nothing else; data is as long as it says") {
  for (const char* text :
       {"5\nhello\r\n0\r\n\r\n", "5\rhello\r\n0\r\n\r\n", "5\r\r\nhello\r\n0\r\n\r\n", "5\n\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n",
        "5\r\nhell\r\n0\r\n\r\n", "5\r\nhello\r\n\r\n0\r\n\r\n", "\r\n5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\n\r\n",
        "5\r\nhello\r\n0\r\n\n", "5\r\nhello\r\n0\r\rX", "5\r\nhello\r\n0\r\nX: a\n\r\n", "5\r\nhello\r\n0\r\nX: a\r\r\n\r\n",
        "5\r\nhello\r\n0\r\n\rX"}) {
    CAPTURE(text);
    CHECK(decode(text).error == Code::bad_request);
  }
}

TEST_CASE("chunk extensions: no bare semicolon, no CR or LF inside, 4 KiB in all") {
  for (const char* text :
       {"5;\r\nhello\r\n0\r\n\r\n", "5;\nhello\r\n0\r\n\r\n", "5;a\nb\r\nhello\r\n0\r\n\r\n", "5;a\rb\r\nhello\r\n0\r\n\r\n",
        "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n", "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n", "5; \r\nhello\r\n0\r\n\r\n"}) {
    CAPTURE(text);
    CHECK(decode(text).error == Code::bad_request);
  }
  CHECK(decode(std::string("5;a\0b\r\nhello\r\n0\r\n\r\n"sv)).error == Code::bad_request);
  CHECK_FALSE(decode("1;" + std::string(3000, 'a') + "\r\nx\r\n0\r\n\r\n").error);
  CHECK(decode("1;" + std::string(5000, 'a') + "\r\nx\r\n0\r\n\r\n").error == Code::bad_request);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "1;abcdefghi\r\nx\r\n";
  CHECK(decode(many + "0\r\n\r\n").error == Code::bad_request);
}

TEST_CASE("trailers are dropped, 8 KiB of them are too many") {
  const Decoded decoded =
      decode("2\r\nhi\r\n0\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\nHost: x\r\nAuthorization: y\r\n\r\n");
  CHECK(decoded.done);
  CHECK(decoded.out == "hi");
  CHECK_FALSE(decode("0\r\nX: " + std::string(7000, 'a') + "\r\n\r\n").error);
  CHECK(decode("0\r\nX: " + std::string(9000, 'a') + "\r\n\r\n").error == Code::headers_too_large);
  std::string many = "0\r\n";
  for (int i = 0; i < 1000; ++i) many += "X-A: 123456\r\n";
  CHECK(decode(many + "\r\n").error == Code::headers_too_large);
}

TEST_CASE("written chunks are read back; empty data writes nothing") {
  std::string wire;
  append_chunk(wire, "hello");
  CHECK(wire == "5\r\nhello\r\n");
  append_chunk(wire, "");
  CHECK(wire == "5\r\nhello\r\n");
  append_chunk(wire, std::string(300, 'y'));
  wire += kLastChunk;
  const Decoded decoded = decode(wire);
  CHECK(decoded.done);
  CHECK(decoded.out == "hello" + std::string(300, 'y'));
}

std::string random_body(test::Gen& gen) {
  std::string wire;
  for (std::size_t i = gen.number(0, 4); i > 0; --i) {
    if (gen.coin()) {
      append_chunk(wire, gen.bytes(gen.number(0, 40)));
    } else {
      const std::string data = gen.bytes(gen.number(1, 9));
      wire +=
          std::string(gen.number(0, 2), '0') + std::to_string(data.size()) + ";e=" + gen.text(3, "abc") + "\r\n" + data + "\r\n";
    }
  }
  wire += gen.coin() ? std::string(kLastChunk) : "0\r\nX-T: " + gen.text(gen.number(0, 5), "ab c") + "\r\n\r\n";
  return wire + gen.bytes(gen.number(0, 6));
}

TEST_CASE("property: any split of the bytes, well-formed or not, gives the same") {
  PG_GEN(gen);
  int refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string wire = random_body(gen);
    for (std::size_t faults = gen.number(0, 2); faults > 0; --faults) {
      const std::size_t at = gen.number(0, wire.size() - 1);
      if (gen.coin()) wire[at] = gen.text(1, "\r\n0159af;: x\x01")[0];
      if (gen.number(0, 3) == 0) wire.erase(at, 1);
    }
    CAPTURE(wire);
    const Decoded whole = decode(wire);
    refused += whole.error ? 1 : 0;
    REQUIRE(decode(wire, 1) == whole);
    for (const std::size_t most : {3, 7, 50}) REQUIRE(decode(wire, most, &gen) == whole);
  }
  CHECK(refused > 200);
}

}  // namespace
}  // namespace pg
