// Everything a service may say, with its default, ready to be uncommented.
#include "config/api_project.h"

#include <fmt/format.h>

#include "core/base/encode.h"

namespace pg {

std::string api_project_text(const NewProject& project) {
  return fmt::format(
      R"(# Project "{}": HTTP APIs that its callers may ask through pg, and what never leaves this machine. A call goes to
# /api/{}/SERVICE/path with a pg key of scope proxy. A running `pg serve` sees a change within a second.

id = {}
type = "api"

# Take away the "#" to change one:
#require_key = true

# One table for each API; `pg http check` says whether it could be called.
#[services.github]
#base_url = "https://api.github.com"
#methods = ["GET", "HEAD"]
# Globs over the path below base_url: * within a segment, ** any number of them. Unset: every path. deny_paths wins.
#paths = ["/repos/**", "/user"]
#deny_paths = ["/repos/*/*/keys"]
# env:NAME, file:PATH, sealed, sealed:NAME (pg providers login NAME), none; sent as bearer, basic, header:NAME, query:NAME.
#credential = "env:GITHUB_TOKEN"
#auth = "bearer"
# Added to every call, in place of the caller's own.
#headers = {{ accept = "application/vnd.github+json" }}
# true: may be at an address of this machine or network.
#private = false
# "pass": bodies that the guards cannot read (multipart, binary) go through.
#unreadable = "refuse"
#connect_timeout = "10s"
#first_byte_timeout = "1m"
#idle_timeout = "1m"
#max_reply = 0

# With auth = "oauth": client credentials, or a refresh token.
#[services.github.oauth]
#token_url = "https://login.example.com/oauth/token"
#client_id = "pg"
#client_secret = "env:OAUTH_SECRET"
#refresh_token = "sealed:NAME"
#scope = "read"
#audience = "https://api.example.com"
#client_auth = "basic"

# For all callers of this project together: calls in any minute and any hour.
#[limits]
#rpm = 120
#rph = 2000

# off, detect (log only), redact (placeholder out, original back in the answer) or block (422); in a path, a query or a header
# redact is block. What is not set here is as [guards] of pg.toml says.
[guards]
{})",
      project.name, project.name, json_quoted(project.id), kGuardLines);
}

}  // namespace pg
