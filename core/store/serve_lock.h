// The file beside the database that a running serve has locked: who it is, where it listens, which keys it knows, and how many
// calls the serve before it could not write down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/base/result.h"

namespace pg {

/// Held for as long as the object lives. One serve per database: two would write the same rows and reload each other's projects.
class ServeLock {
 public:
  /// conflict, with the other's process id, when a serve has it; io_failed.
  static Result<ServeLock> take(const std::string& database);
  ServeLock(ServeLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)), lost_(other.lost_) {}
  ServeLock& operator=(ServeLock&&) = delete;
  ~ServeLock();

  /// Calls of the serve before this one that stand in no count of the database's.
  std::uint64_t lost() const { return lost_; }
  /// They do now.
  void forget_lost();
  /// The URL that it answers at, for commands that look for it.
  void note_origin(const std::string& origin);
  /// The policy_version() whose keys and credentials are in force.
  void note_policy(std::int64_t version);

 private:
  ServeLock(int fd, std::uint64_t lost) : fd_(fd), lost_(lost) {}
  int fd_;
  std::uint64_t lost_;
};

/// Notes, when the database itself could not be written until the end, how many calls have no row. In place: a full disk has room
/// for it. io_failed.
Status note_lost_calls(const std::string& database, std::uint64_t calls);
/// As many as were noted and not counted in the database since; 0 when there is no such file.
std::uint64_t read_lost_calls(const std::string& database);

/// The process id in the file, of a serve that runs or ran; 0 when there is none.
long read_serve_pid(const std::string& database);

/// What the serve that runs on the database says of itself.
struct RunningServe {
  long pid = 0;
  std::string origin;  // "http://127.0.0.1:8787"; "" while it does not listen yet
  std::int64_t policy_version = 0;
};
/// nullopt when none holds the lock, whatever stands in the file.
std::optional<RunningServe> find_running_serve(const std::string& database);

}  // namespace pg
