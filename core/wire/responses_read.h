// The two halves of reading a Responses request. Only core/wire includes it.
#pragma once

#include <string>

#include "core/wire/call_io.h"

namespace pg {

/// bad_request for a setting of the wrong type.
Status check_responses_settings(JsonView root);
void read_responses_settings(JsonView root, Call& call, Warnings& warnings);
/// One entry of `tools`; a namespace gives each of its tools. Hosted tools become extras.
Status read_responses_tool(JsonView json, const std::string& space, Call& call, Warnings& warnings);
Status read_responses_choice(JsonView choice, Call& call, Warnings& warnings);

}  // namespace pg
