// Bytes are read as they are: the finders know JSON's escapes. Events are read twice, once as text and once string by string.
#include "core/guard/mask_secrets.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "core/guard/secrets.h"

namespace pg {
namespace {

GuardSettings secrets_alone() {
  GuardSettings settings;
  settings.email = settings.iban = settings.card = settings.ssn = Action::off;
  return settings;
}

/// What the strings under one name say together, and where their pieces stand.
struct JoinedStrings {
  struct Piece {
    std::size_t at = 0;     // in `text`
    std::size_t begin = 0;  // in the events
  };
  std::string text;
  std::vector<Piece> pieces;
};

using StringsByName = std::map<std::string_view, JoinedStrings>;

std::size_t end_of_string(std::string_view json, std::size_t at) {
  while (at < json.size() && json[at] != '"' && json[at] != '\n') at += json[at] == '\\' ? 2 : 1;
  return std::min(at, json.size());
}

// Names tell the pieces of one text from those of another.
void join_strings(std::string_view events, StringsByName& out) {
  std::string_view name;
  for (std::size_t at = events.find('"'); at < events.size(); at = events.find('"', at)) {
    const std::size_t begin = at + 1;
    const std::size_t end = end_of_string(events, begin);
    const std::string_view value = events.substr(begin, end - begin);
    at = std::min(end + 1, events.size());
    const std::size_t next = events.find_first_not_of(" \t", at);
    if (next != std::string_view::npos && events[next] == ':') {
      name = value;
      continue;
    }
    JoinedStrings& joined = out[name];
    if (value.empty()) continue;
    joined.pieces.push_back({joined.text.size(), begin});
    joined.text += value;
  }
}

void cover(const JoinedStrings& joined, const Finding& finding, std::string& events) {
  for (std::size_t i = 0; i < joined.pieces.size(); ++i) {
    const std::size_t ends = i + 1 < joined.pieces.size() ? joined.pieces[i + 1].at : joined.text.size();
    const std::size_t first = std::max<std::size_t>(finding.begin, joined.pieces[i].at);
    const std::size_t last = std::min<std::size_t>(finding.end, ends);
    if (first >= last) continue;
    const std::size_t from = joined.pieces[i].begin + (first - joined.pieces[i].at);
    std::fill_n(events.begin() + static_cast<std::ptrdiff_t>(from), last - first, '*');
  }
}

}  // namespace

SecretMask::SecretMask() : guards_(Guards::make(shipped_secret_rules(), secrets_alone()).value()) {}

const Rule* SecretMask::find(std::string_view text) const {
  std::vector<Finding> findings;
  guards_->inspect(text, Scrutiny::secrets_only, findings);
  for (const Finding& finding : findings)
    if (!finding.weak) return &guards_->rule(finding.rule);
  return nullptr;
}

std::uint32_t SecretMask::mask(std::string& text) const {
  std::vector<Finding> findings;
  guards_->inspect(text, Scrutiny::secrets_only, findings);
  std::uint32_t count = 0;
  for (const Finding& finding : findings) {
    if (finding.weak) continue;
    std::fill(text.begin() + finding.begin, text.begin() + finding.end, '*');
    ++count;
  }
  return count;
}

std::string without_secrets(std::string_view text) {
  constexpr std::size_t kShortestSecret = 16;  // shorter than what any built-in rule finds: most messages need no rules at all
  std::string out(text);
  if (out.size() < kShortestSecret) return out;
  static const SecretMask kMask;
  kMask.mask(out);
  return out;
}

std::uint32_t SecretMask::mask_events(std::string& events) const {
  std::uint32_t count = mask(events);
  const std::string before = events;  // names are views into it
  StringsByName strings;
  join_strings(before, strings);
  for (auto& [name, joined] : strings) {
    if (joined.pieces.size() < 2) continue;
    std::vector<Finding> findings;
    guards_->inspect(joined.text, Scrutiny::secrets_only, findings);
    for (const Finding& finding : findings) {
      if (finding.weak) continue;
      cover(joined, finding, events);
      ++count;
    }
  }
  return count;
}

}  // namespace pg
