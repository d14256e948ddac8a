// Credentials in passing bytes are starred wherever the bytes are cut, and nothing else is.
#include "core/guard/stream_mask.h"

#include <doctest/doctest.h>

using namespace pg;

namespace {

std::string in_pieces(std::string_view text, std::size_t size, std::initializer_list<std::string_view> words) {
  StreamMask mask;
  for (const std::string_view word : words) mask.add(word);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += size) mask.push(text.substr(at, size), out);
  mask.finish(out);
  return out;
}

}  // namespace

TEST_CASE("any split gives the same stars, as long as what they cover") {
  const std::string text = "x credential-1 credential- credential-1credential-1 tail credentia";
  const std::string wanted = "x ************ credential- ************************ tail credentia";
  for (std::size_t size = 1; size <= text.size(); ++size) CHECK(in_pieces(text, size, {"credential-1"}) == wanted);
}

TEST_CASE("one that begins like itself, and one inside another, leave nothing behind") {
  for (std::size_t size = 1; size < 12; ++size) {
    CHECK(in_pieces("aaaaaaaaa.", size, {"aaaaaaaa"}).find("aaaaaaaa") == std::string::npos);
    CHECK(in_pieces("-abcdefgh0123-", size, {"abcdefgh0123", "abcdefgh"}).find("abcdefgh") == std::string::npos);
  }
}

TEST_CASE("without credentials, and for short ones, bytes pass at once") {
  StreamMask mask;
  mask.add("short");
  CHECK(mask.empty());
  std::string out;
  mask.push("short and long", out);
  CHECK(out == "short and long");
  std::string text = "a field";
  mask.mask(text);
  CHECK(text == "a field");
}
