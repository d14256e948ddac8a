// An outcome that is known already, such as a reply that was cut, is left as it is.
#include "proxy/note_reply.h"

#include <fmt/format.h>

#include "proxy/address_call.h"
#include "proxy/keep_body.h"

namespace pg {
namespace {

constexpr std::size_t kLongestModel = 200, kLongestWord = 100;

// What a provider says of itself may quote what it was asked with.
std::string cleaned(const Exchange& x, std::string_view said, std::size_t most) {
  std::string text(said.substr(0, 64 << 10));
  hide_credentials(x, text);
  if (text.size() > most) text.resize(most);
  return text;
}

void note_id(Exchange& x, const ReplyHead& head) {
  for (const std::string_view name : {std::string_view("request-id"), std::string_view("x-request-id"),
                                      std::string_view("apim-request-id"), std::string_view("x-amzn-requestid")})
    if (const auto id = head.find(name); id && x.row.upstream_request_id.empty())
      x.row.upstream_request_id = cleaned(x, *id, kLongestWord);
}

void note_outcome(Exchange& x, const Upstream& upstream, const ReplyFacts& facts) {
  if (x.head_is_stream && upstream.head.status < 400 && !facts.finished && facts.error_type.empty()) {
    x.row.outcome = "error";
    x.row.error = "upstream_failed: the provider's reply ended before it was complete";
    return;
  }
  const bool failed = x.row.status >= 400 || !facts.error_type.empty();
  x.row.outcome = failed ? "error" : "ok";
  if (failed)
    x.row.error = fmt::format("upstream {}{}{}", x.row.status, facts.error_type.empty() ? "" : ": ",
                              cleaned(x, facts.error_type, kLongestWord));
}

}  // namespace

void note_reply(Exchange& x, const Upstream& upstream, const ReplyFacts& facts, ReplyEnd end) {
  x.row.usage = std::move(end.usage);
  if (contradicts_itself(x.row.usage)) x.row.usage.doubtful = true;
  if (x.row.usage.doubtful) {
    add_warnings(x, {"clamp:usage"});
    x.row.warnings = x.to.warnings;
  }
  x.row.model_served = cleaned(x, end.model_served, kLongestModel);
  x.row.restored = facts.restored;
  x.row.unknown_tokens = facts.unknown_tokens;
  note_id(x, upstream.head);
  if (end.client_left) {
    x.row.status = 499;
    x.row.outcome = "canceled";
    x.close_after = true;
  } else if (x.row.outcome.empty()) {
    note_outcome(x, upstream, facts);
  }
}

}  // namespace pg
