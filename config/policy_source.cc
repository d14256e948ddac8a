// Watching settings files and the database, and building a new Policy when either says something new.
#include "config/policy_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "config/app_key.h"
#include "config/build_policy.h"
#include "config/load.h"
#include "core/base/clock.h"
#include "core/guard/secrets.h"
#include "core/store/credential_store.h"
#include "core/store/key_store.h"
#include "core/store/spend_store.h"

namespace pg {

namespace {

/// What only a start sets.
struct Running {
  explicit Running(const Settings& settings) : serve(settings.serve), database(settings.database) {}
  ServeSettings serve;
  std::string database;

  /// Those of `now` that differ: "host, port".
  std::string waiting(const Settings& now) const {
    std::string names;
    const auto add = [&names](bool differs, const char* name) {
      if (differs) names += (names.empty() ? "" : ", ") + std::string(name);
    };
    add(now.serve.host != serve.host, "host");
    add(now.serve.port != serve.port, "port");
    add(now.serve.threads != serve.threads, "threads");
    add(now.serve.io_uring != serve.io_uring, "io_uring");
    add(now.database != database, "database");
    return names;
  }
};

constexpr std::string_view kKept = "\n  nothing of it was taken over: the settings that were in force stay";

// Without its file pg.toml would guard by the defaults, and nobody has said so.
void check_not_gone(const Settings& before, Loaded& loaded) {
  const std::string& file = before.config_file;
  if (file.empty() || !loaded.problems.empty() || stamp_file(file).inode != 0) return;
  loaded.problems.push_back({{file, 0, 0, "", 1}, "the file that was read is gone", ""});
}

}  // namespace

struct PolicySource::State {
  State(Settings wanted, Db opened)
      : settings(std::move(wanted)), running(settings), stamps(settings.stamps), db(std::move(opened)) {}

  Settings settings;
  const Running running;
  std::vector<std::pair<std::string, FileStamp>> stamps;  // newer than settings' own while a bad file is kept out
  Db db;
  SystemClock clock;
  GuardCache guards;
  LastingState lasting;
  std::shared_ptr<const Policy> policy;
  std::uint64_t version = 0;
  std::int64_t data_version = -1;    // of the whole file
  std::int64_t policy_version = -1;  // of keys and credentials
  bool kept_out = false;             // the files are not what is in force
  std::string database_problem;      // the last one told

  Environment environment() const {
    const bool fixed = settings.loaded_with && settings.loaded_with->environment;
    return fixed ? *settings.loaded_with->environment : process_environment();
  }
  bool files_changed() const {
    return std::any_of(stamps.begin(), stamps.end(), [](const auto& row) { return stamp_file(row.first) != row.second; });
  }
  Result<bool> database_changed();
  Status build(std::vector<Problem>& problems);
  std::optional<Settings> read_files(std::vector<std::string>& problems);
  std::shared_ptr<const Policy> refresh(std::optional<Settings> wanted, std::vector<std::string>& problems);
};

// Log rows move data_version many times a second; only policy_version costs a rebuild.
Result<bool> PolicySource::State::database_changed() {
  PG_TRY(const std::int64_t data, db.data_version());
  if (data == data_version) return false;
  PG_TRY(const std::int64_t facts, pg::policy_version(db));
  data_version = data;
  return facts != policy_version;
}

Status PolicySource::State::build(std::vector<Problem>& problems) {
  // The version first: a change in between is seen again by the next poll.
  PG_TRY(const std::int64_t facts, pg::policy_version(db));
  PolicyParts parts;
  parts.version = version + 1;
  parts.environment = environment();
  parts.secrets = shipped_secret_rules();
  parts.guards = &guards;
  parts.lasting = &lasting;
  PG_TRY(parts.keys, KeyStore(db, clock, "serve").list());
  parts.read_spent = [this](SpendKind kind, std::string_view name) { return read_spent(db, kind, name); };
  std::optional<Result<SecretString>> app_key;
  parts.open_sealed = [&](std::string_view provider) -> Result<SecretString> {
    if (!app_key) app_key = load_app_key(parts.environment, settings.app_key_file);
    if (!*app_key) return app_key->error();
    return CredentialStore(db, clock, "serve").open(provider, app_key->value());
  };
  auto made = build_policy(settings, parts, problems);
  policy_version = facts;
  if (made == nullptr) return {};
  policy = std::move(made);
  ++version;
  return {};
}

// Settings that are whole, or nothing and what is wrong with them; either way not read again until a file changes.
std::optional<Settings> PolicySource::State::read_files(std::vector<std::string>& problems) {
  Loaded loaded = read_settings(*settings.loaded_with);
  stamps = loaded.settings.stamps;
  check_not_gone(settings, loaded);
  for (const Problem& problem : loaded.problems) problems.push_back(problem_text(problem));
  kept_out = !loaded.problems.empty();
  if (!loaded.problems.empty()) {
    problems.back() += kKept;
    return std::nullopt;
  }
  return std::move(loaded.settings);
}

// With `wanted` if that makes a policy, else with the settings in force: a bad file must not keep a revoked key alive.
std::shared_ptr<const Policy> PolicySource::State::refresh(std::optional<Settings> wanted, std::vector<std::string>& problems) {
  const auto before = policy;
  const std::string waited = running.waiting(settings);
  std::vector<Problem> mistakes;
  if (wanted) std::swap(settings, *wanted);
  Status built = build(mistakes);
  if (wanted && !mistakes.empty()) {
    for (const Problem& problem : mistakes) problems.push_back(problem_text(problem));
    problems.back() += kKept;
    kept_out = true;
    std::swap(settings, *wanted);
    mistakes.clear();
    built = build(mistakes);
  }
  if (const std::string names = running.waiting(settings); !names.empty() && names != waited)
    problems.push_back(fmt::format("changes with a restart only: {}; everything else is in force now", names));
  if (!built) problems.push_back(built.error().message);
  for (const Problem& problem : mistakes) problems.push_back(problem_text(problem));
  std::erase_if(guards, [](const auto& row) { return row.second.use_count() == 1; });
  lasting.forget_unused();
  return policy == before ? nullptr : policy;
}

PolicySource::PolicySource(std::unique_ptr<State> state) : state_(std::move(state)) {}
PolicySource::PolicySource(PolicySource&&) noexcept = default;
PolicySource& PolicySource::operator=(PolicySource&&) noexcept = default;
PolicySource::~PolicySource() = default;

Result<PolicySource> PolicySource::open(Settings settings) {
  PG_TRY(Db db, Db::open(settings.database));
  auto state = std::make_unique<State>(std::move(settings), std::move(db));
  std::vector<Problem> problems;
  if (auto built = state->build(problems); !built) return std::move(built).error();
  if (!problems.empty()) return make_error(Code::invalid_config, problems_text(problems));
  return PolicySource(std::move(state));
}

std::shared_ptr<const Policy> PolicySource::current() const {
  return state_->policy;
}

const Settings& PolicySource::settings() const {
  return state_->settings;
}

std::int64_t PolicySource::policy_version() const {
  return state_->policy_version;
}

bool PolicySource::keeps_out() const {
  return state_->kept_out;
}

Status PolicySource::seal(std::string_view name, const SecretString& credential) {
  PG_TRY(const SecretString app_key, load_app_key(state_->environment(), state_->settings.app_key_file));
  return CredentialStore(state_->db, state_->clock, "serve").put(name, credential, app_key);
}

std::shared_ptr<const Policy> PolicySource::poll(std::vector<std::string>& problems) {
  State& state = *state_;
  std::optional<Settings> wanted;
  if (state.settings.loaded_with && state.files_changed()) wanted = state.read_files(problems);
  const auto database = state.database_changed();
  if (!database) {
    if (state.database_problem != database.error().message) problems.push_back(database.error().message);
    state.database_problem = database.error().message;
  } else {
    state.database_problem.clear();
  }
  if (!wanted && !(database && database.value())) return nullptr;
  return state.refresh(std::move(wanted), problems);
}

std::shared_ptr<const Policy> PolicySource::reload(std::vector<std::string>& problems) {
  std::optional<Settings> wanted;
  if (state_->settings.loaded_with) wanted = state_->read_files(problems);
  return state_->refresh(std::move(wanted), problems);
}

}  // namespace pg
