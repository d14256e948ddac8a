// pg run: starts the agent, pointed at pg by variables and arguments only. Nothing is written into the agent's own settings, and
// the key that was made for it ends with it.
#include <sys/mman.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cmd/agent.h"
#include "cmd/child.h"
#include "cmd/http_probe.h"
#include "core/base/text.h"
#include "core/store/key_store.h"

namespace pg {
namespace {

constexpr Millis kKeyLifetime{30LL * 86'400'000};

struct RunOptions {
  AgentOptions agent;
  std::vector<std::string> words;
};

/// A file in memory that the agent inherits: its path is /proc/self/fd/N, and nothing reaches the disk.
Result<std::string> memory_file(const std::string& text) {
  const int file = ::memfd_create("pg", 0);
  if (file < 0) return make_error(Code::io_failed, fmt::format("cannot make a file in memory: {}", std::strerror(errno)));
  if (::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return make_error(Code::io_failed, "cannot fill a file in memory");
  ::lseek(file, 0, SEEK_SET);
  return fmt::format("/proc/self/fd/{}", file);
}

bool is_on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (auto directory : split(path == nullptr ? std::string_view{} : std::string_view{path}, ':'))
    if (::access(fmt::format("{}/{}", directory.empty() ? "." : directory, program).c_str(), X_OK) == 0) return true;
  return false;
}

/// The key of this run alone: its name, and its text; nullopt when the command line or PG_KEY gives one.
using OwnKey = std::optional<std::pair<std::string, std::string>>;

Result<OwnKey> make_own_key(Shell& shell, Workplace& place, const AgentSetup& agent, const RunOptions& options) {
  PG_TRY(const auto given, given_key(options.agent));
  if (given) return OwnKey();
  PG_TRY(auto made, mint_agent_key(place, "run-" + agent.tool.name, agent.project, kKeyLifetime));
  let_serve_notice(shell, place.db);
  return OwnKey(std::move(made));
}

// Settings and database as they are by then: an agent may run for days.
Status revoke_own_key(Shell& shell, const std::string& name) {
  PG_TRY(auto place, open_facts(shell));
  PG_TRY_STATUS(KeyStore(place.db, wall_clock(), actor_name()).revoke(name));
  return {};
}

/// The exit status of the agent, after its key was revoked.
int run_to_end(Shell& shell, const std::vector<std::string>& words, const std::string& key) {
  const Result<int> ended = run_program(words);
  if (const Status revoked = revoke_own_key(shell, key); !revoked)
    shell.warn(fmt::format("the key {} could not be revoked: {}; hint: pg keys revoke {}", key, revoked.error().message, key));
  return ended ? end_like(ended.value()) : shell.fail(ended.error());
}

int run(Shell& shell, const RunOptions& options) {
  std::optional<Workplace> opened = open_workplace(shell).value();
  Workplace& place = *opened;
  auto agent = find_agent(shell, place.settings, options.agent).value();
  if (!agent.tool.unsupported.empty()) return shell.fail({.what = agent.tool.unsupported, .code = "unsupported"});
  if (!agent.tool.run_refusal.empty())
    return shell.fail({.what = agent.tool.run_refusal, .hint = "pg setup " + agent.tool.name, .code = "unsupported"});
  if (agent.tool.start.empty())
    return shell.fail({.what = agent.tool.title + " are libraries: there is nothing to start",
                       .hint = fmt::format("eval \"$(pg setup {})\"", agent.tool.name),
                       .code = "unsupported"});
  if (!is_on_path(agent.tool.start))
    return shell.fail({.what = fmt::format("there is no '{}' on PATH", agent.tool.start),
                       .hint = "install " + agent.tool.title,
                       .status = exit_not_found});
  const auto running = running_origin(place.settings);
  if (!running) {
    Failure failure = no_serve(place.settings.database);
    failure.status = exit_upstream;
    return shell.fail(failure);
  }
  const std::string& origin = *running;
  if (auto health = probe(parse_url(origin + "/healthz").value(), {}, shell.timeout_or(Millis{3000}).value()); !health)
    return shell.fail({.what = fmt::format("no pg answers at {}: {}", origin, health.error().message),
                       .hint = "start it with 'pg serve' in another terminal",
                       .status = exit_upstream});
  if (agent.provider.empty())
    shell.warn(fmt::format("no provider of project {} takes what {} speaks ({}); its requests will be refused",
                           agent.project.name, agent.tool.title, agent.tool.dialect));
  else if (agent.translated)
    shell.note(fmt::format("{} speaks {}, which is translated for {}", agent.tool.title, agent.tool.dialect, agent.provider));
  const OwnKey own = make_own_key(shell, place, agent, options).value();
  agent.values.key = own ? own->second : given_key(options.agent).value().value();
  std::string file;
  if (!agent.tool.file.empty()) file = memory_file(tool_file_text(agent.tool, agent.values)).value();
  for (const auto& [name, value] : tool_environment(agent.tool, agent.values)) ::setenv(name.c_str(), value.c_str(), 1);
  for (const char* name : {"PG_KEY", "PG_APP_KEY"}) ::unsetenv(name);
  auto words = tool_command(agent.tool, agent.values, file);
  words.insert(words.end(), options.words.begin(), options.words.end());
  if (shell.verbose > 0) shell.note(fmt::format("{} through {}", agent.tool.title, agent.values.base));
  opened.reset();  // its end seals what was written
  if (!own) return shell.fail(become_program(words));
  return run_to_end(shell, words, own->first);
}

}  // namespace

void add_run(CLI::App& command, Shell& shell) {
  auto options = std::make_shared<RunOptions>();
  command.description(
      "Start an agent behind pg, nothing written to disk\n"
      "What follows -- goes to the agent. It gets a pg key of its own that is revoked when the agent ends, unless --key or "
      "PG_KEY gives one.");
  one_of(command.add_option("AGENT", options->agent.name, "Which agent")->required(), agent_names());
  command.add_option("ARGS", options->words, "Arguments of the agent, after --");
  command.add_option("--model", options->agent.model, "Model to ask for")->type_name("MODEL");
  command.add_option("--key", options->agent.key, "Use this pg key (or PG_KEY) instead of a new one")->type_name("KEY");
  command.add_flag("--own-login", options->agent.own_login, "The agent keeps its own login; the pg key goes along in x-pg-key");
  command.footer(
      "pg run claude-code\npg run codex -- exec \"explain this repository\"\npg run opencode --model gpt-5.1 --project work");
  set_action(command, shell, [&shell, options] { return run(shell, *options); });
}

}  // namespace pg
