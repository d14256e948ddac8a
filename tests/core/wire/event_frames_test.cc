#include "core/wire/event_frames.h"

#include <doctest/doctest.h>

#include "core/base/encode.h"
#include "tests/support/cloud.h"
#include "tests/support/gen.h"
#include "tests/support/model_wire.h"
#include "tests/support/result.h"

using namespace pg;

namespace {

std::string from(std::string_view hex) {
  return from_hex(hex).value();
}

std::string events_of(std::string_view bytes, std::size_t step) {
  BedrockEvents events;
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += step) REQUIRE(events.push(bytes.substr(at, step), out));
  CHECK(events.at_boundary());
  return out;
}

}  // namespace

TEST_CASE("event frames: the published encodings") {
  EventFrameReader reader;
  EventFrame frame;
  reader.feed(from("000000100000000005c248eb7d98c8ff"));
  CHECK(reader.next(frame).value());
  CHECK(frame.payload.empty());
  reader.feed(from("0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936"));
  CHECK(reader.next(frame).value());
  CHECK(frame.payload == "{'foo':'bar'}");
  reader.feed(
      from("0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e"
           "7b27666f6f273a27626172277d8d9c08b1"));
  CHECK(reader.next(frame).value());
  CHECK(frame.payload == "{'foo':'bar'}");
  CHECK_FALSE(reader.next(frame).value());
  CHECK(reader.at_boundary());
}

TEST_CASE("event frames: any split gives the same events, and they are Anthropic's own") {
  std::string bytes, wanted;
  for (const std::string& sse : test::say_stream(DialectId::anthropic, {test::text_block({"a", "b"})})) {
    bytes += test::bedrock_chunk(sse);
    wanted += sse;
  }
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{100}, bytes.size()})
    CHECK(events_of(bytes, step) == wanted);
}

TEST_CASE("event frames: every flipped bit and every cut is noticed") {
  const std::string good = test::event_frame({{":event-type", "chunk"}, {":message-type", "event"}}, R"({"bytes":"e30="})");
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EventFrameReader reader;
    EventFrame frame;
    reader.feed(bad);
    const Result<bool> read = reader.next(frame);
    CHECK_FALSE((read && read.value()));
    if (!read) {
      CHECK(read.error().code == Code::upstream_failed);
      reader.feed(good);
      CHECK_FALSE(reader.next(frame));  // nothing behind it is trusted
      CHECK_FALSE(reader.at_boundary());
    }
  }
  for (std::size_t size = 1; size < good.size(); ++size) {
    EventFrameReader reader;
    EventFrame frame;
    reader.feed(std::string_view(good).substr(0, size));
    CHECK_FALSE(reader.next(frame).value());
    CHECK_FALSE(reader.at_boundary());
  }
}

TEST_CASE("event frames: an exception becomes Anthropic's error event") {
  const auto told = [](const std::string& type, std::string_view payload) {
    return events_of(test::event_frame({{":exception-type", type}, {":message-type", "exception"}}, payload), 1000);
  };
  CHECK(told("throttlingException", R"({"message":"Too many tokens"})") ==
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"Too many tokens\"}}\n\n");
  CHECK(told("validationException", R"({"message":"no"})").find("invalid_request_error") != std::string::npos);
  CHECK(told("serviceUnavailableException", "").find("overloaded_error") != std::string::npos);
  CHECK(told("somethingNew", "no json").find("\"api_error\",\"message\":\"the provider answered") != std::string::npos);
  CHECK(events_of(test::event_frame(
                      {{":error-code", "internalServerException"}, {":error-message", "oh"}, {":message-type", "error"}}, ""),
                  9)
            .find("\"message\":\"oh\"") != std::string::npos);
  // What is not known says nothing.
  CHECK(events_of(test::event_frame({{":event-type", "initial-response"}, {":message-type", "event"}}, "{}"), 9).empty());
}

TEST_CASE("event frames: a chunk that holds no event is a fault, and cannot write fields of its own") {
  for (const std::string& payload :
       {std::string("no json"), std::string(R"({"bytes":"!"})"), std::string("{}"), R"({"bytes":")" + to_base64("{}") + "\"}",
        R"({"bytes":")" + to_base64("{\"type\":\"a\\nevent: b\"}") + "\"}"}) {
    BedrockEvents events;
    std::string out;
    CHECK_FALSE(events.push(test::event_frame({{":event-type", "chunk"}, {":message-type", "event"}}, payload), out));
    CHECK(out.empty());
  }
  const std::string pretty = R"({"bytes":")" + to_base64("{\"type\":\n\"ping\"}") + "\"}";
  CHECK(events_of(test::event_frame({{":event-type", "chunk"}, {":message-type", "event"}}, pretty), 50) ==
        "event: ping\ndata: {\"type\": \"ping\"}\n\n");
}
