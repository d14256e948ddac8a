// What a provider says and what a client understands, in three dialects: builds requests, replies and event streams for a
// FakeUpstream, and reads a client's side strictly (an event out of order is a fault).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/wire/dialect.h"
#include "tests/support/raw_client.h"

namespace pg::test {

inline constexpr DialectId kModelDialects[] = {DialectId::anthropic, DialectId::openai_chat, DialectId::openai_responses};

/// "v1/messages", "v1/chat/completions", "v1/responses": the path below /api/PROJECT/.
std::string model_path(DialectId dialect);
/// A request whose user says `text`.
std::string ask(DialectId dialect, bool stream, std::string_view text);
/// The text as the inside of a JSON string.
std::string json_text(std::string_view text);

/// One block of a reply: its deltas in order.
struct Block {
  enum class Kind { text, tool, thinking };
  Kind kind = Kind::text;
  std::vector<std::string> deltas;
};
using Blocks = std::vector<Block>;
inline Block text_block(std::vector<std::string> deltas) {
  return {Block::Kind::text, std::move(deltas)};
}
inline Block tool_block(std::vector<std::string> deltas) {
  return {Block::Kind::tool, std::move(deltas)};
}

/// The events of a whole stream, each with its blank line; the last one is the dialect's end.
std::vector<std::string> say_stream(DialectId dialect, const Blocks& blocks);
/// The same reply as one JSON document.
std::string say_whole(DialectId dialect, const Blocks& blocks);
std::string join(const std::vector<std::string>& parts);

/// What a client makes of a reply.
struct Heard {
  std::vector<std::string> texts;      // per text block (per choice in chat)
  std::vector<std::string> arguments;  // per tool call, as JSON text
  std::string thinking;
  bool finished = false;  // message_stop, [DONE], response.completed
  std::string error_type, error_code, error_message;
  std::vector<std::string> faults;  // what no strict client would accept
  std::vector<std::string> events;  // names, in order

  std::string text() const { return join(texts); }
  std::string fault() const { return faults.empty() ? std::string() : faults.front(); }  // the first, or ""
};
Heard hear_stream(DialectId dialect, std::string_view bytes);
Heard hear_whole(DialectId dialect, std::string_view body);

/// One server-sent event: its name (may be empty) and data.
struct SseEvent {
  std::string name;
  std::string data;
};
/// Events with data; comments are left out. An unfinished last event is left out too, as the format says.
std::vector<SseEvent> split_sse(std::string_view bytes);

/// Every distinct `[[KIND_NNN]]` in the text, in order of appearance.
std::vector<std::string> placeholders_in(std::string_view text);
std::string replace_all(std::string text, std::string_view from, std::string_view to);

// Values that look like the real thing, made at run time so that no scanner finds them in the source.
std::string make_email(std::string_view name = "jane.doe");
std::string make_card();                           // a Visa number that passes Luhn
std::string make_iban();                           // German, valid check digits
std::string make_github_token(unsigned seed = 1);  // classic, valid checksum
std::string make_aws_key_id(unsigned seed = 1);
std::string make_private_key(unsigned seed = 1);  // PEM with newlines

}  // namespace pg::test
