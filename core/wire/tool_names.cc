// A shortened name ends in eight digits of the hash of the whole one, so that two long names that begin alike stay two.
#include "core/wire/tool_names.h"

#include <algorithm>

#include "core/base/ascii.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/wire/json_doc.h"

namespace pg {
namespace {

constexpr std::size_t kMaxCallId = 64;

bool is_name_byte(char c) {
  return is_alnum(c) || c == '_' || c == '-';
}
bool is_clean(std::string_view name, std::size_t max_size) {
  return !name.empty() && name.size() <= max_size && std::all_of(name.begin(), name.end(), is_name_byte);
}
std::string hash_digits(std::string_view text, std::size_t digits) {
  return to_hex(as_bytes(sha256(text))).substr(0, digits);
}

std::string shorten(std::string_view whole, std::string_view unique, std::size_t max_size) {
  std::string name(whole.substr(0, max_size - 9));
  for (char& c : name) {
    if (!is_name_byte(c)) c = '_';
  }
  return name + '_' + hash_digits(unique, 8);
}

}  // namespace

std::string clean_call_id(std::string_view id) {
  if (is_clean(id, kMaxCallId)) return std::string(id);
  return "call_" + hash_digits(id, 24);
}

std::string ToolTable::make_wire(const ToolName& name) const {
  const std::string whole = name.space.empty() ? name.name : name.space + "__" + name.name;
  std::string unique = whole;
  std::string wire = whole;
  if (!is_clean(wire, max_size_)) wire = shorten(whole, unique, max_size_);
  while (wires_.contains(wire)) {
    unique += name.custom ? '*' : '+';
    wire = shorten(whole, unique, max_size_);
  }
  return wire;
}

const std::string& ToolTable::wire(const ToolName& name) {
  const std::string key = name.space + '\n' + name.name + (name.custom ? "\n*" : "\n");
  const auto known = by_name_.find(key);
  if (known != by_name_.end()) return list_[known->second].wire;
  list_.push_back({make_wire(name), name, wraps(name)});
  wires_.insert(list_.back().wire);
  by_name_.emplace(key, list_.size() - 1);
  return list_.back().wire;
}

const NamedTool* find_tool(const std::vector<NamedTool>& tools, std::string_view wire) {
  const auto found = std::find_if(tools.begin(), tools.end(), [&](const NamedTool& tool) { return tool.wire == wire; });
  return found == tools.end() ? nullptr : &*found;
}

std::string wrapped_description(const Tool& tool) {
  std::string text = tool.description;
  JsonDoc format;
  if (tool.format.empty() || !format.parse(tool.format)) return text;
  const std::string definition = format.root()["definition"].text();
  if (definition.empty()) return text;
  if (!text.empty()) text += "\n\n";
  return text + "`input` must match this " + format.root()["syntax"].text() + " grammar:\n" + definition;
}

std::string wrap_input(std::string_view input) {
  return "{\"input\":" + json_quoted(input) + '}';
}

}  // namespace pg
