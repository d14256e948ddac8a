// The files that pg reads and keeps: settings, projects, the database and what stands beside it, credentials. Nothing else may be
// written into them or moved over them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"
#include "config/settings.h"

namespace pg {

class OwnFiles {
 public:
  OwnFiles() = default;
  explicit OwnFiles(const Settings& settings);

  /// Whether a file of that name is one of them, or would be: its directory's links are followed, and a file that is there counts
  /// by what it is, not by its name.
  bool hold(const std::string& path) const;

 private:
  std::vector<std::string> names_;  // resolved
  std::string database_, projects_;
};

/// A problem when requests would be logged into one of them, or when turning that file would.
void check_log_file(const Settings& settings, std::vector<Problem>& problems);

}  // namespace pg
