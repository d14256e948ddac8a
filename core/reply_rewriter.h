// Rewriting the events of a stream, one class per dialect behind one interface. Not thread-safe: one per exchange.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/guard/stream_restore.h"
#include "core/reply_path.h"
#include "core/wire/reply_places.h"
#include "core/wire/sse.h"

namespace pg {

/// The changes to one JSON text, in rising order. Keeps its memory from event to event.
class JsonEdits {
 public:
  void clear() { used_ = 0; }
  bool empty() const { return used_ == 0; }
  std::size_t size() const { return used_; }
  /// A new edit that replaces `field`'s bytes by what is then appended to the returned string.
  std::string& add(const PlaceField& field);
  void drop_last() { --used_; }
  std::string& text(std::size_t edit) { return edits_[edit].text; }
  /// Appends `json` with the edits applied.
  void apply(std::string_view json, std::string& out) const;

 private:
  struct Edit {
    std::uint32_t begin = 0, end = 0;
    std::string text;
  };
  std::vector<Edit> edits_;
  std::size_t used_ = 0;
};

/// What restoring needs, for the whole exchange.
struct RestoreWork {
  explicit RestoreWork(const Vault& vault) : index(vault) {}
  TokenIndex index;
  RestoreCounts deltas;  // of the pieces of texts
  RestoreCounts copies;  // of whole texts, some of which repeat the pieces
  bool signed_reasoning = false;
  TextForm answer = TextForm::plain;  // of what the model says to the user
};

/// The places of citations in whole texts, moved with them. For one document.
class CitedTexts {
 public:
  CitedTexts(const RestoreWork& work, std::string_view json, const std::vector<PlaceField>& fields)
      : work_(work), json_(json), fields_(fields) {}
  /// Adds an edit when `field`, the place of a citation, moves with the text in the same part or message.
  void move(const PlaceField& field, JsonEdits& edits);

 private:
  const PlaceField* find_text(const PlaceField& field);

  const RestoreWork& work_;
  std::string_view json_;
  const std::vector<PlaceField>& fields_;
  std::map<std::uint16_t, const PlaceField*> contents_;                         // by outer; filled when first asked for
  std::map<std::pair<std::uint16_t, std::uint16_t>, const PlaceField*> texts_;  // by outer and inner
  bool looked_ = false;
  PlaceField last_;    // asked for last
  TextShifts shifts_;  // of its text
};

bool is_cited_place(const PlaceField& field);
/// Adds an edit when `field`, the place of a citation, moves.
void move_place(std::string_view json, const PlaceField& field, const TextShifts& shifts, JsonEdits& edits);

/// Adds an edit when `field` is a whole text that restoring changes. `counts` may be for one event only.
void restore_field(const RestoreWork& work, std::string_view json, const std::vector<PlaceField>& fields, std::size_t at,
                   RestoreCounts& counts, JsonEdits& edits);

/// Which text a piece belongs to: block; choice and tool; output item and part.
struct DeltaKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  ReplyPlace place = ReplyPlace::ignored;
  std::uint8_t kind = 0;  // of a Responses delta
  auto operator<=>(const DeltaKey&) const = default;
};

struct DeltaStream {
  StreamRestorer restorer;
  std::string id;             // item or tool call, raw
  std::size_t last_edit = 0;  // in the event `last_event`
  std::uint64_t last_event = 0;
};

/// The texts of one reply that are still coming. Bounded: what comes after kMaxStreams open texts is not restored.
class DeltaStreams {
 public:
  static constexpr std::size_t kMaxStreams = 4096;
  explicit DeltaStreams(RestoreWork& work) : work_(&work) {}
  /// nullptr when there are too many.
  DeltaStream* open(const DeltaKey& key, TextForm form);
  std::map<DeltaKey, DeltaStream>& all() { return streams_; }

 private:
  RestoreWork* work_;
  std::map<DeltaKey, DeltaStream> streams_;
};

/// Pushes the piece `field` through its stream and adds an edit when it changes.
void restore_piece(std::string_view json, const PlaceField& field, DeltaStream& stream, std::uint64_t event, JsonEdits& edits);

/// The only leaf of `fields` that restoring may change, if it is a piece of a text; else fields.size().
std::size_t find_only_piece(const std::vector<PlaceField>& fields);

class EventRewriter {
 public:
  virtual ~EventRewriter() = default;
  /// Appends what goes out for `event`, whose leaves are `fields`: held text of texts that end here, then the event.
  virtual void rewrite(const SseEvent& event, const std::vector<PlaceField>& fields, std::string& out) = 0;
  /// The same for an event that is like the last one, as EventShape tells.
  void rewrite_alike(const SseEvent& event, const std::vector<PlaceField>& fields, std::string& out);
  /// Appends all held text as deltas.
  virtual void flush(bool cut, std::string& out) = 0;
  /// How many events were added to the stream that carry a sequence number.
  virtual std::uint64_t added_events() const { return 0; }

 protected:
  /// What an event may bring that is like the last one, beside its piece.
  virtual void note_alike(std::string_view, const std::vector<PlaceField>&) {}
  void begin_event() {
    ++event_;
    edits_.clear();
    piece_stream_ = nullptr;
  }

  JsonEdits edits_;          // of the event
  std::uint64_t event_ = 0;  // its number
  // Where the piece of the last event went, when there was nothing else to do for it; nullptr otherwise.
  DeltaStream* piece_stream_ = nullptr;
  std::size_t piece_field_ = 0;
};

std::unique_ptr<EventRewriter> make_rewriter(DialectId dialect, RestoreWork& work);
std::unique_ptr<EventRewriter> make_anthropic_rewriter(RestoreWork& work);
std::unique_ptr<EventRewriter> make_chat_rewriter(RestoreWork& work);
std::unique_ptr<EventRewriter> make_responses_rewriter(RestoreWork& work);

/// Appends `event` with `edits` applied to its data.
void write_edited(const SseEvent& event, const JsonEdits& edits, std::string& out);

}  // namespace pg
