// Held back is the longest end that a credential begins with, and nothing else: no reply waits for more.
#include "core/guard/stream_mask.h"

#include <algorithm>

#include "core/guard/credential_spellings.h"

namespace pg {

void CredentialIndex::add(std::string_view credential) {
  constexpr std::size_t kShortest = 8;
  if (credential.size() < kShortest) return;
  for (SecretString& spelling : credential_spellings(credential)) {
    longest_ = std::max(longest_, spelling.size());
    words_.push_back(std::move(spelling));
  }
}

void CredentialIndex::find(std::string_view text, std::vector<std::pair<std::size_t, std::size_t>>& found) const {
  for (const SecretString& word : words_)
    for (std::size_t at = text.find(word.reveal()); at != std::string_view::npos; at = text.find(word.reveal(), at + 1))
      found.emplace_back(at, word.size());
}

std::size_t CredentialIndex::open_end(std::string_view text) const {
  if (empty()) return 0;
  for (std::size_t at = text.size() - std::min(longest_ - 1, text.size()); at < text.size(); ++at)
    for (const SecretString& word : words_)
      if (word.size() > text.size() - at && word.reveal().starts_with(text.substr(at))) return text.size() - at;
  return 0;
}

void StreamMask::mask(std::string& text) const {
  // All are looked for before the first is covered: one may hold another.
  std::vector<std::pair<std::size_t, std::size_t>> found;
  if (known_ != nullptr) known_->find(text, found);
  own_.find(text, found);
  for (const auto& [at, size] : found) std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(at), size, '*');
}

void StreamMask::push(std::string_view bytes, std::string& out) {
  if (empty()) {
    out.append(bytes);
    return;
  }
  std::string text = std::exchange(held_, {});
  text.append(bytes);
  mask(text);  // before the end is held back, which would show the rest of one that is whole
  const std::size_t open = std::max(own_.open_end(text), known_ == nullptr ? 0 : known_->open_end(text));
  held_.assign(text, text.size() - open);
  out.append(text, 0, text.size() - open);
}

void StreamMask::finish(std::string& out) {
  mask(held_);
  out.append(std::exchange(held_, {}));
}

}  // namespace pg
