// libFuzzer over what endpoints read: prompts, schemas and values, a client's call, and a provider's reply in any pieces. The
// input is a prompt, a schema and a text, with a zero byte between them.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/text.h"
#include "core/route/endpoint.h"
#include "core/route/endpoint_stream.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

std::string_view take_part(std::string_view& bytes) {
  const std::size_t end = std::min(bytes.find('\0'), bytes.size());
  const std::string_view part = bytes.substr(0, end);
  bytes.remove_prefix(std::min(end + 1, bytes.size()));
  return part;
}

void check_call(const Endpoint& endpoint, std::string_view body) {
  const auto call = read_endpoint_call(endpoint, body);
  if (!call) return expect(call.error().code == Code::bad_request && is_utf8(call.error().message));
  const auto prompt = write_endpoint_prompt(endpoint, call.value());
  if (!prompt) return;
  const auto request = write_endpoint_request(endpoint, call.value(), {{"a", "b"}}, prompt.value(), call.value().stream);
  expect(request && is_json_object(request.value()));
}

std::string streamed(const Endpoint& endpoint, std::string_view bytes, std::size_t piece) {
  EndpointStream stream(endpoint, {"X1", "", 1, 1});
  std::string out;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    std::string part(bytes.substr(0, piece));
    if (!stream.push(part)) return "too large";
    out += part;
  }
  stream.finish(out);
  return stream.answer().text + "|" + stream.answer().stop + "|" + stream.answer().fault;
}

void check_reply(const Endpoint& endpoint, std::string_view bytes) {
  if (!bytes.empty()) expect(streamed(endpoint, bytes, bytes.size()) == streamed(endpoint, bytes, 7));
  AnswerReader reader;
  reader.read_whole(bytes);
  Answer answer = reader.answer();
  if (!answer.fault.empty()) return expect(is_json_object(answer.fault));
  if (find_answer_flaw(endpoint, answer).empty())
    expect(is_json_object(write_endpoint_reply(endpoint, answer, {"X1", "", 1, 1})));
}

void check_endpoint(std::string_view bytes) {
  Endpoint endpoint;
  endpoint.name = "fuzzed";
  endpoint.model = "m";
  if (auto made = PromptTemplate::make(take_part(bytes))) endpoint.prompt = std::move(made).value();
  if (auto made = JsonSchema::make(take_part(bytes))) {
    (void)made.value()->is_strict();
    for (const std::string& flaw : made.value()->find_flaws(bytes)) expect(!flaw.empty() && is_utf8(flaw));
    endpoint.output = made.value();
  }
  check_call(endpoint, bytes);
  check_reply(endpoint, bytes);
  endpoint.input = endpoint.output;
  check_call(endpoint, bytes);
}

}  // namespace
}  // namespace pg

int fuzz_endpoint_one(const std::uint8_t* data, std::size_t size) {
  pg::check_endpoint({reinterpret_cast<const char*>(data), size});
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_endpoint_one(data, size);
}
#endif
