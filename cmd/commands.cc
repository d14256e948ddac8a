// The table of subcommands: the one place where a new command is listed.
#include "cmd/command.h"

namespace pg {
namespace {

constexpr Command kCommands[] = {
    {"init", "Start", "Create settings, database, a first project and a key", add_init},
    {"serve", "Start", "Run the proxy", add_serve},
    {"setup", "Start", "Print what points an agent or SDK at pg", add_setup},
    {"run", "Start", "Start an agent behind pg, nothing written to disk", add_run},
    {"scan", "Start", "Find secrets and personal data in files", add_scan},
    {"logs", "Look", "Show what went through", add_logs},
    {"explain", "Look", "Show what left the machine, or what would", add_explain},
    {"usage", "Look", "Sum up tokens, requests and what they cost", add_usage},
    {"budgets", "Look", "Show what keys and projects have left to spend", add_budgets},
    {"alerts", "Look", "Show alerts, and try them on the log", add_alerts},
    {"agents", "Look", "Show which coding agents are connected", add_agents},
    {"audit", "Look", "Show and verify the record of administrative acts", add_audit},
    {"rules", "Look", "Show what the guards look for", add_rules},
    {"routes", "Look", "Show routing rules and which of them a call takes", add_routes},
    {"endpoints", "Look", "List, add and call the endpoints of gateways", add_endpoints},
    {"projects", "Manage", "Add, list, edit and remove projects", add_projects},
    {"keys", "Manage", "Add, list, rotate and revoke pg keys", add_keys},
    {"providers", "Manage", "List and test providers, store their credentials", add_providers},
    {"models", "Manage", "List the models that clients may name", add_models},
    {"http", "Manage", "List, check and call the services of API projects", add_http},
    {"mcp", "Manage", "List and try the MCP servers of projects, and their tools", add_mcp},
    {"config", "Manage", "Check and show the settings", add_config},
    {"db", "Manage", "Check, back up and restore the database", add_db},
    {"completions", "More", "Print shell completions", add_completions},
    {"man", "More", "Print the manual page", add_man},
    {"help", "More", "Explain a command or a topic", add_help},
    {"version", "More", "Print the version", add_version},
    {"__complete", "", "", add_complete_words},  // hidden: what completions ask for names
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

}  // namespace pg
