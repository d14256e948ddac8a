// One table says what each key of each dialect's request holds. Whatever is not in it is read and edited like text: an unknown
// field must not be a way around the guards.
#include "core/wire/spans.h"

#include "core/wire/json_walk.h"
#include "core/wire/key_rows.h"

namespace pg {
namespace {

enum class Place : std::uint8_t {
  root,
  model,
  stream,
  store,
  continues,
  include,  // facts, not text
  thread,
  conversation,  // objects that hold `continues`
  messages,
  message,  // the conversation
  block,    // text, or content blocks, or a list of them
  source,
  media,  // images, audio, documents
  tool_calls,
  function,
  arguments,  // Chat tool calls; JSON inside a string
  reasoning,
  reasoning_summary,  // signed when the request says so
  signed_text,
  tools,
  tool,    // one of them: a definition
  schema,  // and what is inside it
  free,    // any JSON: every string is text, every key is read
  opaque,  // ids, signatures, settings: never read
};

using Row = KeyRow<Place>;

constexpr Row kAnthropicRows[] = {
    {Place::root, "messages", Place::messages},
    {Place::root, "system", Place::block},
    {Place::root, "tools", Place::schema},
    {Place::root, "model", Place::model},
    {Place::root, "stream", Place::stream},
    {Place::root, "thread", Place::thread},
    {Place::root, "metadata", Place::opaque},
    {Place::root, "thinking", Place::opaque},
    {Place::root, "tool_choice", Place::opaque},
    {Place::root, "context_management", Place::opaque},
    {Place::root, "cache_control", Place::opaque},
    {Place::root, "service_tier", Place::opaque},
    {Place::root, "container", Place::opaque},
    {Place::root, "output_config", Place::schema},
    {Place::root, "output_format", Place::schema},
    {Place::root, "mcp_servers", Place::opaque},  // holds the credential the provider itself must present there
    {Place::thread, "previous_message_id", Place::continues},
    {Place::message, "content", Place::block},
    {Place::message, "role", Place::opaque},
    {Place::message, "id", Place::opaque},
    {Place::block, "type", Place::opaque},
    {Place::block, "text", Place::block},
    {Place::block, "content", Place::block},
    {Place::block, "input", Place::free},
    {Place::block, "source", Place::source},
    {Place::block, "thinking", Place::signed_text},
    {Place::block, "signature", Place::opaque},
    {Place::block, "data", Place::opaque},  // redacted_thinking
    {Place::block, "id", Place::opaque},
    {Place::block, "tool_use_id", Place::opaque},
    {Place::block, "name", Place::opaque},
    {Place::block, "tool_name", Place::opaque},
    {Place::block, "cache_control", Place::opaque},
    {Place::block, "encrypted_content", Place::opaque},
    {Place::block, "encrypted_index", Place::opaque},
    {Place::block, "encrypted_stdout", Place::opaque},
    {Place::block, "file_id", Place::opaque},
    {Place::block, "caller", Place::opaque},
    {Place::source, "type", Place::opaque},
    {Place::source, "media_type", Place::opaque},
    {Place::source, "data", Place::media},
    {Place::source, "url", Place::media},
    {Place::source, "content", Place::block},
    {Place::source, "file_id", Place::opaque},
};

constexpr Row kChatRows[] = {
    {Place::root, "messages", Place::messages},
    {Place::root, "tools", Place::schema},
    {Place::root, "functions", Place::schema},
    {Place::root, "model", Place::model},
    {Place::root, "stream", Place::stream},
    {Place::root, "response_format", Place::schema},
    {Place::root, "metadata", Place::opaque},
    {Place::root, "user", Place::opaque},
    {Place::root, "safety_identifier", Place::opaque},
    {Place::root, "prompt_cache_key", Place::opaque},
    {Place::root, "tool_choice", Place::opaque},
    {Place::root, "function_call", Place::opaque},
    {Place::root, "stream_options", Place::opaque},
    {Place::root, "logit_bias", Place::opaque},
    {Place::root, "reasoning_effort", Place::opaque},
    {Place::root, "service_tier", Place::opaque},
    {Place::root, "audio", Place::opaque},
    {Place::root, "input", Place::block},  // embeddings
    {Place::root, "encoding_format", Place::opaque},
    {Place::message, "content", Place::block},
    {Place::message, "role", Place::opaque},
    {Place::message, "name", Place::opaque},
    {Place::message, "tool_call_id", Place::opaque},
    {Place::message, "tool_calls", Place::tool_calls},
    {Place::message, "function_call", Place::function},
    {Place::message, "reasoning_content", Place::block},
    {Place::message, "reasoning", Place::block},
    {Place::message, "reasoning_details", Place::opaque},
    {Place::message, "audio", Place::opaque},
    {Place::tool_calls, "id", Place::opaque},
    {Place::tool_calls, "type", Place::opaque},
    {Place::tool_calls, "function", Place::function},
    {Place::tool_calls, "custom", Place::function},
    {Place::tool_calls, "extra_content", Place::opaque},  // Gemini thought signatures
    {Place::function, "name", Place::opaque},
    {Place::function, "arguments", Place::arguments},
    {Place::function, "input", Place::block},
    {Place::block, "type", Place::opaque},
    {Place::block, "text", Place::block},
    {Place::block, "image_url", Place::source},
    {Place::block, "input_audio", Place::source},
    {Place::block, "file", Place::source},
    {Place::block, "cache_control", Place::opaque},
    {Place::source, "url", Place::media},
    {Place::source, "data", Place::media},
    {Place::source, "file_data", Place::media},
    {Place::source, "file_id", Place::opaque},
    {Place::source, "detail", Place::opaque},
    {Place::source, "format", Place::opaque},
};

constexpr Row kResponsesRows[] = {
    {Place::root, "input", Place::messages},
    {Place::root, "instructions", Place::block},
    {Place::root, "tools", Place::tools},
    {Place::root, "model", Place::model},
    {Place::root, "stream", Place::stream},
    {Place::root, "previous_response_id", Place::continues},
    {Place::root, "conversation", Place::conversation},
    {Place::root, "include", Place::include},
    {Place::root, "store", Place::store},
    {Place::root, "text", Place::schema},
    {Place::root, "metadata", Place::opaque},
    {Place::root, "client_metadata", Place::opaque},
    {Place::root, "user", Place::opaque},
    {Place::root, "safety_identifier", Place::opaque},
    {Place::root, "prompt_cache_key", Place::opaque},
    {Place::root, "reasoning", Place::opaque},
    {Place::root, "tool_choice", Place::opaque},
    {Place::root, "stream_options", Place::opaque},
    {Place::root, "service_tier", Place::opaque},
    {Place::tool, "authorization", Place::opaque},  // what the provider itself must present to an MCP server
    {Place::tool, "headers", Place::opaque},
    {Place::conversation, "id", Place::conversation},
    {Place::message, "type", Place::opaque},
    {Place::message, "id", Place::opaque},
    {Place::message, "role", Place::opaque},
    {Place::message, "status", Place::opaque},
    {Place::message, "phase", Place::opaque},
    {Place::message, "name", Place::opaque},
    {Place::message, "namespace", Place::opaque},
    {Place::message, "call_id", Place::opaque},
    {Place::message, "content", Place::block},
    {Place::message, "output", Place::block},
    {Place::message, "input", Place::block},
    {Place::message, "arguments", Place::arguments},
    {Place::message, "summary", Place::reasoning},
    {Place::message, "encrypted_content", Place::opaque},
    {Place::message, "tools", Place::tools},
    {Place::message, "action", Place::free},
    {Place::message, "result", Place::media},  // image_generation_call
    {Place::reasoning, "type", Place::opaque},
    {Place::reasoning, "text", Place::reasoning_summary},
    {Place::block, "type", Place::opaque},
    {Place::block, "text", Place::block},
    {Place::block, "image_url", Place::media},
    {Place::block, "file_data", Place::media},
    {Place::block, "file_url", Place::media},
    {Place::block, "file_id", Place::opaque},
    {Place::block, "detail", Place::opaque},
    {Place::block, "logprobs", Place::opaque},
    {Place::block, "encrypted_content", Place::opaque},
};

using Rows = KeyRows<Place, static_cast<std::size_t>(Place::opaque) + 1>;
constexpr Rows kAnthropic(kAnthropicRows), kResponses(kResponsesRows), kChat(kChatRows);

const Rows& rows_of(DialectId dialect) {
  switch (dialect) {
    case DialectId::anthropic:
      return kAnthropic;
    case DialectId::openai_responses:
      return kResponses;
    case DialectId::openai_chat:
    case DialectId::embeddings:
    case DialectId::gemini:
    case DialectId::cohere:
      break;
  }
  return kChat;
}

// What a key under `parent` means when the table does not name it.
Place default_child(Place parent) {
  switch (parent) {
    case Place::schema:
    case Place::opaque:
    case Place::signed_text:
    case Place::reasoning:
      return parent;
    case Place::tools:
    case Place::tool:
      return Place::schema;
    case Place::thread:
    case Place::conversation:
    case Place::model:
    case Place::stream:
    case Place::store:
    case Place::continues:
    case Place::include:
      return Place::opaque;
    case Place::block:
      return Place::block;
    default:
      return Place::free;
  }
}

class SpanVisitor {
 public:
  static constexpr bool kAsksUtf8 = true;
  struct Ctx {
    Place place;
    bool head;
  };

  SpanVisitor(std::string_view body, DialectId dialect, RequestView& view) : body_(body), rows_(rows_of(dialect)), view_(view) {}

  Ctx root() const { return {Place::root, true}; }
  Ctx member(Ctx parent, std::string_view key) {
    if (parent.place == Place::root) {
      in_tools_ = key == "tools" || key == "functions";
      in_settings_ = key == "thinking" || key == "tool_choice";
    }
    in_role_ = view_.first_user < 0 && parent.place == Place::message && key == "role";
    const Place child = find_child(parent.place, key);
    return {child, parent.head && child != Place::messages};
  }
  Ctx element(Ctx parent, std::uint32_t index) {
    if (parent.place == Place::tools) return {Place::tool, parent.head};
    if (parent.place != Place::messages) return parent;
    message_ = static_cast<std::int32_t>(index);
    return {Place::message, false};
  }
  void open(Ctx ctx, bool is_object) {
    if (ctx.place == Place::root) has_object_root_ = is_object;
    if (ctx.place == Place::thread) view_.kept_by_provider = true;
  }
  void close(Ctx ctx, bool) {
    if (ctx.place == Place::messages) message_ = -1;
  }
  void key(Ctx parent, std::size_t begin, std::size_t end, bool escaped) {
    if (parent.place == Place::free && end - begin >= kShortestSecret) add(SpanRole::key, parent, begin, end, escaped);
  }
  void scalar(Ctx ctx, std::size_t begin, std::size_t end) {
    if (ctx.place == Place::stream) view_.stream = body_[begin] == 't';
    if (ctx.place == Place::store) view_.kept_by_provider = body_[begin] != 'f';
    if (in_settings_) note_setting(body_.substr(begin, end - begin));
  }
  void string(Ctx ctx, std::size_t begin, std::size_t end, bool escaped);
  bool has_object_root() const { return has_object_root_; }

 private:
  static constexpr std::size_t kShortestSecret = 16;  // keys are property names; only a long one can be a credential

  Place find_child(Place parent, std::string_view key) const {
    if (parent == Place::free || parent == Place::opaque || parent == Place::schema) return parent;
    // "th\u0069nking" is "thinking" to the provider.
    if (key.find('\\') != std::string_view::npos) return find_row(parent, unescape_json(key));
    return find_row(parent, key);
  }
  Place find_row(Place parent, std::string_view key) const {
    const Row* row = rows_.find(parent, key);
    return row != nullptr ? row->child : default_child(parent);
  }
  void add(SpanRole role, Ctx ctx, std::size_t begin, std::size_t end, bool escaped) {
    if (begin == end) return;
    view_.spans.push_back(
        Span{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), role, escaped, ctx.head, in_tools_, message_});
  }
  // FNV-1a: a few bytes, and never outside the process.
  void note_setting(std::string_view raw) {
    for (const char c : raw) view_.settings = (view_.settings ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    view_.settings = (view_.settings ^ 0xFF) * 0x100000001B3u;
  }

  std::string_view body_;
  const Rows& rows_;
  RequestView& view_;
  std::int32_t message_ = -1;
  bool has_object_root_ = false;
  bool in_tools_ = false;     // below the root's key of that name
  bool in_settings_ = false;  // below a key that settings are read from
  bool in_role_ = false;      // at a message's role, until a user's is found
};

void SpanVisitor::string(Ctx ctx, std::size_t begin, std::size_t end, bool escaped) {
  const std::string_view raw = body_.substr(begin, end - begin);
  switch (ctx.place) {
    case Place::model:
      view_.model = escaped ? unescape_json(raw) : std::string(raw);
      view_.model_begin = static_cast<std::uint32_t>(begin);
      view_.model_end = static_cast<std::uint32_t>(end);
      return;
    case Place::conversation:
      view_.conversation = unescape_json(raw);
      return;
    case Place::continues:
      view_.continues = unescape_json(raw);
      return;
    case Place::include:
      if (unescape_json(raw) == "reasoning.encrypted_content") view_.signed_reasoning = true;
      return;
    case Place::stream:
    case Place::store:
    case Place::thread:
      return;
    case Place::opaque:
      if (raw.starts_with("pg:")) view_.foreign_thoughts = true;
      if (in_settings_) note_setting(raw);
      if (in_role_ && raw == "user") {
        view_.first_user = message_;
        in_role_ = false;
      }
      return;
    case Place::schema:
      return add(SpanRole::schema, ctx, begin, end, escaped);
    case Place::signed_text:
      return add(SpanRole::signed_text, ctx, begin, end, escaped);
    case Place::reasoning:
    case Place::reasoning_summary:
      return add(SpanRole::signed_text, ctx, begin, end, escaped);
    case Place::media:
    case Place::source:
      return add(SpanRole::media, ctx, begin, end, escaped);
    case Place::arguments:
      return add(SpanRole::json_text, ctx, begin, end, escaped);
    default:
      return add(SpanRole::text, ctx, begin, end, escaped);
  }
}

}  // namespace

Status read_spans(std::string_view body, DialectId dialect, RequestView& view) {
  view.kept_by_provider = dialect == DialectId::openai_responses;  // `store` is true unless it says otherwise
  SpanVisitor visitor(body, dialect, view);
  PG_TRY_STATUS(walk_json(body, visitor));
  if (!visitor.has_object_root()) return make_error(Code::bad_request, "the body must be a JSON object");
  if (!view.signed_reasoning && dialect == DialectId::openai_responses) {
    // Unsigned summaries are restored on the way down, so they must be redacted again on the way up.
    for (Span& span : view.spans)
      if (span.role == SpanRole::signed_text) span.role = SpanRole::text;
  }
  return {};
}

}  // namespace pg
