// Which coding agent is calling, inferred from what it says of itself.
#pragma once

#include <string>
#include <string_view>

#include "core/base/http.h"
#include "core/wire/spans.h"

namespace pg {

struct Agent {
  std::string_view name;  // "claude-code", "codex", …; "" when unknown
  std::string version;
  std::string user_agent;  // all of it, as shown_user_agent() has it
  std::string session;     // the agent's own id of the conversation, with "/" and its own id for an agent under it; at most 160
};

/// A User-Agent as the log keeps it: at most 200 bytes and no half word, since half of a secret is not known for one; a byte that
/// is not printable ASCII is "?".
std::string shown_user_agent(std::string_view value);

/// From the headers alone.
Agent identify_agent(const RequestHead& head);
/// From the beginning of the system text, for agents whose headers are those of a plain SDK (Cline, Continue, Aider).
std::string_view identify_agent_by_text(std::string_view body, const RequestView& view);

}  // namespace pg
