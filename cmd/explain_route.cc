// The same functions decide here as in a running serve; credentials are not looked at.
#include "cmd/explain_route.h"

#include "cmd/guard_words.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "config/build_policy.h"
#include "config/guard_overlay.h"
#include "config/providers.h"
#include "core/base/text.h"
#include "core/guard/mask_secrets.h"
#include "core/guard/secrets.h"
#include "core/route/arrival.h"
#include "core/route/prompt_policy.h"
#include "core/store/files.h"
#include "core/targets.h"
#include "core/wire/json_doc.h"
#include "core/wire/spans.h"
#include "proxy/surfaces.h"

namespace pg {
namespace {

constexpr std::uint64_t kLargestBody = 64u << 20;

std::string read_request(Shell& shell, const std::string& file) {
  if (file.empty()) return "";
  if (file != "-") return read_file(file, kLargestBody, FileTrust::shared).value();
  std::string text;
  char block[4096];
  for (std::size_t got = 0; (got = std::fread(block, 1, sizeof block, shell.in)) > 0 && text.size() < kLargestBody;)
    text.append(block, got);
  return text;
}

// What only one dialect's bodies have; Chat Completions when nothing tells.
DialectId guess_dialect(std::string_view body) {
  JsonDoc doc;
  if (body.empty() || !doc.parse(body)) return DialectId::openai_chat;
  const JsonView root = doc.root();
  if (root["messages"]) return root["system"] ? DialectId::anthropic : DialectId::openai_chat;
  if (root["input"]) return DialectId::openai_responses;
  return DialectId::openai_chat;
}

Status read_path(const ExplainedCall& call, std::string_view body, std::string_view project_id, Surface& surface) {
  if (!call.path.empty()) {
    const std::string path = (call.path.front() == '/' ? "" : "/") + call.path;
    PG_TRY_STATUS(find_surface("POST", path, false, surface, project_id));
    surface.query = {};
    if (surface.operation == Operation::model_call || surface.operation == Operation::count_tokens ||
        surface.operation == Operation::endpoint)
      return {};
    return make_error(Code::bad_request, "no model is called at " + surface.path);
  }
  surface.operation = Operation::model_call;
  surface.dialect = call.dialect.empty() ? guess_dialect(body) : find_dialect(call.dialect)->id;
  return {};
}

// --project, else the host's, else the path's, else the only one.
ProjectSettings project_of_call(Shell& shell, const Settings& settings, const std::string& host, const std::string& path) {
  if (const auto row = settings.hosts.find(host); row != settings.hosts.end() && shell.project.empty())
    shell.project = row->second.project;
  Surface surface;
  if (shell.project.empty() && !path.empty()) (void)find_surface("POST", path, false, surface);
  if (shell.project.empty()) shell.project = std::string(surface.project);
  return chosen_project(shell, settings).value();
}

/// "no" with the reason, "yes", or that it was not asked.
std::string rule_answer(const RoutedCall& call, const Route& route, bool decided) {
  if (decided) return "not asked";
  const RouteFacts facts = call.facts();
  const RouteTest test = find_mismatch(route, facts);
  if (test == RouteTest::none) return "yes";
  const std::string_view fact = facts.of(test);
  return fmt::format("no: {} {} is not {}", route_test_name(test), fact.empty() ? std::string_view("unknown") : fact,
                     fmt::join(route.globs(test), " or "));
}

// Where the target came from: the order of precedence, in words.
std::string reason_of_target(const RoutedCall& call, const Route* route) {
  if (route != nullptr && route->provider != nullptr) return fmt::format("by \"{}\"", route->name);
  const std::string& model = route == nullptr || route->model.empty() ? call.model : route->model;
  const std::string by = &model == &call.model ? "" : fmt::format("by \"{}\", ", route->name);
  if (call.project->aliases.count(model) != 0) return by + fmt::format("by the alias {}", model);
  const std::string name = model.substr(0, model.find(':'));
  for (const auto& provider : call.project->providers)
    if (provider->name == name && name != model) return by + "as \"provider:model\" says";
  return by + "by the model's name";
}

GuardSettings guards_of(const Settings& settings, const RoutedCall& call, const std::string& provider, bool& own) {
  const auto row = find_provider_row(settings, provider);
  own = row && !row->guards.empty();
  return own ? lay_over(call.wanted.guards, row->guards) : call.wanted.guards;
}

std::string fallback_text(const RoutedCall& call, const Route* route) {
  const std::vector<Fallback>& fallbacks = fallbacks_of(*call.project, route);
  std::string text;
  for (std::size_t i = 0; i < fallbacks.size(); ++i) {
    const std::string& name = fallbacks[i].provider->name;
    const auto target = choose_fallback(*call.project, call.surface.dialect, call.model, route, i);
    text += i == 0 ? "" : "; ";
    text += target ? fmt::format("{}, as {}", name, target.value().model) : name + ", which cannot take this call";
  }
  return text.empty() ? "none" : text;
}

void print_route_text(Shell& shell, const RoutedCall& call, const std::vector<ExplainedLine>& lines) {
  const RouteFacts facts = call.facts();
  shell.write(fmt::format("{:<10}{} ({}), model {}{}\n", "call", facts.path, facts.of(RouteTest::dialect),
                          escape_controls(without_secrets(call.model)),
                          call.host.empty() ? "" : ", host " + escape_controls(call.host)));
  shell.write(fmt::format("{:<10}{}\n", "project", call.project->name));
  bool decided = false;
  for (std::size_t i = 0; i < call.project->routes.size(); ++i) {
    const Route& route = call.project->routes[i];
    const std::string answer = escape_controls(rule_answer(call, route, decided));
    const bool yes = answer == "yes";
    shell.write(fmt::format("{:<10}{}: {}\n", fmt::format("route {}", i + 1), escape_controls(route.name),
                            yes ? shell.paint(Color::green, answer) : answer));
    decided = decided || yes;
  }
  if (!decided) shell.write(fmt::format("{:<10}none fits\n", call.project->routes.empty() ? "routes" : "route"));
  for (const ExplainedLine& line : lines)
    shell.write(fmt::format("{:<10}{}\n", line.name, escape_controls(without_secrets(line.text))));
}

void print_route_json(Shell& shell, const RoutedCall& call, const RouteVerdict& verdict,
                      const std::vector<ExplainedLine>& lines) {
  std::string rules;
  bool decided = false;
  for (const Route& route : call.project->routes) {
    const std::string answer = rule_answer(call, route, decided);
    std::string rule = "{";
    json_field(rule, "name", route.name);
    json_field(rule, "answer", answer);
    rules += (rules.empty() ? "" : ",") + rule + "}";
    decided = decided || answer == "yes";
  }
  const RouteFacts facts = call.facts();
  std::string object = "{";
  json_field(object, "project", call.project->name);
  for (const RouteTest test : kRouteTests) json_field(object, route_test_name(test), facts.of(test));
  json_raw(object, "rules", "[" + rules + "]");
  json_field(object, "route", verdict.route == nullptr ? "" : verdict.route->name);
  std::string target = "{";
  for (const ExplainedLine& line : lines) json_field(target, line.name, line.text);
  if (verdict.target) json_field(target, "provider_name", verdict.target.value().provider->name);
  json_raw(object, "target", target + "}");
  shell.write(without_secrets(object + "}\n"));  // stars as long as what they cover
}

}  // namespace

RouteFacts RoutedCall::facts() const {
  const bool counts = surface.operation == Operation::count_tokens;
  const std::string_view path = endpoint == nullptr ? route_path(surface.dialect, counts) : std::string_view(path_of_endpoint);
  return {host, path, model, key, agent, surface.dialect};
}

RoutedCall read_routed_call(Shell& shell, const Settings& settings, const ExplainedCall& call) {
  RoutedCall routed;
  routed.host = to_lower(without_port(call.host));
  routed.wanted = project_of_call(shell, settings, routed.host, call.path);
  PolicyParts parts;
  parts.secrets = shipped_secret_rules();
  parts.open_sealed = [](std::string_view) { return Result<SecretString>(SecretString("any")); };
  std::vector<Problem> problems;
  routed.policy = build_policy(settings, parts, problems);
  if (routed.policy == nullptr) throw Refusal(make_error(Code::invalid_config, problems_text(problems)));
  routed.project = routed.policy->find_project(routed.wanted.name);
  routed.body = read_request(shell, call.file);
  read_path(call, routed.body, routed.project->id, routed.surface).value();
  if (routed.surface.operation == Operation::endpoint) {
    const auto found = routed.project->endpoints.find(routed.surface.model);
    if (found == routed.project->endpoints.end()) throw Refusal(make_error(Code::not_found, "the project has no such endpoint"));
    routed.endpoint = &found->second;
    routed.path_of_endpoint = endpoint_path(found->first);
    routed.model = routed.endpoint->model;  // pinned: no client can ask for another
    routed.key = call.key;
    routed.agent = call.agent;
    return routed;
  }
  if (!routed.body.empty()) read_spans(routed.body, routed.surface.dialect, routed.view).value();
  routed.model = call.model.empty() ? routed.view.model : call.model;
  if (routed.model.empty()) throw Refusal(make_error(Code::bad_request, "which model? give a request or --model"));
  routed.key = call.key;
  routed.agent = call.agent;
  return routed;
}

RouteVerdict judge_route(const RoutedCall& call) {
  RouteVerdict verdict{find_route(call.project->routes, call.facts()), call.project->prompt.get(),
                       make_error(Code::not_found, "")};
  if (verdict.route == nullptr && call.endpoint != nullptr) verdict.route = &call.endpoint->route;
  const Route* route = verdict.route;
  if (route != nullptr && (route->prompt != nullptr || route->no_prompt)) verdict.prompt = route->prompt.get();
  if (call.surface.dialect == DialectId::embeddings) verdict.prompt = nullptr;
  verdict.target = choose_target(*call.project, call.surface.dialect, call.model, route);
  return verdict;
}

std::vector<ExplainedLine> target_lines(const Settings& settings, const RoutedCall& call, const RouteVerdict& verdict) {
  if (!verdict.target) return {{"nowhere", verdict.target.error().message}};
  const Target& target = verdict.target.value();
  const std::string spoken = target.outlet == nullptr ? "inside pg" : std::string(dialect(target.outlet->dialect).name);
  bool own = false;
  const std::string guards = guards_cell(guards_of(settings, call, target.provider->name, own));
  const PromptPolicy* prompt = verdict.prompt;
  return {{"provider", fmt::format("{}, {}{}; {}", target.provider->name, spoken, target.translated ? ", translated" : "",
                                   reason_of_target(call, verdict.route))},
          {"model", target.model},
          {"prompt", prompt == nullptr ? "none"
                                       : fmt::format("{} ({}, {} bytes)", prompt->name, placement_name(prompt->placement),
                                                     prompt->text.size())},
          {"guards", guards + (own ? fmt::format(" (as providers.{} asks)", target.provider->name) : "")},
          {"fallback", fallback_text(call, verdict.route)}};
}

int explain_route(Shell& shell, const ExplainedCall& call) {
  const auto settings = open_settings(shell).value();
  const RoutedCall routed = read_routed_call(shell, settings, call);
  const RouteVerdict verdict = judge_route(routed);
  const std::vector<ExplainedLine> lines = target_lines(settings, routed, verdict);
  if (shell.json)
    print_route_json(shell, routed, verdict, lines);
  else
    print_route_text(shell, routed, lines);
  return verdict.target ? exit_ok : exit_no;
}

}  // namespace pg
