// The door to TOML: text to a small tree of values that know where they stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/problem.h"

namespace pg {

struct TomlEntry;
struct TomlValue;
using TomlList = std::vector<TomlValue>;
using TomlTable = std::vector<TomlEntry>;  // in file order

struct TomlValue {
  /// Dates are kept as what they are: nothing in our settings takes them.
  enum class Other { time };
  std::variant<bool, std::int64_t, double, std::string, TomlList, TomlTable, Other> value;
  int line = 0;
  int column = 0;
  int width = 1;

  const TomlTable* table() const { return std::get_if<TomlTable>(&value); }
  const TomlList* list() const { return std::get_if<TomlList>(&value); }
  const std::string* text() const { return std::get_if<std::string>(&value); }
};

struct TomlEntry {
  std::string key;
  int line = 0;
  int column = 0;
  int width = 1;
  TomlValue value;
};

/// A parsed file and its lines, for places in messages.
struct TomlDocument {
  std::string file;
  std::string text;
  std::vector<std::size_t> lines;  // where each begins
  TomlTable root;

  /// Without the source line when that is longer than 4 KB.
  SourcePlace place(int line, int column, int width) const;
  SourcePlace key_place(const TomlEntry& entry) const { return place(entry.line, entry.column, entry.width); }
  SourcePlace value_place(const TomlValue& value) const { return place(value.line, value.column, value.width); }
};

/// The largest settings file that is read, in bytes.
constexpr std::size_t kMaxTomlBytes = 1u << 20;

/// Parses TOML 1.0. What is wrong (size, UTF-8, depth, syntax, duplicate keys) is appended to `problems`; the tree is empty then.
TomlDocument parse_toml(std::string_view text, const std::string& file, std::vector<Problem>& problems);

}  // namespace pg
