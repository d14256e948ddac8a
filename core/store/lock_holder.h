// Who holds a database's write lock, for the message that says so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pg {

/// The process id that holds the write lock of the SQLite file at `path`, by /proc/locks; nullopt when nobody does or the system
/// does not tell. Never opens the database's files: closing one would drop this process's own POSIX locks on it.
std::optional<long> find_lock_holder(const std::string& path);

/// The holder of a write lock that covers byte `offset` of `device_inode` ("08:01:131") in the text of /proc/locks (proc(5)).
std::optional<long> find_lock_holder_in(std::string_view proc_locks, std::string_view device_inode, unsigned long long offset);

}  // namespace pg
