// A template is cut into pieces once, when the settings are read.
#include "core/route/template.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::string_view kOpen = "{{", kClose = "}}", kEscaped = "{{{{";

Error template_flaw(std::size_t at, std::string message) {
  return make_error(Code::bad_request, std::move(message), std::to_string(at));
}

bool is_variable_name(std::string_view name) {
  for (const std::string_view part : split(name, '.')) {
    const auto fits = [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || c == '-'; };
    if (part.empty() || !std::all_of(part.begin(), part.end(), fits)) return false;
  }
  return !name.empty();
}

JsonView find_value(JsonView input, std::string_view name) {
  for (const std::string_view part : split(name, '.')) input = input[part];
  return input;
}

}  // namespace

void PromptTemplate::add(Piece piece) {
  if (piece.variable.empty() && piece.text.empty()) return;
  if (!piece.variable.empty()) {
    const auto same = [&](const Variable& variable) { return variable.name == piece.variable; };
    const auto known = std::find_if(variables_.begin(), variables_.end(), same);
    if (known == variables_.end())
      variables_.push_back({piece.variable, piece.has_default});
    else
      known->has_default = known->has_default && piece.has_default;
  }
  pieces_.push_back(std::move(piece));
}

Result<PromptTemplate> PromptTemplate::make(std::string_view text) {
  if (!is_utf8(text)) return template_flaw(0, "a prompt is UTF-8");
  PromptTemplate made;
  std::string plain;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = std::min(text.find(kOpen, at), text.size());
    plain += text.substr(at, open - at);
    if (open == text.size()) break;
    if (text.substr(open).starts_with(kEscaped)) {
      plain += kOpen;
      at = open + kEscaped.size();
      continue;
    }
    const std::size_t close = text.find(kClose, open);
    if (close == std::string_view::npos) return template_flaw(open, "this \"{{\" has no \"}}\" (two plain braces are \"{{{{\")");
    const std::string_view inside = text.substr(open + kOpen.size(), close - open - kOpen.size());
    const std::size_t bar = inside.find('|');
    const std::string_view name = trim(inside.substr(0, bar));
    if (!is_variable_name(name))
      return template_flaw(open,
                           "between \"{{\" and \"}}\" stands a name: letters, digits, dashes and underscores, with dots between "
                           "members");
    made.add({std::exchange(plain, {}), "", false});
    const bool has_default = bar != std::string_view::npos;
    made.add({std::string(has_default ? inside.substr(bar + 1) : std::string_view()), std::string(name), has_default});
    at = close + kClose.size();
  }
  made.add({std::move(plain), "", false});
  return made;
}

Result<std::string> PromptTemplate::fill(JsonView input) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    const JsonView value = piece.variable.empty() ? JsonView() : find_value(input, piece.variable);
    if (!value.given()) {
      if (!piece.variable.empty() && !piece.has_default)
        return make_error(Code::bad_request, fmt::format("input.{} is missing", piece.variable));
      out += piece.text;
    } else if (value.is_string()) {
      out += value.text();
    } else {
      out += value.raw();
    }
  }
  return out;
}

}  // namespace pg
