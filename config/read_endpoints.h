// [endpoints.NAME] of a gateway's project file.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.h"
#include "config/table_reader.h"

namespace pg {

void read_endpoints(const TableReader& reader, const TomlEntry& entry, std::map<std::string, EndpointSettings>& endpoints);

/// Reads the schemas that are files, relative to the project's; `stamps` gets each of them, so that a change is noticed.
void load_schemas(ProjectSettings& project, std::vector<std::pair<std::string, FileStamp>>& stamps,
                  std::vector<Problem>& problems);

}  // namespace pg
