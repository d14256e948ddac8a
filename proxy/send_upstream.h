// One request to a provider: the head rewritten, the body as a gather of the client's bytes and our placeholders.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/exchange.h"
#include "proxy/net/upstream_io.h"

namespace pg {

/// A whole reply that pg gives itself.
struct LocalReply {
  std::string type, body, saw;  // `saw`: what the echo was sent
};

/// A reply that has begun: from a provider's connection, or whole and from inside (echo).
struct Upstream {
  std::unique_ptr<UpstreamIo> connection;  // nullptr for echo
  ReplyHead head;
  std::string read_ahead;             // body bytes that were looked at already, to be relayed first
  std::optional<SteadyTime> heard;    // when the last of them came, or the head, if somebody waited for them
  bool framed = false;                // a stream in Bedrock's frames, which become events on the way
  std::unique_ptr<LocalReply> local;  // where connection is nullptr

  bool nothing_buffered() const { return read_ahead.empty() && connection->nothing_buffered(); }
};

/// The refusal that nobody is there to read.
Error client_left_error();
bool is_client_left(const Error& error);

/// Sends what x.to says (x.to.body, or x.body with edits_of(x)) and waits for the reply's head. upstream_failed,
/// upstream_timeout; client_left_error() when the client went away meanwhile.
Task<Result<Upstream>> send_upstream(Exchange& x);

/// Makes an estimate of what became of a count_tokens call that nobody answered with a count: the provider has no such endpoint,
/// is busy or down. What it says of the caller's own mistakes (400, 401, 403, 413 …) stays.
void estimate_uncounted(Exchange& x, Result<Upstream>& sent);

/// The guards' edits, with the model's new name where it has one; none when x.to.body is sent instead.
const std::vector<Edit>& edits_of(const Exchange& x);

/// The same for a GET of `target`, path and query.
Task<Result<Upstream>> get_upstream(Exchange& x, std::string target);

/// The same with a head that is written already, before the body that send_upstream() would send. What is not `repeatable` is not
/// sent again on a new connection when a kept one turns out to be dead (RFC 9110 §9.2.2).
Task<Result<Upstream>> send_written(Exchange& x, std::string head, bool repeatable);
/// How long that body is.
std::size_t outgoing_size(const Exchange& x);

/// Gives a connection that can be used again back to the pool.
void release_upstream(Exchange& x, Upstream& upstream);

}  // namespace pg
