// pg budgets: what keys and projects may spend this month, and what is left of it.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "cmd/budget_lines.h"
#include "cmd/command.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "core/base/text.h"
#include "core/base/time_zone.h"

namespace pg {
namespace {

constexpr std::int64_t kBudgetBar = 20;

std::string budget_bar(const BudgetLine& line) {
  const std::int64_t spent = std::min(line.spent * kBudgetBar / line.limit, kBudgetBar);
  const std::int64_t held = std::min((line.spent + line.reserved) * kBudgetBar / line.limit, kBudgetBar) - spent;
  std::string out;
  for (std::int64_t i = 0; i < kBudgetBar; ++i) out += i < spent ? "█" : i < spent + held ? "▌" : "·";
  return out;
}

std::string budget_json(const std::vector<BudgetLine>& lines, const Month& month, const std::string& zone, bool running) {
  std::string list;
  for (const BudgetLine& line : lines) {
    std::string object = "{";
    json_field(object, "kind", spend_kind_name(line.kind));
    json_field(object, "name", line.name);
    json_field(object, "budget_usd", spell_usd(line.limit));
    json_field(object, "spent_usd", spell_usd(line.spent));
    if (running)
      json_field(object, "reserved_usd", spell_usd(line.reserved));
    else
      json_raw(object, "reserved_usd", "null");
    json_field(object, "left_usd", spell_usd(line.left()));
    json_number(object, "percent", line.percent());
    list += (list.empty() ? "" : ",") + object + "}";
  }
  std::string object = "{";
  json_field(object, "month", month_text(month.number));
  json_field(object, "time_zone", zone);
  json_time(object, "begins", month.begin);
  json_time(object, "ends", month.end);
  json_bool(object, "serve_running", running);
  json_raw(object, "budgets", "[" + list + "]");
  return object + "}\n";
}

std::string budget_table(const Shell& shell, const std::vector<BudgetLine>& lines, std::int64_t warn_at) {
  Table table({{"KIND", Align::left, 4},
               {"NAME", Align::left, 0, 10},
               {"BUDGET", Align::right},
               {"SPENT", Align::right},
               {"RESERVED", Align::right, 3},
               {"LEFT", Align::right, 2},
               {"USED", Align::right},
               {"", Align::left, 5, static_cast<int>(kBudgetBar)}});
  const auto usd = [&](Nanos amount) { return shell.out_tty ? format_usd(amount) : spell_usd(amount); };
  for (const BudgetLine& line : lines) {
    const Color color = line.percent() >= 100 ? Color::red : line.percent() >= warn_at ? Color::yellow : Color::green;
    std::vector<Cell> cells{{std::string(spend_kind_name(line.kind))},
                            {line.name, Color::bold},
                            {usd(line.limit)},
                            {usd(line.spent)},
                            {usd(line.reserved)},
                            {usd(line.left())},
                            {shell.out_tty ? fmt::format("{}%", line.percent()) : std::to_string(line.percent()), color}};
    if (shell.out_tty) cells.push_back({budget_bar(line), color});
    table.add(std::move(cells));
  }
  return table.text(shell);
}

int budgets(Shell& shell) {
  auto place = open_facts(shell, DbMode::read_only).value();
  const auto zone = TimeZone::find(place.settings.budgets.time_zone).value();
  const Month month = find_month(*zone, wall_clock().wall());
  const bool running = running_origin(place.settings).has_value();
  const auto lines = read_budget_lines(place.db, place.settings, month.number, running).value();
  if (shell.json) return shell.write(budget_json(lines, month, zone->name(), running)), exit_ok;
  if (lines.empty()) {
    shell.note("no budgets; 'pg keys edit KEY --budget 50' or [limits] budget = \"50 USD\" in a project file sets one");
    return exit_ok;
  }
  shell.write(budget_table(shell, lines, place.settings.budgets.warn_at));
  // The month's zone may be another than the reader's.
  const std::string end = date_cell(month.end);
  shell.note(fmt::format("{}, {} time; the next month begins {}{}{}", month_text(month.number), zone->name(), end,
                         end.ends_with("-01 00:00") ? "" : " by this machine's clock",
                         running ? "" : "; no serve runs, so nothing is reserved"));
  return exit_ok;
}

}  // namespace

void add_budgets(CLI::App& command, Shell& shell) {
  command.description(
      "Show what keys and projects have left to spend\n"
      "Spent is what the rows of this calendar month cost. Reserved is set aside by a running serve for calls under way.");
  command.footer("pg budgets\npg budgets --json");
  set_action(command, shell, [&shell] { return budgets(shell); });
}

}  // namespace pg
