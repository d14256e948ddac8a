// One call of an endpoint while it runs: what it asks, what was said so far, and what it took.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/route/endpoint.h"
#include "core/route/endpoint_stream.h"
#include "core/route/sessions.h"
#include "core/wire/usage.h"

namespace pg {

struct EndpointRun {
  explicit EndpointRun(const Endpoint& endpoint) : is(endpoint), path(endpoint_path(endpoint.name)) {}

  const Endpoint& is;  // of the exchange's policy
  std::string path;    // as routes know it
  EndpointCall call;
  Sessions::Turn session;
  std::size_t turn = 1;            // of the session
  std::vector<SessionTurn> turns;  // earlier ones, and what was tried in vain
  std::string prompt;              // of this turn
  std::string says;                // to the model, now: the prompt, or what was wrong with its answer
  std::uint32_t tries = 1;
  std::optional<EndpointStream> stream;  // while events go to the client

  /// The turn is over, before the client hears of it and sends the next one: part of the session when the model answered.
  void end_turn(const Answer& answer, SteadyTime now) {
    const bool said = answer.fault.empty() && !answer.text.empty() && (answer.stop == "end" || answer.stop == "length");
    if (said) session.keep({prompt, answer.text}, now + is.session_for);
    session = Sessions::Turn();
  }
  /// The same where nothing came of it.
  void drop_turn() { session = Sessions::Turn(); }
};

}  // namespace pg
