// Stars in place of credentials in bytes that pass by, wherever they are cut; as long as what they cover, so that framing holds.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/secret_string.h"

namespace pg {

/// Credentials in every spelling of credential_spellings(), ready to be looked for: made once, as there are dozens of each.
class CredentialIndex {
 public:
  /// Of less than eight bytes nothing is a credential: a password that short stands in half of all texts.
  void add(std::string_view credential);
  bool empty() const { return words_.empty(); }

  /// Appends where and how long each is in `text`, those inside others too.
  void find(std::string_view text, std::vector<std::pair<std::size_t, std::size_t>>& found) const;
  /// How many bytes of the end of `text` may become one.
  std::size_t open_end(std::string_view text) const;

 private:
  std::vector<SecretString> words_;
  std::size_t longest_ = 0;
};

class StreamMask {
 public:
  /// `known`, which others may use at the same time, and whatever is added.
  explicit StreamMask(std::shared_ptr<const CredentialIndex> known = nullptr) : known_(std::move(known)) {}
  void add(std::string_view credential) { own_.add(credential); }
  bool empty() const { return own_.empty() && (known_ == nullptr || known_->empty()); }

  /// Appends `bytes`, masked, but for an end that may be the beginning of a credential.
  void push(std::string_view bytes, std::string& out);
  /// Nothing follows: appends what was held back.
  void finish(std::string& out);
  /// A text that is whole.
  void mask(std::string& text) const;

 private:
  std::shared_ptr<const CredentialIndex> known_;
  CredentialIndex own_;
  std::string held_;
};

}  // namespace pg
