// The table of fields: what each is called, where it stands, and what a row in memory says.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/store/log_query.h"
#include "core/store/log_store.h"

namespace pg {
namespace {

// In SQL what attempts_of() is.
#define PG_RETRIES                                                                                              \
  "length(attempts) - length(replace(attempts, ',', '')) + (attempts <> '' AND attempts NOT LIKE 'queue:%') - " \
  "(instr(attempts, '=') > 0)"
#define PG_TEXT(member) [](const LogRow& row) -> std::string { return row.member; }, nullptr
#define PG_NUMBER(expression) nullptr, [](const LogRow& row) -> std::int64_t { return expression; }

std::int64_t attempts_of(const LogRow& row) {
  // A wait in a queue stands first and is no attempt.
  const bool none_first = row.attempts.empty() || row.attempts.starts_with("queue:");
  const bool tells_answer = row.attempts.find('=') != std::string::npos;  // and so is who answered
  return (none_first ? 0 : 1) + std::count(row.attempts.begin(), row.attempts.end(), ',') - (tells_answer ? 1 : 0);
}

std::int64_t sum_of(std::int64_t a, std::int64_t b) {
  return a < 0 && b < 0 ? -1 : std::max<std::int64_t>(a, 0) + std::max<std::int64_t>(b, 0);
}

constexpr std::string_view kToolCall = "/tools/call/";

std::string server_of(const LogRow& row) {
  return row.dialect == "mcp" ? row.provider : std::string();
}

std::string tool_of(const LogRow& row) {
  const std::size_t at = row.path.find(kToolCall);
  return row.dialect != "mcp" || at == std::string::npos ? std::string() : row.path.substr(at + kToolCall.size());
}

using K = LogKind;
// clang-format off
constexpr LogField kLogFields[] = {
    {"status", K::status, "status", "sent to the client: 200, 429, 4xx; 499 = the client left", true, "", PG_NUMBER(row.status)},
    {"model", K::model, "model", "asked for or served", true, "", nullptr, nullptr},
    {"agent", K::text, "agent", "claude-code, codex, cursor, aider, …", true, "", PG_TEXT(agent)},
    {"project", K::text, "project", "name of the project", true, "", PG_TEXT(project)},
    {"key", K::text, "key", "name of the pg key", true, "", PG_TEXT(key)},
    {"provider", K::text, "provider", "who answered", true, "", PG_TEXT(provider)},
    {"class", K::text, "outcome", "ok, error, blocked or canceled", true, "", PG_TEXT(outcome)},
    {"latency", K::duration, "latency_ms", "until the last byte: >2s, 300ms..1s", false, "most_latency_ms", PG_NUMBER(row.latency_ms)},
    {"ttft", K::duration, "ttft_ms", "until the first token", false, "most_ttft_ms", PG_NUMBER(row.ttft_ms)},
    {"cost", K::money, "coalesce(cost, -1)", "of the call: >$0.05", false, "most_cost", PG_NUMBER(row.cost)},
    {"tokens", K::number, "CASE WHEN input_tokens < 0 AND output_tokens < 0 THEN -1 ELSE max(input_tokens, 0) + max(output_tokens, 0) END",
     "in and out: >10k", false, "", PG_NUMBER(sum_of(row.usage.input_tokens, row.usage.output_tokens))},
    {"tokens.in", K::number, "input_tokens", "cached ones included", false, "most_input_tokens", PG_NUMBER(row.usage.input_tokens)},
    {"tokens.out", K::number, "output_tokens", "reasoning included", false, "most_output_tokens", PG_NUMBER(row.usage.output_tokens)},
    {"tokens.cached", K::number, "cached_tokens", "read from the provider's cache", false, "", PG_NUMBER(row.usage.cached_tokens)},
    {"tokens.cache_write", K::number, "cache_write_tokens", "written to the provider's cache", false, "", PG_NUMBER(row.usage.cache_write_tokens)},
    {"tokens.reasoning", K::number, "reasoning_tokens", "thought before answering", false, "", PG_NUMBER(row.usage.reasoning_tokens)},
    {"session", K::text, "session", "the agent's own id of the conversation", false, "", PG_TEXT(session)},
    {"redactions", K::kinds, "redactions", "kinds that were replaced: EMAIL, *", false, "redacted", PG_TEXT(redactions)},
    {"blocked", K::kinds, "blocked", "rules that stopped the request: jwt, *", false, "blocked", PG_TEXT(blocked)},
    {"detected", K::kinds, "detected", "kinds found and left in place", false, "", PG_TEXT(detected)},
    {"finding", K::kinds, "redactions || ',' || blocked || ',' || detected", "kinds found, whatever became of them", false, "",
     [](const LogRow& row) -> std::string { return row.redactions + "," + row.blocked + "," + row.detected; }, nullptr},
    {"rule", K::rule, "places", "id of the rule that found it", false, "", PG_TEXT(places)},
    {"cache_break", K::text, "cache_break", "where the provider's prompt cache broke: messages*, system, expired, *", false, "", PG_TEXT(cache_break)},
    {"cache_break.tokens", K::number, "cache_lost", "read anew because of it: >10k", false, "", PG_NUMBER(row.cache_lost)},
    {"cache_break.cost", K::money, "cache_lost_cost", "more than from the cache: >$0.05", false, "", PG_NUMBER(row.cache_lost_cost)},
    {"error", K::text, "error", "code and message: rate_limited*", false, "", PG_TEXT(error)},
    {"time", K::time, "time", "when it came: >2h (ago), today, >=2026-11-20", false, "", PG_NUMBER(row.time)},
    {"id", K::text, "id", "of the request", false, "", PG_TEXT(id)},
    {"model.requested", K::text, "model", "asked for", false, "", PG_TEXT(model)},
    {"model.served", K::text, "model_served", "as the provider says, else as it was asked for", false, "", PG_TEXT(model_served)},
    {"version", K::text, "agent_version", "of the agent", false, "", PG_TEXT(agent_version)},
    {"mcp", K::text, "CASE WHEN dialect = 'mcp' THEN provider ELSE '' END", "name of the MCP server that was asked", false, "",
     [](const LogRow& row) { return server_of(row); }, nullptr},
    {"tool", K::text,
     "CASE WHEN dialect = 'mcp' AND instr(path, '/tools/call/') > 0 THEN substr(path, instr(path, '/tools/call/') + 12) ELSE '' END",
     "the MCP tool that was called: files__read_file", false, "", [](const LogRow& row) { return tool_of(row); }, nullptr},
    {"dialect", K::text, "dialect", "anthropic, openai-chat, openai-responses, embeddings, endpoint, http, mcp", true, "", PG_TEXT(dialect)},
    {"method", K::text, "method", "of HTTP", false, "", PG_TEXT(method)},
    {"path", K::text, "path", "of the URL: /v1/messages", false, "", PG_TEXT(path)},
    {"route", K::text, "route", "name of the [[route]] rule that was taken", false, "", PG_TEXT(route)},
    {"ip", K::text, "ip", "the client's address: 127.0.0.1, 10.0.*", false, "", PG_TEXT(ip)},
    {"ua", K::text, "ua", "its User-Agent, at most 200 bytes: *python*", false, "", PG_TEXT(ua)},
    {"stream", K::yes_no, "stream", "true or false", false, "", PG_NUMBER(row.stream ? 1 : 0)},
    {"fallback", K::yes_no, PG_RETRIES " > 0", "another provider was asked before", false, "", PG_NUMBER(attempts_of(row) > 0 ? 1 : 0)},
    {"retries", K::number, PG_RETRIES,
     "how often somebody was asked before", false, "", PG_NUMBER(attempts_of(row))},
    {"upstream", K::duration, "upstream_ms", "until the provider's head", false, "", PG_NUMBER(row.upstream_ms)},
    {"connect", K::duration, "connect_ms", "until a new connection to the provider stood", false, "", PG_NUMBER(row.connect_ms)},
    {"tls", K::duration, "tls_ms", "until TLS stood on it", false, "", PG_NUMBER(row.tls_ms)},
    {"bytes.in", K::size, "bytes_in", "of the request: >1MB", false, "", PG_NUMBER(row.bytes_in)},
    {"bytes.out", K::size, "bytes_out", "of the answer", false, "", PG_NUMBER(row.bytes_out)},
    {"attempts", K::text, "attempts", "who was asked before: *openai:429*", false, "", PG_TEXT(attempts)},
    {"warnings", K::text, "warnings", "what the provider's dialect could not say", false, "", PG_TEXT(warnings)},
    {"endpoint", K::text, "path", "the same as path, as pg usage calls it", false, "", PG_TEXT(path)},
    {"kind", K::kinds, "redactions || ',' || blocked || ',' || detected", "the same as finding", false, "",
     [](const LogRow& row) -> std::string { return row.redactions + "," + row.blocked + "," + row.detected; }, nullptr},
    {"outcome", K::text, "outcome", "the same as class", true, "", PG_TEXT(outcome)},
};
// clang-format on
#undef PG_TEXT
#undef PG_NUMBER

constexpr auto kLogFieldNames = [] {
  std::array<std::string_view, std::size(kLogFields)> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kLogFields[i].name;
  return names;
}();

// People look for these; they are not kept with a row.
struct NotKept {
  std::string_view name, instead;
};
constexpr std::string_view kInBodies = "'pg logs show ID --body' shows it where log_bodies keeps it";
constexpr NotKept kNotKept[] = {
    {"body", kInBodies},
    {"prompt", kInBodies},
    {"answer", kInBodies},
    {"headers", "of what they say there are agent, version, session and ua"},
};

}  // namespace

std::span<const LogField> log_field_table() {
  return kLogFields;
}

std::span<const std::string_view> log_fields() {
  return kLogFieldNames;
}

const LogField* find_log_field(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kLogFields), std::end(kLogFields), [&](const LogField& field) { return field.name == name; });
  return found == std::end(kLogFields) ? nullptr : found;
}

Error unknown_log_field(std::string_view name) {
  const std::string shown = escape_controls(name.substr(0, 64));
  for (const NotKept& missing : kNotKept)
    if (missing.name == name)
      return make_error(Code::bad_request, fmt::format("\"{}\" is not kept in the log; {}", shown, missing.instead));
  if (const auto near = find_nearest(name, kLogFieldNames))
    return make_error(Code::bad_request, fmt::format("unknown field \"{}\", did you mean \"{}\"?", shown, *near));
  return make_error(
      Code::bad_request,
      fmt::format("unknown field \"{}\"; try status, model, agent, project, key, provider, class or latency", shown));
}

}  // namespace pg
