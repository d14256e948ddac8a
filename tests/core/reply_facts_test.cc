#include "core/reply_facts.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/result.h"

namespace pg {
namespace {

SseEvent facts_event(std::string_view data, std::string_view type = {}) {
  SseEvent event;
  event.raw = event.data = data;
  event.type = type;
  event.data_lines = 1;
  return event;
}

// Gives the reader an event as ReplyPath does when nothing is rewritten; true when it had to be walked.
bool give(FactReader& reader, DialectId dialect, std::string_view data, std::string_view type = {}) {
  const SseEvent event = facts_event(data, type);
  if (!reader.wants(event)) return false;
  std::vector<PlaceField> fields;
  REQUIRE(read_places(event_root(dialect), data, fields));
  reader.read_event(event, fields);
  return true;
}

TEST_CASE("Chat: chunks after the first are walked only for usage, a finish or an error") {
  FactReader reader(DialectId::openai_chat);
  const auto given = [&](std::string_view data) { return give(reader, DialectId::openai_chat, data); };
  CHECK(given(R"({"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}],"usage":null})"));
  CHECK(reader.facts().has_content);
  CHECK_FALSE(
      given(R"({"id":"c","choices":[{"index":0,"delta":{"content":"\"usage\":{}"},"finish_reason":null}],"usage" : null})"));
  CHECK_FALSE(
      given(R"({"id":"c","choices":[{"index":0,"delta":{"content":"error"},"finish_reason":null}],"obfuscation":"usage"})"));
  CHECK(given(R"({"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"));
  CHECK(reader.all_choices_finished());
  CHECK(given(R"({"id":"c","choices":[],"usage": {"prompt_tokens":1,"completion_tokens":2}})"));
  CHECK(reader.facts().usage.output_tokens == 2);
  CHECK(given(R"({"error":{"message":"m","code":"c"}})"));
  CHECK(reader.facts().error_type == "c");
  CHECK_FALSE(reader.facts().finished);
  CHECK_FALSE(given("[DONE]"));
  CHECK(reader.facts().finished);
}

TEST_CASE("Chat: a role without text is no content, and empty ids of a first chunk do not stick") {
  FactReader reader(DialectId::openai_chat);
  give(reader, DialectId::openai_chat, R"({"id":"","model":"","choices":[],"prompt_filter_results":[]})");
  give(reader, DialectId::openai_chat,
       R"({"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})");
  CHECK_FALSE(reader.facts().has_content);
  CHECK(reader.facts().reply_id == "c");
  CHECK(reader.facts().model == "m");
}

TEST_CASE("Anthropic: deltas are not walked; usage is replaced, not added") {
  FactReader reader(DialectId::anthropic);
  const auto given = [&](std::string_view data, std::string_view type = {}) {
    return give(reader, DialectId::anthropic, data, type);
  };
  CHECK(given(R"({"type":"message_start","message":{"usage":{"input_tokens":5,"output_tokens":1}}})"));
  CHECK_FALSE(given(R"({"type":"content_block_delta","delta":{"text":"message_delta"}})"));
  CHECK(reader.facts().has_content);
  CHECK(reader.facts().usage.unfinished);
  CHECK(given(R"({"usage":{"output_tokens":7},"type":"message_delta"})", "message_delta"));
  CHECK_FALSE(reader.facts().usage.unfinished);
  CHECK(given(R"({"type":"message_delta","usage":{"output_tokens":9}})"));
  CHECK(reader.facts().usage.output_tokens == 9);
  CHECK(reader.facts().usage.input_tokens == 5);
}

TEST_CASE("an event without a type in sight is walked") {
  FactReader reader(DialectId::anthropic);
  CHECK(give(reader, DialectId::anthropic, R"({"x":1, "type":"message_stop"})"));
  CHECK(reader.facts().finished);
}

TEST_CASE("Responses: sequence numbers are read from events that are not walked") {
  FactReader reader(DialectId::openai_responses);
  CHECK_FALSE(
      give(reader, DialectId::openai_responses, R"({"type":"response.output_text.delta","sequence_number":41,"delta":"x"})"));
  CHECK(reader.next_sequence() == 42);
  CHECK(reader.facts().has_content);
}

TEST_CASE("facts are bounded and unescaped") {
  FactReader reader(DialectId::openai_chat);
  give(reader, DialectId::openai_chat, R"({"id":"a\u0062c","model":")" + std::string(1000, 'm') + R"(","choices":[]})");
  CHECK(reader.facts().reply_id == "abc");
  CHECK(reader.facts().model.empty());
}

}  // namespace
}  // namespace pg
