// The first minute: everything on the screen can be pasted.
#include "cmd/serve_banner.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "cmd/open.h"
#include "config/validate.h"

namespace pg {
namespace {

std::string policy_line(const GuardSettings& guards) {
  std::string line = fmt::format("secrets {}", action_name(guards.secrets));
  std::string redacted;
  const std::pair<const char*, Action> kinds[] = {{"e-mail", guards.email}, {"IBAN", guards.iban},   {"cards", guards.card},
                                                  {"SSN", guards.ssn},      {"phone", guards.phone}, {"IPv4", guards.ipv4}};
  for (const auto& [name, action] : kinds)
    if (action == Action::redact || action == Action::block) redacted += (redacted.empty() ? "" : ", ") + std::string(name);
  return redacted.empty() ? line : line + fmt::format("; personal data: {}", redacted);
}

// Whose door is open to others is told so, and which names lead there. `url` is one that works on this machine.
std::string listen_lines(const ServeSettings& serve, const std::string& url) {
  if (is_loopback_host(serve.host)) return url + "\n";
  const std::string open = ": others on the network can reach it\n";
  const bool everywhere = serve.host == "0.0.0.0" || serve.host == "::" || serve.host == "*";
  if (!everywhere) return url + open;
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) std::strcpy(name, "NAME");
  const auto& allowed = serve.allowed_hosts;
  const bool is_allowed = std::find(allowed.begin(), allowed.end(), name) != allowed.end();
  return fmt::format("{}:{}{}  here      {}\n  elsewhere http://{}:{}{}\n",
                     serve.host.find(':') == std::string::npos ? serve.host : "[" + serve.host + "]", serve.port, open, url, name,
                     serve.port, is_allowed ? "" : ", once that name stands in allowed_hosts of [serve]");
}

std::string try_it(const Shell& shell, const InitReport& report, std::string_view origin) {
  if (!report.key) return "";
  const auto project = report.settings.projects.find(report.project);
  const bool has_echo = project == report.settings.projects.end() ||
                        std::count(project->second.providers.begin(), project->second.providers.end(), "echo") > 0;
  if (!has_echo) return fmt::format("\n  Your key, shown once: {}\n", shell.paint_err(Color::bold, report.key->text.reveal()));
  const std::string curl = fmt::format(
      "curl -si {}/api/{}/v1/messages -H 'x-api-key: {}' \\\n"
      "       -H 'content-type: application/json' \\\n"
      "       -d '{{\"model\":\"echo\",\"max_tokens\":99,\"messages\":[{{\"role\":\"user\",\"content\":\"Write to "
      "jane.doe@example.com\"}}]}}'",
      origin, report.project, report.key->text.reveal());
  return fmt::format(
      "\n  Your key, shown once: {}\n\n  Try it (the echo provider needs no account):\n\n     {}\n\n"
      "  x-echo-saw: is what the provider saw; the JSON is what you get back.\n",
      shell.paint_err(Color::bold, report.key->text.reveal()), curl);
}

}  // namespace

std::string serve_banner(const Shell& shell, const InitReport& report, std::uint16_t port) {
  Settings settings = report.settings;
  settings.serve.port = port;
  const std::string origin = serve_origin(settings);
  std::string out = fmt::format("{} {} listens on {}", shell.paint_err(Color::bold, "PromptGate"), PG_VERSION,
                                listen_lines(settings.serve, shell.paint_err(Color::green, origin)));
  for (const std::string& path : report.created) out += fmt::format("  created   {}\n", path);
  out += fmt::format("  settings  {}\n", settings.config_file.empty() ? "defaults" : settings.config_file);
  for (const auto& [name, project] : settings.projects) {
    std::string providers;
    for (const std::string& provider : project.providers) providers += (providers.empty() ? "" : ", ") + provider;
    for (const auto& [service, row] : project.services) providers += (providers.empty() ? "" : ", ") + service;
    for (const auto& [server, row] : project.servers) providers += (providers.empty() ? "" : ", ") + server;
    if (providers.empty()) providers = "nothing yet";
    out += fmt::format("  project   {}: {} ({}) via {}\n", name, origin + "/api/" + name, policy_line(project.guards), providers);
  }
  out += try_it(shell, report, origin);
  return out + "\n  Point an agent at it: pg setup claude-code   Watch: pg logs tail -f   Stop: Ctrl-C\n";
}

namespace {

void notify_systemd() {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = std::strlen(path);
  if (size >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path, size);
  if (path[0] == '@') address.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  constexpr std::string_view kReady = "READY=1";
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size);
  // Nobody to tell is no error: pg serves all the same.
  (void)::sendto(fd, kReady.data(), kReady.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), length);
  ::close(fd);
}

}  // namespace

Status announce_ready(const std::string& origin, const std::string& ready_file, int ready_fd) {
  notify_systemd();
  if (ready_fd >= 0) {
    const std::string line = origin + "\n";
    if (::write(ready_fd, line.data(), line.size()) < 0) return make_error(Code::io_failed, "cannot write to --ready-fd");
    ::close(ready_fd);
  }
  if (ready_file.empty()) return {};
  const std::string partial = ready_file + ".tmp";
  {
    std::ofstream file(partial, std::ios::trunc);
    file << origin << '\n';
    if (!file.flush()) return make_error(Code::io_failed, "cannot write " + ready_file);
  }
  if (std::rename(partial.c_str(), ready_file.c_str()) != 0) return make_error(Code::io_failed, "cannot write " + ready_file);
  return {};
}

}  // namespace pg
