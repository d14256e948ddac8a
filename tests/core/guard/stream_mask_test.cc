// Credentials in passing bytes are starred wherever the bytes are cut, and nothing else is.
#include "core/guard/stream_mask.h"

#include <doctest/doctest.h>

#include "core/base/encode.h"

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

TEST_CASE("a credential is starred in the spellings of JSON, URLs and forms, at any cut") {
  const std::string word = R"(a/b"c\d e+f~g&h*i)";
  for (const std::string_view spelled :
       {R"(a/b"c\d e+f~g&h*i)", R"(a/b\"c\\d e+f~g&h*i)", R"(a\/b\"c\\d e+f~g&h*i)", R"(a/b\"c\\d e+f~g\u0026h*i)",
        "a%2Fb%22c%5Cd%20e%2Bf~g%26h%2Ai", "a%2fb%22c%5cd%20e%2bf~g%26h%2ai", "a%2Fb%22c%5Cd%20e%2Bf~g%26h*i",
        "a/b%22c%5cd%20e+f~g&h*i", "a%2Fb%22c%5Cd+e%2Bf%7Eg%26h*i", "a%2fb%22c%5cd+e%2bf%7eg%26h*i"}) {
    const std::string text = "<" + std::string(spelled) + ">", wanted = "<" + std::string(spelled.size(), '*') + ">";
    for (std::size_t size = 1; size <= text.size(); ++size) CHECK_MESSAGE(in_pieces(text, size, {word}) == wanted, spelled);
  }
}

TEST_CASE("base64 hides it neither alone nor inside a longer text") {
  for (const std::string word : {"pass?word>1", "pass?word>12", "pass?word>123"}) {
    const std::string plain = to_base64(word), url = to_base64url(word), bare = plain.substr(0, plain.find('='));
    const std::string stars(bare.size(), '*');
    CHECK(in_pieces(bare + ".", 3, {word}) == stars + ".");
    CHECK(in_pieces(plain, 3, {word}) == stars + plain.substr(bare.size()));
    CHECK(in_pieces(url + ".", 3, {word}) == stars + ".");
    for (const std::string before : {"", "u", "us", "usr", "user"}) {
      for (const bool is_url : {false, true}) {
        const std::string text = before + word + "behind";
        const std::string starred = in_pieces(is_url ? to_base64url(text) : to_base64(text), 5, {word});
        // But for the digits at both ends, which the neighbours have a share in.
        const std::size_t from = (before.size() * 8 + 5) / 6, to = (before.size() + word.size()) * 8 / 6;
        CHECK(starred.substr(from, to - from) == std::string(to - from, '*'));
        CHECK(starred.find('*') == from);
      }
    }
  }
}

TEST_CASE("what is too short has no spellings either") {
  StreamMask mask;
  mask.add("a/b c&d");
  CHECK(mask.empty());
}
