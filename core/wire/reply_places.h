// Where things stand in replies: one table per dialect says which strings are a user's text, which are tool arguments, which
// numbers are usage. What no table names is never touched.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/wire/usage.h"

namespace pg {

/// A place in a reply's JSON. The first group are containers, the second the leaves that read_places() reports.
enum class ReplyPlace : std::uint8_t {
  ignored,
  // Documents.
  anthropic_event,
  anthropic_body,
  chat_event,
  chat_body,
  responses_event,
  responses_body,
  embeddings_body,
  error_body,
  // Containers.
  anthropic_message,
  anthropic_content,
  anthropic_block,
  anthropic_start_block,
  anthropic_delta,
  choices,
  choice,
  delta,
  delta_part,
  delta_tools,
  delta_tool,
  delta_function,
  delta_custom,
  delta_call,
  delta_audio,
  whole_choices,
  whole_choice,
  message,
  audio,
  parts,
  part,
  tools,
  tool,
  function,
  custom,
  groq,
  output,
  item,
  summaries,
  summary,
  reasoning_part,
  usage_anthropic,
  usage_chat,
  usage_responses,
  cache_creation,
  prompt_details,
  completion_details,
  error,
  error_all,
  citations,
  citation,  // what a source is called and says: its strings but for ids, types and what the vendor signed
  found,     // what a tool of the provider found, at any depth: the same
  // Leaves: facts.
  type,
  reply_id,
  model,
  object,
  created,
  index,
  sequence_number,
  item_id,
  output_index,
  content_index,
  summary_index,
  finish_reason,
  tool_index,
  tool_id,
  item_type,
  part_type,
  error_type,
  error_code,
  use_input,
  use_uncached,
  use_output,
  use_cached,
  use_cache_write,
  use_reasoning,
  use_cache_write_1h,
  cite_begin,  // of a citation: its place in the text it stands beside
  cite_end,
  padding,  // random words that make events equally long
  // Leaves: pieces of a text.
  piece_text,
  piece_arguments,
  piece_content,
  piece_refusal,
  piece_reasoning_content,
  piece_reasoning,
  piece_custom_input,
  piece_transcript,
  piece_call_arguments,
  piece_any,  // a Responses `delta`: what it is depends on the event's type
  // Leaves: whole texts.
  whole_text,
  whole_content,  // a message's `content` that is one string
  whole_arguments,
  whole_value,
  whole_reasoning,
  whole_input,  // what a tool gets as it is, in no form of its own
  any_text,     // in an error or a citation: all of its strings
};

/// One reported leaf, as raw offsets (between the quotes of a string).
struct PlaceField {
  ReplyPlace place = ReplyPlace::ignored;
  bool is_string = false;
  bool is_key = false;      // an object key inside tool input
  std::uint16_t outer = 0;  // which choice or output item
  std::uint16_t inner = 0;  // which tool call or content part
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  bool operator==(const PlaceField&) const = default;
  std::string_view text(std::string_view json) const { return json.substr(begin, end - begin); }
};

/// Replaces `fields` by the leaves of `json`, in document order. bad_request when it is not JSON.
Status read_places(ReplyPlace root, std::string_view json, std::vector<PlaceField>& fields);

/// The usage number a place stands for; false for other places.
bool usage_field(ReplyPlace place, UsageField& field);

}  // namespace pg
