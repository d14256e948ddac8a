// Lines, columns, masks, fingerprints and inline marks of findings.
#include "cmd/scan_findings.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/base/ascii.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/guard/secrets.h"
#include "core/guard/validators.h"

namespace pg {
namespace {

// Ours, and those of gitleaks, trufflehog, detect-secrets and kingfisher, so that a repository need not be marked twice.
constexpr std::array<std::string_view, 5> kMarks = {
    "pg:"
    "allow",
    "gitleaks:"
    "allow",
    "trufflehog:"
    "ignore",
    "pragma: allowlist"
    " secret",
    "kingfisher:"
    "ignore"};
// Separates these hashes from all others; whoever has the value can compute its hash, nobody gets back from it.
constexpr std::string_view kHashKey = "promptgate scan fingerprint 1";
constexpr double kGuessableBits = 64;
constexpr std::size_t kPrefix = 3;  // bytes that are no accident

std::string keyed_hash(std::string_view rule, std::string_view what) {
  std::string message(rule);
  message += '\0';
  message += what;
  return to_hex(as_bytes(hmac_sha256(kHashKey, message)).substr(0, 8));
}

std::string fingerprint_of(const ScanFinding& finding, std::string_view rule) {
  const std::string what = finding.hash.empty() ? std::to_string(finding.number) : finding.hash;
  return keyed_hash(rule, what + '\0' + finding.path);
}

std::size_t line_begin(std::string_view text, std::size_t at) {
  const std::size_t newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

std::size_t line_end(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

/// Where `word` stands as a word of its own: what only contains it is none. npos when it does not.
std::size_t find_word(std::string_view text, std::string_view word) {
  const auto goes_on = [&](std::size_t at) {
    return at < text.size() && (is_alnum(text[at]) || text[at] == '_' || text[at] == '-');
  };
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
    if ((at == 0 || !goes_on(at - 1)) && !goes_on(at + word.size())) return at;
  return std::string_view::npos;
}

bool has_mark(std::string_view text) {
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [&](std::string_view mark) { return find_word(text, mark) != std::string_view::npos; });
}

bool has_words(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || (static_cast<unsigned char>(c) & 0x80) != 0; });
}

/// True for a line that is a mark in a comment: nothing before it but what opens one. Its reason may follow, as far as the
/// comment goes, but no code.
bool is_mark_alone(std::string_view line) {
  for (const std::string_view mark : kMarks) {
    const std::size_t at = find_word(line, mark);
    if (at == std::string_view::npos) continue;
    const std::string_view before = line.substr(0, at), after = line.substr(at + mark.size());
    if (has_words(before)) return false;
    for (const std::string_view closer : {"*/", "-->"})
      if (const std::size_t end = after.find(closer); end != std::string_view::npos) return !has_words(after.substr(end));
    const std::size_t first = before.find_first_not_of(" \t");
    const std::string_view opener = first == std::string_view::npos ? std::string_view() : before.substr(first);
    constexpr std::array<std::string_view, 7> kToLineEnd = {"#", "//", "--", ";", "%", "/*", "<!--"};
    return !has_words(after) ||
           std::any_of(kToLineEnd.begin(), kToLineEnd.end(), [&](std::string_view one) { return opener.starts_with(one); });
  }
  return false;
}

}  // namespace

void place_finding(ScanFinding& finding, const Rule& rule, const std::string& path) {
  finding.path.insert(0, path);
  finding.fingerprint = fingerprint_of(finding, rule.id);
}

/// Lines are counted by their ends alone; characters only in the line where the place is.
void FindingWriter::walk_to(std::string_view text, std::size_t place) {
  while (at_ < place) {
    const void* newline = std::memchr(text.data() + at_, '\n', place - at_);
    if (newline == nullptr) break;
    at_ = static_cast<std::size_t>(static_cast<const char*>(newline) - text.data()) + 1;
    ++line_;
    column_ = 1;
  }
  for (; at_ < place; ++at_) column_ += (static_cast<unsigned char>(text[at_]) & 0xC0) != 0x80 ? 1 : 0;
}

/// A mark counts on the lines of the value, and on the line before them when that holds nothing else, as a comment above has it.
bool FindingWriter::is_allowed(std::string_view text, const Finding& finding) {
  // Many findings on one long line must not each look for its ends.
  if (judged_begin_ <= finding.begin && finding.end <= judged_end_) return judged_;
  const std::size_t begin = line_begin(text, finding.begin);
  const std::size_t end = line_end(text, finding.end);
  judged_begin_ = begin;
  judged_end_ = end;
  judged_ = has_mark(text.substr(begin, end - begin)) ||
            (begin > 0 && is_mark_alone(text.substr(line_begin(text, begin - 1), begin - 1 - line_begin(text, begin - 1))));
  return judged_;
}

/// Only what stands in the rule file anyway may be shown of a value.
std::string FindingWriter::mask_of(const Finding& finding, std::string_view value) const {
  if (secrets_ != nullptr && finding.rule < secrets_->rules().size()) {
    for (const std::string& keyword : secrets_->rules()[finding.rule].keywords) {
      const std::string_view literal = std::string_view(keyword).substr(0, keyword.find('{'));
      if (literal.size() >= 2 && value.starts_with(literal)) return std::string(literal.substr(0, 4)) + "…";
    }
  }
  return "…";
}

void FindingWriter::add(std::string_view text, const Finding& finding, std::string_view value, Encoding encoding) {
  const Rule& rule = guards_.rule(finding.rule);
  ScanFinding one;
  one.path = path_;
  one.rule = finding.rule;
  one.weak = finding.weak;
  one.allowed = is_allowed(text, finding);
  if (one.allowed) one.allowed_by = kByMark;
  one.mask = mask_of(finding, value);
  one.has_prefix = one.mask.size() >= kPrefix + std::string_view("…").size();
  one.length = value.size();
  one.encoding = encoding;
  walk_to(text, finding.begin);
  one.line = line_;
  one.column = column_;
  const std::uint64_t line = line_, column = column_;
  const std::size_t at = at_;
  walk_to(text, finding.end);
  one.end_line = line_;
  one.end_column = column_;
  line_ = line, column_ = column, at_ = at;
  numbers_.resize(std::max<std::size_t>(numbers_.size(), finding.rule + 1U));
  one.number = ++numbers_[finding.rule];
  const bool guessable = rule.category == Category::pii || static_cast<double>(value.size()) * entropy(value) < kGuessableBits;
  one.identity = keyed_hash(rule.id, value);
  if (!guessable) one.hash = one.identity;
  one.fingerprint = fingerprint_of(one, rule.id);
  out_.push_back(std::move(one));
}

void FindingWriter::write(std::string_view text, std::size_t from, std::size_t to, const std::vector<Finding>& found,
                          const std::vector<EncodedFinding>& encoded) {
  at_ = from;
  judged_begin_ = text.size() + 1;
  judged_end_ = 0;
  const auto is_here = [&](const Finding& finding) { return finding.begin >= from && finding.begin < to; };
  auto next = encoded.begin();
  const auto add_encoded = [&](std::size_t before) {
    for (; next != encoded.end() && next->finding.begin < before; ++next)
      if (is_here(next->finding)) add(text, next->finding, next->value, next->encoding);
  };
  for (const Finding& finding : found) {
    add_encoded(finding.begin);
    if (is_here(finding)) add(text, finding, text.substr(finding.begin, finding.end - finding.begin), Encoding::plain);
  }
  add_encoded(to);
}

void FindingWriter::leave(std::string_view text, std::size_t to) {
  walk_to(text, to);
}

}  // namespace pg
