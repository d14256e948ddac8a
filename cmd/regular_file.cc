// The kind is judged by the open descriptor: between a listing and the opening an entry may have become another thing.
#include "cmd/regular_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pg {

Result<std::string> read_regular_file(const std::string& path, std::size_t max) {
  const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (file < 0 && (errno == ENOENT || errno == ENOTDIR)) return make_error(Code::not_found, "there is no such file");
  if (file < 0) return make_error(Code::io_failed, errno == ELOOP ? "a symbolic link" : std::strerror(errno));
  struct stat info {};
  std::string text;
  Status status;
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
    status = make_error(Code::io_failed, "no regular file");
  } else {
    // What grows while it is read ends at the limit all the same.
    text.resize(std::min<std::size_t>(static_cast<std::size_t>(info.st_size), max) + 1);
    std::size_t size = 0;
    for (ssize_t got = 1; got != 0 && size < text.size();) {
      got = ::read(file, text.data() + size, text.size() - size);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        status = make_error(Code::io_failed, std::strerror(errno));
        break;
      }
      size += static_cast<std::size_t>(got);
    }
    if (status && size > max) status = make_error(Code::too_large, fmt::format("larger than {} bytes", max));
    text.resize(size);
  }
  ::close(file);
  if (!status) return status.error();
  return text;
}

}  // namespace pg
