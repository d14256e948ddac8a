// Packs are walked when much of them is wanted; few objects are read one by one, as loose ones are.
#include "cmd/git_objects.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <thread>

#include "cmd/git_pack_walk.h"

namespace pg {
namespace {

constexpr std::uint64_t kMaxIndexFile = std::uint64_t{4} << 30;
constexpr std::uint64_t kMaxLooseFile = kMaxBlob + (std::uint64_t{1} << 20);  // deflate adds little to what it cannot shrink

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  while (const dirent* entry = open == nullptr ? nullptr : ::readdir(open.get())) names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

/// The whole file; not_found when there is none, so that the caller may look elsewhere.
Result<std::string> read_git_file(const std::string& path, std::uint64_t max) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat info {};
  if (file < 0) return make_error(errno == ENOENT ? Code::not_found : Code::io_failed, std::strerror(errno));
  std::string bytes;
  ssize_t got = ::fstat(file, &info) == 0 && S_ISREG(info.st_mode) ? 0 : -1;
  const bool fits = static_cast<std::uint64_t>(info.st_size) <= max;
  if (got == 0 && fits) {
    bytes.resize(static_cast<std::size_t>(info.st_size));
    std::size_t done = 0;
    while (done < bytes.size() && (got = ::read(file, bytes.data() + done, bytes.size() - done)) > 0)
      done += static_cast<std::size_t>(got);
    bytes.resize(done);
  }
  ::close(file);
  if (!fits) return make_error(Code::too_large, "too large");
  if (got < 0) return make_error(Code::io_failed, "cannot be read");
  return bytes;
}

/// Runs `work` with each sink on a thread of its own.
template <class Work>
void on_threads(const std::vector<BlobSink*>& sinks, Work work) {
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < sinks.size(); ++i) threads.emplace_back([&work, sink = sinks[i]] { work(*sink); });
  work(*sinks.front());
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

ObjectStore::ObjectStore(ObjectStore&&) noexcept = default;
ObjectStore::~ObjectStore() = default;

Result<Bytes> read_loose(std::string_view packed, bool& is_blob) {
  constexpr std::string_view kBlob = "blob ";
  Inflater inflater;
  std::array<char, 64> head{};
  PG_TRY(const Inflater::Progress begun, inflater.push(packed, head.data(), head.size()));
  const std::string_view said(head.data(), begun.made);
  is_blob = said.starts_with(kBlob);
  if (!is_blob) return Bytes();
  const std::size_t end = said.find('\0');
  std::uint64_t size = 0;
  const char* const digits = said.data() + kBlob.size();
  const char* const stop = said.data() + std::min(end, said.size());
  const auto [read_to, problem] = std::from_chars(digits, stop, size);
  if (end == std::string_view::npos || problem != std::errc() || read_to != stop)
    return make_error(Code::bad_request, "corrupt loose object");
  if (size > kMaxBlob) return make_error(Code::too_large, "an object is too large");
  Bytes object(static_cast<std::size_t>(size));
  std::size_t done = said.size() - end - 1;
  if (done > size) return make_error(Code::bad_request, "corrupt loose object");
  std::copy_n(said.data() + end + 1, done, object.data());
  bool ended = begun.ended;
  for (std::size_t at = begun.taken; !ended;) {
    PG_TRY(const Inflater::Progress step, inflater.push(packed.substr(at), object.data() + done, object.size() - done));
    if (!step.ended && step.taken == 0 && step.made == 0) return make_error(Code::bad_request, "corrupt loose object");
    at += step.taken;
    done += step.made;
    ended = step.ended;
  }
  if (done != size) return make_error(Code::bad_request, "corrupt loose object");
  return object;
}

/// One thread's way to single objects: a reader for each pack it met.
class ObjectStore::Single {
 public:
  explicit Single(const ObjectStore& store) : store_(store), readers_(store.packs_.size()) {}

  /// not_found when the object is nowhere.
  Result<Bytes> read(const ObjectId& id, bool& is_blob) {
    Error why = make_error(Code::not_found, "not found");
    for (const std::string& directory : store_.directories_) {
      Result<std::string> packed = read_git_file(directory + store_.loose_path(id), kMaxLooseFile);
      if (!packed && packed.error().code == Code::not_found) continue;
      if (Result<Bytes> object = packed ? read_loose(*packed, is_blob) : packed.error())
        return object;
      else
        why = object.error();
    }
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      Pack& pack = *store_.packs_[i];
      const std::optional<std::size_t> place = pack.index.find(id);
      if (!place) continue;
      if (readers_[i] == nullptr) readers_[i] = std::make_unique<PackReader>(pack.file);
      EntryKind kind{};
      Result<Bytes> object = readers_[i]->object(pack.index.offset(*place), pack.index, kind);
      is_blob = kind == EntryKind::blob;
      if (object) return object;
      why = object.error();
    }
    return why;
  }

 private:
  const ObjectStore& store_;
  std::vector<std::unique_ptr<PackReader>> readers_;
};

void ObjectStore::add_pack(const std::string& path) {
  const auto refuse = [&](const Error& error) { problems_.push_back(fmt::format("{}.pack: {}", path, error.message)); };
  Result<std::string> bytes = read_git_file(path + ".idx", kMaxIndexFile);
  if (!bytes) return refuse(bytes.error());
  Result<PackIndex> index = PackIndex::parse(std::move(*bytes), id_size_);
  if (!index) return refuse(index.error());
  const int file = ::open((path + ".pack").c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return refuse(make_error(Code::io_failed, std::strerror(errno)));
  Result<PackFile> pack = PackFile::open(file, id_size_);
  if (!pack) return refuse(pack.error());
  if (pack->count() != index->size()) return refuse(make_error(Code::bad_request, "its index is of another pack"));
  packs_.push_back(std::make_unique<Pack>(Pack{path, std::move(*index), std::move(*pack)}));
}

ObjectStore ObjectStore::open(const std::vector<std::string>& directories, std::size_t id_size) {
  ObjectStore store;
  store.directories_ = directories;
  store.id_size_ = id_size;
  for (const std::string& directory : directories) {
    for (const std::string& name : names_in(directory + "/pack")) {
      if (name.ends_with(".idx")) store.add_pack(directory + "/pack/" + name.substr(0, name.size() - 4));
      store.is_partial_ = store.is_partial_ || name.ends_with(".promisor");
    }
  }
  return store;
}

/// "/ab/cdef…" below an object directory.
std::string ObjectStore::loose_path(const ObjectId& id) const {
  std::string path = "/" + id.hex(id_size_);
  path.insert(3, "/");
  return path;
}

/// In one of the first `packs` packs.
bool ObjectStore::is_packed(const ObjectId& id, std::size_t packs) const {
  return std::any_of(packs_.begin(), packs_.begin() + static_cast<std::ptrdiff_t>(packs),
                     [&](const auto& pack) { return pack->index.find(id).has_value(); });
}

void ObjectStore::walk(Pack& pack, const std::function<bool(const ObjectId&)>& is_wanted, const std::vector<BlobSink*>& sinks) {
  PackWalk walk(pack.file, pack.index);
  if (Status status = walk.plan(is_wanted); !status) {
    problems_.push_back(fmt::format("{}.pack: {}", pack.name, status.error().message));
    return;
  }
  for (const ObjectId& id : walk.lost()) sinks.front()->miss(id);
  sinks.front()->expect(walk.wanted());
  on_threads(sinks, [&](BlobSink& sink) { walk.work(sink); });
}

std::vector<ObjectId> ObjectStore::loose_ids() const {
  ObjectIds found;
  for (const std::string& directory : directories_) {
    for (const std::string& first : names_in(directory)) {
      if (first.size() != 2 || !from_hex(first)) continue;
      for (const std::string& rest : names_in(directory + "/" + first))
        if (const auto id = ObjectId::parse(first + rest, id_size_); id && !is_packed(*id, packs_.size())) found.insert(*id);
    }
  }
  return {found.begin(), found.end()};
}

/// `is_sure`: these are blobs, so that one which is not there, or is something else, is missed.
void ObjectStore::read_singles(const std::vector<ObjectId>& ids, bool is_sure, const std::vector<BlobSink*>& sinks) {
  std::atomic<std::size_t> next = 0;
  sinks.front()->expect(ids.size());
  on_threads(sinks, [&](BlobSink& sink) {
    Single single(*this);
    for (std::size_t i = next++; i < ids.size(); i = next++) {
      bool is_blob = true;  // until something else is seen
      const Result<Bytes> object = single.read(ids[i], is_blob);
      if (object && is_blob) {
        sink.take(ids[i], object->view());
      } else if (is_sure || is_blob) {
        sink.miss(ids[i]);
      }
    }
  });
}

ObjectIds ObjectStore::find_missing(const ObjectIds& ids) const {
  ObjectIds missing;
  for (const ObjectId& id : ids) {
    if (is_packed(id, packs_.size())) continue;
    const std::string path = loose_path(id);
    const bool is_loose = std::any_of(directories_.begin(), directories_.end(), [&](const std::string& directory) {
      return ::access((directory + path).c_str(), F_OK) == 0;
    });
    if (!is_loose) missing.insert(id);
  }
  return missing;
}

void ObjectStore::read_all(const std::vector<BlobSink*>& sinks) {
  for (std::size_t i = 0; i < packs_.size(); ++i)
    walk(
        *packs_[i], [this, i](const ObjectId& id) { return !is_packed(id, i); }, sinks);
  read_singles(loose_ids(), false, sinks);
}

void ObjectStore::read_some(const ObjectIds& ids, const std::vector<BlobSink*>& sinks) {
  constexpr std::size_t kWorthWalking = 64;  // planning a walk costs some hundredth of inflating an object for each in the pack
  std::vector<ObjectId> singles;
  std::vector<std::size_t> in_pack(packs_.size());
  const auto pack_of = [&](const ObjectId& id) {
    std::size_t i = 0;
    while (i < packs_.size() && !packs_[i]->index.find(id)) ++i;
    return i;
  };
  for (const ObjectId& id : ids)
    if (const std::size_t i = pack_of(id); i < packs_.size()) ++in_pack[i];
  const auto is_walked = [&](std::size_t i) { return in_pack[i] > packs_[i]->index.size() / kWorthWalking; };
  for (const ObjectId& id : ids)
    if (const std::size_t i = pack_of(id); i == packs_.size() || !is_walked(i)) singles.push_back(id);
  for (std::size_t i = 0; i < packs_.size(); ++i)
    if (is_walked(i))
      walk(
          *packs_[i], [&, i](const ObjectId& id) { return ids.contains(id) && pack_of(id) == i; }, sinks);
  read_singles(singles, true, sinks);
}

}  // namespace pg
