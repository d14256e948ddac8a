// Making, replacing and removing project files.
#include "config/project_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "config/api_project.h"
#include "config/build_policy.h"
#include "config/checks.h"
#include "config/mcp_project.h"
#include "config/providers.h"
#include "config/settings_diff.h"
#include "core/base/encode.h"
#include "core/base/ids.h"
#include "core/base/text.h"
#include "core/store/audit_store.h"
#include "core/store/files.h"

namespace pg {
namespace {

std::string path_of(const Settings& settings, std::string_view name) {
  return fmt::format("{}/{}.toml", settings.projects_dir, name);
}

// The act and its audit row together: the row is only kept when `change` went well.
template <class F>
Status act_on_file(const ProjectAct& act, const std::string& what, std::string_view name, const std::string& detail, F&& change) {
  if (act.db == nullptr) return change();
  PG_TRY(Transaction transaction, Transaction::begin(*act.db));
  AuditStore audit(*act.db);
  const UnixMillis now = act.clock == nullptr ? SystemClock().wall() : act.clock->wall();
  if (auto noted = audit.append({0, now, act.actor, what, std::string(name), detail}); !noted) return noted;
  if (auto changed = change(); !changed) return changed;
  return transaction.commit();
}

// The settings as they would be with that text.
Result<Settings> check_text(const Settings& settings, const std::string& name, std::string_view text) {
  Settings trial = settings;
  trial.projects.erase(name);
  // Those that lead to a project which is left out are none of this one's business.
  std::erase_if(trial.hosts,
                [&](const auto& row) { return row.second.project != name && settings.broken.count(row.second.project); });
  std::vector<Problem> problems = read_project_text(text, name, path_of(settings, name), trial);
  if (problems.empty()) check_guards(trial, problems);
  trial.hosts = settings.hosts;
  if (problems.empty()) return trial;
  return make_error(Code::invalid_config, problems_text(problems));
}

// In its place or not: one whose file is wrong can be put right.
bool has_file(const Settings& settings, std::string_view name) {
  return settings.projects.count(std::string(name)) + settings.broken.count(std::string(name)) > 0;
}

Error no_such_project(const Settings& settings, std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& row : settings.projects) names.push_back(row.first);
  const auto near = find_nearest(name, names);
  return make_error(Code::not_found, fmt::format("no project named \"{}\"{}", escape_controls(name.substr(0, 64)),
                                                 near ? fmt::format(", did you mean \"{}\"?", *near) : ""));
}

/// Those of a new project: what its file would be refused for, with no file there yet.
Status check_providers(const Settings& settings, const std::vector<std::string>& providers) {
  for (auto at = providers.begin(); at != providers.end(); ++at) {
    const std::string shown = escape_controls(std::string_view(*at).substr(0, 64));
    if (const auto complaint = check_provider_name(*at))
      return make_error(Code::bad_request, fmt::format("provider \"{}\": {}", shown, complaint->message));
    if (std::find(providers.begin(), at, *at) != at)
      return make_error(Code::bad_request, fmt::format("the provider \"{}\" is named twice", shown));
    if (find_provider_row(settings, *at)) continue;
    const std::vector<std::string> names = provider_names(settings);
    const auto near = find_nearest(*at, std::vector<std::string_view>(names.begin(), names.end()));
    return make_error(Code::not_found,
                      fmt::format("no provider named \"{}\"{}", shown, near ? fmt::format(", did you mean \"{}\"?", *near) : ""));
  }
  return {};
}

bool has_id(const Settings& settings, std::string_view id) {
  return std::any_of(settings.projects.begin(), settings.projects.end(),
                     [id](const auto& row) { return equals_ignore_case(row.second.id, id); });
}

}  // namespace

bool is_project_name(std::string_view name) {
  return !check_provider_name(name) && !is_uuid(name);
}

std::string project_text(const NewProject& project) {
  if (project.type == "api") return api_project_text(project);
  if (project.type == "mcp") return mcp_project_text(project);
  std::string providers;
  for (const std::string& name : project.providers) providers += (providers.empty() ? "" : ", ") + json_quoted(name);
  return fmt::format(R"(# Project "{}": which providers its callers may use through pg, and what never leaves this machine.
# A running `pg serve` sees a change within a second.

id = {}
# "agent" (a coding agent's proxy), "wrapper" (one API over many providers; lists its own models), "gateway" (endpoints: a
# prompt, a model and schemas under a name), "api" (HTTP APIs) or "mcp" (MCP servers).
type = {}

# In order of preference. echo sends back what it received; beside others it only answers models named echo.
providers = [{}]

# Take away the "#" to change one:
# Asked in order, each with its own credential, when the first provider is busy (429, 503, 529, or its queue full); with
# fallback_on_failure also when it cannot be reached.
#fallback = ["provider:model"]
#fallback_on_failure = false
#require_key = true
# Keep what providers are sent, with its placeholders, and what they answer: "redacted" or "off". Unset: as [logs] of pg.toml says.
#log_bodies = "redacted"
# Remember what was redacted in conversations that the provider keeps, in memory only, this long.
#keep_vaults = true
#keep_vaults_for = "1h"

# Words of the organisation's own in every system prompt: a [prompt_policies.NAME] of pg.toml.
#prompt = "house"

# Where calls go; the first rule that fits decides, above aliases and model names. `pg routes explain` says which one it is.
# match: host, path ("/v1/messages"), dialect, model, key, agent. Then: provider, model, prompt, fallback.
#[[route]]
#match = {{ model = "claude-haiku-*" }}
#provider = "ollama"
#model = "qwen3:8b"

# Model names of your own: "provider:model", or a model.
#[aliases]
#fast = "openai:gpt-4o-mini"

# Of a gateway: what answers at /api/PROJECT/v1/endpoints/NAME; `pg endpoints new NAME` adds one.
#[endpoints.summarize]
#model = "openai:gpt-4o-mini"
#prompt = "Sum up in {{{{words|100}}}} words: {{{{text}}}}"
# A JSON Schema for the answer, a table or a file's name; input takes one, too.
#output = "summary.schema.json"
#session = "1h"

# For all callers of this project together; keys have limits of their own (pg keys edit). Calls in any minute and any hour, tokens
# of input in one request, and money in a calendar month.
#[limits]
#rpm = 120
#rph = 2000
#max_tokens = 200000
#budget = "50 USD"
# Calls in any minute and hour to one path alone, counted for both limits.
#[limits.endpoints."/v1/embeddings"]
#rpm = 30

# off, detect (log only), redact (placeholder out, original back in the answer) or block (422). What is not set here is as [guards]
# of pg.toml says, which has more tables; `pg projects show` names the file that decides.
[guards]
{})",
                     project.name, json_quoted(project.id), json_quoted(project.type), providers, kGuardLines);
}

Result<std::string> add_project(const Settings& settings, const NewProject& project, const ProjectAct& act) {
  if (!is_project_name(project.name))
    return make_error(Code::bad_request, "a project name is lower-case letters, digits, dashes and underscores, and no UUID");
  if (!project.id.empty() && !is_uuid(project.id)) return make_error(Code::bad_request, "a project id is a UUID");
  const std::string path = path_of(settings, project.name);
  if (settings.projects.count(project.name) != 0)
    return make_error(Code::conflict, fmt::format("project \"{}\" exists already", project.name));
  if (!project.id.empty() && has_id(settings, project.id))
    return make_error(Code::conflict, fmt::format("another project has the id {}", project.id));
  PG_TRY_STATUS(check_providers(settings, project.providers));
  NewProject whole = project;
  if (whole.id.empty()) whole.id = make_uuid();
  if (whole.type == "api" && !whole.providers.empty())
    return make_error(Code::bad_request, "a project of type \"api\" has services, and no providers");
  if (whole.type == "mcp" && !whole.providers.empty())
    return make_error(Code::bad_request, "a project of type \"mcp\" has servers, and no providers");
  if (whole.providers.empty()) whole.providers = {"echo"};
  const std::string text = project_text(whole);
  if (auto checked = check_text(settings, project.name, text); !checked) return std::move(checked).error();
  if (auto made = make_private_directory(settings.projects_dir); !made) return std::move(made).error();
  bool made_file = false;
  const auto write = [&]() -> Status {
    PG_TRY(made_file, create_file(path, text));
    if (!made_file) return make_error(Code::conflict, path + ": exists already");
    return {};
  };
  if (auto done = act_on_file(act, "project.add", project.name, "id " + whole.id, write); !done) {
    if (made_file) ::unlink(path.c_str());
    return std::move(done).error();
  }
  return path;
}

Status edit_project(const Settings& settings, std::string_view name, std::string_view text, const ProjectAct& act) {
  if (!has_file(settings, name)) return no_such_project(settings, name);
  PG_TRY(const Settings after, check_text(settings, std::string(name), text));
  const std::string detail = diff_settings(settings, after).detail;
  return act_on_file(act, "project.edit", name, detail, [&] { return write_file(path_of(settings, name), text); });
}

Status remove_project(const Settings& settings, std::string_view name, const ProjectAct& act) {
  if (!has_file(settings, name)) return no_such_project(settings, name);
  const std::string path = path_of(settings, name);
  const auto found = settings.projects.find(std::string(name));
  const std::string id = found == settings.projects.end() ? "unknown: the file was wrong" : found->second.id;
  return act_on_file(act, "project.remove", name, "id " + id, [&]() -> Status {
    if (::unlink(path.c_str()) == 0) return {};
    return make_error(Code::io_failed, fmt::format("{}: {}", path, std::strerror(errno)));
  });
}

}  // namespace pg
