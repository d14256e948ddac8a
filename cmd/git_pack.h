// Git's pack files (gitformat-pack(5)): the index, the heads of entries, deltas, and one thread's reader of entries. All of it is
// a stranger's bytes: every offset and size is checked, and sizes are capped.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cmd/git_object.h"
#include "core/base/compress.h"
#include "core/base/result.h"

namespace pg {

/// An .idx file, version 1 or 2, in memory. Immutable, shared by threads.
class PackIndex {
 public:
  static Result<PackIndex> parse(std::string bytes, std::size_t id_size);

  std::size_t size() const { return count_; }
  ObjectId id(std::size_t place) const;
  std::uint64_t offset(std::size_t place) const;
  std::optional<std::size_t> find(const ObjectId& id) const;

 private:
  std::uint32_t number(std::size_t at) const;
  std::string_view raw_id(std::size_t place) const;

  std::string bytes_;
  std::size_t id_size_ = 20;
  std::size_t count_ = 0;
  std::size_t fanout_ = 0;             // where the 256 counts begin
  std::size_t ids_ = 0, stride_ = 0;   // first id, and from one to the next
  std::size_t offsets_ = 0, far_ = 0;  // version 2: 32-bit offsets, and the 64-bit ones that they may name
  std::size_t far_count_ = 0;
};

enum class EntryKind : std::uint8_t { commit = 1, tree = 2, blob = 3, tag = 4, offset_delta = 6, id_delta = 7 };

/// The head of an entry.
struct PackEntry {
  EntryKind kind = EntryKind::blob;
  std::uint64_t size = 0;         // inflated: of the object, or of the delta
  std::uint64_t data = 0;         // where its zlib stream begins
  std::uint64_t base_offset = 0;  // offset_delta
  ObjectId base_id;               // id_delta

  bool is_delta() const { return kind == EntryKind::offset_delta || kind == EntryKind::id_delta; }
};

inline constexpr std::size_t kMaxEntryHead = 64;  // size and offset of at most ten bytes each, an id of at most 32

/// Reads the head that stands at `offset` of a pack; `bytes` begins there.
Result<PackEntry> parse_entry(std::string_view bytes, std::uint64_t offset, std::size_t id_size);

/// Memory that nobody filled with zeros first.
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::size_t size) : bytes_(std::make_unique_for_overwrite<char[]>(size)), size_(size), room_(size) {}
  char* data() { return bytes_.get(); }
  std::size_t size() const { return size_; }
  std::string_view view() const { return {bytes_.get(), size_}; }
  /// Keeps no contents.
  void resize(std::size_t size);

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0, room_ = 0;
};

/// The size of what a delta makes of a base of `base_size` bytes; bad_request when it is malformed or made for another base.
Result<std::size_t> delta_result_size(std::string_view delta, std::size_t base_size);
/// Makes the object; `out` has delta_result_size() bytes.
Status apply_delta(std::string_view base, std::string_view delta, char* out);

/// An open .pack file. Reading is thread-safe.
class PackFile {
 public:
  /// Takes the descriptor over. bad_request when it is no pack, io_failed when it cannot be read.
  static Result<PackFile> open(int file, std::size_t id_size);
  PackFile(PackFile&& other) noexcept;
  PackFile& operator=(PackFile&&) = delete;
  ~PackFile();

  std::uint64_t end() const { return end_; }  // of the entries: the pack's own hash follows
  std::size_t id_size() const { return id_size_; }
  std::uint32_t count() const { return count_; }
  /// Up to `size` bytes at `offset`; fewer only at the end.
  Result<std::size_t> read(std::uint64_t offset, char* into, std::size_t size) const;

 private:
  PackFile() = default;
  int file_ = -1;
  std::uint64_t end_ = 0;
  std::size_t id_size_ = 20;
  std::uint32_t count_ = 0;
};

/// Reads entries with buffers that it keeps. Not thread-safe.
class PackReader {
 public:
  explicit PackReader(const PackFile& pack) : pack_(pack), window_(kWindow) {}

  /// The head of the entry at `offset`; what follows it stays at hand for inflate().
  Result<PackEntry> entry(std::uint64_t offset, std::size_t likely_size = 4096);
  /// Begins the zlib stream of an entry and fills [out, out + size), which is all of it when `size` is the entry's.
  Status inflate(const PackEntry& entry, char* out, std::size_t size);
  /// Goes on where inflate() stopped.
  Status inflate_more(const PackEntry& entry, char* out, std::size_t size);
  bool inflate_at_once(char* out, std::size_t size);
  /// The object at `offset`, along its chain of bases. too_large above kMaxBlob, for the object or a base.
  Result<Bytes> object(std::uint64_t offset, const PackIndex& index, EntryKind& kind);

 private:
  static constexpr std::size_t kWindow = 64U << 10;
  Status refill(std::size_t wanted);
  Status apply(const PackEntry& entry, Bytes& object);

  const PackFile& pack_;
  Inflater inflater_;
  Bytes window_;  // bytes of the pack from window_at_ on
  Bytes delta_;
  std::uint64_t window_at_ = 0;
  std::size_t window_size_ = 0;
  std::uint64_t next_ = 0;  // where in the pack the stream goes on
  std::uint64_t made_ = 0;  // bytes of the stream so far
};

}  // namespace pg
