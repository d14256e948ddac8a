// Whole rows for programs: JSON and CSV, with the same names.
#include <array>

#include "cmd/log_lines.h"
#include "core/access/prices.h"
#include "core/base/text.h"
#include "core/store/attempts.h"

namespace pg {
namespace {

std::string_view cost_state(const LogRow& row) {
  if (row.price == kPriceUnknown) return "unknown";
  if (row.price == 0) return "none";
  return row.price % 2 == 1 ? "estimated" : "exact";
}

std::string known_number(std::int64_t number) {
  return number < 0 ? std::string() : std::to_string(number);
}

constexpr std::string_view kCsvTitles =
    "id,time,project,key,agent,agent_version,session,dialect,method,path,provider,model,model_served,status,outcome,stream,"
    "latency_ms,ttft_ms,upstream_ms,input_tokens,output_tokens,cached_tokens,cache_write_tokens,reasoning_tokens,cost_usd,"
    "cost_state,bytes_in,bytes_out,redactions,detected,blocked,places,attempts,warnings,restored,unknown_tokens,error,"
    "upstream_request_id,cache_break,cache_break_tokens,cache_break_cost_usd,connect_ms,tls_ms,route,ip,ua";

}  // namespace

std::string log_csv_titles() {
  return std::string(kCsvTitles);
}

std::string log_csv(const LogRow& row) {
  std::string line;
  const auto add = [&](std::string_view text) { line += (line.empty() ? "" : ",") + csv_cell(text); };
  add(row.id);
  add(format_rfc3339(row.time));
  for (const std::string* text : {&row.project, &row.key, &row.agent, &row.agent_version, &row.session, &row.dialect, &row.method,
                                  &row.path, &row.provider, &row.model, &row.model_served})
    add(*text);
  add(std::to_string(row.status));
  add(row.outcome);
  add(row.stream ? "true" : "false");
  const Usage& usage = row.usage;
  for (const std::int64_t number : {row.latency_ms, row.ttft_ms, row.upstream_ms, usage.input_tokens, usage.output_tokens,
                                    usage.cached_tokens, usage.cache_write_tokens, usage.reasoning_tokens})
    add(known_number(number));
  add(row.cost < 0 ? "" : spell_usd(row.cost));
  add(cost_state(row));
  add(std::to_string(row.bytes_in));
  add(std::to_string(row.bytes_out));
  for (const std::string* text : {&row.redactions, &row.detected, &row.blocked, &row.places, &row.attempts, &row.warnings})
    add(*text);
  add(std::to_string(row.restored));
  add(std::to_string(row.unknown_tokens));
  add(row.error);
  add(row.upstream_request_id);
  add(row.cache_break);
  add(known_number(row.cache_lost));
  add(row.cache_lost_cost < 0 ? "" : spell_usd(row.cache_lost_cost));
  add(known_number(row.connect_ms));
  add(known_number(row.tls_ms));
  for (const std::string* text : {&row.route, &row.ip, &row.ua}) add(*text);
  return line;
}

std::string log_json(const LogRow& row) {
  std::string object = "{";
  json_field(object, "id", row.id);
  json_number(object, "seq", row.seq);
  json_time(object, "time", row.time);
  json_field(object, "project", row.project);
  json_field(object, "project_id", row.project_id);
  json_field(object, "key", row.key);
  json_field(object, "agent", row.agent);
  json_field(object, "agent_version", row.agent_version);
  json_field(object, "session", row.session);
  json_field(object, "ip", row.ip);
  json_field(object, "ua", row.ua);
  json_field(object, "dialect", row.dialect);
  json_field(object, "method", row.method);
  json_field(object, "path", row.path);
  json_field(object, "route", row.route);
  json_field(object, "provider", row.provider);
  json_field(object, "model", row.model);
  json_field(object, "model_served", row.model_served);
  json_number(object, "status", row.status);
  json_field(object, "outcome", row.outcome);
  json_bool(object, "stream", row.stream);
  json_known(object, "latency_ms", row.latency_ms);
  json_known(object, "ttft_ms", row.ttft_ms);
  json_known(object, "upstream_ms", row.upstream_ms);
  json_known(object, "connect_ms", row.connect_ms);
  json_known(object, "tls_ms", row.tls_ms);
  json_known(object, "input_tokens", row.usage.input_tokens);
  json_known(object, "output_tokens", row.usage.output_tokens);
  json_known(object, "cached_tokens", row.usage.cached_tokens);
  json_known(object, "cache_write_tokens", row.usage.cache_write_tokens);
  json_known(object, "reasoning_tokens", row.usage.reasoning_tokens);
  json_text_or_null(object, "cost_usd", row.cost < 0 ? "" : spell_usd(row.cost));
  json_field(object, "cost_state", cost_state(row));
  json_number(object, "bytes_in", row.bytes_in);
  json_number(object, "bytes_out", row.bytes_out);
  json_field(object, "redactions", row.redactions);
  json_field(object, "detected", row.detected);
  json_field(object, "blocked", row.blocked);
  json_field(object, "places", row.places);
  const Attempts attempts = read_attempts(row.attempts);
  json_field(object, "attempts", attempts.asked);
  json_number(object, "queue_ms", attempts.queue_ms);
  json_field(object, "answered_by", answered_by(row));
  json_field(object, "warnings", row.warnings);
  json_number(object, "restored", row.restored);
  json_number(object, "unknown_tokens", row.unknown_tokens);
  json_field(object, "error", row.error);
  json_field(object, "upstream_request_id", row.upstream_request_id);
  json_field(object, "cache_break", row.cache_break);
  json_known(object, "cache_break_tokens", row.cache_lost);
  json_text_or_null(object, "cache_break_cost_usd", row.cache_lost_cost < 0 ? "" : spell_usd(row.cache_lost_cost));
  return object + "}";
}

}  // namespace pg
