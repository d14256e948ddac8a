// The text spans of a request body: which strings hold a user's words, where they are, and what may be done to them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/wire/dialect.h"

namespace pg {

/// What a string in a request is to the guards.
enum class SpanRole : std::uint8_t {
  text,         // read and edited
  json_text,    // JSON inside a string (function.arguments): its own strings are read and edited
  media,        // base64 or a data: URL: skipped when it is what it says, read when it is text in disguise
  schema,       // tool definitions and output schemas: public and stable, so only secrets are looked for
  signed_text,  // signed thinking: read for the record, never edited
  key,          // an object key in tool input: read for the record, never edited
};

/// One string, as raw offsets between its quotes.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  SpanRole role = SpanRole::text;
  bool escaped = false;       // holds at least one backslash
  bool head = false;          // system, tools, settings: numbered before the conversation, as providers cache it first
  bool in_tools = false;      // of the tools' definitions
  std::int32_t message = -1;  // index in messages or input; -1 outside
};

/// What the request path needs to know of a body, without a tree.
struct RequestView {
  std::vector<Span> spans;                       // document order
  std::string model;                             // "" when absent
  std::uint32_t model_begin = 0, model_end = 0;  // where it stands in the body, raw, between its quotes
  bool stream = false;
  bool foreign_thoughts = false;  // thoughts and citations of another vendor, carried along in this dialect (carriers.h)
  bool signed_reasoning = false;  // include: ["reasoning.encrypted_content"]
  std::string continues;          // previous_response_id, or thread.previous_message_id
  std::string conversation;       // id of a conversation the provider keeps
  bool kept_by_provider = false;  // the next turn may come without its history: a thread, or a stored response
  std::int32_t first_user = -1;   // index of the first message of the user's
  std::uint64_t settings = 0;     // a hash of what changes how the prompt is read beside its texts: thinking, tool_choice
};

/// Walks `body` once. bad_request when it is not valid UTF-8 JSON with an object at its root.
Status read_spans(std::string_view body, DialectId dialect, RequestView& view);

/// "messages[3].content[0].text" for each of `offsets` (sorted, raw, inside strings of a body that read_spans accepted).
std::vector<std::string> find_paths(std::string_view body, const std::vector<std::uint32_t>& offsets);

}  // namespace pg
