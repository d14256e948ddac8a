// The echo provider: answers in every dialect with what it received. For try-outs and tests; needs no account and no network.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/wire/dialect.h"
#include "core/wire/spans.h"

namespace pg {

struct EchoReply {
  std::string content_type;
  std::string body;  // a JSON document, or a whole SSE stream
  std::string saw;   // the last user text exactly as it arrived, printable ASCII, at most 200 bytes: for a reply header
};

/// `body` is what left the guards; `view` its spans. `counts_tokens`: the count_tokens surface. `created` is in Unix seconds.
EchoReply write_echo(DialectId dialect, std::string_view body, const RequestView& view, bool counts_tokens, std::int64_t created,
                     std::string_view id);

}  // namespace pg
