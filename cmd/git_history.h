// GitHistory: which commit brought which blob to which path, read from what `git log --raw` prints.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cmd/git_object.h"
#include "cmd/git_objects.h"
#include "core/base/result.h"

namespace pg {

struct GitCommit {
  ObjectId id;
  std::int64_t author_time = 0;  // seconds since 1970
  std::int64_t commit_time = 0;
};

/// Not thread-safe.
class GitHistory {
 public:
  /// Whether it is kept what a path held before each change. A log that does not go back to the first commit needs that to tell
  /// what a commit brought from what it found.
  enum class Before { unknown, known };

  /// A blob at a path, and a commit that brought it there.
  struct Origin {
    std::uint32_t path;
    std::uint32_t commit;
    std::uint32_t before = 0;  // for before()
  };

  /// `is_in` tells which paths count; none: all.
  explicit GitHistory(std::size_t id_size, std::function<bool(std::string_view)> is_in = {}, Before before = Before::unknown)
      : id_size_(id_size), is_in_(std::move(is_in)), keeps_before_(before == Before::known) {}

  /// The arguments that make git print what push() reads; revisions follow.
  static std::vector<std::string> log_arguments();
  /// The next bytes of it. bad_request when they are no such thing.
  Status push(std::string_view bytes);
  /// After the last bytes; bad_request when they were cut.
  Status finish();

  std::size_t commit_count() const { return commits_.size(); }
  const GitCommit& commit(std::uint32_t number) const { return commits_[number]; }
  /// True when commit `a` came before commit `b`.
  bool is_older(std::uint32_t a, std::uint32_t b) const;
  const std::string& path(std::uint32_t number) const { return *paths_[number]; }
  const std::set<std::string>& submodules() const { return submodules_; }

  ObjectIds blobs() const;
  /// What the path held in the parents of the commit; empty where that was nothing, or is not kept.
  const std::vector<ObjectId>& before(const Origin& origin) const { return before_[origin.before]; }
  /// Where each of `wanted` came from: of each path the oldest commit by author's date, or all of them when it is known what was
  /// there before. Those that no commit brought are not in it.
  std::unordered_map<ObjectId, std::vector<Origin>, ObjectIdHash> origins(const ObjectIds& wanted) const;

 private:
  struct Change {
    ObjectId blob;
    Origin origin;
  };
  Status take(std::string_view token);
  Status take_head(std::string_view token);
  Status take_change(std::string_view token);
  void take_path(std::string_view path);
  std::uint32_t keep_before();

  std::size_t id_size_;
  std::function<bool(std::string_view)> is_in_;
  bool keeps_before_;
  std::string cut_;  // the beginning of a token
  bool awaits_path_ = false;
  bool is_submodule_ = false;
  ObjectId blob_;                   // of the change whose path is next
  std::vector<ObjectId> replaced_;  // by it, of each parent that had something there
  std::vector<std::vector<ObjectId>> before_ = {{}};
  std::vector<GitCommit> commits_;
  std::vector<Change> changes_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<const std::string*> paths_;
  std::set<std::string> submodules_;
};

/// One line of `git diff --raw -z`: a path that changed, and its blobs before and after (null: none).
struct GitChange {
  ObjectId before, after;
  std::string path;  // after
  char status = 'M';
  bool is_submodule = false;
};
Result<std::vector<GitChange>> parse_raw_diff(std::string_view text, std::size_t id_size);

}  // namespace pg
