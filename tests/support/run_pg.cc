// Home, Server and World: processes by fork and exec, ended by pid only.
#include "tests/support/run_pg.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace pg::test {
namespace {

namespace fs = std::filesystem;

Ms since(SteadyClock::time_point begin) {
  return std::chrono::duration_cast<Ms>(SteadyClock::now() - begin);
}

int status_of(int raw) {
  return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

/// Waits for the child; kills it (and says -1) when it does not end.
int wait_for_exit(pid_t pid, Ms limit) {
  const auto begin = SteadyClock::now();
  int raw = 0;
  while (since(begin) < limit) {
    if (::waitpid(pid, &raw, WNOHANG) == pid) return status_of(raw);
    std::this_thread::sleep_for(Ms{2});
  }
  return -1;
}

pid_t spawn(const std::vector<std::string>& args, const std::vector<std::string>& env, int in, int out, int err) {
  std::vector<std::string> words = args;
  std::vector<std::string> vars = env;
  std::vector<char*> argv, envp;
  for (auto& word : words) argv.push_back(word.data());
  for (auto& var : vars) envp.push_back(var.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // no server outlives a crashed test
  if (::getppid() != parent) ::_exit(127);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  ::execve(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

}  // namespace

std::string pg_binary() {
  const char* chosen = std::getenv("PG_BINARY");
  return chosen != nullptr ? chosen : PG_BINARY;
}

Home::Home() {
  std::string name = (fs::temp_directory_path() / "pg-e2e-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  root_ = name;
  for (const char* part : {"config/promptgate/projects", "data", "state", "run", "home"}) fs::create_directories(root_ / part);
  fs::permissions(root_ / "run", fs::perms::owner_all);
  env_ = {{"PATH", "/usr/bin:/bin"}, {"TZ", "UTC"}, {"LC_ALL", "C.UTF-8"}};
  env_["HOME"] = root_ / "home";
  env_["XDG_CONFIG_HOME"] = root_ / "config";
  env_["XDG_DATA_HOME"] = root_ / "data";
  env_["XDG_STATE_HOME"] = root_ / "state";
  env_["XDG_RUNTIME_DIR"] = root_ / "run";
  for (const char* name_kept : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS", "PG_SERVE_IO_URING"}) {
    if (const char* value = std::getenv(name_kept)) env_[name_kept] = value;
  }
}

Home::~Home() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

std::string Home::config_file() const {
  return root_ / "config/promptgate/pg.toml";
}
std::string Home::project_file(std::string_view name) const {
  return root_ / "config/promptgate/projects" / (std::string(name) + ".toml");
}

std::string Home::database() const {
  for (const auto& entry : fs::recursive_directory_iterator(root_)) {
    if (entry.path().extension() == ".db") return entry.path();
  }
  return {};
}

void Home::write(const fs::path& file, std::string_view text) const {
  fs::create_directories(file.parent_path());
  // Written beside and renamed, as editors do: a reader sees the old file or the new one.
  const fs::path fresh = file.parent_path() / (".new-" + file.filename().string());
  std::ofstream(fresh, std::ios::binary) << text;
  fs::permissions(fresh, fs::perms::owner_read | fs::perms::owner_write);
  fs::rename(fresh, file);
}

std::string Home::read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string Home::everything() const {
  std::string all;
  for (const auto& entry : fs::recursive_directory_iterator(root_)) {
    if (entry.is_regular_file()) all += read(entry.path());
  }
  return all;
}

std::vector<std::string> Home::environment() const {
  std::vector<std::string> env;
  for (const auto& [name, value] : env_) env.push_back(name + "=" + value);
  return env;
}

CommandResult Home::run(const std::vector<std::string>& args, std::string_view input, Ms limit) const {
  std::vector<std::string> words{pg_binary()};
  words.insert(words.end(), args.begin(), args.end());
  std::string base = (root_ / "command-XXXXXX").string();
  if (::mkdtemp(base.data()) == nullptr) throw std::runtime_error("mkdtemp");
  std::ofstream(base + "/in", std::ios::binary) << input;
  const int in = ::open((base + "/in").c_str(), O_RDONLY | O_CLOEXEC);
  const int out = ::open((base + "/out").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const int err = ::open((base + "/err").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const auto begin = SteadyClock::now();
  const pid_t pid = spawn(words, environment(), in, out, err);
  CommandResult result;
  result.status = wait_for_exit(pid, limit);
  result.took = since(begin);
  if (result.status < 0) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  for (const int fd : {in, out, err}) ::close(fd);
  result.out = read(base + "/out");
  result.err = read(base + "/err");
  std::error_code ignored;
  fs::remove_all(base, ignored);
  return result;
}

std::string Home::add_key(std::string_view name, const std::vector<std::string>& more) const {
  std::vector<std::string> args{"keys", "add", std::string(name), "--config", config_file()};
  args.insert(args.end(), more.begin(), more.end());
  const CommandResult result = run(args);
  const std::size_t at = result.out.find("pg_live_");
  if (result.status != 0 || at == std::string::npos) throw std::runtime_error("pg keys add: " + result.out + result.err);
  return result.out.substr(at, result.out.find_first_of(" \t\r\n\"", at) - at);
}

std::vector<std::string> Home::rows(int count) const {
  const CommandResult result = run({"logs", "tail", "-n", std::to_string(count), "--json", "--config", config_file()});
  std::vector<std::string> lines;
  std::istringstream text(result.out);
  for (std::string line; std::getline(text, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

bool Home::newest_row_has(const char* field, std::string_view value) const {
  constexpr std::size_t kTimeOfId = 10;  // characters; of two calls in one millisecond either may be the later
  for (int i = 0; i < 75; ++i) {
    std::string newest;
    bool has = false;
    for (const std::string& line : rows(3)) {
      const auto row = nlohmann::json::parse(line, nullptr, false);
      if (!row.is_object()) continue;
      const std::string begun = row.at("id").get<std::string>().substr(0, kTimeOfId);
      if (begun < newest) continue;
      const nlohmann::json found = row.contains(field) ? row.at(field) : nlohmann::json();
      const bool has_it = (found.is_string() ? found.get<std::string>() : found.dump()).find(value) != std::string::npos;
      has = has_it || (has && begun == newest);
      newest = begun;
    }
    if (has) return true;
    std::this_thread::sleep_for(Ms{40});
  }
  return false;
}

Server::~Server() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Server::start(const std::vector<std::string>& more, std::string_view listen, Ms limit) {
  const fs::path ready = home_.root() / "ready";
  fs::remove(ready);
  err_file_ = home_.root() / "serve.err";
  std::vector<std::string> args{pg_binary(),         "serve",        "--listen",    std::string(listen), "--config",
                                home_.config_file(), "--ready-file", ready.string()};
  args.insert(args.end(), more.begin(), more.end());
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const int err = ::open(err_file_.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  const auto begin = SteadyClock::now();
  pid_ = spawn(args, home_.environment(), null, err, err);
  ::close(null);
  ::close(err);
  while (since(begin) < limit) {
    const std::string url = Home::read(ready);
    const std::size_t colon = url.rfind(':');
    if (url.starts_with("http://") && colon > 5) {
      port_ = static_cast<std::uint16_t>(std::atoi(url.c_str() + colon + 1));
      start_took_ = since(begin);
      return port_ != 0;
    }
    if (!running()) return false;
    std::this_thread::sleep_for(Ms{2});
  }
  return false;
}

bool Server::running() {
  if (pid_ <= 0) return false;
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
  return info.si_pid == 0;
}

std::string Server::err() const {
  return Home::read(err_file_);
}
void Server::signal(int number) const {
  ::kill(pid_, number);
}

int Server::wait(Ms limit) {
  const int status = wait_for_exit(pid_, limit);
  if (status >= 0) pid_ = -1;
  return status;
}

std::string project_toml(std::string_view guards, std::string_view more) {
  std::string text = "id = \"" + std::string(kProjectId) + "\"\n";
  if (!more.starts_with("type = ")) text += "type = \"agent\"\n";
  if (more.find("providers") == std::string_view::npos) text += "providers = [\"fake\"]\n";
  return text.append(more).append("\n[guards]\n").append(guards);
}

World::World(std::string_view guards, std::string_view settings, std::string_view provider, std::string_view project) {
  credential = "fake-provider-credential-" + std::to_string(upstream.port());
  home.set_env("FAKE_KEY", credential);
  home.set_env("FAKE_KEY_2", credential + "-second");
  const std::string base = "http://127.0.0.1:" + std::to_string(upstream.port()) + "/v1";
  std::string text(settings);
  for (std::size_t at = text.find("@UP"); at != std::string::npos; at = text.find("@UP")) text.replace(at, 3, base);
  text += "\n[providers.fake]\nopenai_base_url = \"" + base + "\"\nanthropic_base_url = \"" + base + "\"\n";
  text.append("credential = \"env:FAKE_KEY\"\n").append(provider).append("\n");
  home.write(home.config_file(), text);
  home.write(home.project_file("test"), project_toml(guards, project));
  const CommandResult made = home.run({"init", "--config", home.config_file()});
  if (made.status != 0) throw std::runtime_error("pg init: " + made.out + made.err);
  key = home.add_key("e2e");
  if (!server.start()) throw std::runtime_error("pg serve did not start: " + server.err());
}

std::string World::request(std::string_view rest, std::string_view body, Fields fields) const {
  if (!has_field(fields, "authorization") && !has_field(fields, "x-api-key") && !has_field(fields, "x-pg-key")) {
    fields.emplace_back("Authorization", "Bearer " + key);
  }
  if (!has_field(fields, "content-type")) fields.emplace_back("Content-Type", "application/json");
  return write_request("POST", "/api/test/" + std::string(rest), fields, body, "127.0.0.1:" + std::to_string(port()));
}

RawReply World::post(std::string_view rest, std::string_view body, Fields fields, Ms limit) const {
  return exchange(port(), request(rest, body, std::move(fields)), limit);
}

RawReply World::get(std::string_view rest, Fields fields, std::string_view method) const {
  if (!has_field(fields, "authorization") && !has_field(fields, "x-api-key") && !has_field(fields, "x-pg-key")) {
    fields.emplace_back("Authorization", "Bearer " + key);
  }
  return exchange(port(), write_request(method, "/api/test/" + std::string(rest), fields, {}));
}

}  // namespace pg::test
