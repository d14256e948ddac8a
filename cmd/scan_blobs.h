// BlobScan: blobs of a repository scanned by several threads; its findings have no path yet, since one blob may stand at many.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "cmd/git_objects.h"
#include "cmd/git_repository.h"
#include "cmd/scan_reader.h"
#include "cmd/scan_sources.h"

namespace pg {

using BlobFindings = std::unordered_map<ObjectId, std::vector<ScanFinding>, ObjectIdHash>;

/// What is done with blobs.
struct BlobOptions {
  unsigned threads = 0;
  std::uint64_t max_size = 0;  // larger ones are left out; 0: none is
  bool archives = false;
  bool binaries = false;  // search binary ones for tokens, which costs their inflating; else they are skipped
  ScanProgress* progress = nullptr;
};

class BlobScan {
 public:
  BlobScan(const GitRepository& repository, const Guards& guards, const SecretRules* secrets, const BlobOptions& options);
  ~BlobScan();

  /// Every blob that the repository has.
  void scan_all();
  /// For another thread, while scan_all() runs: waits for its first finding, or its end without one; true for the former.
  bool wait_for_finding();
  void scan_some(const ObjectIds& ids);
  /// Those of `ids` that are nowhere: a damaged repository, or a partial clone.
  ObjectIds find_missing(const ObjectIds& ids) const { return store_.find_missing(ids); }
  bool is_partial() const { return store_.is_partial(); }
  /// Reads what was missed through git, moves findings out, and adds totals, errors and notes to `result`.
  BlobFindings finish(ObjectIds missing, ScanResult& result);

 private:
  class Sink;
  enum class News { none, finding, end };
  void tell(News news);
  Status rescue_one(const ObjectId& id, ScanReader& reader, BlobFindings& found, ScanResult& result);
  void rescue(const ObjectIds& ids, BlobFindings& found, ScanResult& result);

  const GitRepository& repository_;
  const Guards& guards_;
  const SecretRules* secrets_;
  BlobOptions options_;
  ObjectStore store_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::vector<BlobSink*> pointers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  News news_ = News::none;
};

}  // namespace pg
