// POSIX files with the checks that the C++ library leaves out: owner, mode, links, durable renames.
#include "core/store/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/crypto.h"
#include "core/base/encode.h"

namespace pg {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Error fail(const std::string& path, std::string_view what, std::string_view hint = {}) {
  return make_error(Code::io_failed, fmt::format("{}: {}{}{}", path, what, hint.empty() ? "" : "; hint: ", hint));
}

Error forbid(const std::string& path, std::string_view what, std::string_view hint) {
  return make_error(Code::forbidden, fmt::format("{}: {}; hint: {}", path, what, hint));
}

Error fail_errno(const std::string& path, int number) {
  if (number == ENOENT || number == ENOTDIR) return make_error(Code::not_found, path + ": no such file");
  if (number == ELOOP) return fail(path, "is a symbolic link", "put the file itself there");
  if (number == EACCES || number == EPERM) return make_error(Code::forbidden, fmt::format("{}: {}", path, std::strerror(number)));
  return fail(path, std::strerror(number));
}

// The checks that both trusts share: a plain file, ours or root's.
Status check_kind(const std::string& path, const struct stat& info) {
  if (S_ISDIR(info.st_mode)) return fail(path, "is a directory");
  if (!S_ISREG(info.st_mode)) return fail(path, "is not a regular file");
  if ((info.st_mode & S_IWOTH) != 0) return fail(path, "everybody may write it", "chmod o-w " + path);
  return {};
}

Status check_secret(const std::string& path, const struct stat& info) {
  if (auto kind = check_kind(path, info); !kind) return kind;
  if (info.st_uid != ::geteuid())
    return forbid(path, fmt::format("belongs to uid {}, not to us (uid {})", info.st_uid, ::geteuid()),
                  "chown it, or run as its owner");
  if (info.st_nlink > 1) return fail(path, "has a second name (hard link)", "copy it, remove the old names");
  if ((info.st_mode & 0077) != 0)
    return forbid(path, fmt::format("others may use it (mode {:04o})", info.st_mode & 07777), "chmod 600 " + path);
  return {};
}

// A link counts as the user's own wish when the user or root made it; O_NOFOLLOW refuses all others.
bool is_own_link(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode) && (info.st_uid == ::geteuid() || info.st_uid == 0);
}

Result<std::string> read_all(int fd, const std::string& path, std::uint64_t max_bytes) {
  std::string bytes;
  char buffer[16384];
  for (;;) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(path, errno);
    if (count == 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(count));
    if (bytes.size() > max_bytes) return make_error(Code::too_large, fmt::format("{}: larger than {} bytes", path, max_bytes));
  }
}

Status write_all(int fd, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(fd) != 0) return fail_errno(path, errno);
  return {};
}

void sync_directory(const std::string& directory) {
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0) (void)::fsync(fd.get());
}

// A hidden name, so that a directory reader that takes *.toml never sees a half-written file.
Result<std::string> write_temporary(const std::string& path, std::string_view bytes) {
  const std::string name = path.substr(path.rfind('/') + 1);
  const std::string temporary = directory_of(path) + "/." + name + "." + to_hex(random_bytes(6)) + ".tmp";
  Status written;
  {
    const Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (fd.get() < 0) {
      const Code code = errno == EACCES || errno == EPERM ? Code::forbidden : Code::io_failed;
      return make_error(code, fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
    }
    written = write_all(fd.get(), path, bytes);
  }
  if (written) return temporary;
  ::unlink(temporary.c_str());
  return std::move(written).error();
}

}  // namespace

std::string_view network_file_system(std::uint64_t type) {
  struct Row {
    std::uint64_t type;
    std::string_view name;
  };
  // statfs(2), and linux/magic.h for what is not in there.
  constexpr Row kRows[] = {{0x6969, "NFS"},      {0x517B, "SMB"},      {0xFF534D42, "CIFS"},  {0xFE534D42, "SMB2"},
                           {0x73757245, "Coda"}, {0x5346414F, "AFS"},  {0x6B414653, "AFS"},   {0x01021997, "9P"},
                           {0x00C36400, "Ceph"}, {0x01161970, "GFS2"}, {0x7461636F, "OCFS2"}, {0x0BD00BD0, "Lustre"},
                           {0x564C, "NCP"}};
  for (const Row& row : kRows)
    if (row.type == type) return row.name;
  return "";
}

std::string_view network_file_system_of(const std::string& path) {
  struct statfs facts {};
  if (::statfs(path.c_str(), &facts) != 0) return "";
  // The type is signed, and as wide as a word, where it should be 32 bits without a sign.
  return network_file_system(static_cast<std::uint32_t>(facts.f_type));
}

Code code_of_denial(const std::string& path) {
  const auto denied = [](const std::string& name, int mode) { return ::access(name.c_str(), mode) != 0 && errno == EACCES; };
  // SQLite makes files beside its own.
  return denied(path, R_OK | W_OK) || denied(directory_of(path), W_OK | X_OK) ? Code::forbidden : Code::io_failed;
}

std::string directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

Result<std::string> read_file(const std::string& path, std::uint64_t max_bytes, FileTrust trust) {
  const bool follow = trust == FileTrust::shared && is_own_link(path);
  // O_NONBLOCK: a pipe planted at the path must not hang us before fstat can refuse it.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW)));
  if (fd.get() < 0) return fail_errno(path, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail_errno(path, errno);
  if (auto checked = trust == FileTrust::secret ? check_secret(path, info) : check_kind(path, info); !checked)
    return std::move(checked).error();
  return read_all(fd.get(), path, max_bytes);
}

Status write_file(const std::string& path, std::string_view bytes) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    return fail(path, S_ISLNK(info.st_mode) ? "is a symbolic link" : "is not a regular file", "put a plain file there");
  PG_TRY(const std::string temporary, write_temporary(path, bytes));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int number = errno;
    ::unlink(temporary.c_str());
    return fail_errno(path, number);
  }
  sync_directory(directory_of(path));
  return {};
}

Result<bool> create_file(const std::string& path, std::string_view bytes) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) {
    if (S_ISLNK(info.st_mode) && !is_own_link(path)) return fail(path, "is a symbolic link that somebody else made");
    return false;
  }
  PG_TRY(const std::string temporary, write_temporary(path, bytes));
  const int outcome = ::link(temporary.c_str(), path.c_str());
  const int number = errno;
  ::unlink(temporary.c_str());
  if (outcome != 0 && number == EEXIST) return false;
  if (outcome != 0) return fail_errno(path, number);
  sync_directory(directory_of(path));
  return true;
}

Status make_private_directory(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) return fail_errno(path, errno);
    const std::string parent = directory_of(path);
    if (parent != path && ::stat(parent.c_str(), &info) != 0) {
      if (auto made = make_private_directory(parent); !made) return made;
    }
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
      return fail(path, std::string("cannot be made: ") + std::strerror(errno));
    if (::stat(path.c_str(), &info) != 0) return fail_errno(path, errno);
  }
  if (!S_ISDIR(info.st_mode)) return fail(path, "is not a directory");
  if ((info.st_mode & S_IWOTH) != 0) return fail(path, "everybody may write into it", "chmod 700 " + path);
  return {};
}

Status check_private_file(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return fail_errno(path, errno);
  if (S_ISLNK(info.st_mode)) return fail_errno(path, ELOOP);
  return check_secret(path, info);
}

FileStamp stamp_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  const auto nanos = [](const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; };
  return {nanos(info.st_mtim), nanos(info.st_ctim), static_cast<std::uint64_t>(info.st_size), info.st_ino};
}

}  // namespace pg
