// A pg key for the length of one command.
#pragma once

#include <cstdint>
#include <string>

#include "cmd/open.h"
#include "core/access/keys.h"

namespace pg {

/// Revoked at the end of the command, and expired soon after for one that is interrupted.
class ShortKey {
 public:
  /// Minted under a name that begins with `name`, for that project and what `scopes` allow, and known to a running serve when
  /// this returns. Throws the refusal of the database.
  ShortKey(Shell& shell, Workplace& place, const std::string& name, const ProjectSettings& project, Millis lifetime,
           std::uint32_t scopes = scope_chat | scope_models);
  /// One that somebody gave, and keeps.
  ShortKey(Workplace& place, std::string given);
  ~ShortKey();
  ShortKey(const ShortKey&) = delete;
  ShortKey& operator=(const ShortKey&) = delete;
  const std::string& text() const { return text_; }

 private:
  Workplace& place_;
  std::string name_, text_;
};

}  // namespace pg
