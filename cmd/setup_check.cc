// The steps of pg setup --check: is serve there, does it take the key, does the provider answer, does the address come back
// whole.
#include "cmd/setup_check.h"

#include <nlohmann/json.hpp>

#include "cmd/http_probe.h"
#include "cmd/print.h"
#include "cmd/short_key.h"
#include "cmd/step_report.h"
#include "core/base/text.h"
#include "core/store/log_store.h"

namespace pg {
namespace {

using nlohmann::json;

constexpr std::string_view kAddress = "pg.check@example.com";  // example.com is nobody's (RFC 2606 §3)
constexpr Millis kSpare{15'000};                               // beside the request itself: until serve knows the key

std::string_view path_of(std::string_view dialect) {
  if (dialect == "anthropic") return "/v1/messages";
  return dialect == "openai-responses" ? "/v1/responses" : "/v1/chat/completions";
}

/// One that whoever answers is likely to have, and to ask little for.
std::string_view small_model(const AgentSetup& agent) {
  if (agent.translated && agent.vendor == "gemini") return "gemini-2.5-flash";
  const bool is_anthropic = agent.translated ? agent.vendor == "anthropic" : agent.tool.dialect == "anthropic";
  return is_anthropic ? "claude-haiku-4-5" : "gpt-4.1-mini";
}

/// The message inside an error body of any dialect, or its beginning.
std::string error_text(const std::string& body) {
  auto parsed = json::parse(body, nullptr, false);
  if (parsed.is_object() && parsed.contains("error") && parsed["error"].is_object() && parsed["error"].contains("message") &&
      parsed["error"]["message"].is_string())
    return parsed["error"]["message"].get<std::string>();
  return cut_to(body, 160);
}

Result<ProbeReply> ask(const AgentSetup& agent, const std::string& key, Millis timeout) {
  PG_TRY(auto url, parse_url(agent.values.base + std::string(path_of(agent.tool.dialect))));
  ProbeRequest request;
  request.method = "POST";
  request.fields = {{"Content-Type", "application/json"}, {"User-Agent", "pg-setup-check/" PG_VERSION}, {"x-pg-key", key}};
  if (agent.tool.dialect == "anthropic") request.fields.emplace_back("anthropic-version", "2023-06-01");
  request.body = check_body(agent.tool.dialect, agent.values.model.empty() ? small_model(agent) : agent.values.model, kAddress);
  return probe(url, request, timeout);
}

void judge_restored(StepReport& report, const ProjectSettings& project, const ProbeReply& reply) {
  const bool redacts = project.guards.email == Action::redact;
  if (reply.body.find(kAddress) != std::string::npos)
    report.add("restored", "ok",
               redacts ? "the address in the answer is whole; the provider saw a placeholder"
                       : "e-mail addresses are not redacted in this project");
  else if (reply.body.find("[[EMAIL_") != std::string::npos)
    report.add("restored", "fail", "the answer holds a placeholder that was not turned back");
  else
    report.add("restored", "skip", "the model did not repeat the address, so there was nothing to turn back");
}

int judge_answer(StepReport& report, const AgentSetup& agent, const Result<ProbeReply>& reply) {
  const std::string see = "pg logs show last";
  if (!reply) {
    report.add("provider", "fail", reply.error().message, see);
    return exit_upstream;
  }
  const auto& answer = reply.value();
  if (answer.status == 401 || answer.status == 403) {
    report.add("key", "fail", fmt::format("{}: {}", answer.status, error_text(answer.body)), see);
    return exit_auth;
  }
  report.add("key", "ok", "accepted");
  if (answer.status != 200) {
    report.add("provider", "fail", fmt::format("{}: {}", answer.status, error_text(answer.body)), see);
    return answer.status >= 500 ? exit_upstream : exit_no;
  }
  report.add("provider", "ok",
             agent.provider == "echo" ? std::string("the built-in echo answered, which asks no model")
             : agent.translated       ? fmt::format("{} answered; {} is translated for it", agent.provider, agent.tool.dialect)
                                      : agent.provider + " answered");
  judge_restored(report, agent.project, answer);
  return answer.body.find("[[EMAIL_") == std::string::npos ? exit_ok : exit_no;
}

}  // namespace

std::string check_body(std::string_view dialect, std::string_view model, std::string_view address) {
  const auto prompt = fmt::format("Repeat exactly this e-mail address and nothing else: {}", address);
  json body{{"model", model}};
  if (dialect == "openai-responses") {
    body["input"] = prompt;
    body["max_output_tokens"] = 512;
    return body.dump();
  }
  body["messages"] = json::array({{{"role", "user"}, {"content", prompt}}});
  body[dialect == "anthropic" ? "max_tokens" : "max_completion_tokens"] = 512;
  return body.dump();
}

int check_setup(Shell& shell, Workplace& place, AgentSetup& agent, const AgentOptions& options) {
  StepReport report(shell);
  const auto running = running_origin(place.settings);
  const auto timeout = shell.timeout_or(Millis{60'000}).value();
  const auto given = given_key(options).value();
  if (!running) {
    const Failure failure = no_serve(place.settings.database);
    report.add("serve", "fail", failure.what, failure.hint);
    return report.end(exit_upstream);
  }
  const std::string& origin = *running;
  auto health = probe(parse_url(origin + "/healthz").value(), {}, std::min(timeout, Millis{3000}));
  if (!health || health.value().status != 200) {
    report.add("serve", "fail",
               fmt::format("{}: {}", origin,
                           health ? fmt::format("answers {}: is that pg?", health.value().status) : health.error().message),
               "pg serve");
    return report.end(exit_upstream);
  }
  report.add("serve", "ok", fmt::format("answers at {}", origin));
  if (agent.provider.empty()) {
    report.add("provider", "fail", fmt::format("no provider of project {} takes {}", agent.project.name, agent.tool.dialect),
               "pg projects edit " + agent.project.name);
    return report.end(exit_no);
  }
  if (agent.values.own_login) {
    report.add("provider", "skip", fmt::format("{} uses its own login, which only it has", agent.tool.title));
    return report.end(exit_ok);
  }
  const ShortKey key = given ? ShortKey(place, *given) : ShortKey(shell, place, "setup-check", agent.project, timeout + kSpare);
  return report.end(judge_answer(report, agent, ask(agent, key.text(), timeout)));
}

}  // namespace pg
