// libFuzzer over what git repositories hold: deltas, entries of packs, whole packs with their index, loose objects, and the log.
// First byte: which of them.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cmd/git_history.h"
#include "cmd/git_objects.h"
#include "cmd/git_pack.h"
#include "cmd/git_pack_walk.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

class CountingBlobSink final : public BlobSink {
 public:
  void take(const ObjectId&, std::string_view text) override {
    ++taken;
    for (const char c : text) sum += static_cast<std::uint8_t>(c);  // a sanitizer sees what is not there
  }
  void miss(const ObjectId&) override { ++missed; }
  bool is_enough(std::string_view beginning) const override { return beginning.find('\0') != std::string_view::npos; }

  std::size_t taken = 0, missed = 0;
  std::uint64_t sum = 0;
};

/// Memory of just that size, so that writing behind it is seen.
void fuzz_delta(std::string_view base, std::string_view delta) {
  const Result<std::size_t> size = delta_result_size(delta, base.size());
  if (!size || *size > (1U << 20)) return;
  Bytes out(*size);
  (void)apply_delta(base, delta, out.data());
}

void fuzz_entry(std::string_view bytes) {
  const Result<PackEntry> entry = parse_entry(bytes, 1000, 20);
  if (!entry) return;
  expect(entry->data > 1000 && entry->data < 1000 + bytes.size());
  expect(entry->kind != EntryKind::offset_delta || entry->base_offset < 1000);
}

/// An index with its pack behind it; both are short, so most of an input is structure.
void fuzz_pack(std::string_view index_bytes, std::string_view pack_bytes) {
  const Result<PackIndex> index = PackIndex::parse(std::string(index_bytes), 20);
  if (!index || index->size() > 1000) return;
  const int file = ::memfd_create("fuzz", MFD_CLOEXEC);
  expect(::write(file, pack_bytes.data(), pack_bytes.size()) == static_cast<ssize_t>(pack_bytes.size()));
  const Result<PackFile> pack = PackFile::open(file, 20);
  if (!pack) return;
  for (const std::int64_t budget : {std::int64_t{0}, PackWalk::kBudget}) {
    PackWalk walk(*pack, *index, budget);
    std::size_t wanted = 0;
    if (!walk.plan([&](const ObjectId&) { return ++wanted > 0; })) return;
    CountingBlobSink sink;
    walk.work(sink);
    expect(sink.taken + sink.missed + walk.lost().size() == wanted);
  }
  PackReader reader(*pack);
  for (std::size_t i = 0; i < index->size() && i < 4; ++i) {
    EntryKind kind{};
    (void)reader.object(index->offset(i), *index, kind);
    (void)index->find(index->id(i));
  }
}

void fuzz_log(std::string_view bytes, std::size_t step) {
  GitHistory whole(20), pieces(20);
  const bool good = static_cast<bool>(whole.push(bytes));
  bool same = true;
  for (std::size_t at = 0; at < bytes.size() && same; at += step) same = static_cast<bool>(pieces.push(bytes.substr(at, step)));
  expect(good == same);
  expect(!good || (whole.commit_count() == pieces.commit_count() && whole.blobs() == pieces.blobs()));
  (void)whole.origins(whole.blobs());
  (void)parse_raw_diff(bytes, 20);
}

}  // namespace
}  // namespace pg

int fuzz_git_one(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::size_t cut = std::size_t{data[1]} << 8 | data[2];
  const std::string_view bytes(reinterpret_cast<const char*>(data + 3), size - 3);
  const std::string_view first = bytes.substr(0, cut), second = bytes.substr(first.size());
  bool is_blob = false;
  switch (data[0] % 5) {
    case 0:
      pg::fuzz_delta(first, second);
      break;
    case 1:
      pg::fuzz_entry(bytes);
      break;
    case 2:
      pg::fuzz_pack(first, second);
      break;
    case 3:
      (void)pg::read_loose(bytes, is_blob);
      break;
    default:
      pg::fuzz_log(bytes, 1 + cut % 64);
  }
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_git_one(data, size);
}
#endif
