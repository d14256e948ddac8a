// Cut in front of the second piece of its text.
#include "tests/support/half_stream.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace pg::test {

std::vector<std::string> half_stream(DialectId dialect) {
  auto events = say_stream(dialect, {text_block({"partial ", "answer"})});
  const auto second =
      std::find_if(events.begin(), events.end(), [](const auto& event) { return event.find("answer") != std::string::npos; });
  events.erase(second, events.end());
  return events;
}

Heard check_broken_stream(DialectId client, const RawReply& reply, std::string_view words) {
  CHECK(reply.status == 200);
  Heard heard = hear_stream(client, reply.body);
  CHECK(heard.text() == words);
  CHECK_FALSE(heard.finished);
  CHECK_FALSE(heard.error_message.empty());
  CHECK(reply.body.find("[DONE]") == std::string::npos);
  CHECK(reply.body.find("message_stop") == std::string::npos);
  CHECK(reply.body.find("response.completed") == std::string::npos);
  return heard;
}

}  // namespace pg::test
