// Translation against golden files. In tests/golden, CASE.DIALECT.json is one request or reply as that dialect spells it, and
// CASE.DIALECT.sse one stream: each is an input, and what every other dialect's input must become. Where a pair loses something
// or says it in another way, CASE.FROM-to-TO.json holds what comes out: a body and its warnings, or an error.
//
// PG_UPDATE_GOLDEN=1 writes what is missing or differs, from the case's first dialect; the diff is to be reviewed. A case named
// quirk-… has one input, which no dialect's writer would produce.
#include "tests/support/golden.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "tests/support/stream_check.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

TranslateOptions golden_options() {
  TranslateOptions options;
  options.model_max_tokens = 8192;
  return options;
}

std::string pair_key(Wire from, Wire to) {
  return std::string(wire_name(from)) + "-to-" + std::string(wire_name(to));
}

/// {"warnings", "body"} or {"error"}: what a pair's own file holds.
std::string describe(const Result<Translated>& result) {
  if (!result) return OrderedJson{{"error", result.error().message}}.dump();
  return OrderedJson{{"warnings", result->warnings}, {"body", OrderedJson::parse(result->body)}}.dump();
}

bool is_clean(const Result<Translated>& result) {
  return result.has_value() && result->warnings.empty();
}

void check_request(const GoldenCase& golden, Wire from, Wire to) {
  const std::string* input = golden.find(wire_name(from));
  const std::string* expected = golden.find(wire_name(to));
  const auto result = translate_request(from, to, *input, golden_options());
  const bool as_expected = is_clean(result) && expected != nullptr && same_json(result->body, *expected);
  if (!as_expected || (golden.find(pair_key(from, to)) != nullptr && !updates_golden())) {
    expect_golden(golden, pair_key(from, to), describe(result));
  } else {
    forget_golden(golden, pair_key(from, to));
  }
}

/// The files of dialects that a case does not have yet, made from the first it has.
void complete_case(GoldenCase& golden) {
  for (Wire from : kClientWires) {
    const std::string* input = golden.find(wire_name(from));
    if (input == nullptr) continue;
    for (Wire to : kAllWires) {
      if (to == from || golden.find(wire_name(to)) != nullptr) continue;
      const auto result = translate_request(from, to, *input, golden_options());
      if (!is_clean(result)) continue;
      expect_golden(golden, std::string(wire_name(to)), result->body);
      golden.files[std::string(wire_name(to))] = result->body;
    }
    return;
  }
}

struct ReplyKind {
  bool stream;
  int status;
};

void check_reply(const GoldenCase& golden, Wire from, Wire to, ReplyKind kind) {
  const std::string* input = golden.find(wire_name(from));
  const ReplySource source{kind.status, kind.stream, 64u << 20};
  const TranslatedReply reply = translate_reply(from, to, *input, golden_context(to, kind.stream), source);
  const std::string complaint = kind.stream ? check_stream(to, reply.text) : check_whole(to, reply.text);
  CHECK_MESSAGE(complaint.empty(), golden.name << " " << pair_key(from, to) << ": " << complaint << "\n" << reply.text);
  const std::string* expected = golden.find(wire_name(to));
  const bool quirk = golden.name.starts_with("quirk-");
  const bool same = !quirk && expected != nullptr && (kind.stream ? reply.text == *expected : same_json(reply.text, *expected));
  if (same && (golden.find(pair_key(from, to)) == nullptr || updates_golden())) return forget_golden(golden, pair_key(from, to));
  expect_golden(golden, pair_key(from, to), reply.text);
}

void complete_reply(GoldenCase& golden, ReplyKind kind) {
  for (Wire from : kAllWires) {
    if (golden.find(wire_name(from)) == nullptr) continue;
    for (Wire to : kClientWires) {
      if (golden.find(wire_name(to)) != nullptr) continue;
      const ReplySource source{kind.status, kind.stream, 64u << 20};
      const std::string text =
          translate_reply(from, to, *golden.find(wire_name(from)), golden_context(to, kind.stream), source).text;
      expect_golden(golden, std::string(wire_name(to)), text);
      golden.files[std::string(wire_name(to))] = text;
    }
    return;
  }
}

void check_replies(std::string_view prefix, bool stream) {
  std::size_t cases = 0;
  for (GoldenCase& golden : load_golden(prefix)) {
    if ((golden.extension == "sse") != stream) continue;
    ++cases;
    CAPTURE(golden.name);
    const ReplyKind kind{stream, 200};
    const bool quirk = golden.name.starts_with("quirk-");
    if (!quirk) complete_reply(golden, kind);
    for (Wire from : kAllWires) {
      if (golden.find(wire_name(from)) == nullptr) continue;
      for (Wire to : kClientWires) {
        if (from != to || quirk) check_reply(golden, from, to, kind);
      }
    }
  }
  CHECK(cases > 0);
}

}  // namespace

TEST_CASE("golden: requests of every dialect as every other") {
  std::size_t cases = 0;
  for (GoldenCase& golden : load_golden("request-")) {
    ++cases;
    CAPTURE(golden.name);
    complete_case(golden);
    bool first = true;
    for (Wire from : kClientWires) {
      if (golden.find(wire_name(from)) == nullptr) continue;
      for (Wire to : kClientWires) {
        if (from != to) check_request(golden, from, to);
      }
      // What providers alone speak is written from one Call by one writer: from the case's first dialect is enough.
      if (std::exchange(first, false)) {
        for (Wire to : {Wire::gemini, Wire::cohere}) check_request(golden, from, to);
      }
    }
  }
  CHECK(cases >= 20);
}

TEST_CASE("golden: whole replies") {
  check_replies("reply-", false);
}

TEST_CASE("golden: streams") {
  check_replies("stream-", true);
}

TEST_CASE("golden: streams as only some servers send them") {
  check_replies("quirk-", true);
}

TEST_CASE("golden: errors with a status") {
  for (GoldenCase& golden : load_golden("error-")) {
    const int status = std::stoi(golden.name.substr(6, 3));
    CAPTURE(golden.name);
    for (Wire from : kAllWires) {
      if (golden.find(wire_name(from)) == nullptr) continue;
      for (Wire to : kClientWires) {
        const ReplySource source{status, false, 64u << 20};
        const TranslatedReply reply = translate_reply(from, to, *golden.find(wire_name(from)), golden_context(to, true), source);
        CHECK(check_whole(to, reply.text) == "");
        const OrderedJson told = {{"status", reply.status}, {"body", OrderedJson::parse(reply.text)}};
        expect_golden(golden, pair_key(from, to), told.dump());
      }
    }
  }
}

TEST_CASE("golden: any split of a stream gives the same bytes") {
  for (const char* prefix : {"stream-", "quirk-"}) {
    for (const GoldenCase& golden : load_golden(prefix)) {
      for (Wire from : kAllWires) {
        if (golden.extension != "sse" || golden.find(wire_name(from)) == nullptr) continue;
        for (Wire to : kClientWires) {
          const auto run = [&](std::size_t piece) {
            return translate_reply(from, to, *golden.find(wire_name(from)), golden_context(to, true), {200, true, 64u << 20},
                                   piece)
                .text;
          };
          const std::string whole = run(std::string_view::npos);
          for (std::size_t piece : {1, 2, 3, 7, 64, 1000}) CHECK(run(piece) == whole);
        }
      }
    }
  }
}

}  // namespace pg::test
