// Somebody else's settings with ours in them, and without them again: text in, text out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pg {

/// One value that was set in a JSON text. Values are JSON themselves.
struct SetValue {
  std::vector<std::string> path;
  std::string ours;
  std::optional<std::string> was;  // nullopt: nothing was there
};

struct MergedJson {
  std::string text;
  std::vector<SetValue> values;
  std::vector<std::vector<std::string>> made;  // objects that were not there, the outer ones first
};

/// `before` ("" for a file that is not there) with every value of `patch` in it; what is not named stays, in its order, and so
/// does the indentation. bad_request where `before` is no JSON object, has something else where an object must be, or is spelled
/// in a way that would be lost.
Result<MergedJson> merge_json(std::string_view before, std::string_view patch);
/// Whether all of these values stand there still.
bool has_values(std::string_view now, const std::vector<SetValue>& values);
/// `now` with what was there before in the place of those of our values that are there still. bad_request as merge_json().
Result<std::string> unmerge_json(std::string_view now, const MergedJson& merged);

inline constexpr std::string_view kBlockBegin = "# >>> promptgate", kBlockEnd = "# <<< promptgate";

/// `lines` between the two marks, above everything else. conflict where the marks are there already.
Result<std::string> add_block(std::string_view before, std::string_view lines);
/// Without the marks and what stands between them; as it is where they are not, or not in order.
std::string drop_block(std::string_view now);

/// The lines that differ, "-" before and "+" after, with three around them; secrets in them are starred.
std::string line_diff(std::string_view before, std::string_view after, std::string_view name);

}  // namespace pg
