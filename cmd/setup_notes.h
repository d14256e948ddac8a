// What pg wrote into an agent's settings and what stood there before, kept beside the database until it is undone.
#pragma once

#include <optional>
#include <string>

#include "cmd/settings_merge.h"

namespace pg {

struct SetupNotes {
  std::string agent;
  std::string file;      // that was written
  std::string kind;      // of ClientTool::settings_kind
  bool existed = false;  // the file, before
  unsigned mode = 0600;  // of it, then
  std::string before;    // all of it, then
  std::string written;   // SHA-256 of the whole file as written, in hex
  std::string said;      // project, model and the like: what it was written for
  std::string key;       // name of the key that was made for it; "" = one was given
  MergedJson merged;     // of JSON; its text is empty
};

/// not_found when nothing was written for that agent; io_failed when the notes cannot be read.
Result<SetupNotes> read_setup_notes(const std::string& database, const std::string& agent);
Status write_setup_notes(const std::string& database, const SetupNotes& notes);
Status drop_setup_notes(const std::string& database, const std::string& agent);
/// Where the text before is kept, for people.
std::string setup_backup_file(const std::string& database, const std::string& agent);

}  // namespace pg
