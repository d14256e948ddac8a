// Nothing is written that was not shown, and nothing through a link. The notes come first, so that a crash in between can be
// undone.
#include "cmd/setup_write.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "cmd/print.h"
#include "cmd/setup_notes.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/store/files.h"
#include "core/store/key_store.h"

namespace pg {
namespace {

constexpr std::uint64_t kLargestSettings = 1u << 20;

/// A file of somebody else's as it is.
struct Found {
  bool exists = false;
  unsigned mode = 0600;
  std::string text;
};

std::string env_value(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::string() : std::string(value);
}

/// "CLAUDE_CONFIG_DIR=~/.claude": what the variable says, else that directory.
Result<std::string> directory_in(std::string_view home) {
  const std::size_t equals = home.find('=');
  if (equals != std::string_view::npos)
    if (std::string set = env_value(std::string(home.substr(0, equals))); set.starts_with('/')) return set;
  std::string_view rest = equals == std::string_view::npos ? home : home.substr(equals + 1);
  constexpr std::string_view kConfig = "~/.config/";
  if (const std::string config = env_value("XDG_CONFIG_HOME"); rest.starts_with(kConfig) && config.starts_with('/'))
    return config + "/" + std::string(rest.substr(kConfig.size()));
  const std::string own = env_value("HOME");
  if (!own.starts_with('/')) return make_error(Code::bad_request, "HOME is not set: nobody knows where the agent's settings are");
  return own + std::string(rest.substr(1));
}

Result<Found> look_at(const std::string& file) {
  Found found;
  struct stat at {};
  if (::lstat(file.c_str(), &at) != 0) {
    if (errno == ENOENT) return found;
    return make_error(Code::io_failed, fmt::format("{}: {}", file, std::strerror(errno)));
  }
  if (S_ISLNK(at.st_mode)) {
    std::error_code failed;
    return make_error(Code::conflict, fmt::format("{} is a link to {}: pg writes through none", file,
                                                  std::filesystem::read_symlink(file, failed).string()));
  }
  found.exists = true;
  found.mode = at.st_mode & 0777u;
  PG_TRY(found.text, read_file(file, kLargestSettings, FileTrust::shared));
  if (!is_utf8(found.text)) return make_error(Code::bad_request, file + " is no UTF-8 text");
  return found;
}

// A directory that is a link may lead anywhere: whoever is asked should know.
void tell_real_place(Shell& shell, const std::string& file) {
  std::error_code failed;
  const auto real = std::filesystem::weakly_canonical(directory_of(file), failed);
  const auto home = std::filesystem::weakly_canonical(env_value("HOME"), failed);
  const std::string inside = home.string() + "/";
  if (!failed && !(real.string() + "/").starts_with(inside))
    shell.warn(fmt::format("{} is really in {}, outside of your home", file, real.string()));
}

std::string json_of(const ClientTool& tool, const SetupValues& values) {
  if (tool.settings_kind == "json") return fill_in(tool.settings_text, values);
  std::string variables = "{";
  for (const auto& [name, value] : tool_environment(tool, values)) json_field(variables, name, value);
  std::string object = "{";
  json_raw(object, "env", variables + "}");
  return object + "}";
}

/// Lines with {model} only when one is known.
std::string toml_of(const ClientTool& tool, const SetupValues& values) {
  std::string out;
  for (const std::string_view line : split(trim(tool.settings_text), '\n'))
    if (!values.model.empty() || line.find("{model}") == std::string_view::npos) out += fill_in(line, values) + "\n";
  return out;
}

struct Planned {
  std::string text;
  MergedJson merged;  // without its text
};

Result<Planned> plan(const ClientTool& tool, const SetupValues& values, const std::string& before) {
  Planned planned;
  if (tool.settings_kind != "toml") {
    PG_TRY(planned.merged, merge_json(before, json_of(tool, values)));
    planned.text = std::move(planned.merged.text);
    return planned;
  }
  if (const auto mistake = find_toml_mistake(before)) return make_error(Code::bad_request, "is wrong itself: " + *mistake);
  PG_TRY(planned.text, add_block(before, toml_of(tool, values)));
  if (const auto mistake = find_toml_mistake(planned.text))
    return make_error(Code::conflict, fmt::format("says something of its own where pg's lines belong: {}", *mistake));
  return planned;
}

// Private from now on: there is a key in it.
Status put(const std::string& file, const std::string& text, unsigned mode) {
  PG_TRY_STATUS(write_file(file, text));
  if (mode != 0600 && ::chmod(file.c_str(), mode) != 0)
    return make_error(Code::io_failed, fmt::format("{}: {}", file, std::strerror(errno)));
  return {};
}

std::string digest_of(const std::string& text) {
  return to_hex(as_bytes(sha256(text)));
}

bool is_there_still(const SetupNotes& notes, const std::string& now) {
  if (notes.kind == "toml") return drop_block(now) != now;
  return has_values(now, notes.merged.values);
}

// What it is written for: another project, model or login is another text.
std::string purpose_of(const AgentSetup& agent) {
  return fmt::format("{} model={} own_login={}", agent.values.base, agent.values.model, agent.values.own_login);
}

Error with_way_out(const Error& why, const std::string& file, const AgentSetup& agent) {
  const std::string what = why.message.starts_with(file) ? why.message : fmt::format("{} {}", file, why.message);
  return make_error(why.code, fmt::format("{}; nothing was written: paste what 'pg setup {}' prints", what, agent.tool.name));
}

int say_written(Shell& shell, const SetupNotes& notes, const std::string& database, bool changed) {
  if (shell.json) {
    std::string object = "{";
    json_field(object, "agent", notes.agent);
    json_field(object, "file", notes.file);
    json_bool(object, "changed", changed);
    json_text_or_null(object, "backup", notes.existed ? setup_backup_file(database, notes.agent) : "");
    json_text_or_null(object, "key", notes.key);
    shell.write(object + "}\n");
  } else if (changed) {
    shell.note(fmt::format("wrote {}{}", notes.file,
                           notes.existed ? "; what was there is kept as " + setup_backup_file(database, notes.agent) : ""));
    shell.note(fmt::format("pg setup {0} --check tries it, pg setup {0} --undo takes it back", notes.agent));
  } else {
    shell.note(fmt::format("{} says so already; 'pg setup {} --undo' takes it back", notes.file, notes.agent));
  }
  return exit_ok;
}

/// Written before: for the same purpose that is all there is to do.
int meet_notes(Shell& shell, const SetupNotes& notes, const std::string& database, const AgentSetup& agent) {
  const Found found = look_at(notes.file).value();
  if (notes.said == purpose_of(agent) && is_there_still(notes, found.text)) return say_written(shell, notes, database, false);
  return shell.fail({.what = notes.said == purpose_of(agent)
                                 ? fmt::format("{} was changed since pg wrote there", notes.file)
                                 : fmt::format("pg has written into {} for something else", notes.file),
                     .hint = fmt::format("pg setup {} --undo, then --write again", agent.tool.name),
                     .status = exit_conflict});
}

// Key, notes, file: what fails in between takes back what was done.
Status write_all(Workplace& place, AgentSetup& agent, const Found& found, const std::optional<std::string>& given,
                 SetupNotes& notes) {
  if (given) {
    agent.values.key = *given;
  } else {
    PG_TRY(auto made, mint_agent_key(place, agent.tool.name, agent.project, Millis{0}));
    notes.key = made.first;
    agent.values.key = made.second;
  }
  const auto write = [&]() -> Status {
    PG_TRY(const Planned planned, plan(agent.tool, agent.values, found.text));
    notes.merged = planned.merged;
    notes.written = digest_of(planned.text);
    PG_TRY_STATUS(make_private_directory(directory_of(notes.file)));
    PG_TRY(const Found again, look_at(notes.file));
    if (again.exists != found.exists || again.text != found.text)
      return make_error(Code::conflict, notes.file + " was changed in the meantime");
    PG_TRY_STATUS(write_setup_notes(place.settings.database, notes));
    return put(notes.file, planned.text, 0600);
  };
  Status done = write();
  if (done) return done;
  (void)drop_setup_notes(place.settings.database, notes.agent);
  if (!notes.key.empty()) (void)KeyStore(place.db, wall_clock(), actor_name()).revoke(notes.key);
  return done;
}

// Of the text before, as it would be without ours.
Result<std::string> text_without_ours(const SetupNotes& notes, const std::string& now) {
  if (now.empty()) return now;  // deleted since
  if (digest_of(now) == notes.written) return notes.before;
  if (notes.kind == "toml") return drop_block(now);
  return unmerge_json(now, notes.merged);
}

bool is_nothing(const SetupNotes& notes, const std::string& text) {
  const std::string_view left = trim(text);
  return !notes.existed && (left.empty() || left == "{}");
}

Status put_back(const SetupNotes& notes, const Found& found, const std::string& text) {
  if (!found.exists) return {};
  if (!is_nothing(notes, text)) return text == found.text ? Status{} : put(notes.file, text, notes.mode);
  if (::unlink(notes.file.c_str()) == 0) return {};
  return make_error(Code::io_failed, fmt::format("{}: {}", notes.file, std::strerror(errno)));
}

Result<bool> agree(Shell& shell, const std::string& diff, const std::string& question) {
  if (shell.json || shell.quiet)
    std::fputs(diff.c_str(), shell.err);
  else
    shell.write(diff);
  shell.flush();
  return shell.confirm(question);
}

}  // namespace

int write_setup(Shell& shell, Workplace& place, AgentSetup agent, const AgentOptions& options) {
  const ClientTool& tool = agent.tool;
  if (tool.settings_kind.empty())
    return shell.fail({.what = fmt::format("pg does not write the settings of {}", tool.title),
                       .hint = fmt::format("pg setup {} prints what to paste", tool.name),
                       .code = "unsupported"});
  if (tool.settings_kind != "env" && agent.values.own_login)
    return shell.fail(
        {.what = fmt::format("pg writes no settings of {} that keep its own login", tool.title), .code = "unsupported"});
  if (tool.settings_kind == "json" && agent.values.model.empty())
    return shell.fail({.what = "which model?", .hint = fmt::format("pg setup {} --write --model NAME", tool.name)});
  const std::string& database = place.settings.database;
  const auto known = read_setup_notes(database, tool.name);
  if (known) return meet_notes(shell, known.value(), database, agent);
  if (known.error().code != Code::not_found) return shell.fail(known.error());
  const std::string file = directory_in(tool.settings_home).value() + "/" + tool.settings_file;
  const auto given = given_key(options).value();
  const Result<Found> found = look_at(file);
  if (!found) return shell.fail(with_way_out(found.error(), file, agent));
  SetupNotes notes{tool.name, file, tool.settings_kind, found->exists, found->mode, found->text, "", purpose_of(agent), "", {}};
  agent.values.key = "pg_live_...";  // until somebody has said yes
  const Result<Planned> shown = plan(tool, agent.values, found->text);
  if (!shown) return shell.fail(with_way_out(shown.error(), file, agent));
  tell_real_place(shell, file);
  if (!agree(shell, line_diff(found->text, shown->text, file), fmt::format("write {}?", file)).value())
    return shell.fail({.what = "nothing was written", .status = exit_no});
  if (const Status written = write_all(place, agent, *found, given, notes); !written) return shell.fail(written.error());
  if (!notes.key.empty()) let_serve_notice(shell, place.db);
  return say_written(shell, notes, database, true);
}

int undo_setup(Shell& shell, Workplace& place, const std::string& name) {
  const std::string& database = place.settings.database;
  const auto known = read_setup_notes(database, name);
  if (!known && known.error().code == Code::not_found)
    return shell.fail({.what = fmt::format("pg has written no settings of {}", name), .status = exit_not_found});
  const SetupNotes& notes = known.value();
  const Result<Found> found = look_at(notes.file);
  const Result<std::string> text = found ? text_without_ours(notes, found->text) : Result<std::string>(found.error());
  if (!text)
    return shell.fail({.what = text.error().message,
                       .at = notes.file,
                       .hint = notes.existed ? "what was there is kept as " + setup_backup_file(database, name) : "",
                       .status = exit_conflict});
  if (!agree(shell, line_diff(found->text, *text, notes.file), fmt::format("put back {}?", notes.file)).value())
    return shell.fail({.what = "nothing was changed", .status = exit_no});
  put_back(notes, *found, *text).value();
  if (!notes.key.empty())
    if (const auto revoked = KeyStore(place.db, wall_clock(), actor_name()).revoke(notes.key);
        !revoked && revoked.error().code != Code::not_found)
      return shell.fail(revoked.error());
  drop_setup_notes(database, name).value();
  if (!notes.key.empty()) let_serve_notice(shell, place.db);
  if (shell.json) {
    std::string object = "{";
    json_field(object, "agent", name);
    json_field(object, "file", notes.file);
    json_text_or_null(object, "revoked", notes.key);
    shell.write(object + "}\n");
    return exit_ok;
  }
  shell.note(fmt::format("{} is as it was{}", notes.file, notes.key.empty() ? "" : "; revoked the key " + notes.key));
  return exit_ok;
}

}  // namespace pg
