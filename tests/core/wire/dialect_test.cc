// The table of dialects, and error shapes as a client's JSON and SSE parsers see them.
#include "core/wire/dialect.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"

namespace pg {
namespace {

using Json = nlohmann::json;

constexpr DialectId kAll[] = {DialectId::anthropic, DialectId::openai_chat, DialectId::openai_responses, DialectId::embeddings};

struct Event {
  std::string name;
  std::string data;
};

/// A plain reading of the event-stream format: blank line ends an event, `:` lines are comments.
std::vector<Event> events_in(const std::string& stream) {
  std::vector<Event> events;
  Event event;
  for (const std::string_view line : split(stream, '\n')) {
    if (line.empty()) {
      if (!event.data.empty()) events.push_back(event);
      event = {};
    } else if (line.rfind("event: ", 0) == 0) {
      event.name = line.substr(7);
    } else if (line.rfind("data: ", 0) == 0) {
      event.data += line.substr(6);
    } else {
      CHECK(line.front() == ':');
    }
  }
  CHECK(event.data.empty());  // nothing may hang over the end
  return events;
}

Error blocked() {
  return make_error(Code::blocked, "Blocked by rule \"aws-key\":\nremove it", "detail stays home");
}

}  // namespace

TEST_CASE("every dialect is found by its name and by its id") {
  CHECK(dialects().size() == 6);
  std::set<std::string_view> paths;
  for (const DialectId id : kAll) {
    const Dialect& row = dialect(id);
    CHECK(row.id == id);
    CHECK(find_dialect(row.name) == &row);
    CHECK(paths.insert(row.upstream_path).second);
    CHECK(row.upstream_path.front() == '/');
  }
  CHECK(find_dialect("openai-responses")->upstream_path == "/responses");
  CHECK(find_dialect("gemini")->upstream_path.empty());
  CHECK(find_dialect("") == nullptr);
}

TEST_CASE("a ping is an event only to Anthropic clients, and whole") {
  const auto events = events_in(std::string(dialect(DialectId::anthropic).ping));
  REQUIRE(events.size() == 1);
  CHECK(events[0].name == "ping");
  CHECK(Json::parse(events[0].data) == Json{{"type", "ping"}});
  for (const DialectId id : {DialectId::openai_chat, DialectId::openai_responses, DialectId::embeddings}) {
    CHECK(events_in(std::string(dialect(id).ping)).empty());
    CHECK(dialect(id).ping == ": ping\n\n");
  }
}

TEST_CASE("Anthropic errors carry type, message and request id") {
  const Json body = Json::parse(write_error_body(DialectId::anthropic, blocked(), "01ID"));
  CHECK(body == Json{{"type", "error"},
                     {"error", {{"type", "invalid_request_error"}, {"message", "Blocked by rule \"aws-key\":\nremove it"}}},
                     {"request_id", "01ID"}});
}

TEST_CASE("OpenAI errors carry message, type, param and code") {
  for (const DialectId id : {DialectId::openai_chat, DialectId::openai_responses, DialectId::embeddings}) {
    const Json body = Json::parse(write_error_body(id, make_error(Code::unauthenticated, "no key"), "01ID"));
    CHECK(body ==
          Json{{"error",
                {{"message", "no key"}, {"type", "authentication_error"}, {"param", nullptr}, {"code", "invalid_api_key"}}}});
  }
  const auto param_of = [](std::string message) {
    const std::string body = write_error_body(DialectId::openai_chat, make_error(Code::bad_request, std::move(message)), "r");
    return nlohmann::json::parse(body)["error"]["param"];
  };
  CHECK(param_of("`seed` is not supported when the request goes to Anthropic") == "seed");
  CHECK(param_of("`tool_choice: maybe` is not supported") == "tool_choice");
  CHECK(param_of("`temperature` must be a number") == "temperature");
  CHECK(param_of("the model is missing") == nullptr);
}

TEST_CASE("every code of every dialect is valid JSON and never shows the detail") {
  for (const CodeRow& row : code_rows()) {
    for (const DialectId id : kAll) {
      const Error error = make_error(row.code, "what\x01 happened \xC3\xA9", "detail stays home");
      const std::string body = write_error_body(id, error, "01ID");
      CHECK(Json::parse(body).at("error").at("message") == "what\x01 happened \xC3\xA9");
      const std::string stream = write_stream_error(id, error, "01ID", 7);
      CHECK(events_in(stream).size() == 1);
      CHECK((body + stream).find("detail stays home") == std::string::npos);
    }
  }
}

TEST_CASE("text that is not UTF-8 still gives JSON that parses") {
  const Error error = make_error(Code::bad_request, "bad \xFF byte");
  for (const DialectId id : kAll) CHECK(Json::accept(write_error_body(id, error, "01ID")));
  for (const Event& event : events_in(write_refused_response_stream(error, "01ID", "mod\xFF"))) CHECK(Json::accept(event.data));
}

TEST_CASE("a stream ends with an error in the dialect's own form") {
  const auto anthropic = events_in(write_stream_error(DialectId::anthropic, blocked(), "01ID"));
  CHECK(anthropic[0].name == "error");
  CHECK(Json::parse(anthropic[0].data).at("error").at("type") == "invalid_request_error");
  const std::string chat_stream = write_stream_error(DialectId::openai_chat, blocked(), "01ID");
  const auto chat = events_in(chat_stream);
  CHECK(chat[0].name.empty());
  CHECK(Json::parse(chat[0].data).at("error").at("code") == "content_blocked");
  CHECK(chat_stream.find("[DONE]") == std::string::npos);
}

TEST_CASE("a Responses stream ends with response.failed, numbered as the caller says") {
  const auto events =
      events_in(write_stream_error(DialectId::openai_responses, make_error(Code::upstream_failed, "cut"), "01ID", 42));
  REQUIRE(events.size() == 1);
  const Json event = Json::parse(events[0].data);
  CHECK(events[0].name == "response.failed");
  CHECK(event.at("type") == "response.failed");
  CHECK(event.at("sequence_number") == 42);
  CHECK(event.at("response").at("status") == "failed");
  CHECK(event.at("response").at("error") == Json{{"code", "server_error"}, {"message", "cut"}});
}

TEST_CASE("Responses codes: what a retry cannot mend is invalid_prompt") {
  const auto code_of = [](Code code) {
    const auto events = events_in(write_stream_error(DialectId::openai_responses, make_error(code, "x"), "01ID"));
    return Json::parse(events.at(0).data).at("response").at("error").at("code").get<std::string>();
  };
  CHECK(code_of(Code::blocked) == "invalid_prompt");
  CHECK(code_of(Code::bad_request) == "invalid_prompt");
  CHECK(code_of(Code::rate_limited) == "rate_limit_exceeded");
  CHECK(code_of(Code::timeout) == "server_error");
  CHECK(code_of(Code::unavailable) == "server_error");
}

TEST_CASE("a refused Responses stream is created and failed, with the required fields of a Response") {
  const auto events = events_in(write_refused_response_stream(blocked(), "01ID", "gpt-5"));
  REQUIRE(events.size() == 2);
  const Json created = Json::parse(events[0].data);
  const Json failed = Json::parse(events[1].data);
  CHECK(events[0].name == "response.created");
  CHECK(events[1].name == "response.failed");
  CHECK(created.at("type") == "response.created");
  CHECK(created.at("sequence_number") == 0);
  CHECK(failed.at("sequence_number") == 1);
  CHECK(created.at("response").at("status") == "in_progress");
  CHECK(created.at("response").at("error").is_null());
  CHECK(failed.at("response").at("status") == "failed");
  CHECK(failed.at("response").at("error") == Json{{"code", "invalid_prompt"}, {"message", blocked().message}});
  for (const Json& event : {created, failed}) {
    const Json& response = event.at("response");
    CHECK(response.at("id") == "resp_01ID");
    CHECK(response.at("object") == "response");
    CHECK(response.at("model") == "gpt-5");
    CHECK(response.at("output") == Json::array());
    CHECK(response.at("created_at").get<std::int64_t>() > 1'600'000'000);
    for (const char* field :
         {"instructions", "metadata", "parallel_tool_calls", "temperature", "tool_choice", "tools", "top_p"}) {
      CHECK(response.contains(field));
    }
  }
}

}  // namespace pg
