// Opens settings and database, with the refusals a newcomer meets first.
#include "cmd/open.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "config/audit_seal.h"
#include "config/load.h"
#include "config/paths.h"
#include "core/base/text.h"
#include "core/store/files.h"
#include "core/store/key_store.h"
#include "core/store/serve_lock.h"

namespace pg {
namespace {

std::string on_another_database(const RunningServe& serve) {
  return fmt::format("pg serve (pid {}) runs on another database, which was at this path before", serve.pid);
}

std::string another_pg(const RunningServe& holder) {
  return fmt::format("another pg{}", holder.pid > 0 ? fmt::format(" (pid {})", holder.pid) : std::string());
}

std::string not_taken_over(const RunningServe& serve) {
  if (!serve.same_database) return on_another_database(serve) + ": the change does not reach it";
  if (serve.is_ready()) return fmt::format("pg serve (pid {}) has not taken the change over yet", serve.pid);
  return another_pg(serve) + " is starting or of an earlier version, and does not say whether it has taken the change over";
}

// What a file that cannot be read as a whole says of the database, before its first table.
std::string database_line(const std::string& file) {
  constexpr std::uint64_t kMostBytes = 1u << 20;
  const Result<std::string> text = read_file(file, kMostBytes, FileTrust::shared);
  if (!text) return {};
  for (std::string_view line : split(text.value(), '\n')) {
    line = trim(line);
    if (line.starts_with('[')) return {};
    if (!line.starts_with("database")) continue;
    line = trim(line.substr(8));
    if (!line.starts_with('=')) continue;
    line = trim(line.substr(1));
    const std::size_t end = line.empty() ? line.npos : line.find(line.front(), 1);
    if (end != line.npos && (line.front() == '"' || line.front() == '\'')) return std::string(line.substr(1, end - 1));
  }
  return {};
}

// Settings that cannot be used, as far as they lead to a database; nullopt when it might be another one.
std::optional<Settings> settings_left(Shell& shell, DbMode mode) {
  Loaded loaded = read_settings(load_options(shell));
  Settings& left = loaded.settings;
  bool is_told = !loaded.unread.contains(left.config_file) || left.origins["database"] != "default";
  if (const std::string named = is_told ? "" : database_line(left.config_file); !named.empty()) {
    left.database = resolve_path(named, directory_of(left.config_file), find_paths(process_environment()).home);
    is_told = true;
  }
  std::error_code ignored;
  if (!std::filesystem::exists(left.database, ignored) || loaded.problems.empty()) return std::nullopt;
  if (!is_told && mode == DbMode::read_write && !find_running_serve(left.database)) return std::nullopt;
  const Problem& first = loaded.problems.front();
  shell.warn(fmt::format("{}: {}; going on with the database {} alone, 'pg config check' says more", first.place.text(),
                         first.message, left.database));
  return std::move(left);
}

}  // namespace

LoadOptions load_options(const Shell& shell) {
  LoadOptions options;
  options.config = shell.config;
  return options;
}

Result<Settings> open_settings(Shell& shell) {
  PG_TRY(auto settings, load_usable_settings(load_options(shell)));
  warn_of_broken(shell, settings);
  if (shell.verbose > 0)
    for (const auto& warning : settings.warnings) shell.warn(warning);
  return settings;
}

void warn_of_broken(Shell& shell, const Settings& settings) {
  if (settings.broken.empty()) return;
  const Problem& first = settings.broken.begin()->second;
  shell.warn(fmt::format("{}: {}; 'pg config check' says more", first.place.text(), first.message));
}

Result<Workplace> open_workplace(Shell& shell, DbMode mode) {
  PG_TRY(auto settings, open_settings(shell));
  std::error_code ignored;
  if (!std::filesystem::exists(settings.database, ignored))
    return make_error(Code::not_found, fmt::format("there is no database at {}; 'pg init' makes one", settings.database));
  PG_TRY(auto db, Db::open(settings.database, mode));
  return Workplace(std::move(settings), std::move(db), mode);
}

Result<Workplace> open_facts(Shell& shell, DbMode mode) {
  if (auto settings = load_usable_settings(load_options(shell)); settings || settings.error().code != Code::invalid_config)
    return open_workplace(shell, mode);
  auto left = settings_left(shell, mode);
  if (!left) return open_workplace(shell, mode);
  PG_TRY(auto db, Db::open(left->database, mode));
  Workplace place(std::move(*left), std::move(db), mode);
  place.seals = false;  // the app key may be elsewhere; serve seals what was added
  return place;
}

Workplace::~Workplace() {
  if (seals) seal_audit_of(db, settings);
}

void seal_audit_of(Db& db, const Settings& settings) {
  // Without an app key there is nothing to seal with.
  const Status sealed = seal_audit(db, settings);
  if (!sealed && sealed.error().code == Code::conflict) fmt::print(stderr, "warning: {}\n", sealed.error().message);
}

const Clock& wall_clock() {
  static const SystemClock clock;
  return clock;
}

std::string actor_name() {
  const passwd* row = ::getpwuid(::getuid());
  return fmt::format("cli:{}",
                     row != nullptr && row->pw_name != nullptr ? std::string(row->pw_name) : std::to_string(::getuid()));
}

Result<ProjectSettings> chosen_project(const Shell& shell, const Settings& settings) {
  const std::string wanted = shell.project.empty() ? "default" : shell.project;
  if (const auto broken = settings.broken.find(wanted); broken != settings.broken.end())
    return make_error(Code::invalid_config, broken->second.message, broken->second.place.text());
  std::vector<std::string_view> names;
  for (const auto& [name, project] : settings.projects) {
    if (!shell.project.empty() && (name == shell.project || equals_ignore_case(project.id, shell.project))) return project;
    names.push_back(name);
  }
  if (!shell.project.empty()) {
    auto nearest = find_nearest(shell.project, names);
    return make_error(Code::not_found, fmt::format("no project '{}'{}", escape_controls(shell.project),
                                                   nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : std::string{}));
  }
  if (settings.projects.size() == 1 && settings.broken.empty()) return settings.projects.begin()->second;
  if (auto at = settings.projects.find("default"); at != settings.projects.end()) return at->second;
  if (names.empty()) return make_error(Code::not_found, "there is no project yet; 'pg init' makes one");
  return make_error(Code::bad_request, fmt::format("which project? add --project with one of: {}", fmt::join(names, ", ")));
}

std::string serve_origin(const Settings& settings) {
  std::string host = settings.serve.host;
  if (host == "0.0.0.0" || host == "*" || host.empty()) host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return fmt::format("http://{}:{}", host, settings.serve.port);
}

Failure no_serve(const std::string& database) {
  const auto serve = find_running_serve(database);
  if (!serve) return {.what = "no pg serve runs on " + database, .hint = "pg serve"};
  if (!serve->same_database)
    return {.what = fmt::format("{}: {}", database, on_another_database(*serve)),
            .hint = fmt::format("kill {}, then pg serve", serve->pid)};
  return {.what = fmt::format("{} has {}: it is starting, puts a backup back, or is of an earlier version", another_pg(*serve),
                              database),
          .hint = "try again in a moment; an earlier version of serve is to be started anew"};
}

std::optional<std::string> running_origin(const Settings& settings) {
  auto serve = find_running_serve(settings.database);
  if (!serve || !serve->is_ready()) return std::nullopt;
  return std::move(serve->origin);
}

std::string agent_origin(const Settings& settings) {
  return running_origin(settings).value_or(serve_origin(settings));
}

bool let_serve_notice(Shell& shell, Db& db) {
  const auto wanted = policy_version(db);
  // It looks every 250 ms. One that is starting, or whose disk is slow, is not waited for without end.
  for (int look = 0;; ++look) {
    const auto serve = find_running_serve(db.path());
    if (!serve) return true;
    if (serve->is_ready() && wanted && serve->policy_version >= wanted.value()) return true;
    if (look == 200 || !serve->same_database || !wanted) return shell.warn(not_taken_over(*serve)), false;
    std::this_thread::sleep_for(Millis{10});
  }
}

}  // namespace pg
