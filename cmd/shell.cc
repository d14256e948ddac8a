// Shell: streams, terminal facts, colours, questions, and the one shape of every failure.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "cmd/command.h"
#include "core/base/encode.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/guard/mask_secrets.h"
#include "core/store/db.h"

namespace pg {
namespace {

std::string_view env_text(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

int terminal_width(std::FILE* stream) {
  int columns = 0;
  auto text = env_text("COLUMNS");
  std::from_chars(text.data(), text.data() + text.size(), columns);
  winsize size{};
  if (columns <= 0 && ::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0) columns = size.ws_col;
  return columns <= 0 ? 80 : std::clamp(columns, 20, 1000);
}

std::string_view ansi(Color color) {
  switch (color) {
    case Color::plain:
      return "";
    case Color::bold:
      return "\x1b[1m";
    case Color::dim:
      return "\x1b[2m";
    case Color::red:
      return "\x1b[31m";
    case Color::green:
      return "\x1b[32m";
    case Color::yellow:
      return "\x1b[33m";
    case Color::cyan:
      return "\x1b[36m";
  }
  return "";
}

std::string painted(bool on, Color color, std::string_view text) {
  if (!on || color == Color::plain) return std::string(text);
  return fmt::format("{}{}\x1b[0m", ansi(color), text);
}

bool wants_color(const Shell& shell, bool tty) {
  if (shell.no_color || shell.color == "never") return false;
  if (shell.color == "always") return true;
  if (!env_text("NO_COLOR").empty()) return false;
  if (auto force = env_text("CLICOLOR_FORCE"); !force.empty() && force != "0") return true;
  return tty && env_text("TERM") != "dumb";
}

std::string_view status_word(int status) {
  switch (status) {
    case exit_no:
      return "no";
    case exit_usage:
      return "usage";
    case exit_config:
      return "invalid_config";
    case exit_auth:
      return "forbidden";
    case exit_not_found:
      return "not_found";
    case exit_conflict:
      return "conflict";
    case exit_upstream:
      return "upstream_failed";
    case exit_local_io:
      return "io_failed";
    default:
      return "internal";
  }
}

// LC_ALL, LC_CTYPE, LANG: the first that is set decides, as everywhere.
bool shows_ascii_only() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = to_lower(env_text(name));
    if (!value.empty()) return value.find("utf-8") == std::string::npos && value.find("utf8") == std::string::npos;
  }
  return false;  // nothing is said: most terminals can
}

void write_to(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

}  // namespace

int exit_status(Code code) {
  switch (code) {
    case Code::invalid_config:
      return exit_config;
    case Code::unauthenticated:
    case Code::forbidden:
    case Code::host_not_allowed:
      return exit_auth;
    case Code::not_found:
      return exit_not_found;
    case Code::conflict:
      return exit_conflict;
    case Code::io_failed:
      return exit_local_io;
    case Code::upstream_failed:
    case Code::upstream_timeout:
    case Code::unavailable:
    case Code::timeout:
    case Code::rate_limited:
      return exit_upstream;
    case Code::blocked:
    case Code::too_many_tokens:
    case Code::budget_exceeded:
      return exit_no;
    case Code::internal:
    case Code::not_implemented:
      return exit_internal;
    default:
      return exit_usage;
  }
}

Shell Shell::of_process() {
  Shell shell;
  shell.in_tty = ::isatty(STDIN_FILENO) == 1;
  shell.out_tty = ::isatty(STDOUT_FILENO) == 1;
  shell.err_tty = ::isatty(STDERR_FILENO) == 1;
  shell.ascii = shell.out_tty && shows_ascii_only();
  shell.measure();
  shell.settle_colors();
  return shell;
}

void Shell::measure() {
  width = terminal_width(out);
}

void Shell::settle_colors() {
  out_color = wants_color(*this, out_tty) && !json;
  err_color = wants_color(*this, err_tty) && !json;
}

void Shell::write(std::string_view text) {
  std::string plain;
  const auto may_drive = [](char c) { return static_cast<unsigned char>(c) >= 0x7F; };
  if (json && std::any_of(text.begin(), text.end(), may_drive)) text = plain = escape_controls_in_json(text);
  if (ascii) text = plain = to_ascii(text);
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), out) == text.size()) return;
  if (errno == EPIPE) throw PipeClosed{};
  throw Refusal(make_error(Code::io_failed, fmt::format("cannot write to standard output: {}", std::strerror(errno))));
}

void Shell::flush() {
  errno = 0;
  if (std::fflush(out) == 0) return;
  if (errno == EPIPE) throw PipeClosed{};
  throw Refusal(make_error(Code::io_failed, fmt::format("cannot write to standard output: {}", std::strerror(errno))));
}

void Shell::note(std::string_view line) {
  if (quiet) return;
  std::fflush(out);  // so that the two streams keep their order on one terminal
  write_to(err, fmt::format("{}\n", line));
}

void Shell::warn(std::string_view line) {
  std::fflush(out);
  write_to(err, fmt::format("{} {}\n", painted(err_color, Color::yellow, "warning:"), without_secrets(line)));
}

void Shell::note_error(std::string_view line) {
  std::fflush(out);
  write_to(err, fmt::format("{} {}\n", painted(err_color, Color::red, "error:"), without_secrets(line)));
}

std::string Shell::paint(Color color_name, std::string_view text) const {
  return painted(out_color, color_name, text);
}
std::string Shell::paint_err(Color color_name, std::string_view text) const {
  return painted(err_color, color_name, text);
}

// A complaint repeats what was given, and that may be a credential in the wrong place: it would stand in a build's log.
int Shell::fail(const Failure& given) {
  Failure failure = given;
  for (std::string* text : {&failure.what, &failure.at, &failure.hint}) *text = without_secrets(*text);
  std::fflush(out);  // so that the two streams keep their order on one terminal; a closed pipe shows at the end
  if (json) {
    std::string line = R"({"error":{"code":)";
    line += json_quoted(failure.code.empty() ? status_word(failure.status) : std::string_view(failure.code));
    line += R"(,"message":)" + json_quoted(failure.what);
    if (!failure.at.empty()) line += R"(,"at":)" + json_quoted(failure.at);
    if (!failure.hint.empty()) line += R"(,"hint":)" + json_quoted(failure.hint);
    write_to(err, line + fmt::format(",\"exit\":{}}}}}\n", failure.status));
    return failure.status;
  }
  write_to(err, fmt::format("{} {}\n", painted(err_color, Color::red, "error:"), failure.what));
  if (!failure.at.empty()) write_to(err, fmt::format("  at {}\n", failure.at));
  if (!failure.hint.empty()) write_to(err, fmt::format("{} {}\n", painted(err_color, Color::cyan, "hint:"), failure.hint));
  return failure.status;
}

int Shell::fail(const Error& error, std::string hint) {
  // Who keeps a lock is in the way as somebody on a port is: neither disk nor database is at fault.
  const Code code = is_locked(error) ? Code::conflict : error.code;
  return fail({.what = error.message,
               .at = error.detail,
               .hint = std::move(hint),
               .status = exit_status(code),
               .code = code == Code::bad_request ? std::string() : std::string(code_name(code))});
}

Result<bool> Shell::confirm(std::string_view question) {
  if (yes) return true;
  if (!may_ask()) return make_error(Code::bad_request, "this needs a yes, and nobody can be asked: add --yes");
  write_to(err, fmt::format("{} [y/N] ", question));
  std::fflush(err);
  char answer[16] = {};
  if (std::fgets(answer, sizeof answer, in) == nullptr) return false;
  auto word = to_lower(trim(answer));
  return word == "y" || word == "yes";
}

Result<Millis> Shell::timeout_or(Millis fallback) const {
  if (timeout.empty()) return fallback;
  auto millis = parse_duration_ms(timeout);
  if (!millis || *millis <= 0)
    return make_error(Code::bad_request, fmt::format("--timeout '{}' is not a duration like 500ms, 5s or 2m", timeout));
  return Millis{*millis};
}

}  // namespace pg
