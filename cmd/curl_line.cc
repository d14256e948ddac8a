// The path is spelled from what was asked, not from what the client wrote.
#include "cmd/curl_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>

#include "cmd/open.h"
#include "cmd/snippet.h"
#include "core/base/text.h"
#include "core/route/routes.h"
#include "core/wire/spans.h"

namespace pg {
namespace {

std::string sh(std::string_view text) {
  return shell_word(ShellKind::sh, text);
}

bool counts_tokens(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path.ends_with("/count_tokens");
}

// As `pg setup` spells it, unless the project is gone.
std::string project_of(const Settings& settings, const LogRow& row) {
  for (const auto& [name, project] : settings.projects)
    if (equals_ignore_case(project.id, row.project_id)) return name;
  return row.project_id;
}

bool wants_own_credential(const Settings& settings, const LogRow& row) {
  const auto found = settings.providers.find(row.provider);
  return found != settings.providers.end() && found->second.credential == "client";
}

// The headers of `pg setup curl`, with the key where the shell puts it in.
std::vector<std::string> headers(DialectId id, bool own_credential, bool with_key) {
  std::vector<std::string> parts;
  const bool anthropic = id == DialectId::anthropic;
  if (with_key)
    parts.push_back(own_credential ? R"(-H "x-pg-key: $PG_KEY")"
                    : anthropic    ? R"(-H "x-api-key: $PG_KEY")"
                                   : R"(-H "Authorization: Bearer $PG_KEY")");
  if (anthropic) parts.push_back("-H " + sh("anthropic-version: 2023-06-01"));
  parts.push_back("-H " + sh("Content-Type: application/json"));
  return parts;
}

bool has_input(std::string_view request, const RequestView& view) {
  std::vector<std::uint32_t> offsets;
  for (const Span& span : view.spans) offsets.push_back(span.begin);
  const std::vector<std::string> paths = find_paths(request, offsets);
  return std::any_of(paths.begin(), paths.end(), [](const std::string& path) { return path.starts_with("input"); });
}

// A provider's own way to embed, or to be told the model in the path, is not one that clients have.
bool is_taken(const Dialect& spoken, std::string_view request, RequestView& view) {
  const auto ours = client_dialects();
  const bool known = std::any_of(ours.begin(), ours.end(), [&](const Dialect& row) { return row.id == spoken.id; });
  return known && read_spans(request, spoken.id, view) && !view.model.empty() &&
         (spoken.id != DialectId::embeddings || has_input(request, view));
}

std::string differences(const Settings& settings, const LogRow& row, const LogBody& body, const std::string& model) {
  std::vector<std::string> all;
  if (model != row.model) all.push_back(fmt::format("it asks for {}, as the provider was, and not for {}", model, row.model));
  if (body.masked > 0) all.push_back(fmt::format("{} secret{} starred in it", body.masked, body.masked == 1 ? " is" : "s are"));
  if (wants_own_credential(settings, row)) all.push_back(row.provider + " wants your own credential in a header beside these");
  return fmt::format("{}", fmt::join(all, "; "));
}

}  // namespace

CurlLine make_curl_line(const Settings& settings, const std::string& config, const LogRow& row, const LogBody& body) {
  CurlLine line;
  if (body.request.empty()) return line;
  if (body.request_cut) return line.why = "the kept body is not whole: body_max_size", line;
  const Dialect* spoken = find_dialect(body.dialect);
  RequestView view;
  if (spoken == nullptr || !is_taken(*spoken, body.request, view))
    return line.why = fmt::format("{} was asked in a form of its own, which pg does not take", row.provider), line;
  if (escape_controls(config) != config) return line.why = "the name of the settings file has control bytes", line;
  line.parts.push_back(
      fmt::format("pg{} logs show {} --only request |", config.empty() ? "" : " --config " + sh(config), sh(row.id)));
  line.parts.push_back("curl -sS " + sh(fmt::format("{}/api/{}{}", agent_origin(settings), project_of(settings, row),
                                                    route_path(spoken->id, counts_tokens(row.path)))));
  for (std::string& header : headers(spoken->id, wants_own_credential(settings, row), !row.key.empty()))
    line.parts.push_back(std::move(header));
  line.parts.push_back("--data-binary @-");
  line.differs = differences(settings, row, body, view.model);
  return line;
}

}  // namespace pg
