// Held back is the longest end that a credential begins with, and nothing else: no reply waits for more.
#include "core/guard/stream_mask.h"

#include <algorithm>
#include <utility>

namespace pg {

void StreamMask::add(std::string_view credential) {
  constexpr std::size_t kShortest = 8;
  if (credential.size() >= kShortest) credentials_.emplace_back(credential);
}

void StreamMask::mask(std::string& text) const {
  // All are looked for before the first is covered: one may hold another.
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (const SecretString& credential : credentials_)
    for (std::size_t at = text.find(credential.reveal()); at != std::string::npos; at = text.find(credential.reveal(), at + 1))
      found.emplace_back(at, credential.size());
  for (const auto& [at, size] : found) std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(at), size, '*');
}

// How much of the end may become a credential.
std::size_t StreamMask::open_end(std::string_view text) const {
  std::size_t open = 0;
  for (const SecretString& credential : credentials_) {
    const std::string_view word = credential.reveal();
    for (std::size_t size = std::min(word.size() - 1, text.size()); size > open; --size) {
      if (word.substr(0, size) != text.substr(text.size() - size)) continue;
      open = size;
      break;
    }
  }
  return open;
}

void StreamMask::push(std::string_view bytes, std::string& out) {
  if (credentials_.empty()) {
    out.append(bytes);
    return;
  }
  std::string text = std::exchange(held_, {});
  text.append(bytes);
  mask(text);  // before the end is held back, which would show the rest of one that is whole
  const std::size_t open = open_end(text);
  held_.assign(text, text.size() - open);
  out.append(text, 0, text.size() - open);
}

void StreamMask::finish(std::string& out) {
  mask(held_);
  out.append(std::exchange(held_, {}));
}

}  // namespace pg
