// Stars over secrets in what is to be kept: the last look at a text, also where no guard of a project looked. Immutable, shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

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

/// `text` with a star over every byte of each secret, by one mask of the process that is made when the first long word asks for
/// it. For what a command says back: names, paths and arguments that somebody may have pasted a credential into.
std::string without_secrets(std::string_view text);

}  // namespace pg
