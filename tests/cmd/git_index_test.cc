// GitIndex reads what git writes, in every version and shape, and survives bytes that are no index.
#include "cmd/git_index.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/encode.h"
#include "tests/support/git_tree.h"

namespace pg {
namespace {

using Tracked = GitIndex::Tracked;

GitIndex index_of(const test::GitTree& tree) {
  return read_git_index(find_git_directory(tree.path())).value();
}

void grow(const test::GitTree& tree) {
  for (int i = 0; i < 40; ++i)
    tree.write("src/deep" + std::to_string(i % 7) + "/file" + std::string(static_cast<std::size_t>(i), 'x') + ".txt",
               std::to_string(i));
  tree.write("top", "x");
  tree.write("src-other/a", "y");
  tree.git({"add", "-A"});
}

void check_names(const GitIndex& index) {
  CHECK(index.size() == 42);
  CHECK(index.find("top", false) == Tracked::file);
  CHECK(index.find("src/deep0/file.txt", false) == Tracked::file);
  CHECK(index.find("src/deep6/fil", false) == Tracked::no);
  CHECK(index.find("src", false) == Tracked::no);
  CHECK(index.find("src", true) == Tracked::below);
  CHECK(index.find("src/deep6", true) == Tracked::below);
  CHECK(index.find("sr", true) == Tracked::no);
  CHECK(index.find("top", true) == Tracked::no);
}

TEST_CASE("an index of version 2, 3 and 4 says what is tracked, and so does one with long ids") {
  for (const char* version : {"2", "4"}) {
    const test::GitTree tree;
    grow(tree);
    tree.git({"update-index", "--index-version", version});
    check_names(index_of(tree));
  }
  const test::GitTree third;
  grow(third);
  third.write("planned", "z");
  third.git({"add", "--intent-to-add", "planned"});
  CHECK(test::slurp(third.file(".git/index"))[7] == 3);
  CHECK(index_of(third).find("planned", false) == Tracked::file);
  CHECK(index_of(third).size() == 43);
  const test::GitTree longer({"--object-format=sha256"});
  grow(longer);
  check_names(index_of(longer));
}

TEST_CASE("a split index counts with what it builds on, without what was taken away since") {
  const test::GitTree tree;
  grow(tree);
  tree.write("gone", "g");
  tree.git({"add", "-A"});
  tree.git({"update-index", "--split-index"});
  tree.git({"rm", "--cached", "--quiet", "gone"});
  tree.write("new", "n");
  tree.git({"add", "new"});
  tree.write("top", "changed");
  tree.git({"add", "top"});
  const GitIndex index = index_of(tree);
  CHECK(index.find("gone", false) == Tracked::no);
  CHECK(index.find("new", false) == Tracked::file);
  CHECK(index.find("top", false) == Tracked::file);
  CHECK(index.find("src/deep0/file.txt", false) == Tracked::file);
  CHECK(index.size() == 43);
}

TEST_CASE("a work tree elsewhere has its own index, and shares the rest") {
  const test::GitTree tree;
  grow(tree);
  tree.commit(2);
  const test::TempDir other;
  tree.git({"worktree", "add", "--quiet", other.file("wt")});
  const std::string directory = find_git_directory(other.file("wt"));
  check_names(read_git_index(directory).value());
  CHECK(std::filesystem::canonical(common_git_directory(directory)) == std::filesystem::canonical(tree.file(".git")));
  CHECK(common_git_directory(tree.file(".git")) == tree.file(".git"));
}

TEST_CASE("a submodule is tracked as a whole, and where there is no index nothing is") {
  const test::GitTree tree, inner;
  inner.write("a", "b");
  inner.commit(2);
  tree.git({"-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.path(), "lib/inner"});
  CHECK(index_of(tree).find("lib/inner", true) == Tracked::whole);
  CHECK(index_of(tree).find("lib", true) == Tracked::below);
  const test::TempDir empty;
  CHECK(read_git_index(empty.path()).value().size() == 0);
  CHECK(find_git_directory(empty.path()).empty());
  empty.write(".git", "no pointer");
  CHECK(find_git_directory(empty.path()).empty());
}

TEST_CASE("bytes that are no index are refused, cut or changed anywhere") {
  const test::GitTree tree;
  grow(tree);
  const auto no_shared = [](const std::string&) { return Result<std::string>(make_error(Code::not_found, "none")); };
  for (const char* version : {"2", "4"}) {
    tree.git({"update-index", "--index-version", version});
    const std::string bytes = test::slurp(tree.file(".git/index"));
    REQUIRE(GitIndex::read(bytes, no_shared));
    for (std::size_t size = 0; size < bytes.size(); size += 7) (void)GitIndex::read(bytes.substr(0, size), no_shared);
    CHECK_FALSE(GitIndex::read(bytes.substr(0, bytes.size() / 2), no_shared));
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ 0xFF);
      (void)GitIndex::read(changed, no_shared);
    }
  }
  CHECK_FALSE(GitIndex::read("", no_shared));
  tree.git({"update-index", "--split-index"});
  CHECK_FALSE(GitIndex::read(test::slurp(tree.file(".git/index")), no_shared));
}

TEST_CASE("an index of a few bytes cannot claim gigabytes of names") {
  std::string bytes = std::string("DIRC\0\0\0\4\0\x0f\xff\xff", 12);
  const std::string head = std::string(60, '\0') + std::string(2, '\0');
  bytes += head + std::string(1, '\0') + std::string(4000, 'a') + '\0';
  for (int i = 0; i < 300'000; ++i) bytes += head + std::string("\0b\0", 3).substr(0, 1) + std::string(1, '\0');
  bytes += std::string(20, '\0');
  CHECK_FALSE(GitIndex::read(bytes, [](const std::string&) { return Result<std::string>(std::string()); }));
}

}  // namespace
}  // namespace pg
