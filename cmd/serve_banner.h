// What `pg serve` says when it starts: where it listens, what it guards, and how to try it.
#pragma once

#include <string>

#include "cmd/command.h"
#include "config/init.h"
#include "config/settings.h"

namespace pg {

/// The start-up lines for standard error; with a fresh key also the curl that shows both sides of a guarded request.
std::string serve_banner(const Shell& shell, const InitReport& report, std::uint16_t port);

/// Tells whoever waits: writes "http://HOST:PORT" to the ready file, a byte to the ready descriptor, READY=1 to systemd's socket.
/// io_failed when the file cannot be written.
Status announce_ready(const std::string& origin, const std::string& ready_file, int ready_fd);

}  // namespace pg
