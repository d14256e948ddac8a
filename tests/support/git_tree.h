// A git repository in a private directory, made with the git program and none of the settings of who runs the tests.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace pg::test {

class GitTree {
 public:
  /// `git init ARGS…`, with a branch "main".
  explicit GitTree(const std::vector<std::string>& init = {});

  const std::string& path() const { return dir_.path(); }
  std::string file(std::string_view name) const { return dir_.file(name); }
  void write(std::string_view name, std::string_view bytes) const { dir_.write(name, bytes); }
  /// What `git ARGS…` prints; fails the test when git does.
  std::string git(const std::vector<std::string>& args, std::string_view input = {}) const;
  /// Adds everything and commits it on that day of 2024; gives the commit's id.
  std::string commit(int day) const;
  /// Names of files that match "objects/pack/*ENDING".
  std::vector<std::string> packs(std::string_view ending) const;
  /// Every blob that git knows of, by its id in hex.
  std::map<std::string, std::string> blobs() const;

  /// Files that grow and change over `commits` commits, so that packs have chains of deltas. The same for the same seed.
  void grow(int commits, std::uint32_t seed) const;

 private:
  TempDir dir_;
};

}  // namespace pg::test
