// What an endpoint takes, and the request it makes of it.
#include "core/route/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/ascii.h"
#include "core/base/text.h"
#include "core/wire/json_out.h"

namespace pg {
namespace {

constexpr std::array<std::string_view, 3> kMembers = {"input", "session", "stream"};
constexpr std::size_t kLongestSession = 128;

std::string did_you_mean(std::string_view word, std::span<const std::string_view> words) {
  const auto near = find_nearest(word, words);
  return near ? fmt::format("; did you mean \"{}\"?", *near) : "";
}

// The first part of "user.name".
std::string_view head_of(std::string_view variable) {
  return variable.substr(0, variable.find('.'));
}

std::vector<std::string_view> known_inputs(const Endpoint& endpoint) {
  std::vector<std::string_view> names;
  for (const PromptTemplate* text : {&endpoint.system, &endpoint.prompt})
    for (const PromptTemplate::Variable& variable : text->variables())
      if (std::find(names.begin(), names.end(), head_of(variable.name)) == names.end()) names.push_back(head_of(variable.name));
  return names;
}

Status check_members(JsonView root) {
  for (JsonView member : root)
    if (const std::string name = member.key(); std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end())
      return make_error(Code::bad_request,
                        "the body has a member that an endpoint does not know: it takes input, session and "
                        "stream" +
                            did_you_mean(name, kMembers));
  return {};
}

// What the templates have no place for would be dropped in silence.
Status check_names(const Endpoint& endpoint, JsonView input) {
  const std::vector<std::string_view> known = known_inputs(endpoint);
  for (JsonView member : input) {
    const std::string name = member.key();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return make_error(Code::bad_request, fmt::format("input has a member that endpoint {} does not know{}", endpoint.name,
                                                     did_you_mean(name, known)));
  }
  return {};
}

Status check_input(const Endpoint& endpoint, const EndpointCall& call, JsonView input) {
  if (endpoint.input == nullptr) return check_names(endpoint, input);
  const std::vector<std::string> flaws = endpoint.input->find_flaws(call.input);
  if (flaws.empty()) return {};
  return make_error(Code::bad_request, fmt::format("the input does not fit: {}", fmt::join(flaws, "; ")));
}

bool is_session_name(std::string_view text) {
  const auto fits = [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == ':';
  };
  return !text.empty() && text.size() <= kLongestSession && std::all_of(text.begin(), text.end(), fits);
}

Status read_session(const Endpoint& endpoint, JsonView session, EndpointCall& call) {
  if (!session.given()) return {};
  call.session = session.text();
  if (!is_session_name(call.session))
    return make_error(Code::bad_request,
                      "session is a text of letters, digits, dots, colons, dashes and underscores, 128 at most");
  if (endpoint.session_for == Millis{0})
    return make_error(Code::bad_request, fmt::format("endpoint {} keeps no sessions", endpoint.name));
  return {};
}

void add_message(JsonOut& json, std::string_view role, std::string_view content) {
  json.open_object().field("role", role).field("content", content).close_object();
}

void add_output(JsonOut& json, const Endpoint& endpoint) {
  if (endpoint.output == nullptr) return;
  json.open_object("response_format").field("type", "json_schema").open_object("json_schema");
  json.field("name", endpoint.name).field("strict", endpoint.output->is_strict()).raw("schema", endpoint.output->text());
  json.close_object().close_object();
}

}  // namespace

Result<EndpointCall> read_endpoint_call(const Endpoint& endpoint, std::string_view body) {
  JsonDoc doc;
  PG_TRY_STATUS(doc.parse(body));
  const JsonView root = doc.root(), input = root["input"];
  if (!root.is_object()) return make_error(Code::bad_request, "the body is not a JSON object");
  PG_TRY_STATUS(check_members(root));
  EndpointCall call;
  if (input.given() && !input.is_object())
    return make_error(Code::bad_request, "input is an object: {\"input\": {\"text\": \"…\"}}");
  if (input.given()) call.input = input.raw();
  PG_TRY_STATUS(check_input(endpoint, call, input));
  PG_TRY_STATUS(read_session(endpoint, root["session"], call));
  const JsonView stream = root["stream"];
  if (stream.given() && !stream.is_true() && !stream.is_false()) return make_error(Code::bad_request, "stream is true or false");
  call.stream = stream.is_true();
  return call;
}

Result<std::string> write_endpoint_prompt(const Endpoint& endpoint, const EndpointCall& call) {
  JsonDoc doc;
  PG_TRY_STATUS(doc.parse(call.input));
  return endpoint.prompt.fill(doc.root());
}

Result<std::string> write_endpoint_request(const Endpoint& endpoint, const EndpointCall& call,
                                           const std::vector<SessionTurn>& turns, std::string_view prompt, bool stream) {
  JsonDoc doc;
  PG_TRY_STATUS(doc.parse(call.input));
  PG_TRY(const std::string system, endpoint.system.fill(doc.root()));
  std::string out;
  JsonOut json(out);
  json.open_object().field("model", endpoint.model).open_array("messages");
  if (!system.empty()) add_message(json, "system", system);
  for (const SessionTurn& turn : turns) {
    add_message(json, "user", turn.asked);
    add_message(json, "assistant", turn.answered);
  }
  add_message(json, "user", prompt);
  json.close_array();
  if (endpoint.max_output_tokens > 0)
    json.field(endpoint.newer_word ? "max_completion_tokens" : "max_tokens", endpoint.max_output_tokens);
  json.raw_if("temperature", endpoint.temperature).field_if("reasoning_effort", endpoint.effort);
  add_output(json, endpoint);
  if (stream) json.field("stream", true).raw("stream_options", R"({"include_usage":true})");
  json.close_object();
  return out;
}

}  // namespace pg
