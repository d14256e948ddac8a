// Large and hostile requests cost time in proportion to their size (faults B34). Measured in this process's own time.
#include <doctest/doctest.h>

#include <ctime>
#include <string>

#include "core/base/encode.h"
#include "tests/support/guarded.h"
#include "tests/support/model_wire.h"

namespace pg {
namespace {

using test::guard_body;
using test::Guarded;

/// Seconds of processor time for one body; the number of edits must be `edits`.
double seconds_for(const std::string& body, DialectId dialect, std::size_t edits, Action email = Action::redact) {
  GuardSettings settings;
  settings.email = email;
  const auto guards = test::make_guards(settings);
  const std::clock_t begin = std::clock();
  const Guarded guarded = guard_body(body, dialect, *guards);
  const std::clock_t end = std::clock();
  CHECK(guarded.call.edits.size() == edits);
  CHECK(guarded.call.places.size() <= 1024);
  if (email == Action::block) CHECK(guarded.call.blocked.size() == 1);
  return static_cast<double>(end - begin) / CLOCKS_PER_SEC;
}

std::string mail(std::size_t i) {
  return test::make_email("user" + std::to_string(i));
}

TEST_CASE("a hundred thousand messages") {
  std::string body = R"({"messages":[{"role":"user","content":"start"})";
  for (std::size_t i = 0; i < 100'000; ++i) body += R"(,{"role":"user","content":"hello"})";
  CHECK(seconds_for(body + "]}", DialectId::anthropic, 0) < 10);
}

TEST_CASE("twenty thousand different values, redacted or blocked") {
  std::string body = R"({"messages":[{"role":"user","content":"start"})";
  for (std::size_t i = 0; i < 20'000; ++i) body += R"(,{"role":"user","content":")" + mail(i) + "\"}";
  CHECK(seconds_for(body + "]}", DialectId::anthropic, 20'000) < 10);
  CHECK(seconds_for(body + "]}", DialectId::anthropic, 0, Action::block) < 10);
}

TEST_CASE("twenty thousand values in one string, behind escapes") {
  std::string text;
  for (std::size_t i = 0; i < 20'000; ++i) text += "\\u00e9\\n" + mail(i);
  CHECK(seconds_for(R"({"messages":[{"role":"user","content":")" + text + "\"}]}", DialectId::anthropic, 20'000) < 10);
}

TEST_CASE("five thousand values in one tool call, escaped twice") {
  std::string arguments = R"({"list":["start")";
  for (std::size_t i = 0; i < 5'000; ++i) arguments += ",\"user" + std::to_string(i) + "\\u0040" + "example.com\"";
  const std::string body = R"({"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":)" +
                           json_quoted(arguments + "]}") + "}}]}]}";
  CHECK(seconds_for(body, DialectId::openai_chat, 5'000) < 10);
}

TEST_CASE("a string of four megabytes without a break, and one of brackets") {
  CHECK(seconds_for(R"({"messages":[{"role":"user","content":")" + std::string(4'000'000, 'x') + "\"}]}", DialectId::anthropic,
                    0) < 10);
  CHECK(seconds_for(R"({"messages":[{"role":"user","content":")" + std::string(1'000'000, '[') + "\"}]}", DialectId::anthropic,
                    0) < 10);
  CHECK(seconds_for(R"({"messages":[{"role":"user","content":")" + std::string(1'000'000, '@') + "\"}]}", DialectId::anthropic,
                    0) < 10);
}

}  // namespace
}  // namespace pg
