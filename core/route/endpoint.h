// Endpoints of an AI gateway: a prompt, a model and schemas under a name. A call of one becomes a Chat Completions request, which
// then goes the way of every other; what comes back becomes the endpoint's own reply.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/budget.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/guard/restore.h"
#include "core/guard/vault.h"
#include "core/route/routes.h"
#include "core/route/schema.h"
#include "core/route/template.h"
#include "core/wire/answer.h"

namespace pg {

struct Endpoint {
  std::string name;
  std::string description;
  PromptTemplate system;  // may be empty
  PromptTemplate prompt;
  std::shared_ptr<const JsonSchema> input;   // nullptr: the variables of the templates, and nothing else
  std::shared_ptr<const JsonSchema> output;  // nullptr: the reply is text
  std::string model;                         // as a client of the project would ask for it: "provider:model", an alias, a name
  std::int64_t max_output_tokens = 0;        // 0 = not said
  bool newer_word = false;                   // max_completion_tokens, which OpenAI's own models know alone; others the older one
  std::string temperature;                   // a JSON number; "" = not said
  std::string effort;                        // reasoning_effort; "" = not said
  std::uint32_t output_retries = 1;          // how often the model is asked again when its answer does not fit `output`
  Millis session_for{0};                     // how long after its last turn a session is remembered; 0 = there are none
  Route route;                               // its fallbacks, where it has any of its own
  std::shared_ptr<const CallLimits> limits;  // nullptr = none
};

/// One turn of a session, as it is told to the model and was answered.
struct SessionTurn {
  std::string asked, answered;
};

/// What a client asks of an endpoint.
struct EndpointCall {
  std::string input = "{}";  // a JSON object
  std::string session;       // "" = none
  bool stream = false;
};

/// Reads {"input": {…}, "session": "…", "stream": true}. bad_request for anything else, for an input that does not fit, and for a
/// session where the endpoint has none.
Result<EndpointCall> read_endpoint_call(const Endpoint& endpoint, std::string_view body);

/// The words of this turn. bad_request for a variable that is missing.
Result<std::string> write_endpoint_prompt(const Endpoint& endpoint, const EndpointCall& call);

/// The Chat Completions request: the system prompt, earlier turns, and what the model is told now. bad_request for a variable
/// that is missing.
Result<std::string> write_endpoint_request(const Endpoint& endpoint, const EndpointCall& call,
                                           const std::vector<SessionTurn>& turns, std::string_view prompt, bool stream);

/// Puts the originals back into an answer that should fit the endpoint's output schema, and takes off what models like to put
/// around JSON: in strings of JSON they are escaped as those ask.
RestoreCounts restore_answer(const Vault& vault, Answer& answer);

/// What is wrong with an answer that should fit the endpoint's output schema, in words for the model and for people; "" when
/// nothing is.
std::string find_answer_flaw(const Endpoint& endpoint, const Answer& answer);

/// What the model is told of an answer that does not fit.
std::string write_correction(std::string_view flaw);

/// What the reply says beside the answer.
struct EndpointReplyFacts {
  std::string_view id;       // pg's id of the exchange
  std::string_view session;  // "" = none
  std::size_t turn = 0;      // of the session, from 1
  std::uint32_t tries = 1;
};

/// The whole reply: {"id", "endpoint", "model", "output", "stop", "session", "tries", "usage"}; a refusal has no output.
std::string write_endpoint_reply(const Endpoint& endpoint, const Answer& answer, const EndpointReplyFacts& facts);

/// The endpoint as a list shows it: name, description, input and output as schemas, whether it has sessions.
std::string write_endpoint(const Endpoint& endpoint);

}  // namespace pg
