// The text spans of a request body: which strings hold a user's words, where they are, and what may be done to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
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
  key,          // an object key that no dialect knows: searched for secrets, never edited. In tool input a key is text
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

  bool operator==(const Span&) const = default;
};

/// Those of the root's values that are long and come again with the next request, if they are arrays.
enum class PartKind : std::uint8_t { messages, system, tools };

/// A place in a part behind which its reading can be taken up again.
struct PartMark {
  std::uint32_t end = 0;       // bytes of the part before it
  std::uint32_t spans = 0;     // of these bytes
  std::uint32_t elements = 0;  // messages before it; 0: the part ends here
  std::int32_t first_user = -1;
  bool foreign_thoughts = false;
};

/// What is known of a part, or of its beginning. Never changed once it is made.
struct KnownPart {
  std::vector<PartMark> marks;         // ascending
  std::vector<Span> spans;             // offsets from the part's first byte
  std::vector<std::uint32_t> digests;  // by span, of its text
  std::vector<std::uint32_t> notable;  // indices of spans in which the guards found something, ascending
  std::uint64_t guards = 0;            // their fingerprint
  bool signed_reasoning = false;       // of the request
};

/// How far a part is the same as one that was read before: up to, and with, `marks[mark]`.
struct PartMatch {
  std::shared_ptr<const KnownPart> part;  // nullptr: not at all
  std::size_t mark = 0;
};

class PartMemory {
 public:
  virtual ~PartMemory() = default;
  /// The longest beginning of `from`, a body from the part's first byte on, that is known.
  virtual PartMatch find(PartKind kind, DialectId dialect, std::string_view from) = 0;
  /// The least number of bytes between two marks.
  virtual std::size_t stride() const = 0;
};

/// A part of a body that was read with a memory.
struct ReadPart {
  PartKind kind = PartKind::messages;
  DialectId dialect = DialectId::anthropic;
  std::uint32_t begin = 0;  // of its first byte
  std::uint32_t first_span = 0;
  PartMatch known;
  std::vector<PartMark> fresh;  // behind what was known

  /// Where the known beginning ends; only when there is one.
  const PartMark& known_until() const { return known.part->marks[known.mark]; }
  std::uint32_t known_spans() const { return known.part ? known_until().spans : 0; }
  std::uint32_t last_end() const { return !fresh.empty() ? fresh.back().end : known.part ? known_until().end : 0; }
};

/// A key of the root whose value holds spans, as raw offsets between its quotes.
struct RootKey {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t first_span = 0;  // that stands behind it
};

/// What the request path needs to know of a body, without a tree.
struct RequestView {
  std::vector<Span> spans;                       // document order
  std::vector<RootKey> root_keys;                // document order; the last one may be without spans
  std::string model;                             // "" when absent
  std::uint32_t model_begin = 0, model_end = 0;  // where it stands in the body, raw, between its quotes
  bool stream = false;
  bool foreign_thoughts = false;  // thoughts and citations of another vendor, carried along in this dialect (carriers.h)
  bool signed_reasoning = false;  // include: ["reasoning.encrypted_content"]
  bool structured = false;        // the reply's text is to be JSON
  std::string continues;          // previous_response_id, or thread.previous_message_id
  std::string conversation;       // id of a conversation the provider keeps
  bool kept_by_provider = false;  // the next turn may come without its history: a thread, or a stored response
  std::int32_t first_user = -1;   // index of the first message of the user's
  std::uint64_t settings = 0;     // a hash of what changes how the prompt is read beside its texts: thinking, tool_choice
  std::vector<ReadPart> parts;    // in document order; of a reading without a memory none
};

/// Walks `body` once, but not through what `memory`, if given, knows. bad_request when it is not valid UTF-8 JSON with an object
/// at its root. `view` is the same with and without a memory, `parts` aside.
Status read_spans(std::string_view body, DialectId dialect, RequestView& view, PartMemory* memory = nullptr);

/// "messages[3].content[0].text" for each of `offsets` (sorted, raw, inside strings of a body that read_spans accepted).
std::vector<std::string> find_paths(std::string_view body, const std::vector<std::uint32_t>& offsets);

/// Where find_paths() would begin for a span of `view`, without walking `body`: "input", "system", "messages[3]".
std::string find_root_place(std::string_view body, const RequestView& view, const Span& span);

}  // namespace pg
