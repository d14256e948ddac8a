// Heads of entries, and entries read through a window of the pack: pread rather than a mapping, which a shrinking file would turn
// into a signal.
#include "cmd/git_pack.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace pg {
namespace {

constexpr std::size_t kPackHead = 12;
constexpr std::size_t kMaxChain = 10'000;  // git makes 50, and never more than 4,095; a circle of ids ends here

Error bad_pack(std::string_view why) {
  return make_error(Code::bad_request, "corrupt pack: " + std::string(why));
}

std::uint32_t big_endian(const char* bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

/// The distance back to a base: like a size, but highest first and with one added at each further byte. 0 when malformed.
std::uint64_t take_distance(std::string_view bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 9 && at < bytes.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[at++]);
    value = (i == 0 ? 0 : (value + 1) << 7) | (byte & 0x7FU);
    if ((byte & 0x80U) == 0) return value;
  }
  return 0;
}

}  // namespace

Result<PackEntry> parse_entry(std::string_view bytes, std::uint64_t offset, std::size_t id_size) {
  std::size_t at = 0;
  const auto next = [&]() -> std::uint8_t { return at < bytes.size() ? static_cast<std::uint8_t>(bytes[at++]) : 0xFF; };
  std::uint8_t byte = next();
  PackEntry entry;
  entry.kind = static_cast<EntryKind>(byte >> 4 & 7U);
  entry.size = byte & 0x0FU;
  for (unsigned shift = 4; (byte & 0x80U) != 0; shift += 7) {
    if (shift > 60 || at >= bytes.size()) return bad_pack("a size does not end");
    byte = next();
    if (shift == 60 && (byte & 0x7FU) > 7) return bad_pack("a size does not end");
    entry.size |= std::uint64_t{byte & 0x7FU} << shift;
  }
  if (entry.kind == EntryKind::offset_delta) {
    const std::uint64_t distance = take_distance(bytes, at);
    if (distance == 0 || distance > offset) return bad_pack("a base that cannot be");
    entry.base_offset = offset - distance;
  } else if (entry.kind == EntryKind::id_delta) {
    if (bytes.size() - at < id_size) return bad_pack("an entry is cut short");
    entry.base_id = ObjectId::from_bytes(bytes.substr(at, id_size));
    at += id_size;
  } else if (entry.kind < EntryKind::commit || entry.kind > EntryKind::tag) {
    return bad_pack("an unknown kind of object");
  }
  if (at >= bytes.size()) return bad_pack("an entry is cut short");
  entry.data = offset + at;
  return entry;
}

PackFile::PackFile(PackFile&& other) noexcept
    : file_(std::exchange(other.file_, -1)), end_(other.end_), id_size_(other.id_size_), count_(other.count_) {}

PackFile::~PackFile() {
  if (file_ >= 0) ::close(file_);
}

Result<PackFile> PackFile::open(int file, std::size_t id_size) {
  PackFile pack;
  pack.file_ = file;
  pack.id_size_ = id_size;
  struct stat info {};
  if (::fstat(file, &info) != 0) return make_error(Code::io_failed, std::string("cannot read: ") + std::strerror(errno));
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (!S_ISREG(info.st_mode) || size < kPackHead + id_size) return bad_pack("too short");
  pack.end_ = size - id_size;
  char head[kPackHead];
  PG_TRY(const std::size_t got, pack.read(0, head, sizeof head));
  const std::uint32_t version = got == sizeof head ? big_endian(head + 4) : 0;
  if (std::string_view(head, 4) != "PACK" || (version != 2 && version != 3)) return bad_pack("not a pack");
  pack.count_ = big_endian(head + 8);
  return pack;
}

Result<std::size_t> PackFile::read(std::uint64_t offset, char* into, std::size_t size) const {
  if (offset >= end_) return std::size_t{0};
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, end_ - offset));
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(file_, into + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return make_error(Code::io_failed, std::string("cannot read: ") + std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<PackEntry> PackReader::entry(std::uint64_t offset, std::size_t likely_size) {
  if (offset >= pack_.end()) return bad_pack("an entry lies behind its end");
  const bool at_hand = offset >= window_at_ && offset + kMaxEntryHead <= window_at_ + window_size_;
  if (!at_hand) {
    next_ = offset;
    PG_TRY_STATUS(refill(std::max(likely_size, kMaxEntryHead)));
  }
  const std::string_view window(window_.data(), window_size_);
  return parse_entry(window.substr(static_cast<std::size_t>(offset - window_at_)), offset, pack_.id_size());
}

/// Reads on at next_.
Status PackReader::refill(std::size_t wanted) {
  window_size_ = 0;
  PG_TRY(window_size_, pack_.read(next_, window_.data(), std::min(std::max<std::size_t>(wanted, 512), kWindow)));
  window_at_ = next_;
  if (window_size_ == 0) return bad_pack("an entry lies behind its end");
  return {};
}

Status PackReader::inflate(const PackEntry& entry, char* out, std::size_t size) {
  inflater_.begin();
  next_ = entry.data;
  made_ = 0;
  if (size == entry.size && inflate_at_once(out, size)) return {};
  return inflate_more(entry, out, size);
}

/// Most objects lie whole in the window. False: read on as a stream, from the same place.
bool PackReader::inflate_at_once(char* out, std::size_t size) {
  if (next_ < window_at_ || next_ >= window_at_ + window_size_) return false;
  const auto skip = static_cast<std::size_t>(next_ - window_at_);
  // What is longer than the window is hardly there.
  if (size / 8 > window_size_ - skip) return false;
  const auto taken = inflater_.whole({window_.data() + skip, window_size_ - skip}, out, size);
  if (taken) next_ += *taken;
  made_ += taken ? size : 0;
  return taken.has_value();
}

Status PackReader::inflate_more(const PackEntry& entry, char* out, std::size_t size) {
  const bool to_end = made_ + size >= entry.size;
  for (std::size_t done = 0;;) {
    if (next_ < window_at_ || next_ >= window_at_ + window_size_) PG_TRY_STATUS(refill(kWindow));
    const auto skip = static_cast<std::size_t>(next_ - window_at_);
    PG_TRY(const Inflater::Progress step, inflater_.push({window_.data() + skip, window_size_ - skip}, out + done, size - done));
    next_ += step.taken;
    done += step.made;
    if (step.ended || (done == size && !to_end)) {
      made_ += done;
      if (done < size || (to_end && !step.ended)) return bad_pack("an object is cut short");
      return {};
    }
    if (step.taken == 0 && step.made == 0) return bad_pack("an object is longer than it says");
  }
}

Status PackReader::apply(const PackEntry& entry, Bytes& object) {
  if (entry.size > kMaxBlob) return make_error(Code::too_large, "an object is too large");
  delta_.resize(static_cast<std::size_t>(entry.size));
  PG_TRY_STATUS(inflate(entry, delta_.data(), delta_.size()));
  PG_TRY(const std::size_t size, delta_result_size(delta_.view(), object.size()));
  Bytes made(size);
  PG_TRY_STATUS(apply_delta(object.view(), delta_.view(), made.data()));
  object = std::move(made);
  return {};
}

Result<Bytes> PackReader::object(std::uint64_t offset, const PackIndex& index, EntryKind& kind) {
  std::vector<std::uint64_t> chain{offset};
  PG_TRY(PackEntry root, entry(offset));
  while (root.is_delta()) {
    std::uint64_t base = root.base_offset;
    if (root.kind == EntryKind::id_delta) {
      const std::optional<std::size_t> place = index.find(root.base_id);
      if (!place) return bad_pack("a base is missing");
      base = index.offset(*place);
    }
    if (chain.size() >= kMaxChain) return bad_pack("a chain of bases does not end");
    chain.push_back(base);
    PG_TRY(root, entry(base));
  }
  kind = root.kind;
  if (root.size > kMaxBlob) return make_error(Code::too_large, "an object is too large");
  Bytes object(static_cast<std::size_t>(root.size));
  PG_TRY_STATUS(inflate(root, object.data(), object.size()));
  for (std::size_t i = chain.size() - 1; i-- > 0;) {
    PG_TRY(const PackEntry delta, entry(chain[i]));
    PG_TRY_STATUS(apply(delta, object));
  }
  return object;
}

}  // namespace pg
