// pg endpoints: the endpoints of gateways; new ones, and a call of one through the running serve.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cmd/agent.h"
#include "cmd/command.h"
#include "cmd/http_probe.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "cmd/short_key.h"
#include "config/build_endpoint.h"
#include "config/checks.h"
#include "config/project_files.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/store/files.h"
#include "core/wire/json_doc.h"
#include "core/wire/json_out.h"

namespace pg {
namespace {

using nlohmann::json;

constexpr Millis kRunTime{600'000};
constexpr Millis kSpareTime{15'000};  // beside the call itself: until serve knows the key
constexpr std::uint64_t kMostInput = 64u << 20;

struct FoundEndpoint {
  ProjectSettings project;
  EndpointSettings endpoint;
};

std::vector<ProjectSettings> gateways(Shell& shell, const Settings& settings) {
  if (!shell.project.empty()) return {chosen_project(shell, settings).value()};
  std::vector<ProjectSettings> found;
  for (const auto& [name, project] : settings.projects)
    if (project.type == "gateway") found.push_back(project);
  return found;
}

/// The endpoint of that name; bad_request when several projects have one.
Result<FoundEndpoint> find_endpoint(Shell& shell, const Settings& settings, const std::string& name) {
  std::vector<FoundEndpoint> found;
  std::vector<std::string> names;
  for (const ProjectSettings& project : gateways(shell, settings))
    for (const auto& [own, endpoint] : project.endpoints) {
      names.push_back(own);
      if (own == name) found.push_back({project, endpoint});
    }
  if (found.size() == 1) return std::move(found.front());
  if (found.size() > 1)
    return make_error(Code::bad_request,
                      fmt::format("{} projects have an endpoint {}; say which: --project NAME", found.size(), name));
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = find_nearest(name, views);
  return make_error(Code::not_found, fmt::format("no endpoint named \"{}\"{}", escape_controls(name.substr(0, 64)),
                                                 near ? fmt::format(", did you mean \"{}\"?", *near) : ""));
}

std::string inputs_of(const Endpoint& endpoint) {
  const json shown = json::parse(write_endpoint(endpoint))["input"];
  std::string out;
  if (!shown.is_object() || !shown.contains("properties")) return "any";
  const json required = shown.value("required", json::array());
  for (const auto& [name, schema] : shown["properties"].items()) {
    const bool must = std::find(required.begin(), required.end(), json(name)) != required.end();
    out += fmt::format("{}{}{}", out.empty() ? "" : " ", name, must ? "" : "?");
  }
  return out.empty() ? "–" : out;
}

int list_endpoints(Shell& shell) {
  const Settings settings = open_settings(shell).value();
  Table table({{"PROJECT"},
               {"NAME", Align::left, 0, 8},
               {"MODEL", Align::left, 0, 8},
               {"INPUT", Align::left, 1, 8},
               {"OUTPUT", Align::left, 2},
               {"SESSION", Align::left, 3},
               {"DESCRIPTION", Align::left, 4, 10}});
  std::string objects;
  for (const ProjectSettings& project : gateways(shell, settings))
    for (const auto& [name, settings_of] : project.endpoints) {
      const Endpoint endpoint = build_endpoint(settings_of, project.aliases);
      table.add({{project.name},
                 {name, Color::bold},
                 {endpoint.model},
                 {inputs_of(endpoint)},
                 {endpoint.output == nullptr ? "text" : "JSON"},
                 {endpoint.session_for == Millis{0} ? "–" : spell_duration(endpoint.session_for.count())},
                 {endpoint.description.empty() ? "–" : endpoint.description}});
      std::string object = "{";
      json_field(object, "project", project.name);
      json_raw(object, "endpoint", write_endpoint(endpoint));
      objects += (objects.empty() ? "" : ",\n") + object + "}";
    }
  shell.write(shell.json ? "[" + objects + "]\n" : table.empty() ? "" : table.text(shell));
  if (table.empty()) shell.note("no endpoints; 'pg projects add NAME --type gateway', then 'pg endpoints new NAME'");
  return exit_ok;
}

/// An input that fits, as far as names tell, for the example.
json example_input(const Endpoint& endpoint) {
  json input = json::object();
  const json shown = json::parse(write_endpoint(endpoint))["input"];
  for (const json& name : shown.value("required", json::array())) {
    const json schema =
        shown.contains("properties") ? shown["properties"].value(name.get<std::string>(), json::object()) : json::object();
    const std::string type =
        schema.is_object() && schema.contains("type") && schema["type"].is_string() ? schema["type"] : "string";
    input[name.get<std::string>()] = type == "integer" || type == "number" ? json(1)
                                     : type == "boolean"                   ? json(true)
                                     : type == "array"                     ? json::array()
                                     : type == "object"                    ? json::object()
                                                                           : json("…");
  }
  return input;
}

int show_endpoint(Shell& shell, const std::string& name) {
  const Settings settings = open_settings(shell).value();
  const FoundEndpoint found = find_endpoint(shell, settings, name).value();
  const Endpoint endpoint = build_endpoint(found.endpoint, found.project.aliases);
  if (shell.json) {
    shell.print("{}\n", write_endpoint(endpoint));
    return exit_ok;
  }
  const auto line = [&](std::string_view what, const std::string& value) {
    if (!value.empty()) shell.print("{:<12}{}\n", what, escape_controls(value));
  };
  line("endpoint", endpoint.name);
  line("project", found.project.name);
  line("about", endpoint.description);
  line("model", endpoint.model);
  line("fallback", fmt::format("{}", fmt::join(found.endpoint.fallback, ", ")));
  line("input", inputs_of(endpoint));
  line("output", endpoint.output == nullptr ? "text" : "JSON by a schema");
  if (endpoint.session_for > Millis{0}) line("session", spell_duration(endpoint.session_for.count()));
  line("url", fmt::format("{}/api/{}/v1/endpoints/{}", agent_origin(settings), found.project.name, endpoint.name));
  shell.print("\ncurl {}/api/{}/v1/endpoints/{} -H \"x-pg-key: $KEY\" \\\n  -H 'content-type: application/json' -d '{}'\n",
              agent_origin(settings), found.project.name, endpoint.name, json({{"input", example_input(endpoint)}}).dump());
  return exit_ok;
}

struct NewEndpoint {
  std::string name, model, prompt, system, description;
};

std::string toml_text(const std::string& text) {
  return json_quoted(text);  // the escapes of a basic string are those of JSON
}

int add_endpoint(Shell& shell, const NewEndpoint& wanted) {
  if (const auto complaint = check_provider_name(wanted.name))
    return shell.fail({"an endpoint's name is lower-case letters, digits, dashes and underscores"});
  Workplace place = open_workplace(shell).value();
  std::vector<ProjectSettings> projects = gateways(shell, place.settings);
  if (projects.empty()) return shell.fail({"no project is a gateway", "", "pg projects add NAME --type gateway", exit_not_found});
  if (projects.size() > 1)
    return shell.fail({fmt::format("{} projects are gateways", projects.size()), "", "say which: --project NAME"});
  const ProjectSettings& project = projects.front();
  if (project.type != "gateway")
    return shell.fail({fmt::format("project {} is no gateway", project.name), "", "type = \"gateway\" in its file"});
  if (project.endpoints.count(wanted.name) != 0)
    return shell.fail({fmt::format("project {} has an endpoint {} already", project.name, wanted.name), "", "", exit_conflict});
  std::string text = read_file(project.file, kMostInput, FileTrust::shared).value();
  if (!text.ends_with('\n')) text += '\n';
  text += fmt::format("\n[endpoints.{}]\n", wanted.name);
  if (!wanted.description.empty()) text += "description = " + toml_text(wanted.description) + "\n";
  text += "model = " + toml_text(wanted.model) + "\n";
  if (!wanted.system.empty()) text += "system = " + toml_text(wanted.system) + "\n";
  text += "prompt = " + toml_text(wanted.prompt) + "\n";
  edit_project(place.settings, project.name, text, ProjectAct{&place.db, &wall_clock(), actor_name()}).value();
  shell.note(fmt::format("endpoint {} stands in {}", wanted.name, project.file));
  shell.note(fmt::format("try it: pg endpoints run {}", wanted.name));
  return exit_ok;
}

struct RunOptions {
  std::string name, input, session, key;
  std::vector<std::string> members;
};

/// Names and values, each as JSON.
using InputMembers = std::vector<std::pair<std::string, std::string>>;

void put_member(InputMembers& input, std::string name, std::string value) {
  const auto same = [&](const auto& member) { return member.first == name; };
  const auto known = std::find_if(input.begin(), input.end(), same);
  if (known == input.end())
    input.emplace_back(std::move(name), std::move(value));
  else
    known->second = std::move(value);
}

/// "name=text" and "name:=JSON".
Status add_member(const std::string& word, InputMembers& input) {
  if (!is_utf8(word)) return make_error(Code::bad_request, "an input is UTF-8");
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos || equals == 0)
    return make_error(Code::bad_request, "an input is NAME=TEXT or NAME:=JSON: \"" + escape_controls(word.substr(0, 40)) + "\"");
  const bool is_json = word[equals - 1] == ':';
  std::string name = word.substr(0, is_json ? equals - 1 : equals), value = word.substr(equals + 1);
  JsonDoc doc;
  if (name.empty() || (is_json && !doc.parse(value)))
    return make_error(Code::bad_request, name + ":= takes JSON, such as 3 or [\"a\"]");
  put_member(input, std::move(name), is_json ? std::string(trim(value)) : json_quoted(value));
  return {};
}

Result<std::string> read_input_text(Shell& shell, const std::string& file) {
  if (file != "-") return read_file(file, kMostInput, FileTrust::shared);
  std::string text;
  char buffer[8'192];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, shell.in)) > 0;) {
    text.append(buffer, n);
    if (text.size() > kMostInput) return make_error(Code::too_large, "the input is longer than 64 MB");
  }
  return text;
}

/// The body of the call. Numbers keep their spelling.
Result<std::string> write_body(Shell& shell, const RunOptions& options) {
  InputMembers input;
  if (!options.input.empty()) {
    PG_TRY(const std::string text, read_input_text(shell, options.input));
    JsonDoc doc;
    if (!doc.parse(text) || !doc.root().is_object()) return make_error(Code::bad_request, "the input is no JSON object");
    for (JsonView member : doc.root()) put_member(input, member.key(), std::string(member.raw()));
  }
  for (const std::string& word : options.members) PG_TRY_STATUS(add_member(word, input));
  std::string body;
  JsonOut out(body);
  out.open_object().open_object("input");
  for (const auto& [name, value] : input) out.any_key(name).raw(value);
  out.close_object().field_if("session", options.session).close_object();
  return body;
}

// What a model says may drive no terminal; its lines stay lines.
std::string escape_lines(const std::string& text) {
  std::string out;
  for (const std::string_view line : split(text, '\n'))
    out += (out.empty() && line.data() == text.data() ? "" : "\n") + escape_controls(line);
  return out;
}

// A file gets the answer's own bytes.
std::string answer_text(const Shell& shell, const json& output, const std::string& body) {
  JsonDoc doc;
  if (!output.is_string()) return shell.out_tty || !doc.parse(body) ? output.dump(2) : std::string(doc.root()["output"].raw());
  return shell.out_tty ? escape_lines(output.get<std::string>()) : output.get<std::string>();
}

int print_answer(Shell& shell, const ProbeReply& reply) {
  if (shell.json) {
    shell.print("{}\n", reply.body);
    return reply.status == 200 ? exit_ok : exit_no;
  }
  const json body = json::parse(reply.body, nullptr, false);
  if (reply.status != 200) {
    const bool told = body.is_object() && body.contains("error") && body["error"].is_object();
    const std::string message = told ? body["error"].value("message", "") : "";
    const int status = reply.status == 401 || reply.status == 403 ? exit_auth : reply.status >= 500 ? exit_upstream : exit_no;
    return shell.fail(
        {message.empty() ? fmt::format("serve answered {}", reply.status) : message, "", "pg logs show last", status});
  }
  const json output = body.value("output", json());
  if (output.is_null())
    shell.note("the model refused: " + escape_controls(body.value("refusal", "")));
  else
    shell.write(answer_text(shell, output, reply.body) + "\n");
  shell.flush();
  const json usage = body.value("usage", json::object());
  shell.note(fmt::format("{} · {} in, {} out · {}", escape_controls(body.value("model", "?")),
                         count_cell(usage.value("input_tokens", -1)), count_cell(usage.value("output_tokens", -1)),
                         body.value("id", "")));
  return output.is_null() ? exit_no : exit_ok;
}

int run_endpoint(Shell& shell, const RunOptions& options) {
  Workplace place = open_workplace(shell).value();
  const FoundEndpoint found = find_endpoint(shell, place.settings, options.name).value();
  const auto body = write_body(shell, options);
  if (!body) return shell.fail(body.error());
  const auto running = running_origin(place.settings);
  if (!running) return shell.fail(no_serve(place.settings.database));
  const Millis timeout = shell.timeout_or(kRunTime).value();
  AgentOptions asked;
  asked.key = options.key;
  const std::optional<std::string> given = given_key(asked).value();
  if (!given && !options.session.empty())
    return shell.fail({"a session belongs to a key, and this call would have one of its own", "", "--key KEY, or PG_KEY"});
  const ShortKey key =
      given ? ShortKey(place, *given) : ShortKey(shell, place, "endpoints-run", found.project, timeout + kSpareTime);
  const Url url = parse_url(fmt::format("{}/api/{}/v1/endpoints/{}", *running, found.project.name, options.name)).value();
  ProbeRequest request{
      "POST",
      {{"Content-Type", "application/json"}, {"User-Agent", "pg-endpoints-run/" PG_VERSION}, {"x-pg-key", key.text()}},
      body.value()};
  return print_answer(shell, probe(url, request, timeout).value());
}

}  // namespace

void add_endpoints(CLI::App& command, Shell& shell) {
  command.footer("pg endpoints list\npg endpoints run summarize text='A long story'");
  auto* lists = command.add_subcommand("list", "List the endpoints of all gateways, or of --project");
  lists->footer("pg endpoints list\npg endpoints list --project tools --json");
  set_action(*lists, shell, [&shell] { return list_endpoints(shell); });

  auto name = std::make_shared<std::string>();
  auto* shows = command.add_subcommand("show", "Show one endpoint, and a curl line that calls it");
  shows->add_option("ENDPOINT", *name, "Its name")->type_name("ENDPOINT")->required();
  shows->footer("pg endpoints show summarize\npg endpoints show summarize --project tools --json");
  set_action(*shows, shell, [&shell, name] { return show_endpoint(shell, *name); });

  auto wanted = std::make_shared<NewEndpoint>();
  auto* news = command.add_subcommand("new", "Add an endpoint to a gateway's project file");
  news->add_option("NAME", wanted->name, "Lower-case letters, digits, '-' and '_'")->type_name("NAME")->required();
  news->add_option("--model", wanted->model, "As a client would ask for it: provider:model, or an alias")
      ->type_name("MODEL")
      ->required();
  news->add_option("--prompt", wanted->prompt, "What the model is told; {{name}} is filled in from the input")
      ->type_name("TEXT")
      ->required();
  news->add_option("--system", wanted->system, "The system prompt")->type_name("TEXT");
  news->add_option("--description", wanted->description, "What it is for, in lists")->type_name("TEXT");
  news->footer(
      "pg endpoints new summarize --model echo --prompt 'Sum up: {{text}}'\n"
      "pg endpoints new shout --model openai:gpt-4o-mini --prompt 'Louder: {{text}}'");
  set_action(*news, shell, [&shell, wanted] { return add_endpoint(shell, *wanted); });

  auto options = std::make_shared<RunOptions>();
  auto* runs = command.add_subcommand("run",
                                      "Call an endpoint through the running serve, and print its answer\n"
                                      "With a key of its own, revoked at the end; one that is interrupted leaves it to expire.");
  runs->add_option("ENDPOINT", options->name, "Its name")->type_name("ENDPOINT")->required();
  runs->add_option("INPUT", options->members, "NAME=TEXT, or NAME:=JSON for what is no text")->type_name("NAME=VALUE");
  runs->add_option("--input", options->input, "The input as a JSON object from this file, or '-' for standard input")
      ->type_name("FILE");
  runs->add_option("--session", options->session, "Which session it is a turn of")->type_name("NAME");
  runs->add_option("--key", options->key, "An existing pg key; PG_KEY when not given, else one for this call")->type_name("TEXT");
  runs->footer(
      "pg endpoints run summarize text='A long story' words:=50\npg endpoints run summarize --input story.json --json\n"
      "echo '{\"text\":\"Hi\"}' | pg endpoints run summarize --input -");
  set_action(*runs, shell, [&shell, options] { return run_endpoint(shell, *options); });
}

}  // namespace pg
