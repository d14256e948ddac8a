#include "proxy/net/buffer.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "tests/support/gen.h"

namespace pg {
namespace {

TEST_CASE("nothing can be appended to a buffer that has no memory yet") {
  Buffer buffer;
  buffer.append("");
  CHECK(buffer.empty());
  CHECK(buffer.capacity() == 0);
}

TEST_CASE("an empty buffer holds nothing and can be asked everything") {
  Buffer buffer;
  CHECK(buffer.empty());
  CHECK(buffer.view().empty());
  CHECK(buffer.capacity() == 0);
  CHECK(buffer.free_size() == 0);
  buffer.consume(0);
  buffer.clear();
  buffer.release();
  CHECK(buffer.empty());
}

TEST_CASE("a read goes straight into the free end") {
  Buffer buffer(16);
  REQUIRE(buffer.free_size() >= 16);
  std::memcpy(buffer.free_begin(), "hello", 5);
  buffer.grew(5);
  CHECK(buffer.view() == "hello");
  buffer.consume(2);
  CHECK(buffer.view() == "llo");
  buffer.consume(3);
  CHECK(buffer.empty());
  CHECK(buffer.free_size() == buffer.capacity());
}

TEST_CASE("room is made by moving before it is made by growing") {
  Buffer buffer(10);
  buffer.append("0123456789");
  buffer.consume(8);
  const std::size_t capacity = buffer.capacity();
  buffer.make_room(8);
  CHECK(buffer.capacity() == capacity);
  CHECK(buffer.view() == "89");
  buffer.make_room(9);
  CHECK(buffer.free_size() >= 9);
  CHECK(buffer.view() == "89");
}

TEST_CASE("a moved-from buffer's bytes live in the other one; released ones are gone") {
  Buffer buffer;
  buffer.append("secret");
  Buffer other = std::move(buffer);
  CHECK(other.view() == "secret");
  other.release();
  CHECK(other.capacity() == 0);
  CHECK(other.view().empty());
  other.append("again");
  CHECK(other.view() == "again");
}

TEST_CASE("property: a buffer is a queue of bytes") {
  PG_GEN(gen);
  Buffer buffer;
  std::string model;
  for (int step = 0; step < 5000; ++step) {
    switch (gen.number(0, 4)) {
      case 0: {
        const std::string bytes = gen.bytes(gen.number(0, 60));
        buffer.append(bytes);
        model += bytes;
        break;
      }
      case 1: {
        const std::string bytes = gen.bytes(gen.number(1, 60));
        buffer.make_room(bytes.size());
        REQUIRE(buffer.free_size() >= bytes.size());
        std::memcpy(buffer.free_begin(), bytes.data(), bytes.size());
        buffer.grew(bytes.size());
        model += bytes;
        break;
      }
      case 2: {
        const std::size_t count = gen.number(0, model.size());
        buffer.consume(count);
        model.erase(0, count);
        break;
      }
      case 3:
        buffer.reserve(gen.number(0, 300));
        break;
      default:
        if (gen.number(0, 30) == 0) {
          buffer.clear();
          model.clear();
        }
        break;
    }
    REQUIRE(buffer.view() == model);
    REQUIRE(buffer.size() == model.size());
  }
  CHECK(buffer.capacity() < 1 << 20);
}

}  // namespace
}  // namespace pg
