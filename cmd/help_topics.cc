// pg help: any command's page, and the topics that belong to no single command.
#include <CLI/CLI.hpp>

#include "cmd/command.h"
#include "cmd/help.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr HelpTopic kTopics[] = {
    {"exit-codes", "What each exit status means",
     "  0    ok\n"
     "  1    ran fine, the answer is no: findings, invalid settings, a failed check\n"
     "  2    wrong usage of the command line\n"
     "  3    settings unreadable or invalid\n"
     "  4    not allowed: key, scope or file permission\n"
     "  5    not found: project, key, row, file\n"
     "  6    conflict: name taken, port in use, already running, locked\n"
     "  7    provider, network or running serve failed\n"
     "  8    local disk or database failed\n"
     "  70   a bug in pg\n"
     "  130  ended by Ctrl-C\n"
     "  143  ended by SIGTERM\n"
     "\n"
     "pg scan has its own: 0 no findings, 1 findings, 2 whatever kept it from\n"
     "scanning all that was asked for: wrong settings, what cannot be read.\n"
     "8, 70, 130 and 143 are as above.\n"
     "\n"
     "A closed pipe (pg logs tail | head) is not an error: 0; pg scan keeps\n"
     "its 1 or 2.\n"},
    {"environment", "Variables that pg reads",
     "  PG_CONFIG            settings file, like --config\n"
     "  PG_SECTION_KEY       any setting: PG_SERVE_PORT=9000 is [serve] port = 9000\n"
     "  PG_KEY               the pg key that setup and run use\n"
     "  PG_APP_KEY           seals provider credentials, instead of the key file\n"
     "  NO_COLOR             no colours when set and not empty\n"
     "  CLICOLOR_FORCE       colours even when the output is not a terminal\n"
     "  COLUMNS              width of tables\n"
     "  VISUAL, EDITOR       what 'pg projects edit' opens\n"
     "  XDG_CONFIG_HOME, XDG_DATA_HOME\n"
     "                       where settings and database live\n"},
    {"filters", "How 'pg logs', 'pg usage' and alerts pick requests",
     "Terms stand beside each other: all must hold. Case does not matter.\n"
     "Single quotes keep what the shell would read itself: * ? < > ( ) \" $\n"
     "\n"
     "  status:429              one status; status:4xx is a class\n"
     "  'model:gpt-4o,o3*'      any of; * and ? are globs\n"
     "  'model:\"gpt 4o\"'        quotes keep blanks, * and ?\n"
     "  'error:/rate.?limit/'   a regular expression (RE2)\n"
     "  'latency:>2s'           also >=, <, <=\n"
     "  tokens.in:1k..20k       from..to, or 'tokens.in:[1k TO 20k]'\n"
     "  'cost:>$0.05'           USD; 'bytes.in:>2MB'\n"
     "  'time:>2h'              newer; time:today; 'time:>=2026-11-20'; time:2026-11\n"
     "  'blocked:*'             there is one\n"
     "  -agent:codex            not; also NOT, in front of ( ) too\n"
     "  'status:5xx OR (class:blocked key:alice)'\n"
     "  timeout  '\"slow down\"'  words in path, model or error\n"
     "\n"
     "Numbers that are not known fit no comparison: '-latency:>2s' finds them.\n"
     "\n"
     "Fields:\n"
     "  status class model model.requested model.served provider agent version\n"
     "  session key project dialect method path endpoint id time stream\n"
     "  latency ttft upstream connect tls bytes.in bytes.out\n"
     "  tokens tokens.in tokens.out tokens.cached tokens.cache_write\n"
     "  tokens.reasoning cost redactions detected blocked finding kind\n"
     "  rule error warnings attempts retries fallback\n"
     "  route     the [[route]] rule that was taken\n"
     "  ip, ua    the client's address and User-Agent\n"
     "  cache_break cache_break.tokens cache_break.cost\n"
     "            a turn that the provider's prompt cache was not hit in as in\n"
     "            the one before\n"},
    {"credentials", "pg keys, provider credentials, and who sees which",
     "An agent holds a pg key (pg_live_...). It opens pg, nothing else.\n"
     "pg holds the provider's credential: from a variable, a file, or sealed\n"
     "in its database by 'pg providers login NAME'. Agents never see it.\n"
     "\n"
     "With credential = \"client\" the agent's own login passes through to its\n"
     "vendor (a Claude subscription), and the pg key travels in x-pg-key.\n"},
};

std::string topics_list() {
  std::string out = "\nTopics\n";
  for (const HelpTopic& topic : kTopics) out += fmt::format("  {:<13}{}\n", topic.name, topic.summary);
  return out;
}

const HelpTopic* find_topic(std::string_view name) {
  for (const HelpTopic& topic : kTopics)
    if (topic.name == name) return &topic;
  return nullptr;
}

const CLI::App* find_child(const CLI::App& app, const std::string& name) {
  for (const CLI::App* sub : app.get_subcommands({}))
    if (sub->get_name() == name && !sub->get_group().empty()) return sub;
  return nullptr;
}

int no_such(Shell& shell, const CLI::App& at, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* sub : at.get_subcommands({})) names.push_back(sub->get_name());
  if (at.get_parent() == nullptr)
    for (const HelpTopic& topic : kTopics) names.emplace_back(topic.name);
  std::vector<std::string_view> views(names.begin(), names.end());
  auto nearest = find_nearest(word, views);
  return shell.fail({.what = fmt::format("no help on '{}'{}", escape_controls(word),
                                         nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : std::string{}),
                     .hint = "pg help"});
}

int help(Shell& shell, const CLI::App& command, const std::vector<std::string>& words) {
  const CLI::App* at = &root_of(command);
  if (words.empty()) {
    shell.write(help_page(*at, shell) + topics_list());
    return exit_ok;
  }
  if (const HelpTopic* topic = words.size() == 1 ? find_topic(words.front()) : nullptr; topic != nullptr) {
    shell.print("{}\n\n{}", shell.paint(Color::bold, topic->summary), topic->text);
    return exit_ok;
  }
  for (const auto& word : words) {
    const CLI::App* next = find_child(*at, word);
    if (next == nullptr) return no_such(shell, *at, word);
    at = next;
  }
  shell.write(help_page(*at, shell));
  return exit_ok;
}

}  // namespace

std::span<const HelpTopic> help_topics() {
  return kTopics;
}

void add_help(CLI::App& command, Shell& shell) {
  auto words = std::make_shared<std::vector<std::string>>();
  command.add_option("TOPIC", *words, "A command, or a topic: exit-codes, environment, filters, credentials");
  command.footer("pg help\npg help keys add\npg help exit-codes");
  set_action(command, shell, [&shell, &command, words] { return help(shell, command, *words); });
}

}  // namespace pg
