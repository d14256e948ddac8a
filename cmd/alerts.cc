// pg alerts: what is set and when it fired, and a try of one alert on the rows there are.
#include <CLI/CLI.hpp>

#include "cmd/alert_text.h"
#include "cmd/command.h"
#include "cmd/log_ask.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "config/knobs.h"
#include "config/read_alerts.h"
#include "core/base/text.h"
#include "core/guard/mask_secrets.h"
#include "core/store/alert_store.h"

namespace pg {
namespace {

using Fired = std::map<std::string, AlertSums, std::less<>>;

std::string alert_json(const std::string& name, const AlertSettings& alert, const AlertSums& sums) {
  std::string object = "{";
  json_field(object, "name", name);
  json_field(object, "when", alert.when);
  json_number(object, "count", alert.count);
  json_number(object, "within_ms", alert.within.count());
  json_number(object, "quiet_ms", alert.quiet.count());
  json_time(object, "last_fired", sums.last.time);
  json_text_or_null(object, "last_request", sums.last.request);
  json_number(object, "times", sums.times);
  return object + "}";
}

std::string alert_table(const Shell& shell, const Settings& settings, const Fired& fired) {
  Table table({{"NAME", Align::left, 0, 8},
               {"WHEN", Align::left, 0, 16},
               {"COUNT/WITHIN"},
               {"LAST FIRED", Align::left, 1},
               {"TIMES", Align::right, 2}});
  const UnixMillis now = wall_clock().wall();
  for (const auto& [name, alert] : settings.alerts) {
    const auto found = fired.find(name);
    const AlertSums sums = found == fired.end() ? AlertSums() : found->second;
    const std::string people = sums.times == 0 ? "never" : ago_cell(sums.last.time, now);
    const std::string programs = sums.times == 0 ? "" : format_rfc3339(sums.last.time);
    table.add({{name, Color::bold},
               {alert.when},
               {fmt::format("{}/{}", alert.count, spell_duration(alert.within.count()))},
               {shell.out_tty ? people : programs, sums.times == 0 ? Color::dim : Color::yellow},
               {std::to_string(sums.times)}});
  }
  return table.text(shell);
}

int list_alerts(Shell& shell) {
  auto place = open_workplace(shell, DbMode::read_only).value();
  const Fired fired = AlertStore(place.db).sums().value();
  if (shell.json) {
    std::string objects;
    for (const auto& [name, alert] : place.settings.alerts) {
      const auto found = fired.find(name);
      objects += (objects.empty() ? "" : ",\n") + alert_json(name, alert, found == fired.end() ? AlertSums() : found->second);
    }
    return shell.write(without_secrets("[" + objects + "]\n")), exit_ok;
  }
  if (place.settings.alerts.empty()) {
    shell.note(
        "no alerts are set; in pg.toml one looks like this:\n\n"
        "  [alerts.failing]\n"
        "  when = \"status:>=500 -status:529\"  # 'pg help filters'\n"
        "  count = 5        # so many requests that fit\n"
        "  within = \"10m\"   # in that time,\n"
        "  quiet = \"1h\"     # then nothing for so long\n");
    return exit_ok;
  }
  // Stars as long as what they cover, so that columns stay aligned.
  shell.write(without_secrets(alert_table(shell, place.settings, fired)));
  return exit_ok;
}

struct TestOptions {
  std::string name;
  std::string since = "7d";
};

/// What the walk over the rows says, line by line.
class TestReport {
 public:
  explicit TestReport(Shell& shell) : shell_(shell) {}

  void add(const AlertFiring& firing) {
    if (times_++ == 0 && shell_.out_tty && !shell_.json)
      shell_.write(shell_.paint(Color::dim, fmt::format("{:<16}  {:>5}  {}", "TIME", "COUNT", "REQUEST")) + "\n");
    if (shell_.json) {
      std::string object = "{";
      json_time(object, "time", firing.time);
      json_number(object, "count", firing.count);
      json_field(object, "request", firing.request);
      objects_ += (objects_.empty() ? "" : ",") + object + "}";
    } else if (shell_.out_tty) {
      shell_.print("{:<16}  {:>5}  {}\n", date_cell(firing.time), firing.count, escape_controls(firing.request));
    } else {
      shell_.write(tab_line({{format_rfc3339(firing.time)}, {std::to_string(firing.count)}, {firing.request}}) + "\n");
    }
  }

  int finish(const AlertCounter& counter, const LogQuery& query) {
    const std::string fits = fmt::format("{} request{} since {} fit{}", counter.fits(), counter.fits() == 1 ? "" : "s",
                                         date_cell(query.since), counter.fits() == 1 ? "s" : "");
    if (shell_.json) {
      std::string object = "{";
      json_field(object, "name", counter.rule().name);
      json_time(object, "since", query.since);
      json_number(object, "requests", static_cast<std::int64_t>(counter.fits()));
      json_raw(object, "fired", "[" + objects_ + "]");
      shell_.write(object + "}\n");
    } else if (times_ == 0) {
      const std::string measure = alert_measure(counter.rule().count, counter.rule().within);
      shell_.print("would not have fired: {}{}\n", fits, counter.fits() == 0 ? "" : ", never " + measure);
    } else {
      shell_.note(fmt::format("would have fired {}; {}", times_ == 1 ? "once" : fmt::format("{} times", times_), fits));
    }
    return times_ == 0 ? exit_no : exit_ok;
  }

 private:
  Shell& shell_;
  std::int64_t times_ = 0;
  std::string objects_;
};

int test(Shell& shell, const TestOptions& options) {
  auto place = open_workplace(shell, DbMode::read_only).value();
  const auto& alerts = place.settings.alerts;
  const auto found = alerts.find(options.name);
  if (found == alerts.end()) {
    std::vector<std::string_view> names;
    for (const auto& [name, alert] : alerts) names.push_back(name);
    const auto near = find_nearest(options.name, names);
    return shell.fail({.what = fmt::format("no alert '{}'{}", escape_controls(options.name),
                                           near ? fmt::format(" (did you mean '{}'?)", *near) : ""),
                       .hint = "pg alerts list",
                       .status = exit_not_found});
  }
  LogAsk ask;
  ask.words = {found->second.when};
  ask.since = options.since;
  const auto query = make_query(shell, ask, wall_clock().wall()).value();
  AlertCounter counter(make_alert(found->first, found->second).value());
  TestReport report(shell);
  const auto walked = LogStore(place.db).select(query, [&](const LogRow& row) {
    if (const auto firing = counter.note(row)) report.add(*firing);
    return true;
  });
  walked.value();
  return report.finish(counter, query);
}

}  // namespace

void add_alerts(CLI::App& command, Shell& shell) {
  command.description(
      "Show alerts, and try them on the log\n"
      "An alert is a filter, how many requests must fit within what time, and how long it says nothing after that. A running "
      "serve says on standard error when one fires, in its log file as well, and keeps the newest 1000 times. Alone it is 'pg "
      "alerts list'.");
  command.footer("pg alerts\npg alerts --json\npg alerts test failing --since 7d");
  set_action(command, shell, [&shell] { return list_alerts(shell); });
  auto* lists = command.add_subcommand("list", "List the alerts that are set, and when each fired last");
  lists->footer("pg alerts list\npg alerts list --json");
  set_action(*lists, shell, [&shell] { return list_alerts(shell); });

  auto options = std::make_shared<TestOptions>();
  auto* tests = command.add_subcommand("test",
                                       "Say when an alert would have fired on the rows there are\n"
                                       "Counts as serve does, from nothing and without a quiet time that still runs. Exits 1 "
                                       "when it would not have fired.");
  tests->add_option("ALERT", options->name, "Name of the alert")->required();
  tests->add_option("--since", options->since, "Not before: 15m, 2h, 3w, 6mo, 1y, today, yesterday, a date or a month (2026-11)")
      ->type_name("TIME")
      ->capture_default_str();
  tests->footer("pg alerts test failing\npg alerts test failing --since 30d --json");
  set_action(*tests, shell, [&shell, options] { return test(shell, *options); });
}

}  // namespace pg
