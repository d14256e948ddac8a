// How usage and agents look: tables with bars and sparklines where the terminal can show them, a tree of sessions, JSON and CSV.
#pragma once

#include <string>
#include <vector>

#include "cmd/command.h"
#include "core/store/log_usage.h"

namespace pg {

std::string usage_table(const Shell& shell, const UsageReport& report, UsageBy by);
std::string usage_json(const UsageReport& report, const std::string& by);
std::string usage_csv(const UsageReport& report, const std::string& by);

/// "12 cursor / 8 claude-code / 4 aider" and a table.
std::string agents_table(const Shell& shell, const std::vector<AgentLine>& lines, UnixMillis now);
std::string agents_json(const std::vector<AgentLine>& lines);

}  // namespace pg
