// Everything an MCP server may say, with its default, ready to be uncommented.
#include "config/mcp_project.h"

#include <fmt/format.h>

#include "core/base/encode.h"

namespace pg {

std::string mcp_project_text(const NewProject& project) {
  return fmt::format(
      R"(# Project "{}": MCP servers whose tools its callers may use through pg, and what never leaves this machine. A running
# `pg serve` sees a change within a second; `pg mcp test` says whether the servers answer, `pg mcp tools` what they offer.

id = {}
type = "mcp"

# Take away the "#" to change one:
#require_key = true

# One table for each server; its tools are shown as NAME__TOOL. A program is started by pg when it is first asked.
#[servers.files]
# The program and its arguments; no shell reads them.
#command = ["npx", "-y", "@modelcontextprotocol/server-filesystem", "/home/me/work"]
# Its variables: text, or env:NAME, file:PATH, sealed:NAME (pg providers login NAME). Few of pg's own are passed on.
#env = {{ LOG_LEVEL = "info", API_TOKEN = "env:FILES_TOKEN" }}
# Where it runs; unset: where pg does.
#directory = "~/work"
# It is ended when nobody has asked it for so long; "0s": never.
#idle_stop = "15m"
# Globs over its own names of tools. Unset: every tool. deny_tools wins.
#tools = ["search_*", "read_*"]
#deny_tools = ["delete_*"]
#start_timeout = "30s"
#call_timeout = "5m"
# Of one message.
#max_reply = "16MiB"

# A server that is asked over HTTP (Streamable HTTP). tools, deny_tools, timeouts and max_reply as above.
#[servers.github]
#url = "https://api.githubcopilot.com/mcp/"
# env:NAME, file:PATH, sealed, sealed:NAME, none; sent as bearer, basic, header:NAME.
#credential = "env:GITHUB_TOKEN"
#auth = "bearer"
# Added to every request.
#headers = {{ x-mcp-toolsets = "repos" }}
# true: may be at an address of this network; one on this machine needs no such word.
#private = false
#ca_file = "ca.pem"
#connect_timeout = "10s"

# Over [guards] below, for what this server is sent: one word, or a table. Without it a program, and a url on this machine, is
# sent personal data as it is, for a placeholder in a file would stay there; a secret blocks the call where [guards] says redact.
#[servers.github.guards]
#email = "off"

# With auth = "oauth": client credentials, or a refresh token.
#[servers.github.oauth]
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

# off, detect (log only), redact (placeholder out, original back in the answer) or block. What is not set here is as [guards] of
# pg.toml says.
[guards]
{})",
      project.name, json_quoted(project.id), kGuardLines);
}

}  // namespace pg
