// pg keys: mint, list, switch off and on, rotate and revoke. A key's text is printed once and stored nowhere.
#include "core/access/keys.h"

#include <CLI/CLI.hpp>
#include <optional>

#include "cmd/command.h"
#include "cmd/key_view.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "core/base/text.h"
#include "core/guard/mask_secrets.h"
#include "core/store/key_store.h"

namespace pg {
namespace {

struct AddOptions {
  std::string name, owner, scopes, expires, budget;
  std::uint32_t concurrency = 0, rpm = 0, rph = 0, max_tokens = 0;
  bool if_missing = false;
};

struct EditOptions {
  std::string key;
  std::optional<std::string> owner, scopes, expires, budget;
  std::optional<std::uint32_t> concurrency, rpm, rph, max_tokens;
  bool any_project = false;
};

KeyStore open_keys(Workplace& place) {
  std::map<std::string, std::string> projects;
  for (const auto& [name, project] : place.settings.projects) projects[project.id] = name;
  return {place.db, wall_clock(), actor_name(), std::move(projects)};
}

int print_issued(Shell& shell, const Settings& settings, const IssuedKey& issued) {
  if (shell.json) {
    shell.write(key_json(settings, issued.key, issued.text.reveal()) + "\n");
    return exit_ok;
  }
  shell.note(fmt::format("key {} for {}, scopes {}{}; shown once, stored nowhere:", issued.key.name,
                         issued.key.project.empty() ? "any project" : "project " + project_or_id(settings, issued.key.project),
                         scopes_text(issued.key.scopes),
                         issued.key.expires == 0 ? std::string{} : ", until " + date_cell(issued.key.expires)));
  shell.print("{}\n", issued.text.reveal());
  return exit_ok;
}

Result<UnixMillis> parse_expiry(const std::string& text) {
  if (text.empty() || text == "never") return UnixMillis{0};
  if (auto millis = parse_duration_ms(text)) return wall_clock().wall() + *millis;
  if (auto time = parse_rfc3339(text)) return *time;
  return make_error(Code::bad_request,
                    fmt::format("--expires '{}' is neither a time from now like 90d nor a date like 2027-01-31", text));
}

// "none" is no budget; an amount of nothing would be read as either.
Result<Nanos> parse_budget(const std::string& text) {
  if (text.empty() || text == "none") return Nanos{0};
  const auto amount = parse_amount(text);
  if (amount && *amount > 0) return *amount;
  return make_error(Code::bad_request,
                    fmt::format("--budget '{}' is no amount a month like '50 USD' or 2.50; 'none' takes it away", text));
}

// Names and owners stand in lists, logs, metrics and the audit log, where no credential may.
Status check_words(std::string_view name, std::string_view owner) {
  for (const auto& [what, text] : {std::pair("NAME", name), std::pair("--owner", owner)})
    if (without_secrets(text) != text)
      return make_error(Code::bad_request, fmt::format("{} looks like a credential; it is shown wherever the key is", what));
  return {};
}

/// A key that nobody has seen must not work: its text is lost when standard output cannot be written.
struct RevokedUnlessShown {
  RevokedUnlessShown(Shell& said_on, KeyStore& keys, const Key& made) : shell(said_on), store(keys), key(made) {}
  RevokedUnlessShown(const RevokedUnlessShown&) = delete;
  RevokedUnlessShown& operator=(const RevokedUnlessShown&) = delete;
  ~RevokedUnlessShown() {
    if (!done && store.revoke(std::to_string(key.id)))
      shell.warn(fmt::format("key {} could not be shown and was revoked", key.name));
  }

  Shell& shell;
  KeyStore& store;
  const Key& key;
  bool done = false;
};

std::string way_out(std::string_view state, const std::string& name) {
  if (state == "revoked") return "choose another name; 'pg keys list --all' shows who had this one";
  if (state == "expired") return fmt::format("pg keys edit {} --expires 90d  (or choose another name)", name);
  return fmt::format("pg keys {} {}  (or choose another name)", state == "disabled" ? "enable" : "rotate", name);
}

// A script that is told "exists already" goes on with a key that it must be able to use.
int keep_key(Shell& shell, const Workplace& place, const Key& key) {
  const auto state = key_state(key, wall_clock().wall());
  if (state != "active")
    return shell.fail(make_error(Code::conflict, fmt::format("key {} exists already, but it is {}", key.name, state)),
                      way_out(state, key.name));
  if (shell.json)
    shell.write(key_json(place.settings, key) + "\n");
  else
    shell.note(fmt::format("key {} exists already", key.name));
  return exit_ok;
}

int add_key(Shell& shell, const AddOptions& options) {
  if (is_key_text(options.name))
    return shell.fail({.what = "NAME is what a key is called; the key itself is made by pg", .hint = "pg keys add laptop"});
  check_words(options.name, options.owner).value();
  auto place = open_workplace(shell).value();
  KeyStore store = open_keys(place);
  NewKey wanted;
  wanted.name = options.name;
  wanted.owner = options.owner;
  std::string usual = "chat,models";
  if (!shell.project.empty()) {
    const ProjectSettings project = chosen_project(shell, place.settings).value();
    wanted.project = project.id;
    if (project.type == "api") usual = "proxy";
    if (project.type == "mcp") usual = "mcp";
  }
  wanted.scopes = parse_scopes(options.scopes.empty() ? usual : options.scopes).value();
  wanted.expires = parse_expiry(options.expires).value();
  wanted.concurrency = options.concurrency;
  wanted.rules = {{options.rpm, options.rph}, options.max_tokens, parse_budget(options.budget).value()};
  auto issued = store.add(wanted);
  if (!issued && issued.error().code == Code::conflict && options.if_missing)
    return keep_key(shell, place, store.find(options.name).value());
  if (!issued && issued.error().code == Code::conflict) {
    const Key holder = store.find(options.name).value();
    return shell.fail(issued.error(), way_out(key_state(holder, wall_clock().wall()), holder.name));
  }
  // Refused here, before anything is guarded: what could not be made has no row, and its name may mean another's.
  const IssuedKey& made = issued.value();
  RevokedUnlessShown shown(shell, store, made.key);
  const int status = print_issued(shell, place.settings, made);
  shell.flush();
  shown.done = true;
  // Only then: a Ctrl-C while a serve hangs must not leave a key that nobody has seen.
  let_serve_notice(shell, place.db);
  return status;
}

int list_keys(Shell& shell, bool all) {
  auto place = open_facts(shell, DbMode::read_only).value();
  KeyStore store = open_keys(place);
  const auto now = wall_clock().wall();
  std::string only = shell.project.empty() ? std::string{} : chosen_project(shell, place.settings).value().id;
  Table table({{"ID", Align::right},
               {"NAME", Align::left, 0, 16},
               {"PREFIX", Align::left, 3, 12},
               {"STATE", Align::left, 0, 8},
               {"PROJECT", Align::left, 2, 10},
               {"SCOPES", Align::left, 4, 11},
               {"OWNER", Align::left, 6, 5},
               {"CREATED", Align::left, 5, 16},
               {"EXPIRES", Align::left, 1, 16},
               {"AT ONCE", Align::right, 9},
               {"RATE", Align::left, 8},
               {"BUDGET", Align::right, 7}});
  ProjectNames projects(place);
  std::string objects;
  std::size_t hidden = 0;
  for (const Key& key : store.list().value()) {
    if (!only.empty() && key.project != only && !key.project.empty()) continue;  // one for any project works there, too
    auto state = key_state(key, now);
    if ((state == "revoked" || state == "expired") && !all && !shell.json) {
      ++hidden;
      continue;
    }
    table.add({{std::to_string(key.id)},
               {key.name, Color::bold},
               {key.prefix},
               {std::string(state), state == "active" ? Color::green : Color::yellow},
               {projects.cell(key.project)},
               {scopes_text(key.scopes)},
               {key.owner},
               {date_cell(key.created)},
               {date_cell(key.expires)},
               {key.concurrency == 0 ? "–" : std::to_string(key.concurrency)},
               {rate_cell(key)},
               {budget_cell(key)}});
    objects += (objects.empty() ? "" : ",\n") + key_json(place.settings, key);
  }
  shell.write(shell.json ? "[" + objects + "]\n" : table.empty() ? "" : table.text(shell));
  if (table.empty()) shell.note("no keys; 'pg keys add NAME' makes one");
  if (hidden > 0) shell.note(fmt::format("{} revoked or expired key{} not shown: --all", hidden, hidden == 1 ? "" : "s"));
  return exit_ok;
}

int show_key(Shell& shell, const std::string& which) {
  auto place = open_facts(shell, DbMode::read_only).value();
  auto key = open_keys(place).find(which).value();
  if (shell.json) {
    shell.write(key_json(place.settings, key) + "\n");
    return exit_ok;
  }
  const std::vector<std::pair<std::string_view, std::string>> rows{
      {"name", key.name},
      {"id", std::to_string(key.id)},
      {"prefix", key.prefix},
      {"state", std::string(key_state(key, wall_clock().wall()))},
      {"owner", key.owner.empty() ? "–" : key.owner},
      {"project", ProjectNames(place).cell(key.project)},
      {"scopes", scopes_text(key.scopes)},
      {"at once", key.concurrency == 0 ? "no limit" : fmt::format("{} call{}", key.concurrency, key.concurrency == 1 ? "" : "s")},
      {"rate", key.rules.rate.empty() ? "no limit" : rate_cell(key)},
      {"input", key.rules.max_tokens == 0 ? "no limit" : fmt::format("{} tokens in one request", key.rules.max_tokens)},
      {"budget", key.rules.budget == 0 ? "none" : format_usd(key.rules.budget) + " a month"},
      {"created", date_cell(key.created)},
      {"expires", key.expires == 0 ? "never" : date_cell(key.expires)},
      {"revoked", date_cell(key.revoked)}};
  for (const auto& [name, value] : rows)
    shell.write(shell.out_tty ? fmt::format("{:<9}{}\n", name, escape_controls(value))
                              : fmt::format("{}\t{}\n", name, escape_controls(value)));
  return exit_ok;
}

int print_changed(Shell& shell, Workplace& place, const Key& key, std::string_view done) {
  if (!shell.json) shell.note(fmt::format("key {} ({}…) {}", key.name, key.prefix, done));
  const bool in_force = let_serve_notice(shell, place.db);
  if (shell.json) shell.write(key_json(place.settings, key, {}, in_force) + "\n");
  return exit_ok;
}

using Change = Result<Key> (KeyStore::*)(std::string_view);

int change(Shell& shell, const std::string& which, Change act, std::string_view done) {
  auto place = open_facts(shell).value();
  KeyStore store = open_keys(place);
  auto key = (store.*act)(which).value();
  return print_changed(shell, place, key, done);
}

// Nobody takes it back: who sits there is asked. A script that revokes means it.
int revoke_key(Shell& shell, const std::string& which) {
  auto place = open_facts(shell).value();
  KeyStore store = open_keys(place);
  const Key key = store.find(which).value();
  if (key.revoked == 0 && shell.may_ask() &&
      !shell
           .confirm(fmt::format("Revoke the key {} ({}…)? Its callers are refused at once, and that cannot be undone.", key.name,
                                key.prefix))
           .value())
    return shell.fail({.what = "not revoked", .status = exit_no});
  return print_changed(shell, place, store.revoke(std::to_string(key.id)).value(), "revoked");
}

int edit_key(Shell& shell, const EditOptions& options) {
  check_words({}, options.owner.value_or("")).value();
  auto place = open_workplace(shell).value();
  KeyEdit edit;
  edit.owner = options.owner;
  if (options.any_project && !shell.project.empty())
    return shell.fail({.what = "--project and --any-project say the opposite", .hint = "give one of them"});
  if (options.any_project) edit.project = "";
  if (!shell.project.empty()) edit.project = chosen_project(shell, place.settings).value().id;
  if (options.scopes) edit.scopes = parse_scopes(*options.scopes).value();
  if (options.expires) edit.expires = parse_expiry(*options.expires).value();
  if (options.budget) edit.budget = parse_budget(*options.budget).value();
  edit.concurrency = options.concurrency;
  edit.rpm = options.rpm;
  edit.rph = options.rph;
  edit.max_tokens = options.max_tokens;
  const KeyEdit nothing;
  if (edit.owner == nothing.owner && edit.project == nothing.project && !edit.scopes && !edit.expires && !edit.budget &&
      !edit.concurrency && !edit.rpm && !edit.rph && !edit.max_tokens)
    return shell.fail({.what = "nothing to change", .hint = fmt::format("pg keys edit {} --rpm 60", options.key)});
  auto key = open_keys(place).edit(options.key, edit).value();
  return print_changed(shell, place, key, "changed");
}

int rotate(Shell& shell, const std::string& which) {
  auto place = open_workplace(shell).value();
  auto issued = open_keys(place).rotate(which).value();
  const int status = print_issued(shell, place.settings, issued);
  shell.flush();  // as for a new one: shown before anything is waited for
  if (let_serve_notice(shell, place.db)) shell.note("the old key stopped working");
  return status;
}

CLI::App* add_one(CLI::App& command, Shell& shell, const std::string& name, const std::string& summary,
                  const std::string& examples, std::function<int(const std::string&)> act) {
  auto* sub = command.add_subcommand(name, summary);
  auto which = std::make_shared<std::string>();
  sub->add_option("KEY", *which, "Name, id, or the beginning of the shown prefix")->required();
  sub->footer(examples);
  set_action(*sub, shell, [which, act = std::move(act)] { return act(*which); });
  return sub;
}

constexpr std::int64_t kMostCalls = 1'000'000;
constexpr std::int64_t kMostTokens = 1'000'000'000;

// The same options for a new key and for one that is there.
template <class Options>
void add_limits(CLI::App& sub, Options& options) {
  in_range(
      sub.add_option("--concurrency", options.concurrency, "Calls under way at once; more wait (0: no limit)")->type_name("N"), 0,
      100'000);
  in_range(sub.add_option("--rpm", options.rpm, "Calls in any minute (0: no limit)")->type_name("N"), 0, kMostCalls);
  in_range(sub.add_option("--rph", options.rph, "Calls in any hour (0: no limit)")->type_name("N"), 0, kMostCalls);
  in_range(sub.add_option("--max-tokens", options.max_tokens, "Tokens of input in one request (0: no limit)")->type_name("N"), 0,
           kMostTokens);
  sub.add_option("--budget", options.budget, "What it may spend in a calendar month: 50, '50 USD', none")->type_name("USD");
}

void add_edit(CLI::App& command, Shell& shell) {
  auto options = std::make_shared<EditOptions>();
  auto* edits = command.add_subcommand("edit",
                                       "Change what a key may do\n"
                                       "Only what is named changes. What was and what is stands in the audit log.");
  edits->add_option("KEY", options->key, "Name, id, or the beginning of the shown prefix")->required();
  edits->add_option("--owner", options->owner, "Who answers for it")->type_name("TEXT");
  edits->add_option("--scopes", options->scopes, "Comma list of chat, models, admin, proxy, mcp")->type_name("LIST");
  edits->add_option("--expires", options->expires, "Time from now (90d), a date (2027-01-31), or never")->type_name("TIME");
  add_limits(*edits, *options);
  edits->add_flag("--any-project", options->any_project, "Free it from its project; --project binds it to one");
  edits->footer(
      "pg keys edit laptop --rpm 60 --budget '50 USD'\npg keys edit ci --concurrency 4 --expires 90d\n"
      "pg keys edit ci --budget none --any-project");
  set_action(*edits, shell, [&shell, options] { return edit_key(shell, *options); });
}

}  // namespace

void add_keys(CLI::App& command, Shell& shell) {
  command.footer("pg keys add laptop\npg keys list\npg keys revoke laptop");
  auto options = std::make_shared<AddOptions>();
  auto* adds = command.add_subcommand("add",
                                      "Make a key and print it, this once\n"
                                      "The key goes to standard output alone, so KEY=$(pg keys add ci) works.");
  adds->add_option("NAME", options->name, "What the key is called: a person, a machine, an agent")->type_name("TEXT")->required();
  adds->add_option("--owner", options->owner, "Who answers for it")->type_name("TEXT");
  adds->add_option("--scopes", options->scopes,
                   "Comma list of chat, models, admin, proxy, mcp (default: chat,models; proxy for a --project of type api)")
      ->type_name("LIST");
  adds->add_option("--expires", options->expires, "Time from now (90d) or a date (2027-01-31)")->type_name("TIME");
  add_limits(*adds, *options);
  adds->add_flag("--if-missing", options->if_missing, "No error when a key of that name exists and works");
  adds->footer(
      "pg keys add laptop --budget '50 USD'\npg keys add ci --project work --expires 90d --concurrency 4 --rpm 60\n"
      "pg keys add ops --scopes chat,models,admin --owner alice");
  set_action(*adds, shell, [&shell, options] { return add_key(shell, *options); });

  auto all = std::make_shared<bool>(false);
  auto* lists = command.add_subcommand("list", "List keys: never the keys themselves");
  lists->add_flag("--all", *all, "Revoked and expired ones too");
  lists->footer("pg keys list\npg keys list --project work\npg keys list --json");
  set_action(*lists, shell, [&shell, all] { return list_keys(shell, *all); });

  add_edit(command, shell);
  add_one(command, shell, "show", "Show one key's owner, scopes and dates", "pg keys show laptop\npg keys show 3 --json",
          [&shell](const std::string& which) { return show_key(shell, which); });
  add_one(command, shell, "disable", "Stop a key from working, until it is enabled again",
          "pg keys disable laptop\npg keys disable 3",
          [&shell](const std::string& which) { return change(shell, which, &KeyStore::disable, "disabled"); });
  add_one(command, shell, "enable", "Let a disabled key work again", "pg keys enable laptop\npg keys enable 3",
          [&shell](const std::string& which) { return change(shell, which, &KeyStore::enable, "enabled"); });
  add_one(command, shell, "rotate", "Replace a key's text: the old one stops at once, the new one is printed",
          "pg keys rotate laptop\npg keys rotate ci --json", [&shell](const std::string& which) { return rotate(shell, which); });
  add_one(command, shell, "revoke", "End a key for good; on a terminal --yes answers the question",
          "pg keys revoke laptop\npg keys revoke pg_live_AbCd --yes",
          [&shell](const std::string& which) { return revoke_key(shell, which); });
}

}  // namespace pg
