// pg routes explain: one call through the rules of its project, each with its yes or no, without anything being sent.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cmd/command.h"
#include "config/settings.h"
#include "core/targets.h"
#include "core/wire/spans.h"
#include "proxy/surfaces.h"

namespace pg {

/// What the command line says of a call; empty = not said.
struct ExplainedCall {
  std::string file, host, path, model, dialect, key, agent;
};

/// A call as the rules see it.
struct RoutedCall {
  ProjectSettings wanted;
  std::shared_ptr<const Policy> policy;
  const Project* project = nullptr;
  std::string host, model, key, agent;
  std::string body;  // "" when none was given
  RequestView view;  // of it
  Surface surface;
  const Endpoint* endpoint = nullptr;  // of a gateway
  std::string path_of_endpoint;

  RouteFacts facts() const;
};
/// Reads the body and finds project, dialect and model. Throws Refusal.
RoutedCall read_routed_call(Shell& shell, const Settings& settings, const ExplainedCall& call);

/// What became of it.
struct RouteVerdict {
  const Route* route = nullptr;
  const PromptPolicy* prompt = nullptr;
  Result<Target> target;
};
RouteVerdict judge_route(const RoutedCall& call);

struct ExplainedLine {
  std::string name, text;
};
/// Provider, model, prompt, guards and fallback in words, or that there is nowhere to go.
std::vector<ExplainedLine> target_lines(const Settings& settings, const RoutedCall& call, const RouteVerdict& verdict);

/// exit_ok when the call has somewhere to go, exit_no otherwise.
int explain_route(Shell& shell, const ExplainedCall& call);

}  // namespace pg
