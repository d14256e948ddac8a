// Values of the table of fields, spelled.
#include "cmd/log_values.h"

#include <fmt/format.h>

#include "cmd/log_lines.h"
#include "cmd/print.h"
#include "core/access/prices.h"
#include "core/base/text.h"

namespace pg {
namespace {

std::string number_value(const LogField& field, const LogRow& row, std::int64_t number, Reader reader) {
  const bool people = reader == Reader::people;
  if (field.name == "cost" && people) return cost_cell(row);
  if (field.name == "cache_break.cost" && people && number < 0 && !row.cache_break.empty()) return "?";
  if (number < 0) return people ? "–" : "";
  if (field.kind == LogKind::money) return people ? format_usd(number) : spell_usd(number);
  switch (field.kind) {
    case LogKind::time:
      return people ? clock_cell(number) : format_rfc3339(number);
    case LogKind::duration:
      return people ? format_duration(number) : std::to_string(number);
    case LogKind::yes_no:
      return number != 0 ? "true" : "false";
    case LogKind::status:
      return std::to_string(number);
    default:
      return people ? format_count(number) : std::to_string(number);
  }
}

}  // namespace

std::string log_value(const LogField& field, const LogRow& row, Reader reader) {
  std::string text;
  if (field.kind == LogKind::model)
    text = reader == Reader::people ? model_cell(row) : row.model_served.empty() ? row.model : row.model_served;
  else if (field.number != nullptr)
    return number_value(field, row, field.number(row), reader);
  else
    text = joins_kinds(field) ? std::string(trim(row.redactions + " " + row.blocked + " " + row.detected)) : field.text(row);
  return text.empty() && reader == Reader::people ? "–" : text;
}

std::string cost_cell(const LogRow& row) {
  if (row.price == kPriceUnknown) return "?";
  if (row.cost < 0) return "–";
  return (row.price % 2 == 1 ? "~" : "") + format_usd(row.cost);
}

std::string cost_cell(const LogSums& sums) {
  if (sums.cost == 0 && sums.unpriced > 0) return "?";
  return fmt::format("{}{}{}", sums.estimated > 0 ? "~" : "", format_usd(sums.cost), sums.unpriced > 0 ? " + ?" : "");
}

std::string piped_cost(const LogSums& sums) {
  if (sums.cost == 0 && sums.unpriced > 0) return "?";
  return fmt::format("{}{}{}", sums.estimated > 0 ? "~" : "", spell_usd(sums.cost), sums.unpriced > 0 ? "+?" : "");
}

std::string spell_cost(const LogSums& sums, std::string_view unknown) {
  return sums.cost == 0 && sums.unpriced > 0 ? std::string(unknown) : spell_usd(sums.cost);
}

std::string spell_cache_loss(const LogSums& sums, std::string_view unknown) {
  const bool none_known = sums.cache_breaks > 0 && sums.cache_lost_cost == 0 && sums.unpriced > 0;
  return none_known ? std::string(unknown) : spell_usd(sums.cache_lost_cost);
}

Result<std::vector<const LogField*>> parse_fields(std::string_view text) {
  std::vector<const LogField*> fields;
  for (const std::string_view piece : split(text, ',')) {
    const std::string name = to_lower(trim(piece));
    const LogField* field = find_log_field(name);
    if (field == nullptr) return unknown_log_field(name);
    fields.push_back(field);
  }
  return fields;
}

Result<LogTemplate> LogTemplate::make(std::string_view text) {
  LogTemplate made;
  made.parts_.emplace_back();
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\' && at + 1 < text.size()) {
      const char next = text[++at];
      made.parts_.back().text += next == 't' ? '\t' : next == 'n' ? '\n' : next;
    } else if (c == '{') {
      const std::size_t close = text.find('}', at);
      if (close == std::string_view::npos) return make_error(Code::bad_request, "--template: a \"{\" is not closed");
      const std::string name = to_lower(text.substr(at + 1, close - at - 1));
      Part& part = made.parts_.back();
      part.flags = name == "flags";
      part.field = part.flags ? nullptr : find_log_field(name);
      if (!part.flags && part.field == nullptr) return unknown_log_field(name);
      made.parts_.emplace_back();
      at = close;
    } else {
      made.parts_.back().text += c;
    }
  }
  return made;
}

std::string LogTemplate::line(const LogRow& row) const {
  std::string out;
  for (const Part& part : parts_) {
    out += part.text;
    if (part.flags) out += escape_controls(log_flags(row));
    if (part.field != nullptr) out += escape_controls(log_value(*part.field, row, Reader::programs));
  }
  return out + "\n";
}

std::string csv_cell(std::string_view text) {
  std::string cell = escape_controls(text);
  // Spreadsheets run cells that begin like this; plain numbers are not touched.
  const bool formula = !cell.empty() && std::string_view("=+-@").find(cell.front()) != std::string_view::npos;
  if (formula) cell.insert(cell.begin(), '\'');
  if (cell.find_first_of("\",\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace pg
