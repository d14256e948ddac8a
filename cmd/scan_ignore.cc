// Reads and applies ignore files; one walk of a tree asks this for every entry, so plain names are compared before globs are
// tried.
#include "cmd/scan_ignore.h"

#include <algorithm>

namespace pg {
namespace {

/// Matches one [class] at glob[i]; moves i behind it. An unclosed one is a literal '['.
bool matches_class(std::string_view glob, std::size_t& i, char c) {
  std::size_t at = i + 1;
  const bool negated = at < glob.size() && (glob[at] == '!' || glob[at] == '^');
  if (negated) ++at;
  bool found = false;
  for (bool first = true; at < glob.size() && (first || glob[at] != ']'); first = false) {
    if (glob[at] == '\\' && at + 1 < glob.size()) ++at;
    const char low = glob[at++];
    char high = low;
    if (at + 1 < glob.size() && glob[at] == '-' && glob[at + 1] != ']') {
      high = glob[at + 1];
      at += 2;
    }
    found |= c >= low && c <= high;
  }
  if (at >= glob.size()) {
    ++i;
    return c == '[';
  }
  i = at + 1;
  return found != negated && c != '/';
}

/// One byte of the path against one element of the glob (not '*'); moves i behind the element.
bool matches_one(std::string_view glob, std::size_t& i, char c) {
  if (glob[i] == '?') return ++i, c != '/';
  if (glob[i] == '[') return matches_class(glob, i, c);
  if (glob[i] == '\\' && i + 1 < glob.size()) ++i;
  return glob[i++] == c;
}

/// "**" that stands alone between slashes at glob[i].
bool is_deep_star(std::string_view glob, std::size_t i) {
  return glob.substr(i, 2) == "**" && (i == 0 || glob[i - 1] == '/') && (i + 2 == glob.size() || glob[i + 2] == '/');
}

}  // namespace

bool matches_ignore_glob(std::string_view glob, std::string_view path) {
  // Two places to go back to: the last '*' inside a name, and the last "**" over directories. A later star makes an earlier one
  // of its kind irrelevant, so no path is tried twice from the same pair.
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t g = 0, p = 0;
  std::size_t star_g = kNone, star_p = 0, deep_g = kNone, deep_p = 0;
  while (p < path.size() || g < glob.size()) {
    if (g < glob.size() && is_deep_star(glob, g)) {
      if (g + 2 == glob.size()) return p < path.size();
      g += 3;
      deep_g = g;
      deep_p = p;
      star_g = kNone;
      continue;
    }
    if (g < glob.size() && glob[g] == '*') {
      while (g < glob.size() && glob[g] == '*') ++g;
      star_g = g;
      star_p = p;
      continue;
    }
    if (p < path.size() && g < glob.size()) {
      std::size_t next = g;
      if (matches_one(glob, next, path[p])) {
        g = next;
        ++p;
        continue;
      }
    }
    if (star_g != kNone && star_p < path.size() && path[star_p] != '/') {
      g = star_g;
      p = ++star_p;
      continue;
    }
    if (deep_g == kNone) return false;
    const std::size_t slash = path.find('/', deep_p);
    if (slash == kNone) return false;
    g = deep_g;
    p = deep_p = slash + 1;
    star_g = kNone;
  }
  return true;
}

void IgnoreRules::add(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    while (line.size() >= 1 && (line.back() == ' ' || line.back() == '\t') &&
           !(line.size() >= 2 && line[line.size() - 2] == '\\'))
      line.remove_suffix(1);
    if (line.empty() || line[0] == '#') continue;
    IgnorePattern pattern;
    if (line[0] == '!') {
      pattern.negated = true;
      line.remove_prefix(1);
    }
    if (!line.empty() && line.back() == '/') {
      pattern.only_directories = true;
      line.remove_suffix(1);
    }
    pattern.anchored = line.find('/') != std::string_view::npos;
    if (!line.empty() && line[0] == '/') line.remove_prefix(1);
    if (line.empty()) continue;
    pattern.literal = line.find_first_of("*?[\\") == std::string_view::npos;
    pattern.glob = line;
    patterns_.push_back(std::move(pattern));
  }
}

IgnoreRules::Say IgnoreRules::say(std::string_view path, std::string_view name, bool is_directory) const {
  for (auto it = patterns_.rbegin(); it != patterns_.rend(); ++it) {
    if (it->only_directories && !is_directory) continue;
    const std::string_view subject = it->anchored ? path : name;
    if (it->literal ? subject == it->glob : matches_ignore_glob(it->glob, subject))
      return it->negated ? Say::keep : Say::leave_out;
  }
  return Say::nothing;
}

IgnoreVerdict judge_entry(const IgnoreLevel* level, std::string_view name, bool is_directory) {
  using Say = IgnoreRules::Say;
  std::string path(name);
  Say git = Say::nothing, own = Say::nothing;
  for (; level != nullptr; level = level->above.get()) {
    if (level->settings != nullptr && level->settings->say(path, name, is_directory) == Say::leave_out)
      return IgnoreVerdict::left_out_by_user;
    if (own == Say::nothing && level->own != nullptr) own = level->own->say(path, name, is_directory);
    if (git == Say::nothing && level->git != nullptr) git = level->git->say(path, name, is_directory);
    if (level->above != nullptr) path.insert(0, level->name + "/");
  }
  if (own == Say::leave_out) return IgnoreVerdict::left_out_by_user;
  return own == Say::nothing && git == Say::leave_out ? IgnoreVerdict::left_out_by_git : IgnoreVerdict::keep;
}

bool is_path_ignored(const IgnoreRules& rules, std::string_view path, bool is_directory) {
  for (std::size_t begin = 0;;) {
    const std::size_t slash = path.find('/', begin);
    const bool is_on_the_way = slash != std::string_view::npos;
    const std::string_view name = path.substr(begin, is_on_the_way ? slash - begin : slash);
    if (rules.say(path.substr(0, slash), name, is_on_the_way || is_directory) == IgnoreRules::Say::leave_out) return true;
    if (!is_on_the_way) return false;
    begin = slash + 1;
  }
}

}  // namespace pg
