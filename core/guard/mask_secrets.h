// Stars over secrets in what is to be kept: the last look at a text, also where no guard of a project looked. Immutable, shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/guard/guard.h"

namespace pg {

class SecretMask {
 public:
  /// The rules that are built in, whatever a project switched off.
  SecretMask();

  /// Writes a star over every byte of each secret; how many there were. The length stays.
  std::uint32_t mask(std::string& text) const;
  /// The same for server-sent events: also a secret whose pieces stand in the strings of several events.
  std::uint32_t mask_events(std::string& events) const;
  /// The rule of the first secret in `text`, or nullptr.
  const Rule* find(std::string_view text) const;

 private:
  std::shared_ptr<const Guards> guards_;
};

}  // namespace pg
