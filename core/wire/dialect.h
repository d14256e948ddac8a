// The wire formats we speak, one row each: names, error words, pings.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pg {

/// The last two are spoken by providers only.
enum class DialectId : std::uint8_t { anthropic, openai_chat, openai_responses, embeddings, gemini, cohere };

struct Dialect {
  DialectId id;
  std::string_view name;           // "anthropic", "openai-chat", "openai-responses", "embeddings", …: settings, rows, filters
  std::string_view upstream_path;  // what is added to a provider's base URL, which holds the version ("/messages")
  std::string_view ping;           // SSE bytes that say "still here" and that every client of this dialect ignores
};

std::span<const Dialect> dialects();
std::span<const Dialect> client_dialects();  // without those that only providers speak
const Dialect& dialect(DialectId id);
const Dialect* find_dialect(std::string_view name);

/// The whole JSON body of an error reply, in the dialect's own shape. `request_id` is pg's exchange id.
std::string write_error_body(DialectId id, const Error& error, std::string_view request_id);

/// The SSE bytes that end a stream with an error: Anthropic `event: error`, Chat `data: {"error":…}` without `[DONE]`,
/// Responses `response.failed` (whose `sequence_number` is `sequence`).
std::string write_stream_error(DialectId id, const Error& error, std::string_view request_id, std::uint64_t sequence = 0);

/// A whole Responses stream (`response.created`, `response.failed` with code `invalid_prompt`) that says no: the one form
/// of refusal that Codex neither retries nor hides.
std::string write_refused_response_stream(const Error& error, std::string_view request_id, std::string_view model);

}  // namespace pg
