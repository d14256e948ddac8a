// ReplyPath: upstream body bytes in, client body bytes out. Restores placeholders, reads usage, ends cut streams honestly.
// No socket; any split of the same bytes gives the same output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/guard/vault.h"
#include "core/wire/dialect.h"
#include "core/wire/usage.h"

namespace pg {

struct ReplyOptions {
  DialectId dialect = DialectId::anthropic;
  bool event_stream = false;                // the reply's content type is text/event-stream
  int status = 200;                         // upstream status; error bodies are searched for tokens as plain JSON text
  const Vault* vault = nullptr;             // null or empty: bytes pass through untouched
  bool signed_reasoning = false;            // the request asked for encrypted reasoning: its summaries stay as they are
  bool structured = false;                  // the request asked for JSON: texts that are JSON get originals as JSON has them
  std::size_t max_whole_reply = 64u << 20;  // a whole reply that must be rewritten may not be larger: 502 beyond it
};

/// What the reply told about itself; complete after finish().
struct ReplyFacts {
  Usage usage;
  std::string model;       // as served
  std::string reply_id;    // msg_…, resp_…, chatcmpl-…
  std::string error_type;  // of an error event inside a 200 stream, or of an error body
  bool finished =
      false;  // the dialect's own terminal event was seen (message_stop, [DONE], response.completed|incomplete|failed)
  bool has_content = false;    // at least one text, thinking or tool delta passed (for time to first token)
  std::uint32_t restored = 0;  // tokens replaced by their originals, lenient ones included; copies in .done events not counted
  std::uint32_t restored_lenient = 0;
  std::uint32_t unknown_tokens = 0;  // went out as they came: not in the vault
  std::uint32_t cut_tokens = 0;      // went out as they came: the text ended inside them
};

class ReplyPath {
 public:
  explicit ReplyPath(const ReplyOptions& options);
  ReplyPath(ReplyPath&&) noexcept;
  ~ReplyPath();

  /// True when the whole body is held until finish() (a JSON reply that must be rewritten), so that its length is known then.
  bool holds_whole_body() const;
  /// True when the bytes may differ from upstream's, so that Content-Length must go.
  bool rewrites() const;

  /// Feeds upstream body bytes (de-chunked, decompressed) and appends to `out` what the client gets now.
  /// upstream_failed when a held body outgrows max_whole_reply.
  Status push(std::string_view bytes, std::string& out);
  /// The same with bytes that nobody needs any more: those that the client gets as they came are not copied for it.
  Status pass(std::string& bytes, std::string& out);

  /// What the error event of a stream that is cut says, instead of that the provider ended it. Before finish().
  void say_why(Error error);
  /// The upstream body ended; `cut` when it ended early (reset, short length). Appends what was held back, and after a cut
  /// stream the dialect's error event, so that it is never taken for a clean end.
  Status finish(bool cut, std::string_view request_id, std::string& out);

  /// True between events: a ping may be written here.
  bool at_event_boundary() const;
  /// The next `sequence_number` a Responses stream would carry.
  std::uint64_t next_sequence() const;
  const ReplyFacts& facts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pg
