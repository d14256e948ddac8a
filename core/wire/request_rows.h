// What each key of each dialect's request holds. Only core/wire includes it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/wire/dialect.h"
#include "core/wire/key_rows.h"

namespace pg {

/// What a value of a request is.
enum class RequestPlace : std::uint8_t {
  root,
  model,
  stream,
  store,
  continues,
  include,  // facts, not text
  thread,
  conversation,  // objects that hold `continues`
  messages,
  message,  // the conversation
  block,    // text, or content blocks, or a list of them
  source,
  media,  // images, audio, documents
  tool_calls,
  function,
  arguments,  // Chat tool calls; JSON inside a string
  reasoning,
  reasoning_summary,  // signed when the request says so
  signed_text,
  tools,
  tool,    // one of them: a definition
  schema,  // and what is inside it
  free,    // any JSON: every string is text, every key is read
  opaque,  // ids, signatures, settings: never read
};

using RequestRows = KeyRows<RequestPlace, static_cast<std::size_t>(RequestPlace::opaque) + 1>;

/// The keys that mean something of their own.
const RequestRows& request_rows(DialectId dialect);

/// What a key under `parent` means when no row names it. Whatever no table knows is read and edited like text: an unknown field
/// must not be a way around the guards.
RequestPlace default_place(RequestPlace parent);

}  // namespace pg
