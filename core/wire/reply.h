// One model reply in our words: what a reader of a provider's events says, and what a writer of a client's events hears.
// Only core/wire includes it; the proxy's door is reply_translator.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/wire/call.h"
#include "core/wire/citations.h"
#include "core/wire/json_doc.h"
#include "core/wire/sse.h"
#include "core/wire/translate.h"
#include "core/wire/usage.h"

namespace pg {

enum class StopReason : std::uint8_t { end_turn, stop_sequence, max_tokens, tool_use, refusal, pause_turn, context_window };

/// What a provider says went wrong, before or amid its reply.
struct ReplyFault {
  int status = 502;  // HTTP: the provider's, or what its words mean
  std::string code;  // OpenAI's, when there is one ("context_length_exceeded")
  std::string message;
  std::int64_t retry_after = -1;  // seconds, where the words say what others have a header for
};

struct BlockStart {
  enum class Kind : std::uint8_t { text, refusal, thinking, tool };
  Kind kind = Kind::text;
  std::string call_id;
  ToolName tool;  // from a reader: name is the wire name
  Proof proof;    // of a Gemini tool call, which comes whole
};

struct ReplyStart {
  std::string suffix;  // of every id this reply has: "msg_" + suffix, "resp_" + suffix
  std::string model;
  std::int64_t created = 0;
  Usage usage;       // input_tokens is an estimate when the provider has not told yet
  std::string tier;  // OpenAI's word; "" when the provider has not told yet
};

struct ReplyEnd {
  StopReason reason = StopReason::end_turn;
  std::string stop_sequence;
  Usage usage;
  std::string tier;               // OpenAI's word; "" when it was never told
  bool refused_in_words = false;  // the model said no itself; no filter did
};

/// How a block came to its end.
enum class BlockEnd : std::uint8_t {
  whole,
  truncated,  // the model ran out of room inside it
  failed,     // the reply broke inside it
};

/// What readers tell. Blocks are numbered by the reader as it likes and may be open side by side.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  virtual void begin(std::string_view id, std::string_view model, std::int64_t created) = 0;
  virtual void open(std::uint32_t block, BlockStart start) = 0;
  virtual void piece(std::uint32_t block, std::string_view text) = 0;
  virtual void prove(std::uint32_t block, Proof proof) = 0;
  /// A page behind words of a text block that is open; again with the same page and words it is not told twice.
  virtual void cite(std::uint32_t block, Citation citation) = 0;
  /// `how` is whole or truncated. Whether a call's arguments are all there, the sink sees for itself.
  virtual void close(std::uint32_t block, BlockEnd how = BlockEnd::whole) = 0;
  /// Something of the reply that no other dialect has a word for, by the name its own has for it.
  virtual void lose(std::string_view name) = 0;
  virtual void use(const Usage& usage) = 0;  // running totals; -1 says nothing
  /// How the call was served, in OpenAI's words: default, priority, flex, scale. A later word replaces.
  virtual void tier(std::string word) = 0;
  virtual void stop(StopReason reason, std::string stop_sequence) = 0;
  virtual void fail(ReplyFault fault) = 0;
  virtual bool ended() const = 0;
};

/// Reads one provider's reply. Faults in it end in sink.fail().
class ReplyReader {
 public:
  explicit ReplyReader(ReplySink& sink) : sink_(sink) {}
  virtual ~ReplyReader() = default;
  virtual void event(const SseEvent& event) = 0;
  virtual void whole(JsonView root) = 0;
  /// No more bytes come: says how a stream that has not ended by itself ended.
  virtual void end() = 0;

 protected:
  ReplySink& sink_;
};

/// Writes one client's reply: one block is open at a time, begin() comes first, end() or fail() last.
class ReplyWriter {
 public:
  virtual ~ReplyWriter() = default;
  virtual void begin(const ReplyStart& head) = 0;
  virtual void open(const BlockStart& start) = 0;
  virtual void piece(std::string_view text) = 0;
  /// A page behind words of the open text block, some of which may still come.
  virtual void cite(const Citation& citation) = 0;
  /// A tool call that is not whole must not look so, or a client would run half of it: it stays open when an error comes, and
  /// where a dialect has clients run what they are told is done, it is not told of a truncated one.
  virtual void close(const Proof& proof, BlockEnd how) = 0;
  virtual void end(const ReplyEnd& end) = 0;
  virtual void fail(const ReplyFault& fault) = 0;
  /// By name, what of a thought's proof, of a citation and of the end this dialect has no place for. Asked before each is told.
  virtual std::vector<std::string_view> unsaid(const Proof& proof) const = 0;
  virtual std::vector<std::string_view> unsaid(const Citation& citation) const = 0;
  virtual std::vector<std::string_view> unsaid(const ReplyEnd& end) const = 0;
};

std::unique_ptr<ReplyReader> make_anthropic_reader(ReplySink& sink);
std::unique_ptr<ReplyReader> make_chat_reader(ReplySink& sink);
std::unique_ptr<ReplyReader> make_responses_reader(ReplySink& sink);
std::unique_ptr<ReplyReader> make_gemini_reader(ReplySink& sink);
std::unique_ptr<ReplyReader> make_cohere_reader(ReplySink& sink);

/// Writers append to `out`; with `whole` they append one JSON document at the end, else server-sent events as they come.
std::unique_ptr<ReplyWriter> make_anthropic_writer(const ReplyContext& context, bool whole, std::string& out);
std::unique_ptr<ReplyWriter> make_chat_writer(const ReplyContext& context, bool whole, std::string& out);
std::unique_ptr<ReplyWriter> make_responses_writer(const ReplyContext& context, bool whole, std::string& out);

/// Reads the usage objects of the vendors.
Usage read_anthropic_usage(JsonView usage);
Usage read_openai_usage(JsonView usage);  // Chat and Responses
/// `later` over `earlier`, for running totals.
void merge_usage(Usage& earlier, const Usage& later);

/// The fault of an error body or event of that dialect; `status` is the reply's, 200 when the error came in a stream.
ReplyFault read_fault(Wire wire, JsonView root, int status);
/// The fault of an error body that may be anything.
ReplyFault read_fault_body(Wire wire, std::string_view body, int status);
/// The error in the words of a client's dialect: the members of its `error` object, as JSON.
std::string write_fault(Wire wire, const ReplyFault& fault);
/// What OpenAI's `response.error.code` calls it.
std::string_view response_fault_code(const ReplyFault& fault);
/// The status a client of that dialect knows for it (Anthropic's 529 is 503 elsewhere).
int client_status(Wire wire, int status);

}  // namespace pg
