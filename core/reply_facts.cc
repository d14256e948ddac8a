// Facts by event type where there is one; for Chat, which has none, by the keys that can matter.
#include "core/reply_facts.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <charconv>
#include <string>

#include "core/wire/json_walk.h"

namespace pg {
namespace {

constexpr std::size_t kLongestFact = 256;  // ids, model names, error types: longer ones are cut

// The first offset from `at` on where `"` is followed by one of u, f, e: where `"usage"`, `"finish_reason"`, `"error"` may begin.
std::size_t find_key_start(std::string_view text, std::size_t at) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"'), u = _mm_set1_epi8('u'), f = _mm_set1_epi8('f'), e = _mm_set1_epi8('e');
  for (; at + 17 <= text.size(); at += 16) {
    const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at + 1));
    const __m128i letter =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(second, u), _mm_cmpeq_epi8(second, f)), _mm_cmpeq_epi8(second, e));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(first, quote), letter)));
    if (mask != 0) return at + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  for (; at + 1 < text.size(); ++at) {
    if (text[at] == '"' && (text[at + 1] == 'u' || text[at + 1] == 'f' || text[at + 1] == 'e')) return at;
  }
  return text.size();
}

// Whether one of those keys stands at text[at] with a value other than null. Inside a string the quotes would have backslashes.
bool has_value_at(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  std::size_t size = 0;
  for (std::string_view key : {"\"usage\"", "\"finish_reason\"", "\"error\""}) {
    if (rest.starts_with(key)) size = key.size();
  }
  if (size == 0) return false;
  const std::size_t colon = rest.find_first_not_of(" \t\r\n", size);
  if (colon == std::string_view::npos || rest[colon] != ':') return false;
  const std::size_t value = rest.find_first_not_of(" \t\r\n", colon + 1);
  return value != std::string_view::npos && rest[value] != 'n';
}

// The type of an event that was not walked: real servers write it first.
std::string_view peek_type(const SseEvent& event) {
  constexpr std::string_view kFirst = "{\"type\":\"";
  if (!event.data.starts_with(kFirst)) return event.type;
  const std::string_view rest = event.data.substr(kFirst.size());
  return rest.substr(0, rest.find('"'));
}

std::string fact_text(std::string_view raw) {
  return unescape_json(raw.substr(0, raw.size() <= kLongestFact ? raw.size() : 0));
}

}  // namespace

ReplyPlace event_root(DialectId id) {
  switch (id) {
    case DialectId::anthropic:
      return ReplyPlace::anthropic_event;
    case DialectId::openai_responses:
      return ReplyPlace::responses_event;
    case DialectId::openai_chat:
      return ReplyPlace::chat_event;
    case DialectId::embeddings:
    case DialectId::gemini:
    case DialectId::cohere:
      break;
  }
  return ReplyPlace::embeddings_body;
}

ReplyPlace body_root(DialectId id) {
  switch (id) {
    case DialectId::anthropic:
      return ReplyPlace::anthropic_body;
    case DialectId::openai_responses:
      return ReplyPlace::responses_body;
    case DialectId::openai_chat:
      return ReplyPlace::chat_body;
    case DialectId::embeddings:
    case DialectId::gemini:
    case DialectId::cohere:
      break;
  }
  return ReplyPlace::embeddings_body;
}

std::string_view event_type(const SseEvent& event, const std::vector<PlaceField>& fields) {
  for (const PlaceField& field : fields) {
    if (field.place == ReplyPlace::type && field.is_string) return field.text(event.data);
  }
  return event.type;
}

std::uint64_t number_of(std::string_view json, const PlaceField& field, std::uint64_t otherwise) {
  std::uint64_t number = 0;
  const std::string_view text = field.text(json);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : otherwise;
}

bool FactReader::wants_chat(std::string_view data) {
  if (data == "[DONE]") {
    read_done();
    return false;
  }
  if (!facts_.has_content || facts_.model.empty()) return true;
  for (std::size_t at = find_key_start(data, 0); at < data.size(); at = find_key_start(data, at + 1)) {
    if (has_value_at(data, at)) return true;
  }
  return false;
}

void FactReader::read_sequence(std::string_view data) {
  constexpr std::string_view kKey = "\"sequence_number\":";
  const std::size_t at = data.find(kKey);
  if (at == std::string_view::npos) return;
  std::size_t begin = data.find_first_not_of(' ', at + kKey.size());
  if (begin == std::string_view::npos) return;
  std::uint64_t number = 0;
  if (std::from_chars(data.data() + begin, data.data() + data.size(), number).ec == std::errc()) next_sequence_ = number + 1;
}

bool FactReader::wants(const SseEvent& event) {
  if (event.data_lines == 0) return false;
  if (dialect_ == DialectId::openai_chat) return wants_chat(event.data);
  const std::string_view type = peek_type(event);
  if (type.empty()) return true;
  if (dialect_ == DialectId::openai_responses) {
    read_sequence(event.data);
    if (type.ends_with(".delta")) facts_.has_content = true;
    return type == "error" || type == "response.created" || type == "response.in_progress" || type == "response.completed" ||
           type == "response.incomplete" || type == "response.failed";
  }
  if (type == "content_block_delta") facts_.has_content = true;
  return type == "message_start" || type == "message_delta" || type == "message_stop" || type == "error";
}

void FactReader::read_type(std::string_view type) {
  if (dialect_ == DialectId::anthropic) {
    facts_.finished = facts_.finished || type == "message_stop";
    facts_.has_content = facts_.has_content || type == "content_block_delta";
    saw_error_ = saw_error_ || type == "error";
  } else if (dialect_ == DialectId::openai_responses) {
    const bool end = type == "response.completed" || type == "response.incomplete" || type == "response.failed";
    facts_.finished = facts_.finished || end;
    facts_.has_content = facts_.has_content || type.ends_with(".delta");
    saw_error_ = saw_error_ || type == "error";
  }
}

void FactReader::read_field(std::string_view json, const PlaceField& field) {
  const std::string_view text = field.text(json);
  UsageField usage{};
  if (!field.is_string && usage_field(field.place, usage)) return usage_.set(usage, text);
  if (field.place == ReplyPlace::sequence_number) next_sequence_ = number_of(json, field, next_sequence_) + 1;
  if (!field.is_string || text.empty() || field.is_key) return;
  switch (field.place) {
    case ReplyPlace::reply_id:
      facts_.reply_id = fact_text(text);
      break;
    case ReplyPlace::model:
      facts_.model = fact_text(text);
      break;
    case ReplyPlace::error_type:
      facts_.error_type = fact_text(text);
      break;
    case ReplyPlace::error_code:
      if (facts_.error_type.empty()) facts_.error_type = fact_text(text);
      break;
    default:
      if (field.place >= ReplyPlace::piece_text && field.place != ReplyPlace::any_text) facts_.has_content = true;
  }
}

void FactReader::read_choice(std::string_view json, const std::vector<PlaceField>& fields, const PlaceField& field) {
  if (field.place == ReplyPlace::error_type || field.place == ReplyPlace::error_code) saw_error_ = true;
  const bool finishes = field.place == ReplyPlace::finish_reason && field.is_string;
  if (!finishes && field.place != ReplyPlace::index) return;
  std::uint64_t number = field.outer;
  for (const PlaceField& other : fields) {
    if (other.place == ReplyPlace::index && other.outer == field.outer) number = number_of(json, other, number);
  }
  const std::uint64_t bit = std::uint64_t{1} << std::min<std::uint64_t>(number, 63);
  choices_ |= bit;
  if (finishes) finished_choices_ |= bit;
}

void FactReader::read_event(const SseEvent& event, const std::vector<PlaceField>& fields) {
  const bool had_content = facts_.has_content;
  const bool is_chat = dialect_ == DialectId::openai_chat;
  const std::string_view type = event_type(event, fields);
  usage_.set_opening(dialect_ == DialectId::anthropic && type == "message_start");
  for (const PlaceField& field : fields) {
    if (field.place == ReplyPlace::error_code && type.ends_with(".done")) continue;  // a tool's code, which is no error
    read_field(event.data, field);
    if (is_chat) read_choice(event.data, fields, field);
  }
  if (!is_chat) facts_.has_content = had_content;  // said by the event's type
  read_type(type);
  facts_.usage = usage_.total();
}

void FactReader::read_alike(std::string_view json, const std::vector<PlaceField>& fields) {
  for (const PlaceField& field : fields) {
    if (field.place == ReplyPlace::sequence_number) next_sequence_ = number_of(json, field, next_sequence_) + 1;
    const bool has_words = field.is_string && field.place >= ReplyPlace::piece_text && field.begin != field.end;
    if (dialect_ == DialectId::openai_chat && has_words) facts_.has_content = true;
  }
}

void FactReader::read_body(std::string_view json, const std::vector<PlaceField>& fields) {
  for (const PlaceField& field : fields) read_field(json, field);
  facts_.usage = usage_.total();
}

}  // namespace pg
