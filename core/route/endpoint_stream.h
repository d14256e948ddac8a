// The reply of an endpoint as it comes: pieces of text, and at the end the whole reply. Events have no names; each holds an
// object with one member: {"delta": "…"}, {"result": {…}} or {"error": {…}}.
#pragma once

#include <string>
#include <string_view>

#include "core/route/endpoint.h"
#include "core/wire/answer.h"

namespace pg {

class EndpointStream {
 public:
  /// `endpoint` and what `facts` names must outlive it.
  EndpointStream(const Endpoint& endpoint, EndpointReplyFacts facts) : endpoint_(endpoint), facts_(facts) {}

  /// The next bytes of the Chat Completions stream, which become those of the endpoint's. upstream_failed for an event beyond all
  /// measure.
  Status push(std::string& bytes);
  /// The stream has ended: appends the result, or what went wrong.
  void finish(std::string& out);
  /// What was said; its stop is "" when it broke off.
  const Answer& answer() const { return reader_.answer(); }

 private:
  const Endpoint& endpoint_;
  EndpointReplyFacts facts_;
  AnswerReader reader_;
  std::string words_;
};

}  // namespace pg
