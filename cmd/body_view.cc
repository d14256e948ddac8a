// Layout by tokens, not by a parser: what was cut is shown as well, and nothing is spelled anew.
#include "cmd/body_view.h"

#include <algorithm>

#include "cmd/print.h"
#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

bool is_kind_char(char c) {
  return is_upper(c) || is_digit(c) || c == '_';
}

// The end of the placeholder that begins at `at`, or npos.
std::size_t end_of_placeholder(std::string_view text, std::size_t at, std::string_view& kind) {
  const std::size_t first = at + 2;
  std::size_t end = first;
  while (end < text.size() && is_kind_char(text[end])) ++end;
  const std::string_view word = text.substr(first, end - first);
  const std::size_t line = word.rfind('_');
  if (line == std::string_view::npos || line == 0 || word.size() - line < 4 || text.substr(end, 2) != "]]")
    return std::string_view::npos;
  kind = word.substr(0, line);
  const std::string_view digits = word.substr(line + 1);
  const bool number = std::all_of(digits.begin(), digits.end(), is_digit);
  return number ? end + 2 : std::string_view::npos;
}

class Layout {
 public:
  explicit Layout(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) put(text_[at_]);
    return std::move(out_);
  }

 private:
  void put(char c) {
    if (c == '"') return put_string();
    ++at_;
    if (c == '{' || c == '[') return open(c);
    if (c == '}' || c == ']') return close(c);
    if (c == ',') return out_ += c, line();
    if (c == ':') return void(out_ += ": ");
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') out_ += c;
  }
  void put_string() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    end = std::min(end + 1, text_.size());
    out_ += text_.substr(at_, end - at_);
    at_ = end;
  }
  void open(char c) {
    out_ += c;
    while (at_ < text_.size() && std::string_view(" \n\r\t").find(text_[at_]) != std::string_view::npos) ++at_;
    if (at_ < text_.size() && (text_[at_] == '}' || text_[at_] == ']')) return void(out_ += text_[at_++]);
    ++depth_;
    line();
  }
  void close(char c) {
    depth_ -= depth_ > 0 ? 1 : 0;
    line();
    out_ += c;
  }
  void line() { out_.append(1, '\n').append(2 * std::min<std::size_t>(depth_, 60), ' '); }

  std::string_view text_;
  std::string out_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

void write_titled(Shell& shell, std::string_view title, std::string_view text, const std::string& notes) {
  shell.print("{} {}\n", shell.paint(Color::bold, title), shell.paint(Color::dim, notes));
  std::string shown = mark_placeholders(shell, lay_out_json(text));
  if (!shown.empty() && shown.back() != '\n') shown += '\n';
  shell.write(shown);
}

}  // namespace

std::vector<SeenPlaceholder> find_placeholders(std::string_view text) {
  std::vector<SeenPlaceholder> found;
  for (std::size_t at = text.find("[["); at != std::string_view::npos; at = text.find("[[", at)) {
    std::string_view kind;
    const std::size_t end = end_of_placeholder(text, at, kind);
    if (end != std::string_view::npos) found.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end), kind});
    at = end == std::string_view::npos ? at + 1 : end;
  }
  return found;
}

std::string lay_out_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \n\r\t");
  if (first == std::string_view::npos || (text[first] != '{' && text[first] != '[')) return std::string(text);
  return Layout(text).run();
}

std::string mark_placeholders(const Shell& shell, std::string_view text) {
  std::string out;
  const auto add = [&out](std::string_view piece) {
    for (std::size_t at = 0; at <= piece.size();) {
      const std::size_t end = std::min(piece.find_first_of("\n\t", at), piece.size());
      out += escape_controls(piece.substr(at, end - at));
      if (end < piece.size()) out += piece[end];
      at = end + 1;
    }
  };
  std::size_t at = 0;
  for (const SeenPlaceholder& seen : find_placeholders(text)) {
    add(text.substr(at, seen.begin - at));
    out += shell.paint(Color::yellow, text.substr(seen.begin, seen.end - seen.begin));
    at = seen.end;
  }
  add(text.substr(at));
  return out;
}

std::string body_notes(std::uint64_t size, std::size_t kept, bool cut, std::uint32_t masked) {
  std::string notes = format_count(static_cast<std::int64_t>(size)) + " bytes";
  if (cut && kept == 0)
    notes += ", not kept";
  else if (cut)
    notes += ", cut after " + format_count(static_cast<std::int64_t>(kept));
  if (masked > 0) notes += fmt::format(", {} secret{} starred in what is kept", masked, masked == 1 ? "" : "s");
  return notes;
}

void write_bodies(Shell& shell, const LogBody& body, BodyPart part, bool raw) {
  const bool wants_request = part != BodyPart::reply, wants_reply = part != BodyPart::request;
  if (shell.out_tty && !raw) {
    if (wants_request)
      write_titled(shell, "request", body.request,
                   body_notes(body.request_size, body.request.size(), body.request_cut, body.masked));
    if (wants_reply) write_titled(shell, "reply", body.reply, body_notes(body.reply_size, body.reply.size(), body.reply_cut, 0));
    return;
  }
  // A terminal is never handed what somebody else wrote.
  const auto bytes = [&](std::string_view text) {
    shell.write(shell.out_tty ? mark_placeholders(shell, text) : std::string(text));
  };
  if (wants_request) bytes(body.request);
  if (part == BodyPart::both) shell.write("\n");
  if (wants_reply) bytes(body.reply);
}

void json_bodies(std::string& object, const LogBody& body) {
  const auto count = [](std::uint64_t n) { return static_cast<std::int64_t>(n); };
  json_field(object, "body_dialect", body.dialect);
  json_field(object, "request", body.request);
  json_number(object, "request_bytes", count(body.request_size));
  json_bool(object, "request_cut", body.request_cut);
  json_field(object, "reply", body.reply);
  json_number(object, "reply_bytes", count(body.reply_size));
  json_bool(object, "reply_cut", body.reply_cut);
  json_number(object, "masked", body.masked);
}

}  // namespace pg
