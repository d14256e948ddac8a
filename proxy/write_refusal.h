// An Error in the caller's dialect, before or in the middle of a reply.
#pragma once

#include "proxy/exchange.h"

namespace pg {

/// Answers with `error` in the form that makes this client show it and stop, and puts it into the row. After the head was sent,
/// ends the stream with the dialect's error event.
Task<void> write_refusal(Exchange& x, Error error);

/// The head of a reply of pg's own: status line, type, length, ids. `extra` holds whole field lines.
std::string local_head(const Exchange& x, int status, std::string_view content_type, std::size_t size, std::string_view extra);

}  // namespace pg
