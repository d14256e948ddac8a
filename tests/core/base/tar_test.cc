// Tar files member by member: names and sizes of all three dialects, and every way to be cut or to lie.
#include "core/base/tar.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "tests/support/archives.h"

namespace pg::test {
namespace {

/// "name=content" of each member, then the error when there is one.
std::string read_tar(const std::string& tar) {
  MemorySource source(tar);
  TarReader reader(source);
  std::string out;
  for (;;) {
    const auto member = reader.next();
    if (!member) return out + "!" + member.error().message;
    if (!*member) return out;
    std::string text(static_cast<std::size_t>(std::min<std::uint64_t>((*member)->size, 1 << 20)), '\0');
    const auto got = read_fully(reader.content(), text.data(), text.size());
    if (!got) return out + (*member)->name + "!" + got.error().message;
    out += (*member)->name + "=" + ((*member)->regular ? text : "-") + " ";
  }
}

/// A member whose head is changed before its checksum is made.
std::string with_head(std::string tar, std::size_t at, std::string_view bytes) {
  tar.replace(at, bytes.size(), bytes);
  mend_checksum(tar);
  return tar;
}

std::string typed(const std::string& name, const std::string& text, char type) {
  std::string tar = tar_of({{name, text}});
  tar.resize(tar.size() - 1024);
  return with_head(tar, 156, std::string_view(&type, 1));
}

TEST_CASE("members come in order, with their bytes and without the padding") {
  const std::string block(512, 'b');
  CHECK(read_tar(tar_of({{"a", "hello"}, {"empty", ""}, {"whole", block}})) == "a=hello empty= whole=" + block + " ");
  CHECK(read_tar(tar_of({})).empty());
  CHECK(read_tar("").empty());
}

TEST_CASE("what a reader leaves of a member is passed over") {
  const std::string tar = tar_of({{"a", std::string(5000, 'a')}, {"b", "hello"}});
  MemorySource source(tar);
  TarReader reader(source);
  CHECK(reader.next().value()->name == "a");
  CHECK(reader.next().value()->name == "b");
  CHECK_FALSE(reader.next().value().has_value());
}

TEST_CASE("long names: a prefix, GNU's own member, and pax; pax sizes outweigh the head's") {
  std::string prefixed = with_head(tar_of({{"a", "x"}}), 257, std::string_view("ustar\0", 6));
  prefixed = with_head(prefixed, 345, "deep/down");
  CHECK(read_tar(prefixed) == "deep/down/a=x ");
  const std::string name(300, 'n');
  CHECK(read_tar(typed("././@LongLink", name, 'L') + tar_of({{"short", "x"}})) == name + "=x ");
  CHECK(read_tar(typed("PaxHeader", "12 path=long\n9 size=2\n", 'x') + tar_of({{"short", "xyz"}})) == "long=xy ");
  CHECK(read_tar(typed("PaxHeader", "12 path=long\n", 'g') + tar_of({{"own", "x"}})) == "own=x ");
}

TEST_CASE("links, directories and devices are members without content of their own") {
  for (const char type : {'1', '2', '3', '4', '5', '6'})
    CHECK(read_tar(typed("x", "", type) + std::string(1024, '\0')) == "x=- ");
}

TEST_CASE("a tar file that is cut anywhere gives what was whole, then an error or its end") {
  const std::string tar = tar_of({{"a", "hello"}, {"b", "world"}});
  for (std::size_t size = 1; size < 2 * 1024; ++size) {
    CAPTURE(size);
    const std::string read = read_tar(tar.substr(0, size));
    const bool at_block = size == 1024;
    CHECK((read.find('!') != std::string::npos) != at_block);
    CHECK(read.starts_with("a=hello ") == (size >= 1024 || (size >= 517 && read.starts_with("a=hello "))));
  }
}

TEST_CASE("heads that lie are refused") {
  const std::string good = tar_of({{"a", "hello"}});
  std::string wrong_sum = good;
  wrong_sum[0] = 'b';
  CHECK(read_tar(wrong_sum) == "!the tar file is damaged");
  CHECK(read_tar(with_head(good, 124, "99999999999")) == "!the tar file is damaged");
  CHECK(read_tar(with_head(good, 124, "77777777777")).find("a!cut short") == 0);
  // Base 256, as GNU writes large sizes: one that fits 62 bits and one that does not
  CHECK(read_tar(with_head(good, 124, std::string("\x80\0\0\0\0\0\0\0\0\0\0\5", 12))) == "a=hello ");
  CHECK(read_tar(with_head(good, 124, std::string("\x80\0\0\0\xff\0\0\0\0\0\0\0", 12))) == "!the tar file is damaged");
  CHECK(read_tar(typed("PaxHeader", "30 size=99999999999999999999\n", 'x') + good) == "!the tar file is damaged");
  CHECK(read_tar(typed("PaxHeader", "12 size=-5\n", 'x') + good) == "!the tar file is damaged");
}

TEST_CASE("a name that claims megabytes is refused before it is read") {
  CHECK(read_tar(with_head(typed("././@LongLink", "x", 'L'), 124, "00040000000")) == "!the tar file is damaged");
}

TEST_CASE("names that lead elsewhere are handed on as they are: they are shown, never opened") {
  for (const char* name : {"../../etc/passwd", "/etc/passwd", "a\nb"})
    CHECK(read_tar(tar_of({{name, "x"}})) == std::string(name) + "=x ");
}

}  // namespace
}  // namespace pg::test
