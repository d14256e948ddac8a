// A value against a compiled schema. Steps are counted: alternatives inside alternatives of a schema that holds itself could
// otherwise take time beyond measure.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/text.h"
#include "core/route/schema_rules.h"

namespace pg {
namespace {

using Json = nlohmann::json;
using Node = JsonSchema::Node;

// Where a value stands, from the inside out.
struct Place {
  const Place* outer = nullptr;
  std::string_view name = {};  // of a member; "" = an element
  std::size_t index = 0;
};

std::string place_text(const Place* place) {
  if (place == nullptr) return "";
  const std::string outer = place_text(place->outer);
  if (place->name.empty()) return fmt::format("{}[{}]", outer, place->index);
  return outer.empty() ? std::string(place->name) : fmt::format("{}.{}", outer, place->name);
}

std::uint8_t types_of(const Json& value) {
  if (value.is_null()) return schema_null;
  if (value.is_boolean()) return schema_boolean;
  if (value.is_string()) return schema_string;
  if (value.is_array()) return schema_array;
  if (value.is_object()) return schema_object;
  const double number = value.get<double>();
  const bool whole = !value.is_number_float() || (std::isfinite(number) && std::floor(number) == number);
  return whole ? schema_integer | schema_number : schema_number;
}

std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool is_multiple(double value, double of) {
  const double times = value / of;
  return std::isfinite(times) && std::abs(times - std::round(times)) < 1e-9 * std::max(1.0, std::abs(times));
}

std::string listed(const std::vector<Json>& values) {
  constexpr std::size_t kMost = 10;
  std::string out;
  for (std::size_t i = 0; i < std::min(values.size(), kMost); ++i)
    out +=
        fmt::format("{}{}", out.empty() ? "" : ", ", values[i].dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 60));
  return values.size() > kMost ? out + ", …" : out;
}

class Checker {
 public:
  Checker(const JsonSchema::Rules& rules, std::size_t steps, std::size_t most) : rules_(rules), steps_(steps), most_(most) {}

  bool fits(std::size_t number, const Json& value, const Place* place);
  std::vector<std::string> take() { return std::move(flaws_); }

 private:
  // Whether, without a word about why not.
  bool fits_quietly(std::size_t number, const Json& value, const Place* place) {
    ++quiet_;
    const bool fit = fits(number, value, place);
    --quiet_;
    return fit;
  }
  std::size_t count(const std::vector<std::size_t>& schemas, const Json& value, const Place* place) {
    return static_cast<std::size_t>(
        std::count_if(schemas.begin(), schemas.end(), [&](std::size_t one) { return fits_quietly(one, value, place); }));
  }
  bool has_all(const std::vector<std::size_t>& schemas, const Json& value, const Place* place);

  bool complain(const Place* place, std::string_view message);
  bool fits_here(const Node& node, const Json& value, const Place* place);
  bool fits_number(const Node& node, double value, const Place* place);
  bool fits_text(const Node& node, const std::string& value, const Place* place);
  bool fits_list(const Node& node, const Json& value, const Place* place);
  bool fits_table(const Node& node, const Json& value, const Place* place);
  bool fits_members(const Node& node, const Json& value, const Place* place);
  bool fits_member(const Node& node, const std::string& name, const Json& value, const Place* place);
  bool fits_others(const Node& node, const Json& value, const Place* place);

  const JsonSchema::Rules& rules_;
  std::size_t steps_, most_;
  std::size_t depth_ = 0;
  int quiet_ = 0;
  bool gave_up_ = false;
  std::vector<std::string> flaws_;
};

bool Checker::complain(const Place* place, std::string_view message) {
  if (quiet_ != 0 || gave_up_ || flaws_.size() >= most_) return false;
  std::string where = place_text(place);
  flaws_.push_back(where.empty() ? std::string(message) : fmt::format("{} {}", where, message));
  return false;
}

bool Checker::fits(std::size_t number, const Json& value, const Place* place) {
  constexpr std::size_t kDeepest = 1'000;
  if (gave_up_) return false;
  if (steps_ == 0 || depth_ >= kDeepest) {
    gave_up_ = true;
    flaws_.assign(1, "is too intricate to be checked");
    return false;
  }
  --steps_;
  ++depth_;
  const Node& node = rules_.nodes[number];
  // All that is wrong is told, so that it can be put right at once.
  bool fit = fits_here(node, value, place);
  if (fit) {
    if (value.is_number()) fit = fits_number(node, value.get<double>(), place);
    if (value.is_string()) fit = fits_text(node, value.get_ref<const std::string&>(), place);
    if (value.is_array()) fit = fits_list(node, value, place);
    if (value.is_object()) fit = fits_table(node, value, place);
    fit = fits_others(node, value, place) && fit;
  }
  --depth_;
  return fit && !gave_up_;
}

bool Checker::fits_here(const Node& node, const Json& value, const Place* place) {
  if (node.never) return complain(place, "is not allowed");
  if (node.types != 0 && (node.types & types_of(value)) == 0) return complain(place, "must be " + schema_types_text(node.types));
  if (!node.values.empty() && std::find(node.values.begin(), node.values.end(), value) == node.values.end())
    return complain(place, node.values.size() == 1 ? fmt::format("must be {}", listed(node.values))
                                                   : fmt::format("must be one of {}", listed(node.values)));
  return true;
}

bool Checker::fits_number(const Node& node, double value, const Place* place) {
  bool fit = true;
  if (node.minimum && value < *node.minimum) fit = complain(place, fmt::format("must not be below {}", *node.minimum));
  if (node.maximum && value > *node.maximum) fit = complain(place, fmt::format("must not be above {}", *node.maximum));
  if (node.above && value <= *node.above) fit = complain(place, fmt::format("must be above {}", *node.above));
  if (node.below && value >= *node.below) fit = complain(place, fmt::format("must be below {}", *node.below));
  if (node.multiple_of && !is_multiple(value, *node.multiple_of))
    fit = complain(place, fmt::format("must be a multiple of {}", *node.multiple_of));
  return fit;
}

bool Checker::fits_text(const Node& node, const std::string& value, const Place* place) {
  bool fit = true;
  const std::size_t size = node.min_length || node.max_length ? count_code_points(value) : 0;
  if (node.min_length && size < *node.min_length)
    fit = complain(place, fmt::format("must have {} characters at least", *node.min_length));
  if (node.max_length && size > *node.max_length)
    fit = complain(place, fmt::format("must have {} characters at most", *node.max_length));
  if (node.pattern && !node.pattern->is_in(value)) fit = complain(place, "does not fit its pattern");
  return fit;
}

bool Checker::fits_list(const Node& node, const Json& value, const Place* place) {
  bool fit = true;
  if (node.min_items && value.size() < *node.min_items)
    fit = complain(place, fmt::format("must have {} items at least", *node.min_items));
  if (node.max_items && value.size() > *node.max_items)
    fit = complain(place, fmt::format("must have {} items at most", *node.max_items));
  std::size_t contained = 0;
  for (std::size_t i = 0; i < value.size() && !gave_up_; ++i) {
    const Place here{place, {}, i};
    const std::size_t schema = i < node.prefix_items.size() ? node.prefix_items[i] : node.items;
    if (schema != kNoSchema) fit = fits(schema, value[i], &here) && fit;
    if (node.contains != kNoSchema && fits_quietly(node.contains, value[i], &here)) ++contained;
  }
  if (node.contains != kNoSchema && (contained < node.min_contains || contained > node.max_contains.value_or(contained)))
    fit = complain(place, "does not contain what it must");
  const auto less = [](const Json* a, const Json* b) { return *a < *b; };
  std::set<const Json*, decltype(less)> seen(less);
  if (node.unique_items)
    for (const Json& one : value)
      if (!seen.insert(&one).second) return complain(place, "must not hold anything twice");
  return fit;
}

bool Checker::fits_table(const Node& node, const Json& value, const Place* place) {
  bool fit = true;
  if (node.min_properties && value.size() < *node.min_properties)
    fit = complain(place, fmt::format("must have {} members at least", *node.min_properties));
  if (node.max_properties && value.size() > *node.max_properties)
    fit = complain(place, fmt::format("must have {} members at most", *node.max_properties));
  for (const std::string& name : node.required)
    if (!value.contains(name)) {
      const Place here{place, name};
      fit = complain(&here, "is missing");
    }
  for (const auto& [name, others] : node.dependent_required)
    for (const std::string& other : others)
      if (value.contains(name) && !value.contains(other)) {
        const Place here{place, other};
        fit = complain(&here, fmt::format("is missing beside {}", name));
      }
  for (const auto& [name, schema] : node.dependent_schemas)
    if (value.contains(name)) fit = fits(schema, value, place) && fit;
  return fits_members(node, value, place) && fit;
}

bool Checker::fits_members(const Node& node, const Json& value, const Place* place) {
  bool fit = true;
  for (const auto& [name, member] : value.items()) {
    if (gave_up_) return false;
    if (node.names != kNoSchema && !fits_quietly(node.names, Json(name), place))
      fit = complain(place, "has a member whose name does not fit");
    fit = fits_member(node, name, member, place) && fit;
  }
  return fit;
}

bool Checker::fits_member(const Node& node, const std::string& name, const Json& value, const Place* place) {
  const auto known = node.properties.find(name);
  // A name that is not the schema's own is the caller's, and may be anything.
  const Place here{place, known == node.properties.end() ? std::string_view("*") : std::string_view(known->first)};
  bool fit = true, is_known = known != node.properties.end();
  if (is_known) fit = fits(known->second, value, &here);
  for (const auto& [pattern, schema] : node.patterns) {
    if (!pattern.is_in(name)) continue;
    is_known = true;
    fit = fits(schema, value, &here) && fit;
  }
  if (is_known || node.additional == kNoSchema) return fit;
  if (!rules_.nodes[node.additional].never) return fits(node.additional, value, &here) && fit;
  std::vector<std::string_view> names;
  for (const auto& property : node.properties) names.push_back(property.first);
  const auto near = find_nearest(name, names);
  return complain(place, near ? fmt::format("has a member that is not known; did you mean \"{}\"?", *near)
                              : "has a member that is not known");
}

bool Checker::has_all(const std::vector<std::size_t>& schemas, const Json& value, const Place* place) {
  bool fit = true;
  for (const std::size_t one : schemas) fit = fits(one, value, place) && fit;
  return fit;
}

bool Checker::fits_others(const Node& node, const Json& value, const Place* place) {
  bool fit = has_all(node.all_of, value, place);
  if (node.ref != kNoSchema) fit = fits(node.ref, value, place) && fit;
  if (!node.any_of.empty() && count(node.any_of, value, place) == 0) fit = complain(place, "fits none of its alternatives");
  if (!node.one_of.empty()) {
    const std::size_t fitting = count(node.one_of, value, place);
    if (fitting == 0) fit = complain(place, "fits none of its alternatives");
    if (fitting > 1) fit = complain(place, "fits more than one of its alternatives");
  }
  if (node.negated != kNoSchema && fits_quietly(node.negated, value, place)) fit = complain(place, "is what it must not be");
  if (node.condition != kNoSchema) {
    const std::size_t next = fits_quietly(node.condition, value, place) ? node.then : node.otherwise;
    if (next != kNoSchema) fit = fits(next, value, place) && fit;
  }
  return fit;
}

}  // namespace

std::vector<std::string> check_by_schema(const JsonSchema::Rules& rules, const nlohmann::json& value, std::size_t size,
                                         std::size_t most) {
  // Of an ordinary value each byte costs a step at most.
  constexpr std::size_t kSpare = 100'000, kStepsPerByte = 4;
  Checker checker(rules, kSpare + kStepsPerByte * size, most);
  checker.fits(0, value, nullptr);
  return checker.take();
}

}  // namespace pg
