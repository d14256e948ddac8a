// The tables that say where a call goes and what is said there: [hosts], [prompt_policies.NAME] and [[route]].
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/table_reader.h"

namespace pg {

void read_hosts(const TableReader& reader, const TomlEntry& entry, std::map<std::string, HostSettings>& hosts);
void read_prompt_policies(const TableReader& reader, const TomlEntry& entry,
                          std::map<std::string, PromptPolicySettings>& policies);
void read_routes(const TableReader& reader, const TomlEntry& entry, std::vector<RouteSettings>& routes);

}  // namespace pg
