// One model call in our words, whatever the dialect: what translation reads a request into and writes it from. Opaque bits
// (schemas, cache marks, grammars) are kept as the JSON text they came as.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pg {

/// The wire formats translation knows. The first three are dialects of clients too; the rest are spoken to providers only.
enum class Wire : std::uint8_t { anthropic, openai_chat, openai_responses, gemini, cohere };

enum class Role : std::uint8_t { system, user, assistant, tool };

/// An image or a file: exactly one of data, url and file_id is set (or none, when it was malformed).
struct Media {
  std::string media_type;  // "image/png"; "" when unknown
  std::string data;        // base64
  std::string text;        // a plain-text document, not encoded
  std::string url;
  std::string file_id;  // an upload at one vendor; cannot cross
  std::string name;     // file name or title
  std::string detail;   // OpenAI's image detail
};

/// A web page that stands behind words of a text block.
struct Citation {
  std::string url;
  std::string title;
  std::string quote;        // the page's own words; "" when the provider does not tell them
  std::int64_t begin = -1;  // code points of the block's text; -1: the page is for the whole block
  std::int64_t end = -1;

  bool operator==(const Citation&) const = default;
  bool has_span() const { return begin >= 0; }
  /// With the span of the whole block, `points` code points, where none was told.
  Citation within(std::int64_t points) const {
    Citation spanned = *this;
    spanned.begin = begin < 0 ? 0 : begin;
    spanned.end = end < 0 ? points : end;
    return spanned;
  }
  std::size_t size() const { return url.size() + title.size() + quote.size(); }
};

/// What a thought needs to be believed by who had it. Each vendor signs in its own way, and no other vendor may be sent it.
struct Proof {
  enum class Vendor : std::uint8_t { none, anthropic, openai, gemini };
  Vendor vendor = Vendor::none;
  std::string value;      // Anthropic's signature or redacted data, OpenAI's encrypted_content, Gemini's thoughtSignature
  bool redacted = false;  // Anthropic's redacted_thinking: there is no text

  bool empty() const { return value.empty(); }
};

/// A tool's name as its owner spells it.
struct ToolName {
  std::string space;  // Codex's namespace, "" elsewhere
  std::string name;
  bool custom = false;  // freeform: takes a text, not a JSON object

  bool operator==(const ToolName&) const = default;
};

struct Part {
  enum class Kind : std::uint8_t { text, image, file, refusal, thinking, tool_call, tool_result };
  Kind kind = Kind::text;
  std::string text;  // of text, refusal, thinking; a custom call's input; a function call's arguments as JSON text
  Media media;       // of image, file
  Proof proof;       // of thinking; of a Gemini tool call
  std::string call_id;
  ToolName tool;                    // of tool_call; of tool_result when the call was seen
  std::vector<Part> parts;          // of tool_result: text, image, file
  bool is_error = false;            // of tool_result
  bool plain = false;               // a tool_result's content was one string
  std::string cache;                // Anthropic's cache_control
  std::string extra;                // Anthropic's citations setting of a document
  std::vector<Citation> citations;  // of a text of the assistant
};

struct Message {
  Role role = Role::user;
  std::vector<Part> parts;
  bool developer = false;  // a system message that said "developer"
  bool head = false;       // of the system prompt proper (Anthropic's system, OpenAI's instructions)
  bool plain = false;      // its content was one string, not a list of parts
};

struct Tool {
  ToolName name;
  std::string description;
  std::string schema;  // of a function, JSON; "" when it takes nothing
  std::string format;  // of a custom tool: its grammar, JSON
  std::optional<bool> strict;
  std::string cache;
};

struct ToolChoice {
  enum class Kind : std::uint8_t { unset, automatic, any, none, named };
  Kind kind = Kind::unset;
  ToolName name;
  std::vector<ToolName> allowed = {};  // OpenAI's allowed_tools, of automatic and any: no other may be called; empty = all
};

/// What the text of the answer must look like.
struct OutputFormat {
  enum class Kind : std::uint8_t { text, json_object, json_schema };
  Kind kind = Kind::text;
  std::string name;
  std::string description;
  std::string schema;  // JSON
  std::optional<bool> strict;
};

struct Reasoning {
  enum class Kind : std::uint8_t { unset, off, effort, budget };
  Kind kind = Kind::unset;
  std::string effort;       // none, minimal, low, medium, high, xhigh, max
  std::int64_t budget = 0;  // thinking tokens
  std::string summary;      // OpenAI's: auto, concise, detailed
  std::string display;      // Anthropic's: omitted, summarized, …
};

struct Call {
  std::string model;
  std::vector<Message> messages;  // system ones where they stood
  std::vector<Tool> tools;
  ToolChoice tool_choice;
  std::optional<bool> parallel_tools;
  std::optional<std::int64_t> max_tokens;
  std::string temperature, top_p, top_k;            // numbers as they were spelled; "" = not given
  std::string presence_penalty, frequency_penalty;  // the same
  std::vector<std::string> stop;
  OutputFormat format;
  Reasoning reasoning;
  std::string user;       // who the client says its user is
  std::string metadata;   // OpenAI's metadata, JSON
  std::string cache_key;  // prompt_cache_key
  std::string verbosity;  // low, medium, high
  std::string service_tier;
  bool stream = false;
  bool include_usage = false;        // a Chat client wants the usage chunk
  bool encrypted_reasoning = false;  // a Responses client wants to carry reasoning itself

  /// What was read and cannot go to some targets: OpenAI's n, seed, logprobs, audio …; refused or dropped by name.
  struct Extra {
    std::string name;
    std::string value;       // JSON
    bool essential = false;  // dropping it changes what the client gets back
  };
  std::vector<Extra> extras;
};

/// Things that were lost or changed on the way, as "drop:top_k", "change:temperature", "move:system": each once, in order.
class Warnings {
 public:
  static constexpr std::size_t kMost = 64;  // they end up in a header

  void add(std::string_view what, std::string_view name) {
    if (list_.size() == kMost) return;
    std::string text = std::string(what) + ':' + std::string(name);
    for (const std::string& seen : list_) {
      if (seen == text) return;
    }
    list_.push_back(std::move(text));
  }
  void drop(std::string_view name) { add("drop", name); }
  void change(std::string_view name) { add("change", name); }
  void move(std::string_view name) { add("move", name); }
  const std::vector<std::string>& list() const { return list_; }

 private:
  std::vector<std::string> list_;
};

}  // namespace pg
