#include "config/app_key.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;
using pg::test::TempDir;

TEST_CASE("an app key reads as hex, base64 and base64url") {
  const std::string key = random_bytes(32);
  std::string unpadded = to_base64(key);
  unpadded.pop_back();
  for (const std::string& text : {to_hex(key), to_base64(key), unpadded, to_base64url(key), to_hex(key) + "\n"})
    CHECK(parse_app_key(text).value().reveal() == key);
  for (const std::string& text : {std::string(), std::string("x"), to_hex(key).substr(1), to_hex(key) + "00",
                                  std::string(64, 'g'), std::string(43, '!'), std::string(44, 'A')}) {
    const auto refused = parse_app_key(text);
    CHECK(refused.error().code == Code::invalid_config);
    if (text.size() > 2) CHECK(refused.error().message.find(text) == std::string::npos);
  }
}

TEST_CASE("the variable stands above the file, and a bad one does not fall back") {
  const TempDir dir;
  const std::string file = dir.file("d/app.key");
  CHECK(load_app_key({}, file).error().code == Code::not_found);
  CHECK(create_app_key(file).value());
  CHECK(test::mode_of(file) == 0600);
  const SecretString made = load_app_key({}, file).value();
  CHECK(made.size() == 32);
  CHECK_FALSE(create_app_key(file).value());
  CHECK(load_app_key({}, file).value().reveal() == made.reveal());
  CHECK(load_app_key({{"PG_APP_KEY", std::string(64, 'a')}}, file).value().reveal() == std::string(32, '\xaa'));
  CHECK(load_app_key({{"PG_APP_KEY", "short"}}, file).error().message.substr(0, 12) == "PG_APP_KEY: ");
}

TEST_CASE("a key file that others may read or that is a link is refused") {
  const TempDir dir;
  const std::string file = dir.file("app.key");
  REQUIRE(create_app_key(file));
  REQUIRE(::symlink(file.c_str(), dir.file("link.key").c_str()) == 0);
  CHECK(load_app_key({}, dir.file("link.key")).error().message.find("symbolic link") != std::string::npos);
  ::chmod(file.c_str(), 0640);
  CHECK(load_app_key({}, file).error().message.find("chmod 600") != std::string::npos);
}
