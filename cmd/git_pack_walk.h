// PackWalk: every blob of a pack, each inflated once, along the trees that deltas make of it. Several threads share one walk.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "cmd/git_pack.h"

namespace pg {

class PackWalk {
 public:
  static constexpr std::int64_t kBudget = std::int64_t{256} << 20;

  /// Bases that wait for their children hold at most `budget` bytes (and one object more a thread); others are made again.
  PackWalk(const PackFile& pack, const PackIndex& index, std::int64_t budget = kBudget)
      : pack_(pack), index_(index), budget_(budget) {}

  /// Reads the heads of all entries and plans which to inflate: blobs that `is_wanted`, and what they are made of.
  Status plan(const std::function<bool(const ObjectId&)>& is_wanted);
  /// One thread's share; returns when nothing is left. Every wanted blob comes to take() or to miss(), once.
  void work(BlobSink& sink);
  /// Wanted objects that hang on no base; for miss(). Valid after plan().
  const std::vector<ObjectId>& lost() const { return lost_; }
  /// How many objects are going to be taken or missed. Valid after plan().
  std::size_t wanted() const;

 private:
  using Node = std::uint32_t;  // entries by their offset
  static constexpr Node kNone = ~Node{0};

  /// An object that has children; counts its bytes as held.
  struct Base {
    Base(Bytes made, std::atomic<std::int64_t>& counter) : bytes(std::move(made)), held(counter) {
      held += static_cast<std::int64_t>(bytes.size());
    }
    ~Base() { held -= static_cast<std::int64_t>(bytes.size()); }
    Base(const Base&) = delete;
    Base& operator=(const Base&) = delete;
    Bytes bytes;
    std::atomic<std::int64_t>& held;
  };
  struct Task {
    Node node = kNone;
    std::shared_ptr<const Base> base;  // none: a root, or to be made again
  };
  struct Worker;

  Node find_node(std::uint64_t offset) const;
  Node base_of(const PackEntry& entry) const;
  Status read_heads();
  void link_children();
  void mark_blobs();
  void mark_wanted(const std::function<bool(const ObjectId&)>& is_wanted);
  std::span<const Node> children(Node node) const {
    return {children_.data() + first_child_[node], first_child_[node + 1] - first_child_[node]};
  }
  bool next_task(Worker& worker, Task& task);
  void share(Worker& worker);
  void do_task(Worker& worker, Task task);
  Status make(Worker& worker, const Task& task, bool is_leaf, Bytes& object, bool& is_whole);
  Status make_root(Worker& worker, const PackEntry& entry, bool is_leaf, Bytes& object, bool& is_whole);
  void add_children(Worker& worker, Node node, Bytes object);
  void give_up(Worker& worker, Node node);

  const PackFile& pack_;
  const PackIndex& index_;
  const std::int64_t budget_;
  std::vector<std::uint64_t> offsets_;  // by node
  std::vector<Node> places_;            // node -> place in the index
  std::vector<Node> bases_;             // kNone: a root, or what hangs on nothing
  std::vector<Node> first_child_, children_;
  enum Mark : std::uint8_t { is_root = 1, is_blob = 2, is_reached = 4, is_needed = 8, is_wanted = 16 };
  std::vector<std::uint8_t> marks_;
  std::vector<Node> roots_;  // of needed trees, in pack order
  std::vector<ObjectId> lost_;

  std::atomic<std::size_t> next_root_ = 0;
  std::atomic<std::int64_t> held_ = 0;
  std::atomic<unsigned> waiting_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> shared_;
  std::size_t busy_ = 0;  // threads that may still make tasks
};

}  // namespace pg
