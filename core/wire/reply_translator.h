// ReplyTranslator: a provider's reply, streamed or whole, in the dialect of another's client. Bytes in, bytes out; no socket; any
// split of the same bytes gives the same output.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/wire/translate.h"
#include "core/wire/usage.h"

namespace pg {

/// What the head of the provider's reply said.
struct ReplySource {
  int status = 200;
  bool event_stream = false;          // its content type is text/event-stream
  std::size_t max_reply = 64u << 20;  // of one event, of a whole reply, and of all text in a stream
};

class ReplyTranslator {
 public:
  /// `context` comes from translate_request(); reply_id and now are filled in.
  ReplyTranslator(Wire provider, Wire client, ReplyContext context, ReplySource source);
  ~ReplyTranslator();

  /// True when the client gets server-sent events; else one JSON document, all of it from finish(). Errors that come with a
  /// status are always documents, whatever the client waits for.
  bool writes_stream() const;
  std::string_view content_type() const { return writes_stream() ? "text/event-stream" : "application/json"; }

  /// Feeds body bytes (de-chunked, decompressed) and appends what the client gets now. Whatever is wrong with them ends the
  /// client's reply in its dialect's own words; there is nothing left to refuse.
  void push(std::string_view bytes, std::string& out);
  /// We end a stream ourselves, in the client's dialect and with these words; what may still come says nothing more.
  void break_off(const Error& error, std::string& out);
  /// The provider's body ended; `cut` when it ended early (reset, short length). A client always hears an ending.
  void finish(bool cut, std::string& out);

  /// For the client's reply head; complete after finish() when writes_stream() is false.
  int status() const;
  /// Seconds, when the provider said it in its body; -1 when it did not.
  std::int64_t retry_after() const;
  /// True once the reply has ended, well or badly: what may still come from the provider says nothing more.
  bool ended() const;
  bool failed() const;
  /// As the provider told it, for metering: a client may not have asked to see it.
  const Usage& usage() const;
  /// What of the reply could not cross: "drop:reply.annotations". Complete after finish().
  const std::vector<std::string>& warnings() const;
  /// As the provider names it; "" when it does not.
  const std::string& model_served() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pg
