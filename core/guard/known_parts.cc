// Parts are told by keyed hashes of their bytes, piece by piece; nothing of what they say is kept.
#include "core/guard/known_parts.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace pg {
namespace {

constexpr std::size_t kWorth = 4;       // strides: what is shorter is read again sooner than looked up
constexpr std::size_t kMostParts = 64;  // each is looked at when a part begins

// `count` pieces from the one numbered `first` on.
std::string_view stretch_of(std::string_view part, const std::vector<PartMark>& marks, std::size_t first, std::size_t count) {
  const std::size_t begin = first == 0 ? 0 : marks[first - 1].end;
  return part.substr(begin, marks[first + count - 1].end - begin);
}

std::string_view piece_of(std::string_view part, const std::vector<PartMark>& marks, std::size_t i) {
  return stretch_of(part, marks, i, 1);
}

// Messages end alike, in quotes and brackets: their last words stand before these. Half a hash of them: many words have it.
constexpr std::size_t kBack = 24;

std::uint32_t hash_words(std::string_view piece) {
  constexpr std::size_t kWords = 8;
  return static_cast<std::uint32_t>(hash_text(piece.substr(piece.size() > kBack ? piece.size() - kBack : 0, kWords)).low);
}

// With what the allocator and the list need around each of the eight blocks. Of a piece there is its share of a stretch, too.
std::size_t cost_of(std::size_t fixed, std::size_t piece, std::size_t marks, std::size_t spans, std::size_t notable) {
  constexpr std::size_t kBlocks = 8 * 24;
  return kBlocks + fixed + sizeof(KnownPart) + marks * (sizeof(PartMark) + piece) +
         spans * (sizeof(Span) + sizeof(std::uint32_t)) + notable * sizeof(std::uint32_t);
}

}  // namespace

std::size_t KnownParts::count_alike(const Entry& entry, std::string_view from) {
  const std::vector<PartMark>& marks = entry.part->marks;
  // Of a large body each of these words is far from the processor, and the wait for it is most of the time.
  constexpr std::size_t kAhead = 16;
  std::size_t asked = 0;
  std::size_t alike = 0;
  for (; alike < marks.size() && marks[alike].end <= from.size(); ++alike) {
    for (; asked < std::min(marks.size(), alike + kAhead) && marks[asked].end <= from.size(); ++asked)
      __builtin_prefetch(from.data() + marks[asked].end - std::min<std::size_t>(marks[asked].end, kBack));
    if (hash_words(piece_of(from, marks, alike)) != entry.pieces[alike].words) break;
  }
  return alike;
}

// How many of the first `alike` pieces are the same, stretch by stretch as long as it goes.
std::size_t KnownParts::count_same(const Entry& entry, std::string_view from, std::size_t alike) {
  const std::vector<PartMark>& marks = entry.part->marks;
  std::size_t same = 0;
  for (const VerdictKey& stretch : entry.stretches) {
    if (same + kStretch > alike || hash_text(stretch_of(from, marks, same, kStretch)) != stretch) break;
    same += kStretch;
  }
  while (same < alike && hash_text(piece_of(from, marks, same)) == entry.pieces[same].hash) ++same;
  return same;
}

// The entry that seems to know most of what `from` begins with, and how many of its pieces that may be.
std::list<KnownParts::Entry>::iterator KnownParts::best_of(PartKind kind, DialectId dialect, std::string_view from,
                                                           std::size_t& alike) {
  // Strangers are told by the first piece, which many of them have of one length.
  std::uint32_t first_end = 0;
  VerdictKey first_hash;
  const auto begins_alike = [&](const Entry& entry) {
    if (entry.kind != kind || entry.dialect != dialect) return false;
    const std::uint32_t end = entry.part->marks.front().end;
    if (end > from.size() || hash_words(from.substr(0, end)) != entry.pieces.front().words) return false;
    if (std::exchange(first_end, end) != end) first_hash = hash_text(from.substr(0, end));
    return first_hash == entry.pieces.front().hash;
  };
  const auto first = std::find_if(entries_.begin(), entries_.end(), begins_alike);
  if (first == entries_.end()) return first;
  auto other = std::find_if(std::next(first), entries_.end(), begins_alike);
  if (other == entries_.end()) {  // nothing to choose: all that fits may be the same
    const std::vector<PartMark>& marks = first->part->marks;
    const auto too_long = [&](const PartMark& mark) { return mark.end > from.size(); };
    alike = static_cast<std::size_t>(std::find_if(marks.begin(), marks.end(), too_long) - marks.begin());
    return first;
  }
  auto best = entries_.end();
  std::uint32_t length = 0;
  const auto weigh = [&](std::list<Entry>::iterator entry) {
    const std::size_t count = count_alike(*entry, from);
    if (count == 0 || entry->part->marks[count - 1].end <= length) return;
    best = entry;
    alike = count;
    length = entry->part->marks[count - 1].end;
  };
  weigh(first);
  for (; other != entries_.end(); other = std::find_if(std::next(other), entries_.end(), begins_alike)) weigh(other);
  return best;
}

PartMatch KnownParts::find(PartKind kind, DialectId dialect, std::string_view from) {
  std::size_t alike = 0;
  const auto best = best_of(kind, dialect, from, alike);
  if (best == entries_.end()) return {};
  const std::size_t same = count_same(*best, from, alike);
  if (same == 0) return {};
  entries_.splice(entries_.begin(), entries_, best);
  return {best->part, same - 1};
}

// All marks of the part, or as many as take half of the budget: a system text and tools come with each conversation.
std::vector<PartMark> KnownParts::choose_marks(const ReadPart& part) const {
  std::vector<PartMark> marks;
  marks.reserve((part.known.part ? part.known.mark + 1 : 0) + part.fresh.size());
  if (part.known.part) {
    const auto first = part.known.part->marks.begin();
    marks.assign(first, first + static_cast<std::ptrdiff_t>(part.known.mark) + 1);
  }
  marks.insert(marks.end(), part.fresh.begin(), part.fresh.end());
  const auto takes_more = [&] {
    const std::size_t spans = marks.back().spans;
    return cost_of(sizeof(Entry), kPieceCost, marks.size(), spans, spans) > budget_ / 2;
  };
  while (!marks.empty() && takes_more()) marks.pop_back();
  marks.shrink_to_fit();
  return marks;
}

bool KnownParts::is_worth_it(const ReadPart& part, std::size_t end, std::uint64_t guards) const {
  const bool is_known = part.known.part && part.known.part->guards == guards;
  return end >= (is_known ? part.known_until().end : 0) + kWorth * stride_;
}

// The entry whose beginning `part` is, unless it was forgotten meanwhile.
std::list<KnownParts::Entry>::const_iterator KnownParts::entry_of(const ReadPart& part) const {
  if (!part.known.part) return entries_.end();
  return std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.part == part.known.part; });
}

KnownParts::Entry KnownParts::make_entry(std::string_view body, const RequestView& view, const ReadPart& part,
                                         const GuardNotes& notes, std::vector<PartMark> marks) const {
  auto made = std::make_shared<KnownPart>();
  made->marks = std::move(marks);
  const std::size_t spans = made->marks.back().spans;
  made->spans.reserve(spans);
  for (Span span : std::span(view.spans).subspan(part.first_span, spans)) {
    span.begin -= part.begin;
    span.end -= part.begin;
    made->spans.push_back(span);
  }
  const auto digests = notes.digests.subspan(part.first_span, spans);
  made->digests.assign(digests.begin(), digests.end());
  const auto first = std::lower_bound(notes.notable.begin(), notes.notable.end(), part.first_span);
  const auto last = std::lower_bound(first, notes.notable.end(), part.first_span + spans);
  made->notable.reserve(static_cast<std::size_t>(last - first));
  for (auto index = first; index != last; ++index) made->notable.push_back(*index - part.first_span);
  made->guards = notes.guards;
  made->signed_reasoning = view.signed_reasoning;

  Entry entry{part.kind, part.dialect, nullptr, {}, {}, 0};
  const std::string_view bytes = body.substr(part.begin);
  entry.pieces.reserve(made->marks.size());
  const auto old = entry_of(part);
  if (old != entries_.end()) {
    const std::size_t same = std::min(part.known.mark + 1, made->marks.size());
    entry.pieces.assign(old->pieces.begin(), old->pieces.begin() + static_cast<std::ptrdiff_t>(same));
  }
  for (std::size_t i = entry.pieces.size(); i < made->marks.size(); ++i) {
    const std::string_view piece = piece_of(bytes, made->marks, i);
    entry.pieces.push_back({hash_text(piece), hash_words(piece)});
  }
  entry.stretches.reserve(entry.pieces.size() / kStretch);
  if (old != entries_.end()) {
    const std::size_t same = std::min({(part.known.mark + 1) / kStretch, old->stretches.size(), made->marks.size() / kStretch});
    entry.stretches.assign(old->stretches.begin(), old->stretches.begin() + static_cast<std::ptrdiff_t>(same));
  }
  for (std::size_t i = entry.stretches.size(); i < made->marks.size() / kStretch; ++i)
    entry.stretches.push_back(hash_text(stretch_of(bytes, made->marks, i * kStretch, kStretch)));
  entry.bytes = cost_of(sizeof(Entry), kPieceCost, made->marks.capacity(), spans, made->notable.size());
  entry.part = std::move(made);
  return entry;
}

// A conversation that went on is kept once. One that was taken up far before its end may still go on from there as well.
void KnownParts::forget_outgrown(const ReadPart& part) {
  const auto old = entry_of(part);
  if (old != entries_.end() && part.known_until().end >= part.known.part->marks.back().end / 4 * 3) forget(old);
}

// What was read twice at the same time, or again because it means something else by now.
void KnownParts::forget_same(const Entry& made) {
  const auto old = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.kind == made.kind && entry.dialect == made.dialect && entry.pieces.size() == made.pieces.size() &&
           entry.part->guards == made.part->guards && entry.part->signed_reasoning == made.part->signed_reasoning &&
           std::equal(entry.pieces.begin(), entry.pieces.end(), made.pieces.begin());
  });
  if (old != entries_.end()) forget(old);
}

void KnownParts::forget(std::list<Entry>::const_iterator entry) {
  bytes_ -= entry->bytes;
  entries_.erase(entry);
}

void KnownParts::remember(std::string_view body, const RequestView& view, const GuardNotes& notes) {
  for (const ReadPart& part : view.parts) {
    if (!is_worth_it(part, part.last_end(), notes.guards)) continue;
    std::vector<PartMark> marks = choose_marks(part);
    if (marks.empty() || !is_worth_it(part, marks.back().end, notes.guards)) continue;
    Entry entry = make_entry(body, view, part, notes, std::move(marks));
    forget_outgrown(part);
    forget_same(entry);
    const std::size_t cost = entry.bytes;
    entries_.push_front(std::move(entry));
    bytes_ += cost;
  }
  while (bytes_ > budget_ || entries_.size() > kMostParts) forget(std::prev(entries_.end()));
}

}  // namespace pg
