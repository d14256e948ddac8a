// Every knob of [servers.NAME] in the file of a project of type "mcp", with its default and unit.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/guard_overlay.h"
#include "config/service_settings.h"
#include "core/base/clock.h"

namespace pg {

/// [servers.NAME]: a program with `command`, or a place with `url`; one of both.
struct McpServerSettings {
  std::string name;
  std::vector<std::string> command;                      // the program and its arguments
  std::vector<std::pair<std::string, std::string>> env;  // text, or "env:NAME", "file:PATH", "sealed:NAME"
  std::string directory;                                 // where the program runs; "" = where pg does
  Millis idle_stop{900'000};                             // 0 = never
  ServiceSettings http;  // of a place: its url is base_url, and what else a service says of where it is and who asks

  std::vector<std::string> tools;       // globs over the server's own names; empty = every tool
  std::vector<std::string> deny_tools;  // above tools
  Millis start_timeout{30'000};
  Millis call_timeout{300'000};
  std::uint64_t max_reply = 16ull << 20;  // bytes of one message
  GuardOverlay guards;                    // over the project's, for what this server is sent
  bool has_command = false;               // the key stands there, whatever it says
  bool has_url = false;
};

}  // namespace pg
