// Held back is the longest end that a credential begins with, and nothing else: no reply waits for more.
#include "core/guard/stream_mask.h"

#include <algorithm>
#include <utility>

#include "core/guard/credential_spellings.h"

namespace pg {

void StreamMask::add(std::string_view credential) {
  constexpr std::size_t kShortest = 8;
  if (credential.size() < kShortest) return;
  for (SecretString& spelling : credential_spellings(credential)) credentials_.push_back(std::move(spelling));
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
    const std::size_t longest = std::min(word.size() - 1, text.size());
    // From one first letter to the next: there are many spellings, and few places where one could begin.
    for (std::size_t at = text.find(word.front(), text.size() - longest); at < text.size() - open;
         at = text.find(word.front(), at + 1)) {
      if (!word.starts_with(text.substr(at))) continue;
      open = text.size() - at;
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
