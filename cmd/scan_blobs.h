// BlobScan: blobs of a repository scanned by several threads; its findings have no path yet, since one blob may stand at many.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "cmd/git_objects.h"
#include "cmd/git_repository.h"
#include "cmd/scan_reader.h"
#include "cmd/scan_sources.h"

namespace pg {

using BlobFindings = std::unordered_map<ObjectId, std::vector<ScanFinding>, ObjectIdHash>;

class BlobScan {
 public:
  BlobScan(const GitRepository& repository, const Guards& guards, const SecretRules* secrets, unsigned threads);
  ~BlobScan();

  /// Every blob that the repository has.
  void scan_all();
  void scan_some(const ObjectIds& ids);
  /// Those of `ids` that are nowhere: a damaged repository, or a partial clone.
  ObjectIds find_missing(const ObjectIds& ids) const { return store_.find_missing(ids); }
  /// Reads what was missed through git, moves findings out, and adds totals, errors and notes to `result`.
  BlobFindings finish(ObjectIds missing, ScanResult& result);

 private:
  class Sink;
  Status rescue_one(const ObjectId& id, ScanReader& reader, BlobFindings& found, ScanTotals& totals);
  void rescue(const ObjectIds& ids, BlobFindings& found, ScanResult& result);

  const GitRepository& repository_;
  const Guards& guards_;
  const SecretRules* secrets_;
  ObjectStore store_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::vector<BlobSink*> pointers_;
};

}  // namespace pg
