// Stars in place of credentials in bytes that pass by, wherever they are cut; as long as what they cover, so that framing holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret_string.h"

namespace pg {

class StreamMask {
 public:
  /// In every spelling of credential_spellings(). Of less than eight bytes nothing is a credential: a password that short stands
  /// in half of all texts.
  void add(std::string_view credential);
  bool empty() const { return credentials_.empty(); }

  /// Appends `bytes`, masked, but for an end that may be the beginning of a credential.
  void push(std::string_view bytes, std::string& out);
  /// Nothing follows: appends what was held back.
  void finish(std::string& out);
  /// A text that is whole.
  void mask(std::string& text) const;

 private:
  std::size_t open_end(std::string_view text) const;

  std::vector<SecretString> credentials_;
  std::string held_;
};

}  // namespace pg
