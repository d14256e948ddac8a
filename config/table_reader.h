// What all readers of TOML tables share: where they stand, how they complain, and the walk over the keys of one table.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/knobs.h"
#include "config/load_toml.h"
#include "config/settings.h"

namespace pg {

/// Where a reader stands: the file, what it reports, and the path of the table ("guards.", "providers.openai.").
struct TableReader {
  const TomlDocument& document;
  std::vector<Problem>& problems;
  Origins& origins;
  SourcePlaces& places;
  std::string prefix;         // of keys inside the file
  std::string origin_prefix;  // of keys in origins: "projects.default." in front of a project's

  TableReader within(const std::string& key) const {
    return {document, problems, origins, places, prefix + key + ".", origin_prefix};
  }

  void complain(SourcePlace place, std::string message, std::string hint = {}) const;
  /// Remembers where `key` of this table was set.
  void note(const std::string& key, const SourcePlace& place) const;
  /// The table under `entry`, or nullptr after a complaint.
  const TomlTable* table(const TomlEntry& entry) const;
  /// The text of `entry`, or nullptr after a complaint.
  const std::string* text(const TomlEntry& entry) const;
  /// A key that is none of `known`: a problem, with the nearest of them.
  void unknown(const TomlEntry& entry, const std::vector<std::string_view>& known) const;
};

/// Header fields by name; what check_header() complains of is told and left out.
void read_headers(const TableReader& reader, const TomlEntry& entry, std::vector<std::pair<std::string, std::string>>& headers);

using TableHandler = std::function<void(const TableReader&, const TomlEntry&)>;
using TableHandlers = std::vector<std::pair<std::string_view, TableHandler>>;

/// Reads the keys of one table: knobs whose name is `scope` + key, else a handler of that name, else a problem.
template <class S>
void read_table(const TableReader& reader, const TomlTable& table, std::span<const Knob<S>> knobs, S& target,
                std::string_view scope, const TableHandlers& handlers = {}) {
  std::vector<std::string_view> known;
  for (const auto& [name, handler] : handlers) known.push_back(name);
  for (const Knob<S>& knob : knobs)
    if (knob.key.substr(0, scope.size()) == scope && knob.key.find('.', scope.size()) == std::string_view::npos)
      known.push_back(knob.key.substr(scope.size()));
  for (const TomlEntry& entry : table) {
    const auto handler = std::find_if(handlers.begin(), handlers.end(), [&](const auto& row) { return row.first == entry.key; });
    if (handler != handlers.end()) {
      handler->second(reader, entry);
      continue;
    }
    const std::string key = std::string(scope) + entry.key;
    const auto knob = std::find_if(knobs.begin(), knobs.end(), [&](const Knob<S>& row) { return row.key == key; });
    const bool is_known = knob != knobs.end() && std::find(known.begin(), known.end(), entry.key) != known.end();
    if (!is_known)
      reader.unknown(entry, known);
    else if (auto complaint = set_knob(*knob, knob->slot(target), entry.value))
      reader.complain(reader.document.value_place(entry.value), complaint->message, complaint->hint);
    else
      reader.note(entry.key, reader.document.value_place(entry.value));
  }
}

}  // namespace pg
