// What a reply says about itself: usage, model, id, error, end. Reads what it must and no more, so that relaying stays cheap.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/reply_path.h"
#include "core/wire/reply_places.h"
#include "core/wire/sse.h"
#include "core/wire/usage.h"

namespace pg {

/// The place of a dialect's SSE events, and of its whole replies.
ReplyPlace event_root(DialectId id);
ReplyPlace body_root(DialectId id);

/// The type of an event: its JSON's own word, else the `event:` line's.
std::string_view event_type(const SseEvent& event, const std::vector<PlaceField>& fields);

/// The decimal number of a JSON scalar, or `otherwise`.
std::uint64_t number_of(std::string_view json, const PlaceField& field, std::uint64_t otherwise);

class FactReader {
 public:
  explicit FactReader(DialectId dialect) : dialect_(dialect) {}

  /// For an event that nobody else reads: true when it holds facts, so that its JSON must be walked for read_event().
  bool wants(const SseEvent& event);
  void read_event(const SseEvent& event, const std::vector<PlaceField>& fields);
  /// For one that is like the last one that was read, as EventShape tells.
  void read_alike(std::string_view json, const std::vector<PlaceField>& fields);
  void read_body(std::string_view json, const std::vector<PlaceField>& fields);
  /// `data: [DONE]` of Chat Completions.
  void read_done() { facts_.finished = true; }

  /// A Chat stream in which every choice has its finish_reason: some servers never send `[DONE]`.
  bool all_choices_finished() const { return choices_ != 0 && choices_ == finished_choices_; }
  bool saw_error() const { return saw_error_; }
  /// One more than the last `sequence_number` of the upstream; 0 before the first.
  std::uint64_t next_sequence() const { return next_sequence_; }
  ReplyFacts& facts() { return facts_; }
  const ReplyFacts& facts() const { return facts_; }

 private:
  void read_field(std::string_view json, const PlaceField& field);
  void read_choice(std::string_view json, const std::vector<PlaceField>& fields, const PlaceField& field);
  void read_type(std::string_view type);
  bool wants_chat(std::string_view data);
  void read_sequence(std::string_view data);

  DialectId dialect_;
  ReplyFacts facts_;
  UsageTally usage_;
  std::uint64_t choices_ = 0;  // bit sets of choice indexes below 64
  std::uint64_t finished_choices_ = 0;
  std::uint64_t next_sequence_ = 0;
  bool saw_error_ = false;
};

}  // namespace pg
