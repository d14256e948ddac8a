// Tables, TAB rows and cells. Widths are display cells, so that wide characters stay aligned.
#include "cmd/print.h"

#include <algorithm>
#include <ctime>
#include <numeric>

#include "core/base/encode.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr int kGap = 2;
constexpr int kLeastText = 6;  // fewer cells of a text say nothing

std::string spaces(int count) {
  return std::string(static_cast<std::size_t>(std::max(count, 0)), ' ');
}

int total_width(const std::vector<int>& widths) {
  int total = 0;
  for (int width : widths)
    if (width >= 0) total += width + (total > 0 ? kGap : 0);
  return total;
}

// Fewer cells than the columns say that they need: texts give up more of theirs, then columns go from the right, and what stands
// alone in the end is cut.
void squeeze(const std::vector<Column>& columns, std::vector<int>& widths, int width) {
  for (int over = total_width(widths) - width; over > 0; over = total_width(widths) - width) {
    std::size_t widest = columns.size(), last = 0, shown = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (widths[i] < 0) continue;
      last = i;
      ++shown;
      if (columns[i].align == Align::left && widths[i] > kLeastText && (widest == columns.size() || widths[i] > widths[widest]))
        widest = i;
    }
    if (widest < columns.size())
      widths[widest] = std::max(kLeastText, widths[widest] - over);
    else if (shown > 1)
      widths[last] = -1;
    else
      widths[last] = width;
  }
}

/// The bytes of the UTF-8 character that begins `text`; a broken lead byte counts as one.
std::size_t character_bytes(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && size < 4 && (static_cast<unsigned char>(text[size]) & 0xC0u) == 0x80u) ++size;
  return size;
}

std::tm local_time(UnixMillis time) {
  auto seconds = static_cast<std::time_t>(time / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return parts;
}

void json_name(std::string& object, std::string_view name) {
  if (!object.empty() && object.back() != '{') object += ',';
  object += json_quoted(name);
  object += ':';
}

}  // namespace

std::string cut_to(std::string_view text, int width) {
  if (display_width(text) <= width) return std::string(text);
  std::string out;
  int used = 0;
  while (!text.empty()) {
    auto character = text.substr(0, character_bytes(text));
    int cells = display_width(character);
    if (used + cells > width - 1) break;
    out += character;
    used += cells;
    text.remove_prefix(character.size());
  }
  return width > 0 ? out + "…" : std::string{};
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  for (auto paragraph : split(text, '\n')) {
    if (paragraph.starts_with("  ")) {
      lines.emplace_back(paragraph);
      continue;
    }
    std::string line;
    for (auto word : split(paragraph, ' ')) {
      if (!line.empty() && line.size() + 1 + word.size() > width) lines.push_back(std::exchange(line, {}));
      if (!line.empty()) line += ' ';
      line += word;
    }
    lines.push_back(line);
  }
  return lines;
}

std::vector<int> fit_columns(const std::vector<Column>& columns, std::vector<int> natural, int width) {
  const std::vector<int> wanted = natural;
  while (total_width(natural) > width) {
    // First the widest column that may still shrink gives cells away, then whole columns go.
    std::size_t widest = columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (columns[i].align == Align::left && natural[i] > columns[i].least &&
          (widest == columns.size() || natural[i] > natural[widest]))
        widest = i;
    if (widest < columns.size()) {
      natural[widest] = std::max(columns[widest].least, natural[widest] - (total_width(natural) - width));
      continue;
    }
    std::size_t goner = columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (natural[i] >= 0 && columns[i].drop > 0 && (goner == columns.size() || columns[i].drop > columns[goner].drop)) goner = i;
    if (goner == columns.size()) break;
    natural[goner] = -1;
  }
  if (total_width(natural) > width) squeeze(columns, natural, width);
  // What a dropped column leaves over goes to the first texts that were cut.
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (natural[i] >= 0) natural[i] = std::min(wanted[i], natural[i] + std::max(0, width - total_width(natural)));
  return natural;
}

std::string aligned_line(const Shell& shell, const std::vector<Column>& columns, const std::vector<int>& widths,
                         const std::vector<Cell>& cells) {
  std::string line;
  int pending = 0;
  bool first = true;
  for (std::size_t i = 0; i < columns.size() && i < cells.size(); ++i) {
    if (widths[i] < 0) continue;
    auto text = cut_to(escape_controls(cells[i].text), widths[i]);
    int blank = widths[i] - display_width(text);
    if (!first) pending += kGap;
    first = false;
    if (columns[i].align == Align::right) pending += std::exchange(blank, 0);
    if (text.empty()) {
      pending += blank;
      continue;
    }
    line += spaces(std::exchange(pending, blank)) + shell.paint(cells[i].color, text);
  }
  return line;
}

std::string tab_line(const std::vector<Cell>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += '\t';
    line += escape_controls(cells[i].text);
  }
  return line;
}

std::string tab_line(const Shell& shell, const std::vector<Cell>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i)
    line += (i > 0 ? "\t" : "") + shell.paint(cells[i].color, escape_controls(cells[i].text));
  return line;
}

std::string Table::text(const Shell& shell) const {
  std::string out;
  if (!shell.out_tty) {
    for (const auto& row : rows_) out += tab_line(shell, row) + '\n';
    return out;
  }
  std::vector<int> widths;
  std::vector<Cell> titles;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    int width = display_width(columns_[i].title);
    for (const auto& row : rows_)
      if (i < row.size()) width = std::max(width, display_width(escape_controls(row[i].text)));
    widths.push_back(width);
    titles.push_back({columns_[i].title, Color::dim});
  }
  widths = fit_columns(columns_, widths, shell.width);
  out += aligned_line(shell, columns_, widths, titles) + '\n';
  for (const auto& row : rows_) out += aligned_line(shell, columns_, widths, row) + '\n';
  return out;
}

std::string count_cell(std::int64_t count) {
  return count < 0 ? "–" : format_count(count);
}
std::string duration_cell(std::int64_t millis) {
  return millis < 0 ? "–" : format_duration(millis);
}

std::string size_cell(std::uint64_t bytes) {
  return format_count(static_cast<std::int64_t>(bytes)) + "B";
}

std::string date_cell(UnixMillis time) {
  if (time == 0) return "–";
  auto t = local_time(time);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min);
}

std::string clock_cell(UnixMillis time) {
  auto t = local_time(time);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", t.tm_hour, t.tm_min, t.tm_sec, time % 1000);
}

std::string ago_cell(UnixMillis then, UnixMillis now) {
  auto seconds = std::max<std::int64_t>(0, (now - then) / 1000);
  if (seconds < 60) return fmt::format("{}s ago", seconds);
  if (seconds < 3600) return fmt::format("{} min ago", seconds / 60);
  if (seconds < 86'400) return fmt::format("{} h ago", seconds / 3600);
  return fmt::format("{} d ago", seconds / 86'400);
}

void json_field(std::string& object, std::string_view name, std::string_view text) {
  json_name(object, name);
  object += json_quoted(text);
}

void json_number(std::string& object, std::string_view name, std::int64_t number) {
  json_name(object, name);
  object += std::to_string(number);
}

void json_bool(std::string& object, std::string_view name, bool value) {
  json_name(object, name);
  object += value ? "true" : "false";
}

void json_known(std::string& object, std::string_view name, std::int64_t number) {
  if (number == -1) return json_raw(object, name, "null");
  json_number(object, name, number);
}

void json_time(std::string& object, std::string_view name, UnixMillis time) {
  if (time == 0) return json_raw(object, name, "null");
  json_field(object, name, format_rfc3339(time));
}

void json_text_or_null(std::string& object, std::string_view name, std::string_view text) {
  text.empty() ? json_raw(object, name, "null") : json_field(object, name, text);
}

void json_raw(std::string& object, std::string_view name, std::string_view value) {
  json_name(object, name);
  object += value;
}

std::string json_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const auto& item : items) out += (out.size() > 1 ? "," : "") + json_quoted(item);
  return out + "]";
}

Status check_format(const Shell& shell, bool csv) {
  if (!csv || !shell.json) return {};
  return make_error(Code::bad_request, "--csv and --json both say what the answer looks like: give one of them");
}

}  // namespace pg
