// Names of tools and ids of calls that every target takes: shortened where they must be, always in the same way, and found again.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/wire/call.h"
#include "core/wire/translate.h"

namespace pg {

/// `id` when it is 1 to 64 letters, digits, `_` and `-`, which all vendors take; else a stable short one made from it.
std::string clean_call_id(std::string_view id);

/// Which name goes over the wire for which tool of the client. The same call gives the same names.
class ToolTable {
 public:
  /// `max_size`: the longest name the target takes; `wraps_custom`: it has no freeform tools.
  ToolTable(std::size_t max_size, bool wraps_custom) : max_size_(max_size), wraps_custom_(wraps_custom) {}

  /// The wire name, which is made when `name` is new.
  const std::string& wire(const ToolName& name);
  bool wraps(const ToolName& name) const { return name.custom && wraps_custom_; }
  const std::vector<NamedTool>& list() const { return list_; }
  std::vector<NamedTool> take() { return std::move(list_); }

 private:
  std::string make_wire(const ToolName& name) const;

  std::size_t max_size_;
  bool wraps_custom_;
  std::vector<NamedTool> list_;
  std::map<std::string, std::size_t> by_name_;  // space, name and kind -> list_
  std::set<std::string> wires_;
};

/// The entry whose wire name is `wire`, or nullptr.
const NamedTool* find_tool(const std::vector<NamedTool>& tools, std::string_view wire);

/// A freeform tool as a function of one string, and a freeform input as that function's arguments.
inline constexpr std::string_view kWrappedSchema =
    R"({"type":"object","properties":{"input":{"type":"string","description":"The whole input of the tool, as plain text"}},)"
    R"("required":["input"],"additionalProperties":false})";
std::string wrapped_description(const Tool& tool);
std::string wrap_input(std::string_view input);

}  // namespace pg
