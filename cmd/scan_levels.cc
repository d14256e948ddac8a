// Few directories have such files, so they are read as they come.
#include "cmd/scan_levels.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

namespace pg {
namespace {

std::string read_small(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
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
                            const std::string& exclude) {
  std::shared_ptr<IgnoreRules> rules;
  if (files.git || files.own || files.repository || !exclude.empty()) rules = std::make_shared<IgnoreRules>();
  if (files.repository) rules->add(read_small(joined(directory, ".git/info/exclude")));
  if (files.git) rules->add(read_small(joined(directory, ".gitignore")));
  if (files.own) rules->add(read_small(joined(directory, ".ignore")));
  if (!exclude.empty()) rules->add(exclude);
  return std::make_shared<IgnoreRules::Level>(IgnoreRules::Level{std::move(rules), std::move(above), std::move(name)});
}

IgnoreLevelPtr levels_above(const std::string& directory) {
  std::unique_ptr<char, void (*)(void*)> real(::realpath(directory.c_str(), nullptr), ::free);
  if (real == nullptr) return nullptr;
  std::vector<std::string> chain{real.get()};
  while (::access((chain.back() + "/.git").c_str(), F_OK) != 0) {
    if (chain.back().size() <= 1) return nullptr;  // in no repository
    chain.push_back(chain.back().substr(0, std::max<std::size_t>(1, chain.back().rfind('/'))));
  }
  IgnoreLevelPtr level;
  for (std::size_t i = chain.size(); i-- > 1;)
    level = ignore_level(chain[i], chain[i].substr(chain[i].rfind('/') + 1), level, {true, true, i + 1 == chain.size()});
  return level;
}

}  // namespace pg
