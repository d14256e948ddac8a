// Every Code has its row, and the rows say what the vendors' SDKs expect.
#include "core/base/error.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace pg {

TEST_CASE("every code has exactly one row, complete, with a name of its own") {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Code::io_failed); ++i) {
    const CodeRow& row = code_row(static_cast<Code>(i));
    CHECK(static_cast<int>(row.code) == i);
    CHECK(row.status >= 400);
    CHECK(row.status < 600);
    CHECK_FALSE(row.anthropic.empty());
    CHECK_FALSE(row.openai_type.empty());
    CHECK_FALSE(row.openai_code.empty());
    CHECK(names.insert(row.name).second);
    CHECK(reason_phrase(row.status) != "Unknown");
  }
  CHECK(code_rows().size() == names.size());
}

TEST_CASE("clients see the error types that their SDKs map to exceptions") {
  CHECK(http_status(Code::blocked) == 422);
  CHECK(code_row(Code::blocked).anthropic == "invalid_request_error");
  CHECK(code_row(Code::blocked).openai_code == "content_blocked");
  CHECK(code_row(Code::unauthenticated).openai_code == "invalid_api_key");
  CHECK(code_row(Code::unauthenticated).anthropic == "authentication_error");
  CHECK(code_row(Code::unavailable).anthropic == "overloaded_error");
  CHECK(code_row(Code::upstream_failed).anthropic == "api_error");
  CHECK(code_row(Code::upstream_timeout).openai_type == "server_error");
  CHECK(code_row(Code::too_large).anthropic == "request_too_large");
  CHECK(code_row(Code::rate_limited).openai_code == "rate_limit_exceeded");
  CHECK(code_name(Code::host_not_allowed) == "host_not_allowed");
}

TEST_CASE("reason phrases are the registered ones") {
  CHECK(reason_phrase(200) == "OK");
  CHECK(reason_phrase(422) == "Unprocessable Entity");
  CHECK(reason_phrase(431) == "Request Header Fields Too Large");
  CHECK(reason_phrase(299) == "Unknown");
  CHECK(reason_phrase(-1) == "Unknown");
}

}  // namespace pg
