// Starting pg and nginx as a benchmark wants them, and reading their CPU time, memory and descriptors from /proc.
#include "tests/bench/proxy_targets.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tests/bench/proxy_mock.h"
#include "tests/support/raw_client.h"

namespace pg::bench {
namespace {

namespace fs = std::filesystem;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  const bool found = ::bind(fd, raw, size) == 0 && ::getsockname(fd, raw, &size) == 0;
  ::close(fd);
  if (!found) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

pid_t parent_of(const std::string& pid) {
  const std::string stat = read_file("/proc/" + pid + "/stat");
  const std::size_t name_end = stat.rfind(") ");
  return name_end == std::string::npos ? 0 : std::atoi(stat.c_str() + name_end + 4);
}

int count_entries(const std::string& directory) {
  std::error_code ec;
  int count = 0;
  for (fs::directory_iterator at(directory, ec), end; !ec && at != end; at.increment(ec)) ++count;
  return count;
}

}  // namespace

Target::Target(std::string name, std::vector<std::string> command, std::vector<std::string> environment, std::uint16_t port)
    : name_(std::move(name)), command_(std::move(command)), environment_(std::move(environment)), port_(port) {}

Target::~Target() {
  stop();
}

double Target::start(const std::string& request) {
  std::vector<char*> argv, envp;
  for (std::string& word : command_) argv.push_back(word.data());
  for (std::string& variable : environment_) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int fd : {0, 1}) ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  const std::int64_t begun = monotonic_ns();
  const int failed = ::posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), envp.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot run " + command_[0]);
  while (monotonic_ns() - begun < 10'000'000'000 && running()) {
    test::RawClient client(port_);
    if (client.connected() && client.send(request) && client.read_reply().status == 200)
      return static_cast<double>(monotonic_ns() - begun) / 1e6;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  throw std::runtime_error(name_ + " does not answer with 200");
}

void Target::stop() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGTERM);
  for (int tries = 0; tries < 500; ++tries) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) {
      pid_ = -1;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

bool Target::running() const {
  return pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == 0;
}

std::vector<pid_t> Target::pids() const {
  std::vector<pid_t> all{pid_};
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name[0] >= '1' && name[0] <= '9' && parent_of(name) == pid_) all.push_back(std::atoi(name.c_str()));
  }
  return all;
}

double Target::cpu_us() const {
  double total = 0;
  for (const pid_t pid : pids()) {
    // utime and stime, in ticks, where the kernel keeps no finer account of running threads; threads that ended are in neither.
    double fine = 0;
    std::error_code ec;
    for (fs::directory_iterator at(fmt::format("/proc/{}/task", pid), ec), end; !ec && at != end; at.increment(ec))
      fine += std::atof(read_file(at->path().string() + "/schedstat").c_str()) / 1e3;
    if (fine == 0) {
      const std::string stat = read_file(fmt::format("/proc/{}/stat", pid));
      std::istringstream fields(stat.substr(stat.rfind(") ") + 2));
      std::string skipped;
      double user = 0, system = 0;
      for (int i = 0; i < 11; ++i) fields >> skipped;
      fields >> user >> system;
      fine = (user + system) * 1e6 / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }
    total += fine;
  }
  return total;
}

double Target::rss_mib() const {
  double pages = 0;
  for (const pid_t pid : pids()) {
    std::istringstream fields(read_file(fmt::format("/proc/{}/statm", pid)));
    double size = 0, resident = 0;
    fields >> size >> resident;
    pages += resident;
  }
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

int Target::open_files() const {
  return count_entries(fmt::format("/proc/{}/fd", pid_));
}

int Target::threads() const {
  return count_entries(fmt::format("/proc/{}/task", pid_));
}

PgTarget::PgTarget(std::uint16_t mock, const std::string& settings, const std::string& guards) {
  home_.set_env("BENCH_KEY", "made-up");
  home_.write(home_.config_file(), fmt::format("{}\n[providers.bench]\nopenai_base_url = \"http://127.0.0.1:{}/v1\"\n"
                                               "credential = \"env:BENCH_KEY\"\nbreaker_failures = 0\n",
                                               settings, mock));
  home_.write(home_.project_file("bench"),
              "id = \"7b1f0c52-3d0e-4c3e-9a55-0a4f5f1f2b11\"\ntype = \"agent\"\n"
              "providers = [\"bench\"]\n[guards]\n" +
                  guards);
  const test::CommandResult made = home_.run({"init", "--config", home_.config_file()});
  if (made.status != 0) throw std::runtime_error("pg init: " + made.out + made.err);
  key_ = home_.add_key("bench");
  const std::uint16_t port = free_port();
  target_ = std::make_unique<Target>("pg",
                                     std::vector<std::string>{test::pg_binary(), "serve", "-q", "--listen",
                                                              fmt::format("127.0.0.1:{}", port), "--config", home_.config_file()},
                                     home_.environment(), port);
}

std::unique_ptr<Target> make_nginx(std::uint16_t mock, const std::string& directory) {
  const std::uint16_t port = free_port();
  fs::create_directories(directory);
  std::ofstream(directory + "/nginx.conf") << fmt::format(
      "daemon off;\nworker_processes 1;\npid {0}/pid;\nerror_log {0}/errors;\n"
      "events {{ worker_connections 8192; }}\n"
      "http {{\n"
      "  access_log off;\n  tcp_nodelay on;\n  client_max_body_size 64m;\n  client_body_buffer_size 16m;\n"
      "  keepalive_requests 100000000;\n"
      "  client_body_temp_path {0}/a;\n  proxy_temp_path {0}/b;\n  fastcgi_temp_path {0}/c;\n  uwsgi_temp_path {0}/d;\n"
      "  scgi_temp_path {0}/e;\n"
      "  upstream provider {{ server 127.0.0.1:{1}; keepalive 1024; keepalive_requests 100000000; }}\n"
      "  server {{\n    listen 127.0.0.1:{2} backlog=4096;\n"
      "    location / {{ proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_buffering "
      "off; }}\n"
      "  }}\n}}\n",
      directory, mock, port);
  // Left to itself, glibc gives the buffer of a body back after the request or does not, as it happened to begin: the same nginx
  // then takes up to nine times as long for 200 KB. Here it keeps them.
  return std::make_unique<Target>(
      "nginx", std::vector<std::string>{"nginx", "-e", directory + "/errors", "-p", directory, "-c", directory + "/nginx.conf"},
      std::vector<std::string>{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "MALLOC_MMAP_THRESHOLD_=33554432",
                               "MALLOC_TRIM_THRESHOLD_=268435456"},
      port);
}

std::string first_line(const std::string& command) {
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return "";
  char line[200] = {};
  const bool read = std::fgets(line, sizeof line, pipe) != nullptr;
  ::pclose(pipe);
  std::string text = read ? line : "";
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string write_post(std::uint16_t port, const std::string& path, const std::string& fields, const std::string& body) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                     path, port, fields, body.size(), body);
}

}  // namespace pg::bench
