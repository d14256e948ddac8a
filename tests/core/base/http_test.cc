// Fields are found by name in any case, the first one first.
#include "core/base/http.h"

#include <doctest/doctest.h>

namespace pg {

TEST_CASE("find takes the first field of a name, whatever its case") {
  RequestHead head;
  head.fields = {{"Host", "localhost"}, {"X-Api-Key", "one"}, {"x-api-key", "two"}, {"Empty", ""}};
  CHECK(head.find("host") == "localhost");
  CHECK(head.find("X-API-KEY") == "one");
  CHECK(head.find("empty") == "");
  CHECK_FALSE(head.find("x-api"));
  CHECK_FALSE(head.find("x-api-key2"));
  CHECK_FALSE(RequestHead{}.find("host"));
}

TEST_CASE("a reply's fields are found the same way") {
  ReplyHead head;
  head.fields = {{"Content-Type", "text/event-stream"}};
  CHECK(head.find("content-type") == "text/event-stream");
  CHECK_FALSE(head.find("content-length"));
}

TEST_CASE("a list of fields knows at once what it cannot hold") {
  FieldList fields;
  CHECK_FALSE(fields.may_hold("host"));
  CHECK_FALSE(fields.find(""));
  fields.push_back({"HOST", "a"});
  CHECK(fields.may_hold("host"));
  CHECK(fields.may_hold("Host"));
  CHECK_FALSE(fields.may_hold("content-length"));
  CHECK_FALSE(fields.find("hose"));
  fields.push_back({"", "nameless"});
  CHECK(fields.find("") == "nameless");
  CHECK(fields.size() == 2);
  CHECK(fields[1].value == "nameless");
}

TEST_CASE("a table of names has these and no others") {
  constexpr FieldNames kNames({"te", "host", "x-forwarded-for"});
  CHECK(kNames.has("te"));
  CHECK(kNames.has("host"));
  CHECK(kNames.has("x-forwarded-for"));
  CHECK_FALSE(kNames.has(""));
  CHECK_FALSE(kNames.has("hose"));  // of the same size and first letter
  CHECK_FALSE(kNames.has("x-forwarded-foo"));
}

TEST_CASE("a field line is name, colon, blank, value and the line's end") {
  std::string head;
  append_field(head, "Host", "localhost");
  append_field(head, "Content-Length", 18'446'744'073'709'551'615u);
  append_field(head, "x-empty", "");
  CHECK(head == "Host: localhost\r\nContent-Length: 18446744073709551615\r\nx-empty: \r\n");
}

}  // namespace pg

TEST_CASE("a Connection field names fields for this hop, in any case and among others") {
  CHECK(pg::is_named_by("X-Internal, close", "x-internal"));
  CHECK(pg::is_named_by("close,  te", "TE"));
  CHECK_FALSE(pg::is_named_by("keep-alive", "keep-alive"));
  CHECK_FALSE(pg::is_named_by("", "te"));
  CHECK_FALSE(pg::is_named_by("x-internal-2", "x-internal"));
}
