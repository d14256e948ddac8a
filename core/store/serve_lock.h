// The file beside the database that a running serve has locked: who it is, where it listens, which keys of which database it
// knows, and how many calls the serve before it could not write down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/base/result.h"

namespace pg {

/// A file by what stays when it is moved; zero: not known.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

/// Held for as long as the object lives. One serve per database: two would write the same rows and reload each other's projects.
class ServeLock {
 public:
  /// conflict, with the other's process id, when another pg has it; forbidden, io_failed.
  static Result<ServeLock> take(const std::string& database);
  ServeLock(ServeLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)), lost_(other.lost_), database_(other.database_) {}
  ServeLock& operator=(ServeLock&&) = delete;
  ~ServeLock();

  /// Calls of the serve before this one that stand in no count of the database's.
  std::uint64_t lost() const { return lost_; }
  /// They do now.
  void forget_lost();
  /// The URL that it answers at, and the database as it was when the lock was taken, for commands that look for it.
  void note_origin(const std::string& origin);
  /// The policy_version() whose keys and credentials are in force.
  void note_policy(std::int64_t version);

 private:
  ServeLock(int fd, std::uint64_t lost, FileIdentity database) : fd_(fd), lost_(lost), database_(database) {}
  int fd_;
  std::uint64_t lost_;
  FileIdentity database_;
};

/// Notes, when the database itself could not be written until the end, how many calls have no row. In place: a full disk has room
/// for it. forbidden, io_failed.
Status note_lost_calls(const std::string& database, std::uint64_t calls);
/// As many as were noted and not counted in the database since; 0 when there is no such file.
std::uint64_t read_lost_calls(const std::string& database);

/// What the pg that holds the lock says of itself. It may be no serve: a restore has the lock as well, and notes no origin.
struct RunningServe {
  long pid = 0;        // 0 when it has just taken the lock
  std::string origin;  // "http://127.0.0.1:8787"; "" while it does not listen yet
  std::int64_t policy_version = 0;
  bool same_database = true;  // false: the file that it opened is no longer the one at the path

  /// It serves what is at the path, and may be told so by a signal.
  bool is_ready() const { return pid > 0 && !origin.empty() && same_database; }
};
/// nullopt when none holds the lock, whatever stands in the file.
std::optional<RunningServe> find_running_serve(const std::string& database);

}  // namespace pg
