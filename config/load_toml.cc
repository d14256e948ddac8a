// toml++ behind parse_toml(), which lets it see only what toml_flaws.h finds harmless.  (door: toml++)
#include "config/load_toml.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "config/toml_flaws.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::size_t kMaxSourceLine = 4096;

std::vector<std::size_t> find_lines(std::string_view text) {
  std::vector<std::size_t> lines = {0};
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) lines.push_back(at + 1);
  return lines;
}

std::string_view line_of(const TomlDocument& document, int number) {
  if (number < 1 || static_cast<std::size_t>(number) > document.lines.size()) return {};
  const std::size_t at = document.lines[static_cast<std::size_t>(number) - 1];
  std::string_view line = std::string_view(document.text).substr(at);
  line = line.substr(0, line.find('\n'));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

struct Position {
  int line = 1;
  int column = 1;
};

Position position_of(std::string_view text, std::size_t offset) {
  Position at;
  for (std::size_t i = 0; i < offset; ++i) {
    if (text[i] == '\n')
      at = {at.line + 1, 1};
    else if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80)
      ++at.column;
  }
  return at;
}

std::size_t first_bad_utf8(std::string_view text) {
  std::size_t good = 0;
  while (good < text.size()) {
    std::size_t size = 1;
    while (size <= 4 && good + size <= text.size() && !is_utf8(text.substr(good, size))) ++size;
    if (size > 4 || good + size > text.size()) return good;
    good += size;
  }
  return good;
}

int as_int(toml::source_index index) {
  return static_cast<int>(index);
}

// The parser's sentence without its preamble, on one line, safe to print.
std::string syntax_message(std::string_view description) {
  if (const std::size_t colon = description.find(": "); description.substr(0, 5) == "Error" && colon != std::string_view::npos)
    description.remove_prefix(colon + 2);
  std::string message(description.substr(0, description.find('\n')));
  if (description.find("cannot redefine existing") != std::string_view::npos) {
    const std::size_t open = message.find('\'');
    const std::size_t close = message.rfind('\'');
    if (open != std::string::npos && close > open)
      return mask_credentials(
          fmt::format("duplicate key \"{}\"", escape_controls(std::string_view(message).substr(open + 1, close - open - 1))));
    return "this key is a table already, or a value";
  }
  const auto says = [&](std::string_view part) { return message.find(part) != std::string::npos; };
  if (says("expected value, saw") || says("could not determine value type"))
    return "a value is missing, or a text without quotes";
  if (message == "encountered end-of-file") return "the file ends in the middle of a value";
  if (says("control characters")) return "the text is not closed, or holds a control character";
  return mask_credentials(escape_controls(message));
}

Problem syntax_problem(const toml::parse_error& error, const TomlDocument& document) {
  Position at{std::max(1, as_int(error.source().begin.line)), std::max(1, as_int(error.source().begin.column))};
  const std::string message = syntax_message(error.description());
  // For a repeated key the parser points behind its value.
  if (message.substr(0, 9) == "duplicate") {
    const std::string_view line = line_of(document, at.line);
    at.column = static_cast<int>(line.find_first_not_of(" \t[") + 1);
  }
  return {document.place(at.line, at.column, 1), message, ""};
}

TomlValue convert(const toml::node& node);

TomlTable convert_table(const toml::table& table) {
  TomlTable entries;
  for (const auto& [key, node] : table) {
    const toml::source_region& at = key.source();
    const int width = at.begin.line == at.end.line ? as_int(at.end.column) - as_int(at.begin.column) : 1;
    entries.push_back(
        {std::string(key.str()), as_int(at.begin.line), as_int(at.begin.column), std::max(width, 1), convert(node)});
  }
  std::sort(entries.begin(), entries.end(),
            [](const TomlEntry& a, const TomlEntry& b) { return std::pair(a.line, a.column) < std::pair(b.line, b.column); });
  return entries;
}

TomlValue convert(const toml::node& node) {
  TomlValue out;
  const toml::source_region& at = node.source();
  out.line = as_int(at.begin.line);
  out.column = as_int(at.begin.column);
  if (at.begin.line == at.end.line) out.width = std::max(1, as_int(at.end.column) - as_int(at.begin.column));
  if (const toml::table* table = node.as_table())
    out.value = convert_table(*table);
  else if (const toml::array* array = node.as_array()) {
    TomlList list;
    for (const toml::node& element : *array) list.push_back(convert(element));
    out.value = std::move(list);
  } else if (const auto* text = node.as_string())
    out.value = text->get();
  else if (const auto* number = node.as_integer())
    out.value = number->get();
  else if (const auto* flag = node.as_boolean())
    out.value = flag->get();
  else if (const auto* real = node.as_floating_point())
    out.value = real->get();
  else
    out.value = TomlValue::Other::time;
  return out;
}

}  // namespace

SourcePlace TomlDocument::place(int line, int column, int width) const {
  const std::string_view source = line_of(*this, line);
  return {file, line, column, std::string(source.size() <= kMaxSourceLine ? source : std::string_view()), width};
}

TomlDocument parse_toml(std::string_view text, const std::string& file, std::vector<Problem>& problems) {
  TomlDocument document{file, std::string(text), find_lines(text), {}};
  const auto refuse_at = [&](std::size_t offset, std::string message) {
    const Position at = position_of(text, offset);
    SourcePlace place = document.place(at.line, at.column, 1);
    problems.push_back({std::move(place), std::move(message), ""});
  };
  if (text.size() > kMaxTomlBytes) {
    problems.push_back({{file, 0, 0, "", 1}, fmt::format("larger than {} bytes", kMaxTomlBytes), ""});
    return document;
  }
  if (!is_utf8(text)) {
    refuse_at(first_bad_utf8(text), "invalid UTF-8");
    return document;
  }
  if (const auto flaw = find_toml_flaw(text)) {
    refuse_at(flaw->at, flaw->message);
    return document;
  }
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    problems.push_back(syntax_problem(parsed.error(), document));
    return document;
  }
  document.root = convert_table(parsed.table());
  return document;
}

}  // namespace pg
