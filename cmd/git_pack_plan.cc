// The plan of a walk: entries by offset, who is made of whom, and which are worth inflating.
#include <algorithm>
#include <utility>

#include "cmd/git_pack_walk.h"

namespace pg {

PackWalk::Node PackWalk::find_node(std::uint64_t offset) const {
  const auto found = std::lower_bound(offsets_.begin(), offsets_.end(), offset);
  return found != offsets_.end() && *found == offset ? static_cast<Node>(found - offsets_.begin()) : kNone;
}

PackWalk::Node PackWalk::base_of(const PackEntry& entry) const {
  if (entry.kind == EntryKind::offset_delta) return find_node(entry.base_offset);
  const std::optional<std::size_t> place = index_.find(entry.base_id);
  return place ? find_node(index_.offset(*place)) : kNone;
}

/// An entry whose head is malformed stays without base and without a root's mark: lost, unless nobody wants it.
Status PackWalk::read_heads() {
  const std::size_t count = index_.size();
  if (count >= kNone) return make_error(Code::too_large, "too many objects");
  std::vector<std::pair<std::uint64_t, Node>> order;
  order.reserve(count);
  for (Node place = 0; place < count; ++place) order.emplace_back(index_.offset(place), place);
  std::sort(order.begin(), order.end());
  offsets_.reserve(count);
  places_.reserve(count);
  for (const auto& [offset, place] : order) {
    offsets_.push_back(offset);
    places_.push_back(place);
  }
  bases_.assign(count, kNone);
  marks_.assign(count, 0);
  PackReader reader(pack_);
  for (Node node = 0; node < count; ++node) {
    const Result<PackEntry> entry = reader.entry(offsets_[node], std::size_t{64} << 10);
    if (!entry) continue;
    if (entry->is_delta()) {
      bases_[node] = base_of(*entry);
    } else {
      marks_[node] = entry->kind == EntryKind::blob ? is_root | is_blob : is_root;
    }
  }
  return {};
}

/// Counting sort of the nodes by their base; children stay in pack order.
void PackWalk::link_children() {
  first_child_.assign(bases_.size() + 1, 0);
  for (const Node base : bases_)
    if (base != kNone) ++first_child_[base + 1];
  for (std::size_t i = 1; i < first_child_.size(); ++i) first_child_[i] += first_child_[i - 1];
  children_.resize(first_child_.back());
  std::vector<Node> next(first_child_.begin(), first_child_.end() - 1);
  for (Node node = 0; node < bases_.size(); ++node)
    if (bases_[node] != kNone) children_[next[bases_[node]]++] = node;
}

/// From the roots down, so that circles are never entered.
void PackWalk::mark_blobs() {
  std::vector<Node> open;
  for (Node node = 0; node < marks_.size(); ++node) {
    if ((marks_[node] & is_root) == 0) continue;
    open.push_back(node);
    const auto kind = static_cast<std::uint8_t>(is_reached | (marks_[node] & is_blob));
    while (!open.empty()) {
      const Node at = open.back();
      open.pop_back();
      marks_[at] |= kind;
      const std::span<const Node> below = children(at);
      open.insert(open.end(), below.begin(), below.end());
    }
  }
}

/// From each wanted blob up to its root; what hangs on no root may be a blob, so it is asked for too.
void PackWalk::mark_wanted(const std::function<bool(const ObjectId&)>& wanted) {
  for (Node node = 0; node < marks_.size(); ++node) {
    if ((marks_[node] & is_reached) != 0 && (marks_[node] & is_blob) == 0) continue;
    const ObjectId id = index_.id(places_[node]);
    if (!wanted(id)) continue;
    if ((marks_[node] & is_reached) == 0) {
      lost_.push_back(id);
      continue;
    }
    marks_[node] |= is_wanted;
    for (Node at = node; at != kNone && (marks_[at] & is_needed) == 0; at = bases_[at]) marks_[at] |= is_needed;
  }
  for (Node node = 0; node < marks_.size(); ++node)
    if ((marks_[node] & is_root) != 0 && (marks_[node] & is_needed) != 0) roots_.push_back(node);
}

Status PackWalk::plan(const std::function<bool(const ObjectId&)>& wanted) {
  PG_TRY_STATUS(read_heads());
  link_children();
  mark_blobs();
  mark_wanted(wanted);
  return {};
}

}  // namespace pg
