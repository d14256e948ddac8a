// gitformat-index(5). The bytes may be hostile: every read is checked, and nothing is allocated by a count that they only claim.
#include "cmd/git_index.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "cmd/regular_file.h"
#include "core/base/encode.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::size_t kMaxIndex = std::size_t{1} << 29;
// Version 4 names a path by what differs from the one before: a small file could claim long names without end.
constexpr std::size_t kMaxName = 4096, kMaxNames = std::size_t{1} << 30;
constexpr std::size_t kMaxPointer = 64U << 10;  // "gitdir: PATH", "commondir"

/// Takes numbers and bytes off the front; false once there are too few, and from then on.
class IndexBytes {
 public:
  explicit IndexBytes(std::string_view bytes) : left_(bytes) {}
  std::string_view left() const { return left_; }

  bool skip(std::size_t count) {
    std::string_view ignored;
    return take(count, ignored);
  }
  bool take(std::size_t count, std::string_view& out) {
    if (left_.size() < count) return false;
    out = left_.substr(0, count);
    left_.remove_prefix(count);
    return true;
  }
  bool number(std::size_t bytes, std::uint64_t& out) {
    std::string_view text;
    if (!take(bytes, text)) return false;
    out = 0;
    for (const char c : text) out = out << 8 | static_cast<unsigned char>(c);
    return true;
  }
  /// Up to a NUL, which is taken, too.
  bool text(std::string_view& out) {
    const std::size_t end = left_.find('\0');
    if (end == std::string_view::npos) return false;
    out = left_.substr(0, end);
    left_.remove_prefix(end + 1);
    return true;
  }
  /// Seven bits a byte, as in the offsets of packs.
  bool varint(std::uint64_t& out) {
    std::uint64_t byte = 0;
    if (!number(1, byte)) return false;
    out = byte & 0x7F;
    for (int i = 0; (byte & 0x80) != 0; ++i) {
      if (i == 8 || !number(1, byte)) return false;
      out = (out + 1) << 7 | (byte & 0x7F);
    }
    return true;
  }

 private:
  std::string_view left_;
};

/// An EWAH bitmap: runs of equal words, and words as they are; the places of its set bits below `limit`.
bool read_bitmap(IndexBytes& bytes, std::size_t limit, std::vector<bool>& bits) {
  std::uint64_t size = 0, words = 0, word = 0;
  if (!bytes.number(4, size) || !bytes.number(4, words) || words > bytes.left().size() / 8) return false;
  bits.assign(limit, false);
  std::uint64_t at = 0;
  while (words > 0) {
    if (!bytes.number(8, word)) return false;
    --words;
    const std::uint64_t run = (word >> 1) & 0xFFFFFFFF, literals = word >> 33;
    if (literals > words) return false;
    if ((word & 1) != 0)
      for (std::uint64_t i = at; i < std::min<std::uint64_t>(at + run * 64, limit); ++i) bits[i] = true;
    at += run * 64;
    for (std::uint64_t i = 0; i < literals; ++i, at += 64) {
      if (!bytes.number(8, word)) return false;
      for (std::uint64_t bit = 0; bit < 64 && at + bit < limit; ++bit)
        if ((word >> bit & 1) != 0) bits[at + bit] = true;
    }
    words -= literals;
  }
  return bytes.skip(4);
}

}  // namespace

struct GitIndex::Parsed {
  std::vector<Name> names;  // as they stand; empty ones replace entries of the shared index
  std::string_view shared;  // its id
  std::string_view bitmaps;
};

bool GitIndex::parse(std::string_view bytes, std::size_t id_size, Parsed& into) {
  if (bytes.size() < 12 + id_size) return false;
  IndexBytes in(bytes.substr(0, bytes.size() - id_size));  // the checksum is git's concern
  std::string_view head, text;
  std::uint64_t version = 0, count = 0, mode = 0, flags = 0;
  if (!in.take(4, head) || head != "DIRC" || !in.number(4, version) || version < 2 || version > 4 || !in.number(4, count))
    return false;
  std::string last;
  std::size_t named = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t before = in.left().size();
    if (!in.skip(24) || !in.number(4, mode) || !in.skip(12 + id_size) || !in.number(2, flags)) return false;
    if ((flags & 0x4000) != 0 && (version < 3 || !in.skip(2))) return false;
    if (version == 4) {
      std::uint64_t cut = 0;
      if (!in.varint(cut) || cut > last.size() || !in.text(text)) return false;
      last.resize(last.size() - cut);
      last += text;
    } else {
      if (!in.text(text)) return false;
      last = text;
      // Padded with NULs to a multiple of eight, of which the name has its own.
      if (!in.skip((8 - (before - in.left().size()) % 8) % 8)) return false;
    }
    named += last.size();
    if (last.size() > kMaxName || named > kMaxNames) return false;
    const std::uint64_t kind = mode & 0170000;
    into.names.push_back({last, kind == 0160000 || kind == 0040000});
  }
  while (!in.left().empty()) {
    std::uint64_t size = 0;
    if (!in.take(4, head) || !in.number(4, size) || !in.take(size, text)) return false;
    if (head != "link") continue;
    if (text.size() < id_size) return false;
    into.shared = text.substr(0, id_size);
    into.bitmaps = text.substr(id_size);
  }
  return true;
}

bool GitIndex::add_shared(const Parsed& split, const ReadShared& read_shared, std::size_t id_size, GitIndex& index,
                          std::string& why) {
  const Result<std::string> bytes = read_shared(to_hex(split.shared));
  Parsed shared;
  why = bytes ? "its shared index cannot be read" : "its shared index: " + bytes.error().message;
  if (!bytes || !parse(*bytes, id_size, shared) || !shared.shared.empty()) return false;
  std::vector<bool> gone;
  IndexBytes bitmaps(split.bitmaps);
  if (!split.bitmaps.empty() && !read_bitmap(bitmaps, shared.names.size(), gone)) return false;
  // A replaced entry keeps its name, so the second bitmap says nothing that is needed here.
  for (std::size_t i = 0; i < shared.names.size(); ++i)
    if (gone.empty() || !gone[i]) index.names_.push_back(std::move(shared.names[i]));
  return true;
}

Result<GitIndex> GitIndex::read(std::string_view bytes, const ReadShared& read_shared) {
  std::string why = "not an index that is known here";
  // Its settings would tell how long ids are; only one length lets everything end where it has to.
  for (const std::size_t id_size : {std::size_t{20}, std::size_t{32}}) {
    Parsed parsed;
    if (!parse(bytes, id_size, parsed)) continue;
    GitIndex index;
    if (parsed.shared.find_first_not_of('\0') != std::string_view::npos && !add_shared(parsed, read_shared, id_size, index, why))
      continue;
    for (Name& name : parsed.names)
      if (!name.text.empty()) index.names_.push_back(std::move(name));
    std::sort(index.names_.begin(), index.names_.end());
    return index;
  }
  return make_error(Code::invalid_config, why);
}

GitIndex::Tracked GitIndex::find(std::string_view path, bool is_directory) const {
  const auto first_from = [&](std::string_view text) {
    return std::lower_bound(names_.begin(), names_.end(), text,
                            [](const Name& name, std::string_view t) { return name.text < t; });
  };
  const auto at = first_from(path);
  const bool is_there = at != names_.end() && at->text == path;
  if (!is_directory) return is_there ? Tracked::file : Tracked::no;
  if (is_there && at->is_whole) return Tracked::whole;
  const std::string inside = std::string(path) + "/";
  const auto below = first_from(inside);
  if (below == names_.end() || !below->text.starts_with(inside)) return Tracked::no;
  return below->text == inside ? Tracked::whole : Tracked::below;
}

std::string find_git_directory(const std::string& directory) {
  const std::string dot_git = directory + "/.git";
  struct stat info {};
  if (::stat(dot_git.c_str(), &info) != 0) return {};
  if (S_ISDIR(info.st_mode)) return dot_git;
  const Result<std::string> text = read_regular_file(dot_git, kMaxPointer);
  constexpr std::string_view kWord = "gitdir:";
  if (!text || !text->starts_with(kWord)) return {};
  const std::string_view named = trim(std::string_view(*text).substr(kWord.size()));
  return named.starts_with('/') ? std::string(named) : directory + "/" + std::string(named);
}

std::string common_git_directory(const std::string& git_directory) {
  const Result<std::string> text = read_regular_file(git_directory + "/commondir", kMaxPointer);
  if (!text) return git_directory;
  const std::string_view named = trim(*text);
  return named.starts_with('/') ? std::string(named) : git_directory + "/" + std::string(named);
}

Result<GitIndex> read_git_index(const std::string& git_directory) {
  const Result<std::string> bytes = read_regular_file(git_directory + "/index", kMaxIndex);
  if (!bytes && bytes.error().code == Code::not_found) return GitIndex();
  if (!bytes) return bytes.error();
  return GitIndex::read(
      *bytes, [&](const std::string& id) { return read_regular_file(git_directory + "/sharedindex." + id, kMaxIndex); });
}

}  // namespace pg
