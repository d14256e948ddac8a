// stat(2) and access(2) on the database, its log and its directory.
#include "core/store/db_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "core/store/files.h"

namespace pg {

std::string resolve_directory(const std::string& path) {
  std::error_code failed;
  const std::filesystem::path directory = std::filesystem::canonical(directory_of(path), failed);
  return failed ? path : (directory / std::filesystem::path(path).filename()).string();
}

Status check_db_files(const std::string& path) {
  if (auto main = check_private_file(path); !main) return main;
  // A log planted beside the database would be replayed into it.
  for (const char* suffix : {"-wal", "-shm", "-journal"})
    if (auto side = check_private_file(path + suffix); !side && side.error().code != Code::not_found) return side;
  if (stamp_file(path).size == 0)
    return make_error(Code::io_failed, fmt::format("{}: the database is damaged (empty file); {}", path, kDamagedHint));
  return {};
}

Status check_no_log(const std::string& path) {
  if (stamp_file(path + "-wal").size == 0 || stamp_file(path).inode != 0) return {};
  return make_error(Code::io_failed, fmt::format("{0}-wal is there and {0} is not: it was deleted; hint: stop 'pg serve', then "
                                                 "rm {0}-wal {0}-shm, or put the file back",
                                                 path));
}

bool is_on_rest(const std::string& path) {
  return ::access(directory_of(path).c_str(), W_OK) != 0 && stamp_file(path + "-shm").inode == 0 &&
         stamp_file(path + "-wal").size == 0;
}

Error displaced(const std::string& path) {
  return make_error(Code::io_failed,
                    path + ": was deleted or replaced while it was open; hint: put it back, or start 'pg serve' anew");
}

}  // namespace pg
