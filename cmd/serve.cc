// pg serve: opens everything, runs the loops, and watches for signals and changed settings from the main thread.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <thread>
#include <utility>

#include "cmd/alert_text.h"
#include "cmd/command.h"
#include "cmd/log_file.h"
#include "cmd/log_lines.h"
#include "cmd/open.h"
#include "cmd/serve_banner.h"
#include "config/audit_seal.h"
#include "config/checks.h"
#include "config/init.h"
#include "config/policy_source.h"
#include "config/settings_diff.h"
#include "config/validate.h"
#include "core/base/memory.h"
#include "core/store/files.h"
#include "core/store/log_store.h"
#include "core/store/serve_lock.h"
#include "proxy/listener.h"

namespace pg {
namespace {

constexpr timespec kPoll{0, 250'000'000};
constexpr Millis kDrainPoll{20};

struct ServeOptions {
  std::string listen;
  std::string ready_file;
  int ready_fd = -1;
  int threads = 0;
};

// Every thread inherits the mask: signals are taken by the main thread, in its own time.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is a full disk: an error of write(), not the end
  return signals;
}

void prepare_process() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
}

int thread_count(const ServeOptions& options, const ServeSettings& serve) {
  const int wanted = options.threads > 0 ? options.threads : serve.threads;
  if (wanted > 0) return wanted;
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 4);
}

/// "HOST:PORT", ":PORT" or "PORT": the host is "" where there is none.
std::pair<std::string, std::string> split_listen(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return {"", listen};
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return {std::move(host), listen.substr(colon + 1)};
}

/// What is wrong with it, or "".
std::string check_listen(const std::string& listen) {
  const auto [host, port] = split_listen(listen);
  std::uint16_t number = 0;
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool is_port = problem == std::errc{} && end == port.data() + port.size();
  if (is_port && (host.empty() || !check_bind_host(host))) return "";
  return fmt::format("'{}' is neither a port nor an IP address with one, such as 127.0.0.1:9000 or [::1]:9000", listen);
}

LoadOptions options_with_flags(const Shell& shell, const ServeOptions& options) {
  LoadOptions load = load_options(shell);
  if (options.listen.empty()) return load;
  const auto [host, port] = split_listen(options.listen);
  if (!host.empty()) load.flags.emplace_back("serve.host", host);
  load.flags.emplace_back("serve.port", port);
  return load;
}

Status check_exposure(const Settings& settings) {
  if (is_loopback_host(settings.serve.host)) return {};
  bool open = !settings.serve.require_key;
  for (const auto& [name, project] : settings.projects) open = open || !project.require_key.value_or(true);
  if (!open) return {};
  return make_error(Code::invalid_config,
                    "refusing to listen on " + settings.serve.host + " without requiring a key (require_key = true)");
}

std::vector<ReservedLine> reserved_lines(const Policy& policy) {
  std::vector<ReservedLine> lines;
  const auto add = [&lines](const CallLimits* limits) {
    if (limits == nullptr || limits->budget == nullptr) return;
    if (const Nanos held = limits->budget->held(); held > 0)
      lines.push_back({limits->budget->kind(), limits->budget->name(), held});
  };
  for (const Key& key : policy.keys->keys()) add(key.limits.get());
  for (const auto& [name, project] : policy.projects)
    if (name == project->name) add(project->limits.get());
  return lines;
}

/// What a running server writes into the audit log: which settings it took over, and the seal of its end.
class ServeAudit {
 public:
  ServeAudit(Shell& shell, Db db, const Settings& settings) : shell_(shell), db_(std::move(db)), settings_(settings) {}
  ServeAudit(const ServeAudit&) = delete;
  ServeAudit& operator=(const ServeAudit&) = delete;
  ~ServeAudit() { seal(); }

  /// False when nothing that a setting says is different.
  bool note_reload(const Settings& now) {
    const SettingsDiff diff = diff_settings(settings_, now);
    settings_ = now;
    if (diff.detail.empty()) return false;
    const Status noted = append(diff);
    if (!noted) shell_.warn("the audit log cannot be written: " + noted.error().message);
    seal();
    return true;
  }
  // Refusals of keys come from another thread; a look now and then is enough for them.
  void look() {
    if (++looks_ % kLooksPerSeal == 0) seal();
  }
  void seal() {
    const Status sealed = seal_audit(db_, settings_);
    const bool tells = !sealed && sealed.error().code == Code::conflict && !told_;
    if (tells) shell_.warn(sealed.error().message);
    told_ = told_ || tells;
  }

 private:
  static constexpr int kLooksPerSeal = 20;
  Status append(const SettingsDiff& diff) {
    PG_TRY(Transaction transaction, Transaction::begin(db_));
    PG_TRY_STATUS(AuditStore(db_).append({0, wall_clock().wall(), "serve", "config.reload", diff.target, diff.detail}));
    return transaction.commit();
  }

  Shell& shell_;
  Db db_;
  Settings settings_;
  int looks_ = 0;
  bool told_ = false;
};

/// Gives memory back once after each time of use. Who pauses for so long does not notice the milliseconds that reading a
/// conversation again takes.
class QuietTimes {
 public:
  void look(const Gateway& gw, Server& server) {
    const SteadyTime now = gw.clock.steady();
    if (looks_until_rest_ > 0 && --looks_until_rest_ == 0) give_back_code();  // that which gave the memory back, too
    const std::uint64_t begun = gw.exchanges_begun.load(std::memory_order_relaxed);
    if (std::exchange(begun_, begun) != begun || gw.exchanges.load(std::memory_order_relaxed) > 0) {
      used_ = true;
      since_ = now;
    }
    if (!used_ || now - since_ < kQuiet) return;
    used_ = false;
    server.give_back_memory();
    give_back_memory();
    looks_until_rest_ = kLooksUntilRest;
  }

 private:
  static constexpr std::chrono::seconds kQuiet{30};
  static constexpr int kLooksUntilRest = 8;
  bool used_ = true;  // reading the settings was such a time
  int looks_until_rest_ = 0;
  std::uint64_t begun_ = 0;
  SteadyTime since_{};
};

// A refresh token that was replaced is void: the next start must find the new one.
void keep_refresh_tokens(Shell& shell, Gateway& gw, PolicySource& source) {
  for (const auto& [name, token] : gw.tokens.take_rotated()) {
    const Status kept = source.seal(name, token);
    if (kept) continue;
    shell.warn(
        fmt::format("the new refresh token \"{}\" could not be sealed: {}; after a restart, sign in anew with "
                    "'pg providers login {}'",
                    name, kept.error().message, name));
  }
}

// SIGTERM, SIGINT: 0 asks for a drain. SIGHUP reloads. Returns when it is time to stop.
void watch_until_stopped(Shell& shell, Gateway& gw, Server& server, PolicySource& source, ServeAudit& audit, LogFile& file,
                         ServeLock& lock, const sigset_t& signals) {
  std::vector<std::string> problems;
  QuietTimes quiet;
  for (;;) {
    const int signal = ::sigtimedwait(&signals, nullptr, &kPoll);
    if (signal == SIGINT || signal == SIGTERM) return;
    gw.journal.note_in_flight(gw.exchanges.load(std::memory_order_relaxed));
    gw.journal.note_reserved(reserved_lines(*gw.policy()));
    keep_refresh_tokens(shell, gw, source);
    audit.look();
    quiet.look(gw, server);
    if (signal == SIGHUP) file.reopen();
    problems.clear();
    const std::shared_ptr<const Policy> fresh = signal == SIGHUP ? source.reload(problems) : source.poll(problems);
    for (const std::string& problem : problems) shell.warn(problem);
    const bool mended = !gw.settings_good.exchange(!source.keeps_out()) && !source.keeps_out();
    if (!fresh) continue;
    gw.reload(fresh);
    lock.note_policy(source.policy_version());
    file.use(source.settings().log, OwnFiles(source.settings()));
    if (audit.note_reload(source.settings()))
      shell.note(mended ? "settings reloaded: the files are in order again" : "settings reloaded");
    else if (mended)
      shell.note("the settings files are in order again: nothing differs from what was in force");
    else if (signal == SIGHUP)
      shell.note("settings read anew: none is different");
    else if (shell.verbose > 0)
      shell.note("keys and credentials reloaded");
  }
}

bool asked_again(const sigset_t& signals) {
  const timespec now{0, 0};
  const int signal = ::sigtimedwait(&signals, nullptr, &now);
  return signal == SIGINT || signal == SIGTERM;
}

// True when every exchange ended by itself.
void drain(Shell& shell, Gateway& gw, Server& server, const sigset_t& signals) {
  gw.draining = true;
  server.stop_listening();
  const std::uint32_t running = gw.exchanges.load(std::memory_order_acquire);
  if (running > 0)
    shell.note(fmt::format("draining {} request{}, press Ctrl-C again to quit now", running, running == 1 ? "" : "s"));
  const Millis patience = gw.policy()->limits.drain;
  const SteadyTime until = gw.clock.steady() + patience;
  while (gw.exchanges.load(std::memory_order_acquire) > 0 && !asked_again(signals)) {
    const SteadyTime now = gw.clock.steady();
    if (now > until) gw.cutting = true;  // streams end with an error of their dialect
    if (now > until + std::chrono::seconds(2)) break;
    std::this_thread::sleep_for(kDrainPoll);
  }
}

/// A line per finished request and per alert: on standard error, and in a file with whole values, as programs read them.
class RowPrinter {
 public:
  RowPrinter(const Shell& shell, LogFile& file, bool on_terminal)
      : shell_(shell),
        plain_(shell),
        file_(file),
        on_terminal_(on_terminal),
        lines_(shell, false),
        whole_lines_(settle(plain_), false) {}

  void print(const LogRow& row) {
    if (on_terminal_) {
      const std::string line = lines_.line(row);
      std::fwrite(line.data(), 1, line.size(), stderr);
    }
    if (file_.wanted()) file_.write(whole_lines_.line(row));
  }
  /// An alert is a result: it is said with --quiet, too, and whether rows are printed or not.
  void print(const AlertRule& rule, const AlertFiring& firing) {
    const std::string line = fmt::format("{} {}\n", shell_.paint_err(Color::red, "alert:"), alert_words(rule, firing));
    std::fwrite(line.data(), 1, line.size(), stderr);
    if (file_.wanted()) file_.write(alert_line(rule, firing) + "\n");
  }

 private:
  static const Shell& settle(Shell& shell) {
    shell.out_tty = shell.out_color = shell.json = false;
    return shell;
  }
  const Shell& shell_;
  Shell plain_;
  LogFile& file_;
  bool on_terminal_;
  LogLines lines_, whole_lines_;
};

int serve(Shell& shell, const ServeOptions& options) {
  prepare_process();
  const sigset_t signals = block_signals();
  InitReport report = init_files(options_with_flags(shell, options), wall_clock()).value();
  const Settings settings = report.settings;
  check_exposure(settings).value();
  ServeLock lock = ServeLock::take(settings.database).value();
  PolicySource source = PolicySource::open(settings).value();
  Db log_db = Db::open_again(settings.database).value();
  if (lock.lost() > 0 && LogStore(log_db).note_dropped(lock.lost())) lock.forget_lost();
  if (const std::string_view type = network_file_system_of(settings.database); !type.empty())
    shell.warn(
        fmt::format("{} is on a network file system ({}): SQLite's write-ahead log is not safe there; hint: `database` "
                    "in pg.toml names a local file",
                    settings.database, type));
  const auto on_problem = [&shell](const std::string& problem) { shell.warn(problem); };
  ServeAudit audit(shell, Db::open_again(settings.database).value(), settings);
  LogFile file(on_problem);
  file.use(settings.log, OwnFiles(settings));
  RowPrinter printer(shell, file, settings.serve.log_requests && !shell.quiet);
  const auto on_row = [&printer](const LogRow& row) { printer.print(row); };
  const auto on_alert = [&printer](const AlertRule& rule, const AlertFiring& firing) { printer.print(rule, firing); };
  Gateway gw(settings.serve, source.current(), std::move(log_db), on_problem, on_row, on_alert);
  Result<std::unique_ptr<Server>> listening = Server::listen(gw, thread_count(options, settings.serve));
  // The very first key is shown once and never again, also when this start goes no further.
  if (!listening && report.key) shell.note(fmt::format("your key, shown once: {}", report.key->text.reveal()));
  const std::unique_ptr<Server> server = std::move(listening).value();
  server->run();
  Settings bound = settings;
  bound.serve.port = gw.port;
  for (const std::string& warning : settings.warnings) shell.warn(warning);
  shell.note(serve_banner(shell, report, gw.port));
  lock.note_policy(source.policy_version());
  lock.note_origin(serve_origin(bound));
  announce_ready(serve_origin(bound), options.ready_file, options.ready_fd).value();
  watch_until_stopped(shell, gw, *server, source, audit, file, lock, signals);
  drain(shell, gw, *server, signals);
  server->stop();
  keep_refresh_tokens(shell, gw, source);
  shell.note("stopped");
  return exit_ok;
}

}  // namespace

void add_serve(CLI::App& command, Shell& shell) {
  const auto options = std::make_shared<ServeOptions>();
  command.description(
      "Run the proxy\n"
      "Makes settings, a first project and a key when there are none. Changed project files and keys act within a second.");
  command.add_option("--listen", options->listen, "Address and port, or port alone; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->check(check_listen);
  in_range(command.add_option("--threads", options->threads, "Loops to run; 0 = one per core, at most 4")->type_name("N"), 0, 64);
  command.add_option("--ready-file", options->ready_file, "Write the URL there when requests are taken")->type_name("FILE");
  command.add_option("--ready-fd", options->ready_fd, "Write the URL to this descriptor instead, and close it")->type_name("N");
  command.footer(
      "pg serve\n"
      "pg serve --listen 127.0.0.1:9000\n"
      "pg serve -q --ready-file /run/pg.url  # for scripts");
  set_action(command, shell, [&shell, options] { return serve(shell, *options); });
}

}  // namespace pg
