// Remembers what the walk and the guards made of the long parts of bodies, so that of a conversation that is resent with every
// turn only the new turn is read. Bounded in bytes; belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/guard/verdict_cache.h"
#include "core/wire/spans.h"

namespace pg {

/// What the guards say of all spans of a body.
struct GuardNotes {
  std::uint64_t guards = 0;                // their fingerprint
  std::span<const std::uint32_t> digests;  // by span, of its text
  std::span<const std::uint32_t> notable;  // indices of spans in which something was found, ascending
};

class KnownParts final : public PartMemory {
 public:
  /// Keeps `budget` bytes at most, half of them for one part, marks each `stride` bytes or more apart.
  explicit KnownParts(std::size_t budget = 2 << 20, std::size_t stride = 2 << 10) : budget_(budget), stride_(stride) {}
  /// From the next remember() on.
  void set_budget(std::size_t bytes) { budget_ = bytes; }

  PartMatch find(PartKind kind, DialectId dialect, std::string_view from) override;
  std::size_t stride() const override { return stride_; }
  /// Keeps those parts of `view`, which is of `body`, that are new, or longer by so much that it is worth it. Of one that would
  /// take more than half of the budget the beginning is kept.
  void remember(std::string_view body, const RequestView& view, const GuardNotes& notes);

  /// What all of them take, with what the allocator needs around each; never above the budget.
  std::size_t bytes() const { return bytes_; }
  std::size_t size() const { return entries_.size(); }

 private:
  // What is the same up to a mark is told by the bytes since the mark before it.
  struct Piece {
    VerdictKey hash;
    std::uint32_t words = 0;  // a hash of its last ones: most strangers are told by these
    bool operator==(const Piece&) const = default;
  };
  struct Entry {
    PartKind kind;
    DialectId dialect;
    std::shared_ptr<const KnownPart> part;
    std::vector<Piece> pieces;          // by mark
    std::vector<VerdictKey> stretches;  // of kStretch pieces each, hashed as one: dearer to begin with, cheaper to compare
    std::size_t bytes = 0;
  };
  static constexpr std::size_t kStretch = 8;
  static constexpr std::size_t kPieceCost = sizeof(Piece) + sizeof(VerdictKey) / kStretch;
  static std::size_t count_alike(const Entry& entry, std::string_view from);
  static std::size_t count_same(const Entry& entry, std::string_view from, std::size_t alike);
  std::list<Entry>::iterator best_of(PartKind kind, DialectId dialect, std::string_view from, std::size_t& alike);
  std::list<Entry>::const_iterator entry_of(const ReadPart& part) const;
  std::vector<PartMark> choose_marks(const ReadPart& part) const;
  bool is_worth_it(const ReadPart& part, std::size_t end, std::uint64_t guards) const;
  Entry make_entry(std::string_view body, const RequestView& view, const ReadPart& part, const GuardNotes& notes,
                   std::vector<PartMark> marks) const;
  void forget_outgrown(const ReadPart& part);
  void forget_same(const Entry& made);
  void forget(std::list<Entry>::const_iterator entry);

  std::size_t budget_;
  std::size_t stride_;
  std::size_t bytes_ = 0;
  std::list<Entry> entries_;  // what was used last stands first
};

}  // namespace pg
