// How results look: tables that fit the terminal, TAB-separated rows elsewhere, cells for counts, times and unknowns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/command.h"

namespace pg {

enum class Align { left, right };

struct Column {
  std::string title;  // upper case on a terminal
  Align align = Align::left;
  int drop = 0;   // on a narrow terminal columns with the highest number go first; 0 stays
  int least = 4;  // cells a stretchable column may shrink to before others are dropped; less only when none is left to drop
};

struct Cell {
  std::string text;
  Color color = Color::plain;
};

/// Rows of text under titles. Nothing in a cell can drive the terminal: control bytes are escaped.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }

  /// On a terminal: titles, aligned columns, cut to shell.width. Elsewhere: TAB-separated, whole, no titles.
  std::string text(const Shell& shell) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

/// The columns' final widths (-1 = dropped) when `natural` widths must fit `width` cells with two blanks between them. They
/// always do: where no column may be dropped any more, the rightmost go all the same.
std::vector<int> fit_columns(const std::vector<Column>& columns, std::vector<int> natural, int width);

/// One line of cells at these widths, without line end; the last cell is not padded.
std::string aligned_line(const Shell& shell, const std::vector<Column>& columns, const std::vector<int>& widths,
                         const std::vector<Cell>& cells);

/// Cells joined by TABs, control bytes escaped, without line end.
std::string tab_line(const std::vector<Cell>& cells);
/// The same in colours, where they were asked for although nobody looks (--color=always).
std::string tab_line(const Shell& shell, const std::vector<Cell>& cells);

/// `text` cut to `width` cells, the last of them "…" when something was cut off.
std::string cut_to(std::string_view text, int width);

/// `text` in lines of at most `width` bytes, broken at blanks; a line that begins with two blanks stays as it is.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// format_count() or "–" for -1.
std::string count_cell(std::int64_t count);
/// format_duration() or "–" for -1.
std::string duration_cell(std::int64_t millis);
/// "98.3kB".
std::string size_cell(std::uint64_t bytes);
/// "2026-11-21 03:32" in local time; "–" for 0.
std::string date_cell(UnixMillis time);
/// "03:32:42.104" in local time.
std::string clock_cell(UnixMillis time);
/// "12s ago", "3 min ago", "5 h ago", "2 d ago".
std::string ago_cell(UnixMillis then, UnixMillis now);

/// Appends `,"name":"text"` (or without the comma right after `{`), with text escaped.
void json_field(std::string& object, std::string_view name, std::string_view text);
void json_number(std::string& object, std::string_view name, std::int64_t number);
void json_bool(std::string& object, std::string_view name, bool value);
/// As json_number, but null for -1; as json_field, but null for 0 and RFC 3339 UTC with ms otherwise.
void json_known(std::string& object, std::string_view name, std::int64_t number);
void json_time(std::string& object, std::string_view name, UnixMillis time);
/// As json_field, but null for "".
void json_text_or_null(std::string& object, std::string_view name, std::string_view text);
/// Appends the bytes of a ready JSON value.
void json_raw(std::string& object, std::string_view name, std::string_view value);
/// A JSON array of strings.
std::string json_list(const std::vector<std::string>& items);

/// bad_request when --csv and --json are both asked for: an answer has one format.
Status check_format(const Shell& shell, bool csv);

}  // namespace pg
