#include "core/wire/first_event.h"

#include <doctest/doctest.h>

#include <string>

namespace pg::test {
namespace {

using Says = FirstEvent::Says;

struct Judged {
  Says says;
  int status;
};

Judged judge_stream(Wire wire, std::string_view text) {
  FirstEvent first(wire);
  const Says says = first.push(text);
  // Byte by byte must end the same way.
  FirstEvent slow(wire);
  Says at_last = Says::nothing;
  for (std::size_t i = 0; i < text.size() && at_last == Says::nothing; ++i) at_last = slow.push(text.substr(i, 1));
  CHECK(at_last == says);
  CHECK(slow.status() == first.status());
  return {says, first.status()};
}

void check_error(Wire wire, std::string_view text, int status) {
  CAPTURE(std::string(text));
  const Judged judged = judge_stream(wire, text);
  CHECK(judged.says == Says::error);
  CHECK(judged.status == status);
}

void check_fine(Wire wire, std::string_view text) {
  CAPTURE(std::string(text));
  CHECK(judge_stream(wire, text).says == Says::fine);
}

}  // namespace

TEST_CASE("an error that opens a stream is the status it means, in every dialect") {
  check_error(Wire::anthropic,
              "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
              529);
  check_error(Wire::anthropic, "data: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"m\"}}\r\n\r\n",
              429);
  check_error(Wire::anthropic, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"}}\n\n", 500);
  check_error(Wire::openai_chat, "data: {\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"code\":null}}\n\n", 500);
  check_error(Wire::openai_chat, "data: {\"error\":{\"message\":\"m\",\"code\":\"rate_limit_exceeded\"}}\n\n", 429);
  check_error(Wire::openai_chat, "data: {\"error\":{\"message\":\"m\",\"code\":503}}\n\n", 503);
  check_error(Wire::openai_chat, "data: {\"error\":\"overloaded\"}\n\n", 502);
  check_error(Wire::openai_responses,
              "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":"
              "\"server_is_overloaded\",\"message\":\"m\"}}}\n\n",
              503);
  check_error(Wire::openai_responses, "event: error\ndata: {\"type\":\"error\",\"code\":\"rate_limit_exceeded\"}\n\n", 429);
  check_error(Wire::gemini, "data: {\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\"}}\n\n", 429);
}

TEST_CASE("pings, beginnings and what is no JSON are no error") {
  check_fine(Wire::anthropic, "event: ping\ndata: {\"type\":\"ping\"}\n\n");
  check_fine(Wire::anthropic, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"x\"}}\n\n");
  check_fine(Wire::openai_chat, "data: {\"id\":\"x\",\"error\":null,\"choices\":[]}\n\n");
  check_fine(Wire::openai_chat, "data: [DONE]\n\n");
  check_fine(Wire::openai_chat, "data: {\"error\":\n\n");
  check_fine(Wire::openai_chat, "data: \xff\xfe\n\n");
  check_fine(Wire::openai_responses,
             "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"error\":null}}\n\n");
}

TEST_CASE("comments are no event: what comes after them is the first") {
  const std::string comments = ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n";
  CHECK(judge_stream(Wire::openai_chat, comments).says == Says::nothing);
  check_error(Wire::openai_chat, comments + "data: {\"error\":{\"message\":\"m\",\"code\":502}}\n\n", 502);
  check_fine(Wire::openai_chat, comments + "data: {\"id\":\"x\",\"choices\":[]}\n\n");
}

TEST_CASE("what has not come in full says nothing yet, and what is longer than any error is fine") {
  CHECK(judge_stream(Wire::anthropic, "event: error\ndata: {\"type\":\"error\"}\n").says == Says::nothing);
  CHECK(judge_stream(Wire::anthropic, "").says == Says::nothing);
  FirstEvent first(Wire::openai_chat);
  CHECK(first.push("data: {\"error\":{\"message\":\"" + std::string(100'000, 'x')) == Says::fine);
}

}  // namespace pg::test
