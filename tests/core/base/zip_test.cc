// Zip files by their directory: what is cut, lies or is not there is refused, at any place.
#include "core/base/zip.h"

#include <doctest/doctest.h>

#include <string>

#include "core/base/byte_source.h"
#include "tests/support/archives.h"

namespace pg::test {
namespace {

constexpr std::size_t kMost = 100;

Result<std::vector<ZipEntry>> listed(const std::string& zip, std::uint64_t most = kMost) {
  MemoryBytes bytes(zip);
  return list_zip(bytes, most);
}

std::size_t zip_place(const std::string& zip, std::string_view sign) {
  const std::size_t at = zip.rfind(sign);
  REQUIRE(at != std::string::npos);
  return at;
}

void put_field(std::string& zip, std::size_t at, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) zip[at + i] = static_cast<char>(value >> (8 * i) & 0xFF);
}

constexpr std::string_view kDirectory = "PK\x01\x02", kEndRecord = "PK\x05\x06";

TEST_CASE("entries have names, sizes and places, and directories are no entries") {
  const std::string zip = zip_of({{"dir/", ""}, {"dir/a.txt", "hello"}, {"b", std::string(1000, 'b')}}, true);
  const auto entries = listed(zip).value();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].name == "dir/a.txt");
  CHECK(entries[0].method == 8);
  CHECK(entries[1].unpacked == 1000);
  CHECK(entries[1].packed < 100);
  const std::string stored = zip_of({{"a", "hello"}}, false);
  MemoryBytes bytes(stored);
  const auto at = find_zip_data(bytes, listed(stored).value()[0]);
  REQUIRE(at.has_value());
  CHECK(stored.substr(*at, 5) == "hello");
}

TEST_CASE("a comment behind the end, even one that looks like an end, does not hide the directory") {
  std::string zip = zip_of({{"a", "hello"}}, false) + "comment";
  CHECK(listed(zip).value().size() == 1);
  put_field(zip, zip_place(zip, kEndRecord) + 20, 7, 2);
  CHECK(listed(zip).value().size() == 1);
}

TEST_CASE("a zip file that is cut anywhere is refused or lists nothing that is not there") {
  const std::string zip = zip_of({{"a", "hello"}, {"b", "world"}}, true);
  for (std::size_t size = 0; size < zip.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(listed(zip.substr(0, size)).has_value());
  }
}

TEST_CASE("numbers that lie are refused before they are used") {
  const std::string good = zip_of({{"name", "hello"}}, false);
  const std::size_t directory = zip_place(good, kDirectory), end = zip_place(good, kEndRecord);
  struct Lie {
    const char* what;
    std::size_t at, size;
    std::uint64_t value;
  };
  const Lie lies[] = {
      {"a directory far away", end + 16, 4, 0x7FFFFFFF},    {"a directory too large", end + 12, 4, 0x7FFFFFFF},
      {"a directory of 65 MiB", end + 12, 4, 65u << 20},    {"a long name", directory + 28, 2, 0xFFFF},
      {"a long extra field", directory + 30, 2, 0xFFFF},    {"a long comment", directory + 32, 2, 0xFFFF},
      {"zip64 without a locator", end + 16, 4, 0xFFFFFFFF}, {"more entries than may be", end + 10, 2, kMost + 1},
  };
  for (const Lie& lie : lies) {
    CAPTURE(lie.what);
    std::string zip = good;
    put_field(zip, lie.at, lie.value, lie.size);
    CHECK_FALSE(listed(zip).has_value());
  }
}

TEST_CASE("an entry whose data is not there is refused when it is asked for") {
  const std::string good = zip_of({{"name", "hello"}}, false);
  const std::size_t directory = zip_place(good, kDirectory);
  struct Lie {
    const char* what;
    std::size_t at;
    std::uint64_t value;
  };
  for (const Lie& lie : {Lie{"a header far away", directory + 42, 0x7FFFFFFF}, Lie{"a header that is none", directory + 42, 3},
                         Lie{"more bytes than there are", directory + 20, 0x7FFFFFFF},
                         Lie{"a size of 64 bits without its field", directory + 20, 0xFFFFFFFF}}) {
    CAPTURE(lie.what);
    std::string zip = good;
    put_field(zip, lie.at, lie.value, 4);
    MemoryBytes bytes(zip);
    const auto entries = list_zip(bytes, kMost);
    REQUIRE(entries.has_value());
    CHECK_FALSE(find_zip_data(bytes, entries->at(0)).has_value());
  }
}

TEST_CASE("the entries that are counted are those in the directory, whatever the end says") {
  std::string zip = zip_of({{"a", "1"}, {"b", "2"}, {"c", "3"}}, false);
  CHECK(listed(zip, 3).value().size() == 3);
  put_field(zip, zip_place(zip, kEndRecord) + 10, 1, 2);
  CHECK(listed(zip, 2).error().code == Code::too_large);
  put_field(zip, zip_place(zip, kEndRecord) + 10, 4, 2);
  CHECK_FALSE(listed(zip).has_value());
  CHECK_FALSE(listed("a program before it" + zip_of({{"a", "1"}}, false)).has_value());
}

TEST_CASE("names are handed on as they are: they are shown, never opened") {
  for (const char* name : {"../../etc/passwd", "/etc/passwd", "a\\b", "\xff\xfe", ""})
    CHECK(listed(zip_of({{name, "x"}}, false)).value().at(0).name == name);
}

TEST_CASE("a deflated entry that outgrows the budget ends with an error, not with memory") {
  const std::string zip = zip_of({{"bomb", std::string(4 << 20, '\0')}}, true);
  MemoryBytes bytes(zip);
  const auto entries = list_zip(bytes, kMost).value();
  const std::string packed = bytes.read(find_zip_data(bytes, entries[0]).value(), entries[0].packed).value();
  MemorySource source(packed);
  UnpackBudget budget;
  budget.left = 2 << 20;
  UnpackedSource unpacked(source, Coding::deflate, budget);
  std::string into(8 << 20, '\0');
  const auto got = read_fully(unpacked, into.data(), into.size());
  REQUIRE_FALSE(got.has_value());
  CHECK(got.error().code == Code::too_large);
}

}  // namespace
}  // namespace pg::test
