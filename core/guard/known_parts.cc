// Parts are told by keyed hashes of their bytes, piece by piece; nothing of what they say is kept.
#include "core/guard/known_parts.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace pg {
namespace {

constexpr std::size_t kWorth = 4;       // strides: what is shorter is read again sooner than looked up
constexpr std::size_t kMostParts = 64;  // each is looked at when a part begins

std::string_view piece_of(std::string_view part, const std::vector<PartMark>& marks, std::size_t i) {
  const std::size_t begin = i == 0 ? 0 : marks[i - 1].end;
  return part.substr(begin, marks[i].end - begin);
}

// Messages end alike, in quotes and brackets: their last words stand before these.
std::uint64_t last_words(std::string_view piece) {
  constexpr std::size_t kBack = 24;
  std::uint64_t words = 0;
  const std::size_t at = piece.size() > kBack ? piece.size() - kBack : 0;
  std::memcpy(&words, piece.data() + at, std::min(sizeof words, piece.size() - at));
  return words;
}

}  // namespace

std::size_t KnownParts::count_alike(const Entry& entry, std::string_view from) {
  const std::vector<PartMark>& marks = entry.part->marks;
  std::size_t alike = 0;
  while (alike < marks.size() && marks[alike].end <= from.size() &&
         last_words(piece_of(from, marks, alike)) == entry.pieces[alike].last)
    ++alike;
  return alike;
}

PartMatch KnownParts::find(PartKind kind, DialectId dialect, std::string_view from) {
  auto best = entries_.end();
  std::size_t alike = 0;
  std::uint32_t length = 0;
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->kind != kind || entry->dialect != dialect) continue;
    const std::size_t count = count_alike(*entry, from);
    if (count == 0 || entry->part->marks[count - 1].end <= length) continue;
    best = entry;
    alike = count;
    length = entry->part->marks[count - 1].end;
  }
  if (best == entries_.end()) return {};
  std::size_t same = 0;
  while (same < alike && hash_text(piece_of(from, best->part->marks, same)) == best->pieces[same].hash) ++same;
  if (same == 0) return {};
  entries_.splice(entries_.begin(), entries_, best);
  return {best->part, same - 1};
}

bool KnownParts::is_worth_it(const ReadPart& part, const GuardNotes& notes) const {
  if (part.last_end() < kWorth * stride_) return false;
  if (!part.known.part || part.known.part->guards != notes.guards) return true;
  return part.last_end() - part.known_until().end >= kWorth * stride_;
}

// The entry whose beginning `part` is, unless it was forgotten meanwhile.
std::list<KnownParts::Entry>::const_iterator KnownParts::entry_of(const ReadPart& part) const {
  if (!part.known.part) return entries_.end();
  return std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.part == part.known.part; });
}

KnownParts::Entry KnownParts::make_entry(std::string_view body, const RequestView& view, const ReadPart& part,
                                         const GuardNotes& notes) const {
  auto made = std::make_shared<KnownPart>();
  if (part.known.part) {
    const auto first = part.known.part->marks.begin();
    made->marks.assign(first, first + static_cast<std::ptrdiff_t>(part.known.mark) + 1);
  }
  made->marks.insert(made->marks.end(), part.fresh.begin(), part.fresh.end());
  const std::size_t spans = made->marks.back().spans;
  made->spans.reserve(spans);
  for (Span span : std::span(view.spans).subspan(part.first_span, spans)) {
    span.begin -= part.begin;
    span.end -= part.begin;
    made->spans.push_back(span);
  }
  const auto digests = notes.digests.subspan(part.first_span, spans);
  made->digests.assign(digests.begin(), digests.end());
  for (const std::uint32_t index : notes.notable)
    if (index >= part.first_span && index - part.first_span < spans) made->notable.push_back(index - part.first_span);
  made->guards = notes.guards;
  made->signed_reasoning = view.signed_reasoning;

  Entry entry{part.kind, part.dialect, nullptr, {}, 0};
  const std::string_view bytes = body.substr(part.begin);
  entry.pieces.reserve(made->marks.size());
  const auto old = entry_of(part);
  if (old != entries_.end())
    entry.pieces.assign(old->pieces.begin(), old->pieces.begin() + static_cast<std::ptrdiff_t>(part.known.mark) + 1);
  for (std::size_t i = entry.pieces.size(); i < made->marks.size(); ++i) {
    const std::string_view piece = piece_of(bytes, made->marks, i);
    entry.pieces.push_back({hash_text(piece), last_words(piece)});
  }
  entry.bytes = sizeof(Entry) + sizeof(KnownPart) + made->marks.capacity() * sizeof(PartMark) +
                made->spans.capacity() * sizeof(Span) + made->digests.capacity() * sizeof(std::uint32_t) +
                made->notable.capacity() * sizeof(std::uint32_t) + entry.pieces.capacity() * sizeof(Piece);
  entry.part = std::move(made);
  return entry;
}

// A conversation that went on is kept once. One that was taken up far before its end may still go on from there as well.
void KnownParts::forget_outgrown(const ReadPart& part) {
  const auto old = entry_of(part);
  if (old == entries_.end() || part.known_until().end < part.known.part->marks.back().end / 4 * 3) return;
  bytes_ -= old->bytes;
  entries_.erase(old);
}

void KnownParts::forget_oldest() {
  bytes_ -= entries_.back().bytes;
  entries_.pop_back();
}

void KnownParts::remember(std::string_view body, const RequestView& view, const GuardNotes& notes) {
  for (const ReadPart& part : view.parts) {
    if (!is_worth_it(part, notes)) continue;
    Entry entry = make_entry(body, view, part, notes);
    forget_outgrown(part);
    if (entry.bytes > budget_) continue;
    bytes_ += entry.bytes;
    entries_.push_front(std::move(entry));
  }
  while (bytes_ > budget_ || entries_.size() > kMostParts) forget_oldest();
}

}  // namespace pg
