// Restoring a text that comes in pieces: holds back only what may still become a token of the vault.
#pragma once

#include <string>
#include <string_view>

#include "core/guard/escape_depth.h"
#include "core/guard/restore.h"
#include "core/guard/text_shifts.h"

namespace pg {

/// One text stream of a reply (a content block, a choice's content, one tool call's arguments). `index` and `counts` outlive it.
class StreamRestorer {
 public:
  StreamRestorer(const TokenIndex& index, TextForm form, RestoreCounts& counts)
      : index_(&index), counts_(&counts), depth_(form), checked_(form == TextForm::checked) {}

  /// Appends what `raw` (the inside of one JSON string) becomes, without what is held back. False when that equals `raw`.
  bool push(std::string_view raw, std::string& out);
  /// The text has ended: appends what was held back. A token that was cut goes out as it is and is counted.
  void flush(bool cut, std::string& out);
  /// From here on `shifts`, which outlives this, is told what moves.
  void watch(TextShifts* shifts) { shifts_ = shifts; }
  bool holds() const { return !held_.empty(); }
  std::size_t held_size() const { return held_.size(); }

 private:
  std::size_t restore(std::string_view text, TextEnd end, std::string& out, bool& changed);
  void pass(std::string_view text, std::string& out);
  void insert(std::string_view token, const TokenMatch& match, std::string& out);
  bool word_before(std::string_view text, std::size_t at) const { return at == 0 ? word_before_ : is_word_before(text, at); }

  const TokenIndex* index_;
  RestoreCounts* counts_;
  TextShifts* shifts_ = nullptr;
  EscapeDepth depth_;
  bool checked_;
  LiteralCounter literals_;
  std::string held_;
  bool word_before_ = false;
};

/// Restores a complete string; appends to `out` and returns true only when something changed.
bool restore_whole(const TokenIndex& index, TextForm form, std::string_view raw, RestoreCounts& counts, std::string& out,
                   TextShifts* shifts = nullptr);

}  // namespace pg
