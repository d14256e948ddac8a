// pg providers test: is each provider there, and does it take the credential? Asks for lists of models, which costs nothing.
#include "cmd/test_providers.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "cmd/open.h"
#include "cmd/print.h"
#include "cmd/provider_probe.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr Millis kProbeTimeout{15'000};

std::string verdict_json(const ProbeVerdict& verdict) {
  std::string object = "{";
  json_field(object, "provider", verdict.name);
  json_field(object, "verdict", verdict.verdict);
  json_field(object, "url", verdict.asked);
  json_number(object, "status", verdict.status);
  json_raw(object, "latency_ms", verdict.took_ms < 0 ? "null" : std::to_string(verdict.took_ms));
  json_number(object, "models", static_cast<std::int64_t>(verdict.models.size()));
  json_field(object, "detail", verdict.detail);
  json_field(object, "hint", verdict.hint);
  return object + "}";
}

void print_verdict(Shell& shell, const ProbeVerdict& verdict) {
  if (!shell.out_tty) {
    shell.print("{}\t{}\t{}\t{}\t{}\t{}\n", verdict.verdict, verdict.name,
                verdict.status == 0 ? "" : std::to_string(verdict.status),
                verdict.took_ms < 0 ? "" : std::to_string(verdict.took_ms), escape_controls(verdict.detail),
                escape_controls(verdict.hint));
    return;
  }
  const Color color = verdict.verdict == "ok" ? Color::green : verdict.verdict == "fail" ? Color::red : Color::yellow;
  std::string facts;
  if (verdict.status != 0) facts += fmt::format("{} ", verdict.status);
  if (verdict.took_ms >= 0) facts += fmt::format("{} ms ", verdict.took_ms);
  shell.print("{}  {:<12} {}{}{}\n", shell.paint(color, fmt::format("{:<4}", verdict.verdict)), verdict.name, facts,
              verdict.asked.empty() ? "" : verdict.asked + "  ", escape_controls(verdict.detail));
  if (!verdict.hint.empty()) shell.print("      hint: {}\n", escape_controls(verdict.hint));
}

// What could not be reached says more than what was refused.
int worse(int first, int second) {
  for (const int status : {static_cast<int>(exit_upstream), static_cast<int>(exit_auth), static_cast<int>(exit_config)})
    if (first == status || second == status) return status;
  return std::max(first, second);
}

int test_providers(Shell& shell, const std::vector<std::string>& wanted) {
  const Settings settings = open_settings(shell).value();
  const Millis timeout = shell.timeout_or(kProbeTimeout).value();
  std::vector<std::string> names;
  for (const std::string& name : wanted) names.push_back(named_provider(settings, name));
  if (names.empty()) names = used_providers(settings);
  int status = exit_ok;
  std::string objects;
  for (const std::string& name : names) {
    const ProbeVerdict verdict = judge_provider(settings, name, timeout);
    status = worse(status, verdict.exit);
    if (shell.json)
      objects += (objects.empty() ? "" : ",\n") + verdict_json(verdict);
    else
      print_verdict(shell, verdict);
    shell.flush();
  }
  if (shell.json) shell.write("[" + objects + "]\n");
  if (names.empty()) shell.note("no project uses a provider yet");
  return status;
}

}  // namespace

void add_test_providers(CLI::App& command, Shell& shell) {
  auto names = std::make_shared<std::vector<std::string>>();
  auto* tests =
      command.add_subcommand("test",
                             "Ask providers whether they are there and take the credential\n"
                             "Asks for their list of models, which costs nothing. Without a name: those that projects use.\n"
                             "Exits 7 when one cannot be reached, 4 when one refuses the credential.");
  tests->add_option("PROVIDER", *names, "Their names");
  tests->footer("pg providers test\npg providers test openai --json\npg providers test ollama --timeout 2s");
  set_action(*tests, shell, [&shell, names] { return test_providers(shell, *names); });
}

}  // namespace pg
