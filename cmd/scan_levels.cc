// Few directories have such files, so they are read as they come.
#include "cmd/scan_levels.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "cmd/regular_file.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::size_t kMaxIgnoreFile = 1U << 20;  // each entry of a tree is compared with every line

/// What is not obeyed is said: a scan that reads more than was meant explains itself.
void add_lines_of(const std::string& path, IgnoreRules& rules, std::vector<std::string>& notes) {
  const Result<std::string> text = read_regular_file(path, kMaxIgnoreFile);
  if (text) return rules.add(*text);
  if (text.error().code != Code::not_found)
    notes.push_back(fmt::format("{} was not obeyed: {}", escape_controls(path), text.error().message));
}

}  // namespace

std::string joined(const std::string& directory, std::string_view name) {
  std::string path;
  if (directory != ".") {
    path.reserve(directory.size() + 1 + name.size());
    path = directory;
    if (!path.ends_with('/')) path += '/';
  }
  path += name;
  return path;
}

IgnoreLevelPtr ignore_level(const std::string& directory, std::string name, IgnoreLevelPtr above, IgnoreFiles files,
                            std::vector<std::string>& notes, const std::string& exclude) {
  std::shared_ptr<IgnoreRules> rules;
  if (files.git || files.own || files.repository || !exclude.empty()) rules = std::make_shared<IgnoreRules>();
  if (files.repository) add_lines_of(joined(directory, ".git/info/exclude"), *rules, notes);
  if (files.git) add_lines_of(joined(directory, ".gitignore"), *rules, notes);
  if (files.own) add_lines_of(joined(directory, ".ignore"), *rules, notes);
  if (!exclude.empty()) rules->add(exclude);
  return std::make_shared<IgnoreRules::Level>(IgnoreRules::Level{std::move(rules), std::move(above), std::move(name)});
}

IgnoreLevelPtr levels_above(const std::string& directory, std::vector<std::string>& notes) {
  std::unique_ptr<char, void (*)(void*)> real(::realpath(directory.c_str(), nullptr), ::free);
  if (real == nullptr) return nullptr;
  std::vector<std::string> chain{real.get()};
  while (::access((chain.back() + "/.git").c_str(), F_OK) != 0) {
    if (chain.back().size() <= 1) return nullptr;  // in no repository
    chain.push_back(chain.back().substr(0, std::max<std::size_t>(1, chain.back().rfind('/'))));
  }
  IgnoreLevelPtr level;
  for (std::size_t i = chain.size(); i-- > 1;)
    level = ignore_level(chain[i], chain[i].substr(chain[i].rfind('/') + 1), level, {true, true, i + 1 == chain.size()}, notes);
  return level;
}

}  // namespace pg
