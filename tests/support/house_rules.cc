// Rules over includes, doors, length, words and names. The coroutine rules live in coroutine_rules.cc.
#include "tests/support/house_rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <map>
#include <set>

#include "core/base/text.h"
#include "tests/support/cpp_text.h"

namespace pg::test {
namespace {

std::string complaint(const SourceFile& file, std::size_t line, std::string what) {
  return file.path + ":" + std::to_string(line) + ": " + std::move(what);
}

bool is_under(std::string_view path, std::string_view folder) {
  return path.starts_with(folder);
}
bool is_cpp(std::string_view path) {
  return path.ends_with(".h") || path.ends_with(".cc");
}
bool is_test(std::string_view path) {
  return is_under(path, "tests/");
}

/// Where in the line cmd -> proxy -> config -> core a path stands; -1 outside of it.
int rank_of(std::string_view path) {
  constexpr std::array<std::string_view, 4> kLine = {"core/", "config/", "proxy/", "cmd/"};
  for (std::size_t i = 0; i < kLine.size(); ++i) {
    if (is_under(path, kLine[i])) return static_cast<int>(i);
  }
  return -1;
}

/// "guard" of core/guard/vault.h; "" for core/policy.h, which stands on top of all.
std::string_view core_part(std::string_view path) {
  const std::string_view rest = path.substr(5);
  const std::size_t slash = rest.find('/');
  return slash == std::string_view::npos ? std::string_view() : rest.substr(0, slash);
}

bool core_allows(std::string_view from, std::string_view to) {
  static const std::map<std::string_view, std::set<std::string_view>> kAllowed = {
      {"base", {}},
      {"wire", {"base"}},
      {"guard", {"base", "wire"}},
      {"access", {"base", "wire"}},
      {"route", {"base", "wire", "guard", "access"}},
      {"mcp", {"base", "wire", "guard"}},
      {"store", {"base", "wire", "access"}},
  };
  if (from.empty() || from == to) return true;
  const auto row = kAllowed.find(from);
  return row != kAllowed.end() && row->second.contains(to);
}

struct Include {
  std::string_view name;
  bool system;  // <…>
  std::size_t line;
};

std::vector<Include> includes_of(const SourceFile& file) {
  std::vector<Include> found;
  std::size_t number = 0;
  for (const std::string_view raw : split(file.text, '\n')) {
    ++number;
    std::string_view line = trim(raw);
    if (!line.starts_with("#")) continue;
    line = trim(line.substr(1));
    if (!line.starts_with("include")) continue;
    line = trim(line.substr(7));
    const std::size_t end = line.find_first_of(">\"", 1);
    if (end != std::string_view::npos) found.push_back({line.substr(1, end - 1), line[0] == '<', number});
  }
  return found;
}

struct Door {
  std::string_view header;                // prefix of what is between < and >
  std::vector<std::string_view> allowed;  // prefixes of paths, tests aside
};

const std::vector<Door>& doors() {
  static const std::vector<Door> kDoors = {
      {"boost/beast", {"proxy/net/http_parse.cc"}},
      {"boost/asio", {"proxy/", "cmd/serve"}},
      {"boost/system/", {"core/base/result.h", "proxy/"}},
      {"boost/", {}},
      {"CLI/", {"cmd/"}},
      {"doctest/", {}},
      {"fmt/", {"core/", "config/", "proxy/", "cmd/", "packaging/fmt.cc"}},
      {"nlohmann/json_fwd.hpp", {"core/", "config/", "proxy/", "cmd/"}},
      {"nlohmann/", {"core/", "config/", "proxy/", "cmd/"}},  // .cc only, see below
      {"openssl/", {"core/base/crypto.cc", "proxy/net/"}},
      {"re2/", {"core/base/regex.cc", "core/guard/matcher"}},
      {"sqlite3", {"core/store/db.cc"}},
      {"toml++/", {"config/load", "core/guard/rule_file.cc"}},
      {"xxhash.h", {"core/guard/verdict_cache.cc", "core/guard/wide_hash.cc"}},
      {"zlib.h", {"core/base/compress.cc"}},
      {"libdeflate.h", {"core/base/compress.cc"}},
      {"liburing.h", {"proxy/net/ring.cc"}},
      {"mimalloc.h", {"core/base/memory.cc"}},
      {"zstd", {"core/base/compress.cc"}},
      // Sockets: core and config never open one.
      {"sys/socket.h", {"proxy/", "cmd/"}},
      {"netinet/", {"proxy/", "cmd/"}},
      {"arpa/", {"proxy/", "cmd/"}},
      {"netdb.h", {"proxy/", "cmd/"}},
      {"sys/", {"core/", "config/", "proxy/", "cmd/"}},
      {"linux/", {"core/", "config/", "proxy/", "cmd/"}},
  };
  return kDoors;
}

const Door* find_door(std::string_view header) {
  for (const Door& door : doors()) {
    if (header.starts_with(door.header)) return &door;
  }
  return nullptr;
}

}  // namespace

Complaints check_include_direction(const SourceFile& file) {
  Complaints out;
  const int from = rank_of(file.path);
  if (from < 0) return out;
  for (const Include& include : includes_of(file)) {
    if (include.system) continue;
    const int to = rank_of(include.name);
    const std::string name(include.name);
    if (to < 0) {
      out.push_back(
          complaint(file, include.line, "includes \"" + name + "\", which is not written from the top of the tree or not ours"));
    } else if (to > from) {
      out.push_back(complaint(file, include.line, "includes \"" + name + "\" against the line cmd -> proxy -> config -> core"));
    } else if (from == 0 && !core_allows(core_part(file.path), core_part(include.name))) {
      out.push_back(complaint(file, include.line, "includes \"" + name + "\" against the lines inside core"));
    } else if (is_under(include.name, "proxy/net/") && !is_under(file.path, "proxy/")) {
      out.push_back(complaint(file, include.line, "includes \"" + name + "\": proxy/net is for proxy alone"));
    }
  }
  return out;
}

Complaints check_doors(const SourceFile& file) {
  Complaints out;
  if (!is_cpp(file.path) || is_test(file.path)) return out;
  for (const Include& include : includes_of(file)) {
    if (!include.system) continue;
    const std::string name(include.name);
    const Door* door = find_door(include.name);
    const bool foreign = include.name.find('/') != std::string_view::npos || include.name.ends_with(".hpp");
    if (door == nullptr && foreign)
      out.push_back(complaint(file, include.line, "<" + name + "> is of a library that has no door"));
    if (door == nullptr) continue;
    const bool inside =
        std::any_of(door->allowed.begin(), door->allowed.end(), [&](std::string_view p) { return is_under(file.path, p); });
    if (!inside) out.push_back(complaint(file, include.line, "<" + name + "> may not be included here"));
    if (name == "nlohmann/json.hpp" && file.path.ends_with(".h")) {
      out.push_back(complaint(file, include.line, "headers use <nlohmann/json_fwd.hpp>"));
    }
  }
  return out;
}

Complaints check_length(const SourceFile& file) {
  constexpr std::ptrdiff_t kMost = 400;
  if (!is_cpp(file.path) || rank_of(file.path) < 0) return {};
  const auto lines = std::count(file.text.begin(), file.text.end(), '\n');
  if (lines <= kMost) return {};
  return {complaint(file, static_cast<std::size_t>(lines),
                    "has " + std::to_string(lines) + " lines; a file is a page of at most 400")};
}

Complaints check_opening(const SourceFile& file) {
  // tests/core/guard/vault_test.cc says by its place that it is the test of core/guard/vault.
  if (is_test(file.path) && rank_of(std::string_view(file.path).substr(6)) >= 0) return {};
  std::string_view mark;
  if (is_cpp(file.path))
    mark = "//";
  else if (file.path.ends_with(".sql"))
    mark = "--";
  else if (file.path.ends_with(".toml") || file.path.ends_with(".cmake") || file.path.ends_with(".sh"))
    mark = "#";
  if (file.text.starts_with(mark)) return {};
  return {complaint(file, 1, "does not open with a comment that says what it is for")};
}

Complaints check_words(const SourceFile& file) {
  // Split, so that this file passes its own rule.
  static const std::vector<std::string> kNotes = {
      "TO"
      "DO",
      "FIX"
      "ME",
      "HA"
      "CK",
      "XX"
      "X"};
  static const std::vector<std::string> kPaths = {
      "/wo"
      "rk/",
      "/ro"
      "ot/",
      "/Us"
      "ers/",
      "/tmp/"
      "bash_jobs"};
  Complaints out;
  std::size_t number = 0;
  for (const std::string_view line : split(file.text, '\n')) {
    ++number;
    if (line.find('\t') != std::string_view::npos) out.push_back(complaint(file, number, "holds a tab"));
    if (line.ends_with(' ')) out.push_back(complaint(file, number, "ends in a blank"));
    for (const std::string& note : kNotes) {
      const std::size_t at = line.find(note);
      if (at != std::string_view::npos && is_word_at(line, at, note))
        out.push_back(complaint(file, number, "leaves a note: " + note));
    }
    for (const std::string& path : kPaths) {
      if (line.find(path) != std::string_view::npos)
        out.push_back(complaint(file, number, "names a place on one machine: " + path));
    }
  }
  return out;
}

Complaints check_top_level(const std::vector<std::string>& names) {
  static const std::set<std::string_view> kAllowed = {".ci", ".clang-format", ".clang-tidy", ".editorconfig", ".gitattributes",
                                                      ".gitignore", "CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md",
                                                      "cmd", "completions", "config", "core", "packaging", "proxy", "tests",
                                                      // What tools leave behind and git ignores.
                                                      ".git", ".cache", "build", "node_modules", "compile_commands.json"};
  Complaints out;
  for (const std::string& name : names) {
    if (!kAllowed.contains(name)) out.push_back(name + ":1: has no place at the top level");
  }
  return out;
}

Complaints check_file(const SourceFile& file) {
  Complaints out;
  for (const auto rule : {check_include_direction, check_doors, check_length, check_opening, check_words, check_coroutine_place,
                          check_co_await, check_coroutine_lambdas, check_coroutine_parameters}) {
    const Complaints found = rule(file);
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

}  // namespace pg::test
