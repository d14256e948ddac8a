// Paths to services: what two servers could read in two ways is refused, and globs see what is sent.
#include "core/route/service_path.h"

#include <doctest/doctest.h>

#include "core/base/text.h"
#include "tests/support/gen.h"

using namespace pg;

TEST_CASE("a plain path is read as it stands, and escapes once") {
  CHECK(read_service_path("").value() == "/");
  CHECK(read_service_path("/").value() == "/");
  CHECK(read_service_path("/repos/o/r").value() == "/repos/o/r");
  CHECK(read_service_path("/repos/o/").value() == "/repos/o");
  CHECK(read_service_path("/a%20b/%C3%A9").value() == "/a b/\xC3\xA9");
  CHECK(read_service_path("/v1/x:run,now@2").value() == "/v1/x:run,now@2");
  CHECK(read_service_path("/100%25/50%25%20off").value() == "/100%/50% off");
  CHECK(read_service_path("/..a/b..").value() == "/..a/b..");
}

TEST_CASE("whatever could lead elsewhere is refused") {
  for (const char* bad :
       {"/a/../b",  "/..",    "/a/.", "/%2e%2e/b", "/%2E./b", "/a//b",           "//a",      "/a%2fb",  "/a%2Fb",     "/a\\b",
        "/a%5cb",   "/a%5Cb", "/a;b", "/a%3bb",    "/..;/b",  "/%252e%252e/b",   "/a%252fb", "/a%2500", "/%2561dmin", "/a%00b",
        "/a%0ab",   "/a%7f",  "/%",   "/%4",       "/%zz",    "/%c0%ae%c0%ae/b", "/a b",     "/a\tb",   "/\xC3\xA9",  "/...",
        "/..%20/b", "/a?b",   "/a#b", "/a|b",      "/%ff"})
    CHECK_MESSAGE(!read_service_path(bad), bad);
}

TEST_CASE("globs: * stays in a segment, ** is any number of them") {
  CHECK(matches_path_glob("/repos/**", "/repos/o/r"));
  CHECK(matches_path_glob("/repos/**", "/repos"));
  CHECK(matches_path_glob("/repos/*/*/keys", "/repos/o/r/keys"));
  CHECK(matches_path_glob("/**/keys", "/keys"));
  CHECK(matches_path_glob("/**/keys", "/a/b/keys"));
  CHECK(matches_path_glob("/a*/?", "/abc/d"));
  CHECK(matches_path_glob("/**", "/"));
  CHECK_FALSE(matches_path_glob("/repos/*", "/repos/o/r"));
  CHECK_FALSE(matches_path_glob("/repos/**", "/repository"));
  CHECK_FALSE(matches_path_glob("/user", "/user/keys"));
  CHECK_FALSE(matches_path_glob("/user", "/User"));
  CHECK_FALSE(matches_path_glob("/a/*/c", "/a/c"));
}

TEST_CASE("what is denied is denied in any case, and with what lies below") {
  CHECK(matches_path_or_above("/repos/*/*/keys", "/repos/o/r/keys"));
  CHECK(matches_path_or_above("/repos/*/*/keys", "/repos/o/r/Keys"));
  CHECK(matches_path_or_above("/repos/*/*/keys", "/repos/o/r/keys/7"));
  CHECK(matches_path_or_above("/**/secrets", "/a/b/secrets/c"));
  CHECK_FALSE(matches_path_or_above("/repos/*/*/keys", "/repos/o/r"));
  CHECK_FALSE(matches_path_or_above("/repos/*/*/keys", "/repos/o/r/keyserver"));
}
