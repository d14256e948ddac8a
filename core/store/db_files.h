// What must hold of the files of a database, before it is opened and while it is open. Nothing here asks SQLite.
#pragma once

#include <string>

#include "core/base/result.h"

namespace pg {

/// Whose way out every complaint about a damaged database names.
inline constexpr const char* kDamagedHint =
    "hint: 'pg db check' says what is wrong, 'pg db restore FILE' puts a backup (pg.db.*.bak) in its place";

/// The directory with its links resolved, so that SQLITE_OPEN_NOFOLLOW judges the file's own name only.
std::string resolve_directory(const std::string& path);

/// io_failed unless the database and its logs are private files of ours with something in them; not_found when there is none.
Status check_db_files(const std::string& path);

/// io_failed where a log stands without its database: it would be replayed into a new one, and a server that still has the old
/// one open would go on writing it.
Status check_no_log(const std::string& path);

/// Reading in WAL mode makes an index beside the file. True where that cannot be made, and no log waits to be read: the file is
/// all there is, and nobody changes it, since nobody could.
bool is_on_rest(const std::string& path);

/// The refusal of a database whose file is not in its place any more.
Error displaced(const std::string& path);

}  // namespace pg
