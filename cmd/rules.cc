// pg rules: what the guards of a project look for, and what they do with it.
#include <CLI/CLI.hpp>

#include "cmd/command.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "cmd/rules_check.h"
#include "cmd/scan_settings.h"
#include "config/load_toml.h"
#include "core/base/text.h"
#include "core/guard/guard.h"
#include "core/guard/secrets.h"
#include "core/store/files.h"

namespace pg {
namespace {

std::string_view category_name(Category category) {
  switch (category) {
    case Category::secret:
      return "secret";
    case Category::pii:
      return "personal";
    case Category::custom:
      return "custom";
  }
  return "";
}

std::string rule_json(const Rule& rule, Action action) {
  std::string object = "{";
  json_field(object, "id", rule.id);
  json_field(object, "category", category_name(rule.category));
  json_field(object, "action", action_name(action));
  json_field(object, "placeholder", fmt::format("[[{}_001]]", rule.kind));
  json_field(object, "description", rule.description);
  return object + "}";
}

Color action_color(Action action) {
  switch (action) {
    case Action::off:
      return Color::dim;
    case Action::detect:
      return Color::cyan;
    case Action::redact:
      return Color::green;
    case Action::block:
      return Color::yellow;
  }
  return Color::plain;
}

/// What is listed: the guards, and the secret rules they begin with.
struct ListedRules {
  std::shared_ptr<const Guards> guards;
  std::shared_ptr<const SecretRules> secrets;
};

/// The guards of the chosen project; those of pg.toml where there is no project to choose.
std::shared_ptr<const Guards> chosen_guards(Shell& shell) {
  auto settings = open_settings(shell).value();
  auto project = chosen_project(shell, settings);
  if (!project && !shell.project.empty()) throw Refusal(project.error());
  return Guards::make(shipped_secret_rules(), project ? project.value().guards : settings.guards).value();
}

/// Those of the proxy, or with `scan` those that `pg scan` goes by here: [[scan.rule]] and [scan] disable included.
ListedRules listed_rules(Shell& shell, bool scan) {
  if (!scan) return {chosen_guards(shell), shipped_secret_rules()};
  ScanPlan plan = make_scan_plan(shell, {{}, false, true}).value();
  return {plan.guards, plan.secrets};
}

int list_rules(Shell& shell, const std::string& part, bool scan) {
  const auto guards = listed_rules(shell, scan).guards;
  Table table({{"RULE", Align::left, 0, 16}, {"CATEGORY", Align::left, 1, 8}, {"ACTION"}, {"FINDS", Align::left, 2, 20}});
  std::string objects;
  RuleIndex index = 0;
  for (const Rule& rule : guards->rules()) {
    const Action action = guards->action(index++);
    if (!contains_ignore_case(rule.id, part) && !contains_ignore_case(rule.description, part)) continue;
    table.add({{rule.id, Color::bold},
               {std::string(category_name(rule.category))},
               {std::string(action_name(action)), action_color(action)},
               {rule.description}});
    objects += (objects.empty() ? "" : ",\n") + rule_json(rule, action);
  }
  if (table.empty())
    return shell.fail(
        {.what = fmt::format("no rule holds '{}'", escape_controls(part)), .hint = "pg rules list", .status = exit_not_found});
  shell.write(shell.json ? "[" + objects + "]\n" : table.text(shell));
  return exit_ok;
}

int show_rule(Shell& shell, const std::string& id, bool scan) {
  const auto [guards, secrets] = listed_rules(shell, scan);
  std::vector<std::string_view> ids;
  RuleIndex index = 0;
  for (const Rule& rule : guards->rules()) {
    const Action action = guards->action(index++);
    ids.push_back(rule.id);
    if (rule.id != id) continue;
    if (shell.json) {
      std::string object = rule_json(rule, action);
      object.pop_back();
      if (index <= secrets->rules().size()) {
        const SecretRule& secret = secrets->rules()[index - 1U];
        json_text_or_null(object, "documented", secret.source);
        json_raw(object, "keywords", json_list(secret.keywords));
        json_field(object, "expression", secret.pattern->regex());
        json_raw(object, "examples", json_list(secret.examples));
      }
      shell.write(object + "}\n");
      return exit_ok;
    }
    std::vector<std::pair<std::string_view, std::string>> rows{{"rule", rule.id},
                                                               {"finds", rule.description},
                                                               {"category", std::string(category_name(rule.category))},
                                                               {"action", std::string(action_name(action))},
                                                               {"placeholder", fmt::format("[[{}_001]]", rule.kind)}};
    if (index <= secrets->rules().size()) {
      const SecretRule& secret = secrets->rules()[index - 1U];
      rows.emplace_back("documented", secret.source);
      rows.emplace_back("begins with", fmt::format("{}", fmt::join(secret.keywords, ", ")));
      rows.emplace_back("expression", secret.pattern->regex());
      rows.emplace_back("for example", fmt::format("{}", fmt::join(secret.examples, "  ")));
    }
    for (const auto& [name, value] : rows)
      shell.write(shell.out_tty ? fmt::format("{:<13}{}\n", name, value) : fmt::format("{}\t{}\n", name, value));
    return exit_ok;
  }
  auto nearest = find_nearest(id, ids);
  return shell.fail({.what = fmt::format("no rule '{}'{}", escape_controls(id),
                                         nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : std::string{}),
                     .hint = "pg rules list",
                     .status = exit_not_found});
}

/// The rules of a file's [[scan.rule]] blocks with the shipped ones, or those that a scan here would go by.
std::shared_ptr<const SecretRules> rules_to_check(Shell& shell, const std::string& file) {
  if (file.empty()) return make_scan_plan(shell, {{}, false, true}).value().secrets;
  constexpr std::uint64_t kMaxFile = 1 << 20;
  const std::string text = read_file(file, kMaxFile, FileTrust::shared).value();
  std::vector<Problem> problems;
  (void)parse_toml(text, file, problems);
  if (!problems.empty()) throw Refusal(make_error(Code::invalid_config, problems_text(problems)));
  return SecretRules::choose({{{file, text}}, {}, true}).value();
}

int check_rule_file(Shell& shell, const std::string& file) {
  const auto rules = rules_to_check(shell, file);
  const RuleCheck checked = check_rules(*rules);
  if (shell.json) {
    std::string objects;
    for (const RuleComplaint& one : checked.complaints) {
      std::string object = "{";
      json_field(object, "rule", one.rule);
      json_field(object, "what", one.what);
      objects += (objects.empty() ? "" : ",\n") + object + "}";
    }
    shell.write("[" + objects + "]\n");
  } else {
    for (const RuleComplaint& one : checked.complaints) shell.print("{}: {}\n", one.rule, escape_controls(one.what));
  }
  shell.note(
      fmt::format("{} rules, {} examples and counterexamples: {}", rules->rules().size(), checked.examples,
                  checked.complaints.empty() ? "all as they should be" : fmt::format("{} wrong", checked.complaints.size())));
  return checked.complaints.empty() ? exit_ok : exit_no;
}

}  // namespace

void add_rules(CLI::App& command, Shell& shell) {
  command.footer("pg rules list\npg rules show email");
  auto part = std::make_shared<std::string>();
  auto scan = std::make_shared<bool>(false);
  auto* lists = command.add_subcommand("list", "List every rule and what the project does with its findings");
  lists->add_option("TEXT", *part, "Only rules whose id or description holds this");
  lists->footer("pg rules list\npg rules list aws\npg rules list --project work --json");
  lists->add_flag("--scan", *scan, "The rules of 'pg scan' here, instead of the proxy's");
  set_action(*lists, shell, [&shell, part, scan] { return list_rules(shell, *part, *scan); });

  auto id = std::make_shared<std::string>();
  auto* shows = command.add_subcommand("show", "Show one rule");
  shows->add_option("RULE", *id, "Its id")->required();
  shows->footer("pg rules show email\npg rules show iban --json");
  shows->add_flag("--scan", *scan, "A rule of 'pg scan' here, instead of the proxy's");
  set_action(*shows, shell, [&shell, id, scan] { return show_rule(shell, *id, *scan); });

  auto file = std::make_shared<std::string>();
  auto* checks = command.add_subcommand("check", "Try every secret rule on its own examples");
  checks->add_option("FILE", *file, "TOML with [[scan.rule]] blocks (default: the settings in force here)");
  checks->footer("pg rules check\npg rules check .promptgate.toml");
  set_action(*checks, shell, [&shell, file] { return check_rule_file(shell, *file); });
}

}  // namespace pg
