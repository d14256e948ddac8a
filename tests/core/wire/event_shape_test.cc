// What fits a shape is read as if it had been walked, whatever it is.
#include "core/wire/event_shape.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/gen.h"

namespace pg {
namespace {

struct Sample {
  ReplyPlace root;
  std::string_view before, behind;  // a piece of text
};

constexpr Sample kSamples[] = {
    {ReplyPlace::anthropic_event, R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")", R"("}})"},
    {ReplyPlace::anthropic_event, R"({"index":12, "delta":{"partial_json":")",
     R"(","type":"input_json_delta"},"type":"content_block_delta" })"},
    {ReplyPlace::chat_event,
     R"({"id":"c-1","object":"chat.completion.chunk","created":1760000000,"model":"m","choices":[{"index":0,"delta":{"content":")",
     R"("},"finish_reason":null}],"usage":null,"obfuscation":"ab"})"},
    {ReplyPlace::chat_event, R"({"choices":[{"delta":{"tool_calls":[{"index":3,"id":"x","function":{"arguments":")",
     R"("}}]},"index":1},{"delta":{"content":"two"}}],"model":"m"})"},
    {ReplyPlace::responses_event,
     R"({"type":"response.output_text.delta","sequence_number":9,"item_id":"i","output_index":0,"delta":")",
     R"(","logprobs":[],"obfuscation":"xyz"})"},
    {ReplyPlace::responses_event, R"({"delta":")", R"(","sequence_number":10,"type":"response.output_text.delta"})"},
};

std::vector<PlaceField> walk_sample(const Sample& sample, std::string_view json, bool& is_json) {
  std::vector<PlaceField> fields;
  is_json = read_places(sample.root, json, fields).has_value();
  return fields;
}

std::string sample_event(const Sample& sample, std::string_view words) {
  return std::string(sample.before) + std::string(words) + std::string(sample.behind);
}

EventShape shape_of(const Sample& sample, std::string_view words) {
  bool is_json = false;
  const std::string json = sample_event(sample, words);
  const std::vector<PlaceField> fields = walk_sample(sample, json, is_json);
  REQUIRE(is_json);
  EventShape shape;
  shape.learn(json, fields);
  return shape;
}

TEST_CASE("another text of any length fits, and moves what stands behind it") {
  for (const Sample& sample : kSamples) {
    const EventShape shape = shape_of(sample, "one");
    for (const std::string words : {"", "two words", R"(\"quoted\" \\ [[EMAIL_001]] \u00e9)", "one"}) {
      const std::string json = sample_event(sample, words + std::string(words.size() * 9, 'z'));
      std::vector<PlaceField> fields;
      REQUIRE(shape.fits(json, fields));
      bool is_json = false;
      CHECK(fields == walk_sample(sample, json, is_json));
      CHECK(is_json);
    }
  }
}

TEST_CASE("numbers of sequence and padding may differ, nothing else may") {
  const Sample& sample = kSamples[4];
  const EventShape shape = shape_of(sample, "one");
  const auto fits = [&](std::string_view from, std::string_view to) {
    std::string json = sample_event(sample, "two");
    json.replace(json.find(from), from.size(), to);
    std::vector<PlaceField> fields;
    bool is_json = false;
    const bool good = shape.fits(json, fields);
    if (good) CHECK(fields == walk_sample(sample, json, is_json));
    return good;
  };
  CHECK(fits(":9,", ":10,"));
  CHECK(fits(":9,", ":0,"));
  CHECK(fits("xyz", ""));
  for (const char* number : {":,", ":09,", ":-9,", ":9.5,", ":9e1,", ":\"9\",", ":null,"}) CHECK_FALSE(fits(":9,", number));
  CHECK_FALSE(fits("\"i\"", "\"j\""));
  CHECK_FALSE(fits("index\":0", "index\":1"));
  CHECK_FALSE(fits("\"two\"", "{\"a\":\"two\"}"));
  CHECK_FALSE(fits("\"two\"", "null"));
  CHECK_FALSE(fits("}", "},"));
  CHECK_FALSE(fits("}", ""));
}

TEST_CASE("property: what fits after any change is JSON, and is read the same") {
  PG_GEN(gen);
  constexpr std::string_view kBytes = "a \"\\{}[],:07\xC3\n";
  std::size_t fitting = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Sample& sample = kSamples[gen.number(0, std::size(kSamples) - 1)];
    const EventShape shape = shape_of(sample, "some words");
    std::string json = sample_event(sample, "some words");
    for (std::size_t i = gen.number(1, 3); i > 0; --i) {
      const std::size_t at = gen.number(0, json.size() - 1);
      if (gen.coin())
        json[at] = kBytes[gen.number(0, kBytes.size() - 1)];
      else
        json.insert(at, 1, kBytes[gen.number(0, kBytes.size() - 1)]);
    }
    std::vector<PlaceField> fields;
    if (!shape.fits(json, fields)) continue;
    ++fitting;
    CAPTURE(json);
    bool is_json = false;
    REQUIRE(fields == walk_sample(sample, json, is_json));
    REQUIRE(is_json);
  }
  CHECK(fitting > 500);
}

TEST_CASE("an event without a piece of text is no shape") {
  EventShape shape;
  std::vector<PlaceField> fields;
  const std::string_view ping = R"({"type":"ping"})";
  REQUIRE(read_places(ReplyPlace::anthropic_event, ping, fields).has_value());
  shape.learn(ping, fields);
  CHECK_FALSE(shape.fits(ping, fields));
  CHECK_FALSE(EventShape().fits("", fields));
}

}  // namespace
}  // namespace pg
