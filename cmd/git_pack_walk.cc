// The work of a walk: depth first along deltas, so that a base is made once and dropped after its last child; tasks go to idle
// threads.
#include "cmd/git_pack_walk.h"

#include <algorithm>
#include <utility>

namespace pg {

struct PackWalk::Worker {
  explicit Worker(const PackFile& pack, BlobSink& to) : reader(pack), sink(to) {}

  PackReader reader;
  BlobSink& sink;
  std::vector<Task> stack;
  Bytes leaf;  // an object without children, in memory that is used again
  Bytes delta;
};

namespace {

constexpr std::size_t kBeginning = 8U << 10;
constexpr std::size_t kKept = 4U << 20;  // larger buffers are not kept for the next object

}  // namespace

std::size_t PackWalk::wanted() const {
  const auto marked = [](std::uint8_t marks) { return (marks & is_wanted) != 0; };
  return lost_.size() + static_cast<std::size_t>(std::count_if(marks_.begin(), marks_.end(), marked));
}

bool PackWalk::next_task(Worker& worker, Task& task) {
  if (!worker.stack.empty()) {
    task = std::move(worker.stack.back());
    worker.stack.pop_back();
    return true;
  }
  if (const std::size_t root = next_root_++; root < roots_.size()) {
    task = {roots_[root], nullptr};
    return true;
  }
  std::unique_lock lock(mutex_);
  --busy_;
  ++waiting_;
  if (busy_ == 0) wake_.notify_all();
  wake_.wait(lock, [&] { return !shared_.empty() || busy_ == 0; });
  --waiting_;
  if (shared_.empty()) return false;
  ++busy_;
  task = std::move(shared_.back());
  shared_.pop_back();
  return true;
}

/// Gives the oldest tasks, which have the largest trees below them, to those who wait.
void PackWalk::share(Worker& worker) {
  if (worker.stack.size() < 2 || waiting_ == 0) return;
  const std::size_t half = worker.stack.size() / 2;
  const auto middle = worker.stack.begin() + static_cast<std::ptrdiff_t>(half);
  const std::lock_guard lock(mutex_);
  std::move(worker.stack.begin(), middle, std::back_inserter(shared_));
  worker.stack.erase(worker.stack.begin(), middle);
  wake_.notify_all();
}

void PackWalk::work(BlobSink& sink) {
  Worker worker(pack_, sink);
  {
    const std::lock_guard lock(mutex_);
    ++busy_;
  }
  Task task;
  while (next_task(worker, task)) {
    do_task(worker, std::move(task));
    task = {};
    share(worker);
  }
}

/// A root that nothing is made of need not be inflated beyond its beginning when that shows it is binary.
Status PackWalk::make_root(Worker& worker, const PackEntry& entry, bool is_leaf, Bytes& object, bool& is_whole) {
  if (entry.size > kMaxBlob) return make_error(Code::too_large, "an object is too large");
  const auto size = static_cast<std::size_t>(entry.size);
  object.resize(size);
  const std::size_t first = is_leaf ? std::min(kBeginning, size) : size;
  PG_TRY_STATUS(worker.reader.inflate(entry, object.data(), first));
  if (first == size) return {};
  if (worker.sink.is_enough({object.data(), first})) {
    is_whole = false;
    return {};
  }
  return worker.reader.inflate_more(entry, object.data() + first, size - first);
}

Status PackWalk::make(Worker& worker, const Task& task, bool is_leaf, Bytes& object, bool& is_whole) {
  const std::uint64_t offset = offsets_[task.node];
  const std::uint64_t next = task.node + 1 < offsets_.size() ? offsets_[task.node + 1] : pack_.end();
  PG_TRY(const PackEntry entry, worker.reader.entry(offset, static_cast<std::size_t>(next - offset)));
  if (!entry.is_delta()) return make_root(worker, entry, is_leaf, object, is_whole);
  if (task.base == nullptr) {
    EntryKind kind{};
    PG_TRY(object, worker.reader.object(offset, index_, kind));
    return {};
  }
  if (entry.size > kMaxBlob) return make_error(Code::too_large, "an object is too large");
  worker.delta.resize(static_cast<std::size_t>(entry.size));
  PG_TRY_STATUS(worker.reader.inflate(entry, worker.delta.data(), worker.delta.size()));
  const std::string_view base = task.base->bytes.view();
  PG_TRY(const std::size_t size, delta_result_size(worker.delta.view(), base.size()));
  object.resize(size);
  return apply_delta(base, worker.delta.view(), object.data());
}

void PackWalk::do_task(Worker& worker, Task task) {
  const std::span<const Node> below = children(task.node);
  const bool is_leaf = std::none_of(below.begin(), below.end(), [&](Node child) { return (marks_[child] & is_needed) != 0; });
  Bytes made;
  Bytes& object = is_leaf ? worker.leaf : made;
  bool is_whole = true;
  if (Status status = make(worker, task, is_leaf, object, is_whole); !status) return give_up(worker, task.node);
  task.base.reset();
  if ((marks_[task.node] & is_wanted) != 0) {
    const std::string_view text = object.view();
    worker.sink.take(index_.id(places_[task.node]), is_whole ? text : text.substr(0, kBeginning));
  }
  if (!is_leaf) add_children(worker, task.node, std::move(made));
  for (Bytes* kept : {&worker.leaf, &worker.delta})
    if (kept->size() > kKept) *kept = Bytes();
}

void PackWalk::add_children(Worker& worker, Node node, Bytes object) {
  const auto base = std::make_shared<const Base>(std::move(object), held_);
  const std::span<const Node> below = children(node);
  for (auto child = below.rbegin(); child != below.rend(); ++child)
    if ((marks_[*child] & is_needed) != 0) worker.stack.push_back({*child, base});
  if (held_ <= budget_) return;
  // Too much is held: only the child that is next keeps the base, and what waits makes its own again. Below one without a base
  // all are without.
  for (std::size_t i = worker.stack.size() - 1; i-- > 0 && worker.stack[i].base != nullptr;) worker.stack[i].base.reset();
}

/// What is made of an unreadable object is unreadable too.
void PackWalk::give_up(Worker& worker, Node node) {
  std::vector<Node> open{node};
  while (!open.empty()) {
    const Node lost = open.back();
    open.pop_back();
    if ((marks_[lost] & is_wanted) != 0) worker.sink.miss(index_.id(places_[lost]));
    for (const Node child : children(lost))
      if ((marks_[child] & is_needed) != 0) open.push_back(child);
  }
}

}  // namespace pg
