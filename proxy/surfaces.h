// The map of the server: which method and path is which operation in which dialect.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/wire/dialect.h"

namespace pg {

enum class Operation : std::uint8_t {
  model_call,    // messages, chat/completions, responses, embeddings
  count_tokens,  // Anthropic
  endpoint,      // of a gateway
  list_endpoints,
  list_models,
  hello,  // what clients probe before they talk
  health,
  ready,
  metrics,
  service_call,  // an HTTP API of a project of type "api"
  mcp,           // the MCP servers of a project of type "mcp", or the one that `model` names
};

struct Surface {
  Operation operation = Operation::hello;
  DialectId dialect = DialectId::openai_chat;
  std::string_view project;  // id or name from the path; "" outside /api
  std::string model;         // of list_models: the one that is asked for; "" = all of them. Of endpoints: the endpoint's name
  std::string key;           // pg key from the path (/api/PROJECT/key/KEY/…), else ""
  std::string_view query;    // with "?", or ""
  std::string path;          // without query and without a key: what is logged
  std::string_view service;  // of service_call: its name, and
  std::string_view rest;     // what follows it, "" or with "/", raw
  std::string_view gateway;  // what stands before that: where the service's base is, for the caller
};

/// not_found for an unknown path; method_not_allowed (detail: the Allow value); upgrade_required for a WebSocket; bad_request for
/// encoded slashes, dot segments and the like, but for what is encoded in a model's id. `by_host` is the project that the host
/// name stands for: its paths need no /api/PROJECT. On an error `surface` still says project, path and the likeliest dialect.
Status find_surface(std::string_view method, std::string_view target, bool upgrade, Surface& surface,
                    std::string_view by_host = {});

/// The same for a project of type "api", whose paths below /api/PROJECT (or its host's name) are those of its services: any
/// method, and escapes, which are looked at when the service is known. False when the target is none of them: "" or "/" behind
/// the project, which answers as others do. `surface` says service, rest and gateway then; they point into `target`.
bool find_service_surface(std::string_view target, bool by_host, Surface& surface);
/// The project that a target names, "" when it is not below /api.
std::string_view project_of_target(std::string_view target);

/// The path as a row has it, out of `surface`: at most 200 bytes.
std::string take_path(Surface& surface);

/// What a head that cannot be read seems to ask for, by its request line if that came: only path and dialect are set, for the
/// answer and the row. Nothing may be done on its strength.
void guess_surface(std::string_view begun, Surface& surface);

}  // namespace pg
