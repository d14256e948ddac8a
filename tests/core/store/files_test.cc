#include "core/store/files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/result.h"
#include "tests/support/temp_dir.h"

using namespace pg;
using pg::test::mode_of;
using pg::test::slurp;
using pg::test::TempDir;

TEST_CASE("a written file is whole, private, and replaces the old one") {
  const TempDir dir;
  const std::string path = dir.file("a.toml");
  REQUIRE(write_file(path, "one"));
  const FileStamp before = stamp_file(path);
  REQUIRE(write_file(path, "two"));
  CHECK(slurp(path) == "two");
  CHECK(mode_of(path) == 0600);
  CHECK(stamp_file(path) != before);
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);
}

TEST_CASE("create_file leaves what is there alone") {
  const TempDir dir;
  CHECK(create_file(dir.file("k"), "one").value());
  CHECK_FALSE(create_file(dir.file("k"), "two").value());
  CHECK(slurp(dir.file("k")) == "one");
  CHECK(mode_of(dir.file("k")) == 0600);
}

TEST_CASE("a planted link is neither read as a secret nor written through") {
  const TempDir dir;
  const std::string victim = dir.write("victim", "mine");
  REQUIRE(::symlink(victim.c_str(), dir.file("link").c_str()) == 0);
  CHECK(read_file(dir.file("link"), 100, FileTrust::secret).error().message.find("symbolic link") != std::string::npos);
  CHECK_FALSE(write_file(dir.file("link"), "theirs"));
  CHECK(slurp(victim) == "mine");
  CHECK_FALSE(check_private_file(dir.file("link")));
}

TEST_CASE("a link of the user's own is followed for settings, somebody else's is not") {
  const TempDir dir;
  const std::string real = dir.write("real.toml", "x = 1");
  REQUIRE(::symlink(real.c_str(), dir.file("pg.toml").c_str()) == 0);
  CHECK(read_file(dir.file("pg.toml"), 100, FileTrust::shared).value() == "x = 1");
  if (::geteuid() != 0) return;
  REQUIRE(::lchown(dir.file("pg.toml").c_str(), 65534, 65534) == 0);
  CHECK_FALSE(read_file(dir.file("pg.toml"), 100, FileTrust::shared));
}

TEST_CASE("pipes, directories and large files are refused without hanging") {
  const TempDir dir;
  REQUIRE(::mkfifo(dir.file("pipe").c_str(), 0600) == 0);
  CHECK(read_file(dir.file("pipe"), 100, FileTrust::shared).error().message == dir.file("pipe") + ": is not a regular file");
  CHECK(read_file(dir.path(), 100, FileTrust::shared).error().message == dir.path() + ": is a directory");
  dir.write("large", std::string(101, 'x'));
  CHECK(read_file(dir.file("large"), 100, FileTrust::shared).error().code == Code::too_large);
  CHECK(read_file(dir.file("large"), 101, FileTrust::shared));
  CHECK(read_file(dir.file("none"), 100, FileTrust::shared).error().code == Code::not_found);
}

TEST_CASE("a secret file is ours alone, under one name") {
  const TempDir dir;
  const std::string path = dir.write("key", "k");
  CHECK(check_private_file(path));
  for (const unsigned mode : {0644u, 0640u, 0604u, 0660u}) {
    ::chmod(path.c_str(), mode);
    const auto refused = check_private_file(path);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("hint: chmod 600 " + path) != std::string::npos);
    CHECK_FALSE(read_file(path, 10, FileTrust::secret));
  }
  ::chmod(path.c_str(), 0600);
  REQUIRE(::link(path.c_str(), dir.file("second").c_str()) == 0);
  CHECK(check_private_file(path).error().message.find("hard link") != std::string::npos);
}

TEST_CASE("a secret file of another user is refused") {
  if (::geteuid() != 0) return;  // only root can make one
  const TempDir dir;
  const std::string path = dir.write("key", "k");
  REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
  CHECK(check_private_file(path).error().message.find("belongs to uid 65534") != std::string::npos);
}

TEST_CASE("private directories are made with their parents and refused when everybody may write") {
  const TempDir dir;
  REQUIRE(make_private_directory(dir.file("a/b/c")));
  CHECK(mode_of(dir.file("a")) == 0700);
  CHECK(mode_of(dir.file("a/b/c")) == 0700);
  CHECK(make_private_directory(dir.file("a/b/c")));
  ::chmod(dir.file("a").c_str(), 0777);
  CHECK(make_private_directory(dir.file("a")).error().message.find("chmod 700") != std::string::npos);
  dir.write("file", "");
  CHECK_FALSE(make_private_directory(dir.file("file")));
  CHECK_FALSE(make_private_directory(dir.file("file/below")));
}

TEST_CASE("a file that may be written in a directory that may not is a matter of permissions") {
  const TempDir dir;
  const std::string file = dir.write("pg.db", "");
  CHECK(code_of_denial(file) == Code::io_failed);
  // Root may do everything: somebody else looks.
  const uid_t nobody = 65534;
  if (::geteuid() == 0) REQUIRE(::chown(file.c_str(), nobody, nobody) == 0);
  REQUIRE(::chmod(dir.file("").c_str(), 0555) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(nobody) != 0) ::_exit(2);
    ::_exit(code_of_denial(file) == Code::forbidden ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  ::chmod(dir.file("").c_str(), 0700);
  CHECK(status == 0);
}

TEST_CASE("stamps are zero without a file, and directory_of is the part before the last slash") {
  CHECK(stamp_file("/nonexistent/x") == FileStamp{});
  CHECK(directory_of("/a/b") == "/a");
  CHECK(directory_of("/a") == "/");
  CHECK(directory_of("a") == ".");
}

TEST_CASE("a file system between machines is told by its type; one of this machine, and nothing at all, are none") {
  CHECK(network_file_system(0x6969) == "NFS");
  CHECK(network_file_system(0xFF534D42) == "CIFS");
  CHECK(network_file_system(0x01021997) == "9P");
  CHECK(network_file_system(0xEF53) == "");      // ext4
  CHECK(network_file_system(0x01021994) == "");  // tmpfs
  CHECK(network_file_system_of("/proc") == "");
  CHECK(network_file_system_of("/nowhere/at/all") == "");
}
