// One sink a thread, with a reader of its own; and git itself for what the sinks missed, one object at a time.
#include "cmd/scan_blobs.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>

#include "cmd/git_child.h"
#include "cmd/scan_archive.h"
#include "cmd/scan_reader.h"
#include "cmd/scan_walk.h"

namespace pg {

namespace {

/// Books how the scan of one blob ended. A text in memory fails only where it is broken UTF-16, which is read as far as it came.
void count(ScanReader::Outcome outcome, ScanTotals& totals) {
  switch (outcome) {
    case ScanReader::Outcome::binary:
      ++totals.binary;
      return;
    case ScanReader::Outcome::archive:
      ++totals.archives;
      return;
    case ScanReader::Outcome::scanned:
    case ScanReader::Outcome::failed:
      ++totals.files;
  }
}

/// A blob has no path of its own: what goes wrong inside an archive is said with its id.
void add_archive(ScanResult&& inside, const std::string& id, std::vector<ScanFinding>& out, ScanResult& result) {
  std::move(inside.findings.begin(), inside.findings.end(), std::back_inserter(out));
  inside.findings.clear();
  for (std::string& error : inside.errors) error.insert(0, "blob " + id);
  append(result, std::move(inside));
}

}  // namespace

class BlobScan::Sink final : public BlobSink {
 public:
  Sink(const Guards& guards, const SecretRules* secrets, BlobScan& scan)
      : reader_(guards, secrets, scan.options_.progress), scan_(scan) {
    if (scan.options_.binaries) reader_.set_binary(ScanReader::Binary::tokens);
  }

  void take(const ObjectId& id, std::string_view text) override {
    if (scan_.options_.progress != nullptr) scan_.options_.progress->files.fetch_add(1, std::memory_order_relaxed);
    if (scan_.options_.max_size > 0 && text.size() > scan_.options_.max_size) {
      ++result.totals.too_big;
      return;
    }
    std::vector<ScanFinding> out;
    const ScanReader::Outcome outcome = reader_.scan_memory(text, "", out, result.totals.bytes);
    if (outcome == ScanReader::Outcome::archive && scan_.options_.archives) {
      ScanResult inside;
      scan_archive(text, "", reader_, inside);
      add_archive(std::move(inside), id.hex(scan_.repository_.id_size), out, result);
    } else {
      count(outcome, result.totals);
    }
    if (out.empty()) return;
    if (found.empty()) scan_.tell(News::finding);
    found.emplace(id, std::move(out));
  }
  void miss(const ObjectId& id) override { missed.insert(id); }
  bool is_enough(std::string_view beginning) const override {
    if (scan_.options_.binaries || (scan_.options_.archives && is_archive(beginning))) return false;
    return ScanReader::is_binary(beginning);
  }
  void expect(std::size_t objects) override {
    if (scan_.options_.progress != nullptr) scan_.options_.progress->objects.fetch_add(objects, std::memory_order_relaxed);
  }

  BlobFindings found;
  ObjectIds missed;
  ScanResult result;  // without findings

 private:
  ScanReader reader_;
  BlobScan& scan_;
};

BlobScan::BlobScan(const GitRepository& repository, const Guards& guards, const SecretRules* secrets, const BlobOptions& options)
    : repository_(repository),
      guards_(guards),
      secrets_(secrets),
      options_(options),
      store_(ObjectStore::open(object_directories(repository.objects), repository.id_size)) {
  for (unsigned i = 0; i < thread_count(options.threads); ++i) {
    sinks_.push_back(std::make_unique<Sink>(guards, secrets, *this));
    pointers_.push_back(sinks_.back().get());
  }
}

BlobScan::~BlobScan() = default;

void BlobScan::scan_all() {
  store_.read_all(pointers_);
  tell(News::end);
}

void BlobScan::tell(News news) {
  const std::lock_guard lock(mutex_);
  if (news_ == News::none) news_ = news;
  wake_.notify_all();
}

bool BlobScan::wait_for_finding() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return news_ != News::none; });
  return news_ == News::finding;
}

void BlobScan::scan_some(const ObjectIds& ids) {
  store_.read_some(ids, pointers_);
}

Status BlobScan::rescue_one(const ObjectId& id, ScanReader& reader, BlobFindings& found, ScanResult& result) {
  const std::string hex = id.hex(repository_.id_size);
  if (options_.max_size > 0) {
    PG_TRY(const std::string size, git_output(repository_.directory, {"cat-file", "-s", hex}));
    if (std::strtoull(size.c_str(), nullptr, 10) > options_.max_size) {
      ++result.totals.too_big;
      return {};
    }
  }
  PG_TRY(GitChild child, GitChild::start(repository_.directory, {"cat-file", "blob", hex}));
  std::vector<ScanFinding> out;
  const ScanReader::Outcome outcome = reader.scan(child.out(), 0, "", out, result.totals.bytes);
  if (outcome == ScanReader::Outcome::archive && options_.archives) {
    ScanResult inside;
    scan_archive(child.out(), "", reader, inside);
    add_archive(std::move(inside), hex, out, result);
  } else {
    count(outcome, result.totals);
  }
  const Status status = child.finish(outcome == ScanReader::Outcome::scanned);
  if (outcome == ScanReader::Outcome::failed) return make_error(Code::io_failed, reader.error());
  if (outcome == ScanReader::Outcome::scanned && !status) return status.error();
  if (!out.empty()) found.insert_or_assign(id, std::move(out));
  return {};
}

/// A process for each object costs milliseconds; a repository where many fail is broken, and says so once.
void BlobScan::rescue(const ObjectIds& ids, BlobFindings& found, ScanResult& result) {
  constexpr std::size_t kMostFailures = 10;
  ScanReader reader(guards_, secrets_);
  if (options_.binaries) reader.set_binary(ScanReader::Binary::tokens);
  std::size_t failures = 0, left_out = 0;
  for (const ObjectId& id : ids) {
    if (failures == kMostFailures) {
      ++left_out;
    } else if (Status status = rescue_one(id, reader, found, result); !status) {
      ++failures;
      result.errors.push_back(fmt::format("blob {}: {}", id.hex(repository_.id_size), status.error().message));
    }
  }
  if (left_out > 0) result.errors.push_back(fmt::format("{} more blobs were not read", left_out));
}

BlobFindings BlobScan::finish(ObjectIds missing, ScanResult& result) {
  BlobFindings found;
  for (const auto& sink : sinks_) {
    found.merge(sink->found);
    missing.merge(sink->missed);
    append(result, std::move(sink->result));
  }
  result.errors.insert(result.errors.end(), store_.problems().begin(), store_.problems().end());
  if (store_.is_partial()) {
    const std::size_t before = missing.size();
    for (const ObjectId& id : store_.find_missing(missing)) missing.erase(id);
    if (missing.size() < before)
      result.errors.push_back(
          fmt::format("partial clone: {} blobs are not here and were not scanned; a clone without --filter has them",
                      before - missing.size()));
  }
  rescue(missing, found, result);
  return found;
}

}  // namespace pg
