// A string that wipes itself and cannot be printed by accident: provider credentials, vault originals, fresh pg keys.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace pg {

/// Overwrites `size` bytes in a way the optimiser keeps.
void wipe(void* data, std::size_t size) noexcept;

class SecretString {
 public:
  SecretString() = default;
  explicit SecretString(std::string_view text) : text_(text) {}
  SecretString(const SecretString& other) = default;
  SecretString(SecretString&& other) noexcept : text_(std::move(other.text_)) { other.clear(); }
  SecretString& operator=(const SecretString& other) {
    if (this != &other) {
      clear();
      text_ = other.text_;
    }
    return *this;
  }
  SecretString& operator=(SecretString&& other) noexcept {
    if (this != &other) {
      clear();
      text_ = std::move(other.text_);
      other.clear();
    }
    return *this;
  }
  ~SecretString() { clear(); }

  /// The one way to the bytes; grep for it to see every use.
  std::string_view reveal() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  std::size_t size() const noexcept { return text_.size(); }
  /// Wipes the whole buffer, not only the text: a moved-from short string keeps its bytes behind a size of 0.
  void clear() noexcept {
    text_.resize(text_.capacity());
    wipe(text_.data(), text_.size());
    text_.clear();
  }

 private:
  std::string text_;
};

}  // namespace pg
