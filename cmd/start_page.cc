// What `pg` alone prints: the state of things and the way in.
#include <algorithm>
#include <optional>

#include "cmd/help.h"
#include "cmd/http_probe.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "config/load.h"
#include "core/store/alert_store.h"
#include "core/store/serve_lock.h"

namespace pg {
namespace {

struct Fact {
  std::string_view name;
  std::string text;
  Color color;
};

std::optional<ProbeReply> ask(const std::string& origin, const char* path) {
  auto url = parse_url(origin + path);
  if (!url) return std::nullopt;
  auto reply = probe(url.value(), {}, Millis{300});
  return reply ? std::optional(std::move(reply).value()) : std::nullopt;
}

bool answers(const std::string& origin) {
  const auto health = ask(origin, "/healthz");
  return health && health->status == 200;
}

// What a running server says of itself: nothing is seen of it in its answers to calls, or all of them are refused for it.
std::optional<Fact> log_fact(const Settings& settings) {
  const auto running = running_origin(settings);
  const auto ready = running ? ask(*running, "/readyz") : std::nullopt;
  if (!ready) return std::nullopt;
  if (ready->status == 200 && ready->body.find(R"("log":"failing")") != std::string::npos)
    return Fact{"log", "cannot be written: calls are served, and their rows wait; serve's standard error says why", Color::red};
  if (ready->status == 503 && ready->body.find("logs.on_failure") != std::string::npos)
    return Fact{"log", "cannot be written, and calls are refused for it (logs.on_failure); serve's standard error says why",
                Color::red};
  return std::nullopt;
}

// A server of other settings may well listen where these say that theirs will.
Fact serve_fact(const Settings& settings) {
  if (const auto running = running_origin(settings))
    return answers(*running) ? Fact{"serve", "running at " + *running, Color::green}
                             : Fact{"serve", "running at " + *running + ", and does not answer", Color::red};
  if (find_running_serve(settings.database)) return {"serve", no_serve(settings.database).what, Color::yellow};
  const std::string origin = serve_origin(settings);
  if (answers(origin)) return {"serve", fmt::format("not running; {} is another's", origin), Color::yellow};
  return {"serve", "not running: start it with 'pg serve'", Color::yellow};
}

// The one that fired last, when that was within a day.
std::string last_alert(const Settings& settings) {
  if (settings.alerts.empty()) return {};
  auto db = Db::open(settings.database, DbMode::read_only);
  if (!db) return {};
  const auto newest = AlertStore(db.value()).newest();
  const UnixMillis now = wall_clock().wall();
  if (!newest || !newest.value() || now - newest.value()->time > kDay) return {};
  return fmt::format("{} fired {}: 'pg alerts' shows all", newest.value()->name, ago_cell(newest.value()->time, now));
}

std::vector<Fact> state_of_things(const Loaded& loaded) {
  const auto& settings = loaded.settings;
  std::vector<std::string> projects;
  for (const auto& [name, project] : settings.projects) projects.push_back(name);
  std::vector<Fact> facts;
  facts.push_back(serve_fact(settings));
  if (auto log = log_fact(settings)) facts.push_back(std::move(*log));
  if (!loaded.problems.empty())
    facts.push_back({"settings",
                     fmt::format("{} problem{}: 'pg config check' shows them", loaded.problems.size(),
                                 loaded.problems.size() == 1 ? "" : "s"),
                     Color::red});
  else
    facts.push_back(
        {"settings", settings.config_file.empty() ? "none yet: 'pg init' makes them" : settings.config_file, Color::plain});
  if (const std::string alert = last_alert(settings); !alert.empty()) facts.push_back({"alert", alert, Color::red});
  facts.push_back({"projects", projects.empty() ? "none yet" : fmt::format("{}", fmt::join(projects, ", ")), Color::plain});
  return facts;
}

}  // namespace

int print_start_page(Shell& shell) {
  const auto facts = state_of_things(read_settings(load_options(shell)));
  if (shell.json) {
    std::string object = "{";
    json_field(object, "version", PG_VERSION);
    for (const auto& fact : facts) json_field(object, fact.name, fact.text);
    shell.write(object + "}\n");
    return exit_ok;
  }
  shell.print("{}: keeps secrets and personal data out of model prompts\n\n", shell.paint(Color::bold, "pg " PG_VERSION));
  for (const auto& fact : facts) shell.print("  {:<10}{}\n", fact.name, shell.paint(fact.color, cut_to(fact.text, 400)));
  shell.write(
      "\n  pg init                create settings, a first project and a key\n"
      "  pg serve               run the proxy\n"
      "  pg setup claude-code   point an agent at it (or codex, opencode, curl ...)\n"
      "  pg run claude-code     or start the agent behind it, nothing to paste\n"
      "  pg logs tail -f        watch what goes through\n"
      "\n  pg --help              every command\n"
      "  pg help TOPIC          exit-codes, environment, filters, credentials\n");
  return exit_ok;
}

}  // namespace pg
