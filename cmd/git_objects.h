// ObjectStore: the blobs of a repository, from packs and loose objects of its own and of its alternates; what cannot be read so
// is left for git itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "cmd/git_object.h"
#include "cmd/git_pack.h"
#include "core/base/result.h"

namespace pg {

using ObjectIds = std::unordered_set<ObjectId, ObjectIdHash>;

class ObjectStore {
 public:
  /// Opens the packs of these object directories. What is no pack is left out and said in problems().
  static ObjectStore open(const std::vector<std::string>& directories, std::size_t id_size);
  ObjectStore(ObjectStore&&) noexcept;
  ~ObjectStore();

  /// Gives every blob, once, to one of the sinks; one thread a sink.
  void read_all(const std::vector<BlobSink*>& sinks);
  /// The same for these alone. Ids that are nowhere come to miss().
  void read_some(const ObjectIds& ids, const std::vector<BlobSink*>& sinks);

  /// Those that are in no pack and not loose.
  ObjectIds find_missing(const ObjectIds& ids) const;
  const std::vector<std::string>& problems() const { return problems_; }
  bool is_partial() const { return is_partial_; }  // some pack came from a server that keeps more

 private:
  struct Pack {
    std::string name;
    PackIndex index;
    PackFile file;
  };
  class Single;

  ObjectStore() = default;
  void add_pack(const std::string& path);
  std::string loose_path(const ObjectId& id) const;
  bool is_packed(const ObjectId& id, std::size_t packs) const;
  void walk(Pack& pack, const std::function<bool(const ObjectId&)>& is_wanted, const std::vector<BlobSink*>& sinks);
  std::vector<ObjectId> loose_ids() const;
  void read_singles(const std::vector<ObjectId>& ids, bool is_sure, const std::vector<BlobSink*>& sinks);

  std::vector<std::string> directories_;
  std::size_t id_size_ = 20;
  std::vector<std::unique_ptr<Pack>> packs_;
  std::vector<std::string> problems_;
  bool is_partial_ = false;
};

/// The contents of a loose object, whose zlib stream is `packed`. `is_blob` says whether it is a blob, which alone is inflated
/// whole. too_large above kMaxBlob.
Result<Bytes> read_loose(std::string_view packed, bool& is_blob);

}  // namespace pg
