// The tables of reply places, and the walk that reads them.
#include "core/wire/reply_places.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "core/wire/json_walk.h"
#include "core/wire/key_rows.h"

namespace pg {
namespace {

using PlaceRow = KeyRow<ReplyPlace>;  // a key of "[]" = each element, "*" = every member and element

// Sources: Anthropic Messages streaming, OpenAI Chat Completions chunks, OpenAI Responses streaming events;
// reasoning_content, reasoning: OpenAI-compatible servers; x_groq: Groq.
// clang-format off
constexpr auto kPlaceRows = [] {
  using enum ReplyPlace;
  return std::to_array<PlaceRow>({
    {anthropic_event, "type", type}, {anthropic_event, "index", index}, {anthropic_event, "message", anthropic_message},
    {anthropic_event, "content_block", anthropic_start_block}, {anthropic_event, "delta", anthropic_delta},
    {anthropic_event, "usage", usage_anthropic}, {anthropic_event, "error", error},
    {anthropic_body, "id", reply_id}, {anthropic_body, "model", model}, {anthropic_body, "content", anthropic_content},
    {anthropic_body, "stop_sequence", whole_input}, {anthropic_body, "usage", usage_anthropic}, {anthropic_body, "error", error},
    {chat_event, "id", reply_id}, {chat_event, "object", object}, {chat_event, "created", created}, {chat_event, "model", model},
    {chat_event, "choices", choices}, {chat_event, "usage", usage_chat}, {chat_event, "error", error},
    {chat_event, "x_groq", groq}, {chat_event, "obfuscation", padding}, {chat_event, "citations", citations}, {chat_event, "search_results", citations},
    {chat_body, "id", reply_id}, {chat_body, "model", model}, {chat_body, "choices", whole_choices},
    {chat_body, "usage", usage_chat}, {chat_body, "error", error}, {chat_body, "citations", citations},
    {chat_body, "search_results", citations}, {chat_body, "metadata", whole_value},
    {responses_event, "type", type}, {responses_event, "sequence_number", sequence_number}, {responses_event, "item_id", item_id},
    {responses_event, "output_index", output_index}, {responses_event, "content_index", content_index},
    {responses_event, "summary_index", summary_index}, {responses_event, "delta", piece_any},
    {responses_event, "text", whole_text},
    {responses_event, "refusal", whole_text}, {responses_event, "arguments", whole_arguments},
    {responses_event, "input", whole_input},
    {responses_event, "diff", whole_input}, {responses_event, "part", reasoning_part}, {responses_event, "item", item},
    {responses_event, "response", responses_body}, {responses_event, "error", error}, {responses_event, "code", error_code},
    {responses_event, "message", any_text}, {responses_event, "obfuscation", padding}, {responses_event, "annotation", citation},
    {responses_body, "id", reply_id}, {responses_body, "model", model}, {responses_body, "output", output},
    {responses_body, "output_text", whole_text}, {responses_body, "instructions", found}, {responses_body, "usage", usage_responses}, {responses_body, "error", error},
    {responses_body, "metadata", whole_value},
    {embeddings_body, "id", reply_id}, {embeddings_body, "model", model}, {embeddings_body, "usage", usage_chat},
    {embeddings_body, "error", error},
    {error_body, "error", error_all}, {error_body, "*", any_text},
    {anthropic_message, "id", reply_id}, {anthropic_message, "model", model}, {anthropic_message, "content", anthropic_content},
    {anthropic_message, "usage", usage_anthropic},
    {anthropic_content, "[]", anthropic_block},
    {anthropic_block, "text", whole_text}, {anthropic_block, "input", whole_value}, {anthropic_block, "citations", citations},
    {anthropic_block, "content", found},
    {anthropic_start_block, "text", piece_text}, {anthropic_start_block, "input", whole_value},
    {anthropic_start_block, "citations", citations}, {anthropic_start_block, "content", found},
    {anthropic_delta, "text", piece_text}, {anthropic_delta, "partial_json", piece_arguments},
    {anthropic_delta, "citation", citation}, {anthropic_delta, "stop_sequence", whole_input},
    {citations, "[]", citation},
    {citation, "type", ignored}, {citation, "encrypted_index", ignored}, {citation, "file_id", ignored},
    {citation, "container_id", ignored}, {citation, "start_index", cite_begin}, {citation, "end_index", cite_end},
    {citation, "*", citation},
    {found, "type", ignored}, {found, "encrypted_content", ignored}, {found, "encrypted_index", ignored},
    {found, "encrypted_stdout", ignored}, {found, "signature", ignored}, {found, "media_type", ignored}, {found, "id", ignored},
    {found, "tool_use_id", ignored}, {found, "file_id", ignored}, {found, "*", found},
    {choices, "[]", choice},
    {choice, "index", index}, {choice, "delta", delta}, {choice, "text", piece_text}, {choice, "message", message},
    {choice, "finish_reason", finish_reason},
    {delta, "content", piece_content}, {delta, "refusal", piece_refusal}, {delta, "reasoning_content", piece_reasoning_content},
    {delta, "reasoning", piece_reasoning}, {delta, "annotations", citations},
    {delta, "audio", delta_audio}, {delta, "tool_calls", delta_tools}, {delta, "function_call", delta_call},
    {piece_content, "[]", delta_part},
    {delta_part, "text", piece_content},
    {delta_tools, "[]", delta_tool},
    {delta_tool, "index", tool_index}, {delta_tool, "id", tool_id}, {delta_tool, "function", delta_function},
    {delta_tool, "custom", delta_custom},
    {delta_function, "arguments", piece_arguments},
    {delta_custom, "input", piece_custom_input},
    {delta_audio, "transcript", piece_transcript},
    {delta_call, "arguments", piece_call_arguments},
    {whole_choices, "[]", whole_choice},
    {whole_choice, "message", message}, {whole_choice, "text", whole_text},
    {message, "content", parts}, {message, "refusal", whole_text}, {message, "reasoning_content", whole_text},
    {message, "reasoning", whole_text}, {message, "annotations", citations},
    {message, "audio", audio}, {message, "tool_calls", tools}, {message, "function_call", function},
    {audio, "transcript", whole_text},
    {parts, "[]", part},
    {part, "type", part_type}, {part, "text", whole_text}, {part, "refusal", whole_text},
    {part, "annotations", citations},
    {tools, "[]", tool},
    {tool, "function", function}, {tool, "custom", custom},
    {function, "arguments", whole_arguments},
    {custom, "input", whole_input},
    {groq, "usage", usage_chat},
    {output, "[]", item},
    {item, "type", item_type}, {item, "id", item_id}, {item, "content", parts}, {item, "arguments", whole_arguments},
    {item, "input", whole_input}, {item, "summary", summaries}, {item, "operation", whole_value}, {item, "action", whole_value},
    {item, "code", whole_input}, {item, "error", found}, {item, "revised_prompt", whole_input},
    {item, "queries", found}, {item, "results", found}, {item, "outputs", found}, {item, "output", found},
    {summaries, "[]", summary},
    {summary, "text", whole_reasoning},
    {reasoning_part, "type", part_type}, {reasoning_part, "text", whole_text}, {reasoning_part, "refusal", whole_text},
    {reasoning_part, "annotations", citations},
    {usage_anthropic, "input_tokens", use_uncached}, {usage_anthropic, "output_tokens", use_output},
    {usage_anthropic, "cache_read_input_tokens", use_cached}, {usage_anthropic, "cache_creation_input_tokens", use_cache_write},
    {usage_anthropic, "cache_creation", cache_creation}, {cache_creation, "ephemeral_1h_input_tokens", use_cache_write_1h},
    {usage_chat, "prompt_tokens", use_input}, {usage_chat, "completion_tokens", use_output},
    {usage_chat, "prompt_cache_hit_tokens", use_cached}, {usage_chat, "prompt_tokens_details", prompt_details},
    {usage_chat, "completion_tokens_details", completion_details},
    {usage_responses, "input_tokens", use_input}, {usage_responses, "output_tokens", use_output},
    {usage_responses, "input_tokens_details", prompt_details}, {usage_responses, "output_tokens_details", completion_details},
    {prompt_details, "cached_tokens", use_cached},
    {completion_details, "reasoning_tokens", use_reasoning},
    {error, "type", error_type}, {error, "code", error_code}, {error, "message", any_text},
    {error_all, "type", error_type}, {error_all, "code", error_code}, {error_all, "*", any_text},
    {whole_value, "*", whole_value},
    {any_text, "*", any_text},
  });
}();
// clang-format on

constexpr std::size_t kPlaces = static_cast<std::size_t>(ReplyPlace::any_text) + 1;

static_assert(std::size(kPlaceRows) < 256);
constexpr KeyRows<ReplyPlace, kPlaces> kRowsByPlace(kPlaceRows);

ReplyPlace find_step(ReplyPlace from, std::string_view key) {
  const PlaceRow* row = kRowsByPlace.find(from, key, "*");
  return row != nullptr ? row->child : ReplyPlace::ignored;
}

bool is_leaf(ReplyPlace place) {
  return place >= ReplyPlace::type;
}

class PlaceReader {
 public:
  using enum ReplyPlace;
  using Ctx = ReplyPlace;
  PlaceReader(ReplyPlace root, std::vector<PlaceField>& fields) : root_(root), fields_(fields) {}

  ReplyPlace root() const { return root_; }
  ReplyPlace member(ReplyPlace parent, std::string_view raw_key) const { return find_step(parent, raw_key); }
  ReplyPlace element(ReplyPlace parent, std::uint32_t number) {
    const auto ordinal = static_cast<std::uint16_t>(std::min<std::uint32_t>(number, 0xffff));
    if (parent == choices || parent == whole_choices || parent == output) outer_ = ordinal;
    if (parent == delta_tools || parent == tools || parent == parts) inner_ = ordinal;
    return find_step(parent, "[]");
  }
  void open(ReplyPlace, bool) {}
  void close(ReplyPlace, bool) {}
  void string(ReplyPlace place, std::size_t begin, std::size_t end, bool) {
    if (place == parts) place = whole_content;  // `content` is a string or a list of parts
    if (place == error || place == error_all || place == citation || place == found) place = any_text;
    if (is_leaf(place)) add(place, begin, end, true, false);
  }
  void scalar(ReplyPlace place, std::size_t begin, std::size_t end) {
    if (is_leaf(place)) add(place, begin, end, false, false);
  }
  void key(ReplyPlace parent, std::size_t begin, std::size_t end, bool) {
    if (parent == whole_value) add(parent, begin, end, true, true);
  }

 private:
  void add(ReplyPlace place, std::size_t begin, std::size_t end, bool is_string, bool is_key) {
    fields_.push_back(
        {place, is_string, is_key, outer_, inner_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
  }

  ReplyPlace root_;
  std::vector<PlaceField>& fields_;
  std::uint16_t outer_ = 0, inner_ = 0;
};

}  // namespace

Status read_places(ReplyPlace root, std::string_view json, std::vector<PlaceField>& fields) {
  constexpr std::size_t kUsualFields = 16;
  fields.clear();
  fields.reserve(kUsualFields);
  PlaceReader reader(root, fields);
  return walk_json(json, reader);
}

bool usage_field(ReplyPlace place, UsageField& field) {
  using enum ReplyPlace;
  if (place < use_input || place > use_cache_write_1h) return false;
  constexpr UsageField kFields[] = {UsageField::input,         UsageField::uncached_input, UsageField::output,
                                    UsageField::cached,        UsageField::cache_write,    UsageField::reasoning,
                                    UsageField::cache_write_1h};
  field = kFields[static_cast<std::size_t>(place) - static_cast<std::size_t>(use_input)];
  return true;
}

}  // namespace pg
