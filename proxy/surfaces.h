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
};

struct Surface {
  Operation operation = Operation::hello;
  DialectId dialect = DialectId::openai_chat;
  std::string_view project;  // id or name from the path; "" outside /api
  std::string model;         // of list_models: the one that is asked for; "" = all of them. Of endpoints: the endpoint's name
  std::string key;           // pg key from the path (/api/PROJECT/key/KEY/…), else ""
  std::string_view query;    // with "?", or ""
  std::string path;          // without query and without a key: what is logged
};

/// not_found for an unknown path; method_not_allowed (detail: the Allow value); upgrade_required for a WebSocket; bad_request for
/// encoded slashes, dot segments and the like, but for what is encoded in a model's id. `by_host` is the project that the host
/// name stands for: its paths need no /api/PROJECT. On an error `surface` still says project, path and the likeliest dialect.
Status find_surface(std::string_view method, std::string_view target, bool upgrade, Surface& surface,
                    std::string_view by_host = {});

/// The path as a row has it, out of `surface`: at most 200 bytes.
std::string take_path(Surface& surface);

/// What a head that cannot be read seems to ask for, by its request line if that came: only path and dialect are set, for the
/// answer and the row. Nothing may be done on its strength.
void guess_surface(std::string_view begun, Surface& surface);

}  // namespace pg
