// Runs the built binary: a home directory of its own, commands that end, a server that is started and stopped, and World, which
// is a server in front of a FakeUpstream with one project and one key. Used by one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/fake_upstream.h"
#include "tests/support/project_id.h"
#include "tests/support/raw_client.h"

namespace pg::test {

/// The binary under test: PG_BINARY of the environment, else the one that was built beside the tests.
std::string pg_binary();

struct CommandResult {
  int status = -1;  // exit status, 128 + signal, or -1 when it had to be killed because it did not end
  std::string out;
  std::string err;
  Ms took{0};
};

/// A temporary directory that holds everything pg reads and writes. Gone with the object.
class Home {
 public:
  Home();
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  ~Home();

  const std::filesystem::path& root() const { return root_; }
  std::string config_file() const;  // …/config/promptgate/pg.toml
  std::string project_file(std::string_view name) const;
  std::string database() const;  // the only *.db below the home, or ""
  void write(const std::filesystem::path& file, std::string_view text) const;
  static std::string read(const std::filesystem::path& file);
  /// Every regular file below, as one string: to look for what must not be there.
  std::string everything() const;
  void set_env(std::string name, std::string value) { env_[std::move(name)] = std::move(value); }
  std::vector<std::string> environment() const;

  /// Runs `pg ARGS…` to its end.
  CommandResult run(const std::vector<std::string>& args, std::string_view input = {}, Ms limit = Ms{30'000}) const;
  /// `pg keys add NAME …`: the key's text.
  std::string add_key(std::string_view name, const std::vector<std::string>& more = {}) const;
  /// `pg logs tail -n COUNT --json`: one JSON document a line.
  std::vector<std::string> rows(int count = 50) const;
  /// True once `field` of the latest call's row, as text or JSON, contains `value`. Rows are written behind the reply, and that
  /// of the call before, on another loop, may come last: ids begin with the call's time.
  bool newest_row_has(const char* field, std::string_view value) const;

 private:
  std::filesystem::path root_;
  std::map<std::string, std::string> env_;
};

/// A running `pg serve`. Killed (by its pid) with the object.
class Server {
 public:
  explicit Server(const Home& home) : home_(home) {}
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// Starts and waits for the ready file; false when the process ended first or the limit passed.
  bool start(const std::vector<std::string>& more = {}, std::string_view listen = "127.0.0.1:0", Ms limit = Ms{30'000});
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return pid_; }
  Ms start_took() const { return start_took_; }
  std::string err() const;  // standard error so far
  void signal(int number) const;
  /// The exit status (128 + signal), or -1 when it still runs after the limit.
  int wait(Ms limit = Ms{10'000});
  bool running();

 private:
  const Home& home_;
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
  Ms start_took_{0};
  std::filesystem::path err_file_;
};

/// Settings of a project with these lines under [guards].
std::string project_toml(std::string_view guards, std::string_view more = {});
inline constexpr std::string_view kDetectAll =
    "secrets = \"detect\"\nemail = \"detect\"\niban = \"detect\"\ncard = \"detect\"\nssn = \"detect\"\n";
inline constexpr std::string_view kRedactAll =
    "secrets = \"redact\"\nemail = \"redact\"\niban = \"redact\"\ncard = \"redact\"\nssn = \"redact\"\n";
inline constexpr std::string_view kBlockSecrets =
    "secrets = \"block\"\nemail = \"redact\"\niban = \"redact\"\ncard = \"redact\"\nssn = \"redact\"\n";

/// Whether `part` stands in what a command or a server said.
inline bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// pg in front of a FakeUpstream: project `test`, provider `fake`, one key.
class World {
 public:
  /// `settings` is added to pg.toml (@UP there becomes the upstream's base URL), `provider` to its [providers.fake] table,
  /// `project` to the project file.
  explicit World(std::string_view guards = kRedactAll, std::string_view settings = {}, std::string_view provider = {},
                 std::string_view project = {});

  FakeUpstream upstream;
  Home home;
  Server server{home};
  std::string key;
  std::string credential;  // what pg sends to the provider

  std::uint16_t port() const { return server.port(); }
  /// A request to /api/test/REST with the key and JSON as content type.
  std::string request(std::string_view rest, std::string_view body, Fields fields = {}) const;
  RawReply post(std::string_view rest, std::string_view body, Fields fields = {}, Ms limit = Ms{5000}) const;
  RawReply get(std::string_view rest, Fields fields = {}, std::string_view method = "GET") const;
};

}  // namespace pg::test
