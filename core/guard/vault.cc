// The vault's numbering, and the search for literals that look like our tokens.
#include "core/guard/vault.h"

#include <charconv>

#include "core/base/ascii.h"
#include "core/base/crypto.h"
#include "core/guard/wide_tokens.h"

namespace pg {
namespace {

// One key for the life of the process: equal originals meet in the map without their text being its key.
const std::string& vault_key() {
  static const std::string key = random_bytes(32);
  return key;
}

std::string original_key(std::string_view kind, std::string_view original) {
  std::string material;
  material.reserve(kind.size() + 1 + original.size());
  material.append(kind).push_back('\0');
  material.append(original);
  std::string key(as_bytes(hmac_sha256(vault_key(), material)));
  wipe(material.data(), material.size());
  return key;
}

std::string numbered_name(std::string_view kind, std::uint32_t number) {
  std::string digits = std::to_string(number);
  std::string name(kind);
  name.push_back('_');
  if (digits.size() < 3) name.append(3 - digits.size(), '0');
  return name + digits;
}

// How many digits stand at `at`, at most 10.
std::size_t digit_run(std::string_view text, std::size_t at) {
  std::size_t n = 0;
  while (n < 10 && at + n < text.size() && is_digit(text[at + n])) ++n;
  return n;
}

// The word that ends before the '_' at `mark`, through Markdown's `\_`; upper-cased. `begin` gets where it starts.
std::string kind_before(std::string_view text, std::size_t mark, std::size_t floor, std::size_t& begin, bool& lower) {
  std::string kind;
  std::size_t at = mark;
  while (at > floor) {
    char c = text[at - 1];
    bool escape = c == '\\' && text[at] == '_';
    if (!is_word(c) && !escape) break;
    --at;
    if (escape) continue;
    lower = lower || is_lower(c);
    kind.push_back(to_upper(c));
  }
  begin = at;
  return {kind.rbegin(), kind.rend()};
}

bool follows_bracket(std::string_view text, std::size_t begin) {
  while (begin > 0 && text[begin - 1] == ' ') --begin;
  return begin > 0 && (text[begin - 1] == '[' || text[begin - 1] == '\xbb' || text[begin - 1] == '\xa0');
}

}  // namespace

void Vault::adopt(const Vault& earlier) {
  for (const Entry& entry : earlier.entries()) add(entry);
  by_original_ = earlier.by_original_;
  next_number_ = earlier.next_number_;
  literals_ = earlier.literals_;
  base_ = earlier.base_;
  bytes_ = earlier.bytes_;
}

std::shared_ptr<const Vault> Vault::snapshot() const {
  static const auto kFresh = std::make_shared<const Vault>();  // of most turns
  if (empty() && base_ == 0) return kFresh;
  const auto copy = std::make_shared<Vault>();
  copy->adopt(*this);
  return copy;
}

void Vault::skip_literal(const TokenLiteral& literal) {
  literals_.insert(numbered_name(literal.kind, literal.number));
}

std::string_view Vault::placeholder_for(std::string_view kind, std::string_view original, FoundDepths depths) {
  auto [known, is_new] = by_original_.try_emplace(original_key(kind, original), size());
  if (!is_new) {
    Entry& entry = (*entries_)[known->second];
    entry.depths |= depths;
    return entry.token;
  }
  auto next = next_number_.try_emplace(std::string(kind), base_).first;
  std::string name;
  do {
    name = numbered_name(kind, ++next->second);
  } while (literals_.contains(name));
  bytes_ += original.size();
  return add(Entry{"[[" + name + "]]", SecretString(original), depths}).token;
}

const Vault::Entry* Vault::find(std::string_view token) const {
  auto found = by_token_.find(token);
  return found == by_token_.end() ? nullptr : &(*entries_)[found->second];
}

const std::deque<Vault::Entry>& Vault::entries() const {
  static const std::deque<Entry> kNone;
  return entries_ == nullptr ? kNone : *entries_;
}

Vault::Entry& Vault::add(Entry entry) {
  if (entries_ == nullptr) entries_ = std::make_unique<std::deque<Entry>>();
  entries_->push_back(std::move(entry));
  by_token_.emplace(entries_->back().token, entries_->size() - 1);
  return entries_->back();
}

namespace {

std::size_t find_numbered(std::string_view text, std::size_t at) {
#ifdef PG_AVX2
  if (has_avx2()) return find_numbered_256(text, at);
#endif
  return find_numbered_plain(text, at);
}

}  // namespace

void find_token_literals(std::string_view text, std::vector<TokenLiteral>& out) {
  std::size_t floor = 0;  // words do not overlap, so looking back never passes the last one
  for (std::size_t at = 0; at < text.size();) {
    std::size_t mark = find_numbered(text, at);
    if (mark == text.size()) return;
    std::size_t digits = digit_run(text, mark + 1);
    std::size_t end = mark + 1 + digits;
    at = mark + 1;
    if (digits < 3 || digits > 9 || (end < text.size() && is_word(text[end]))) continue;
    std::size_t begin = mark;
    bool lower = false;
    std::string kind = kind_before(text, mark, floor, begin, lower);
    at = floor = end;
    if (kind.empty() || is_digit(kind.front()) || kind.front() == '_') continue;
    if (lower && !follows_bracket(text, begin)) continue;
    std::uint32_t number = 0;
    std::from_chars(text.data() + mark + 1, text.data() + end, number);
    out.push_back({std::move(kind), number});
  }
}

}  // namespace pg
