// User-Agent prefixes and session headers as real clients send them; system text for those that hide behind an SDK.
#include "core/route/agent.h"

#include <algorithm>
#include <utility>

#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

struct UserAgentRow {
  std::string_view prefix;  // of the User-Agent, in any case; here in lower case
  std::string_view agent;
};
// Agents before SDKs: some agents add an SDK's name behind their own.
constexpr UserAgentRow kUserAgents[] = {
    {"claude-cli/", "claude-code"},
    {"claude-code/", "claude-code"},
    {"codex_", "codex"},
    {"codex-", "codex"},
    {"opencode/", "opencode"},
    {"cline", "cline"},
    {"continue", "continue"},
    {"aider", "aider"},
    {"litellm", "litellm"},
    {"cursor", "cursor"},
    {"ls/js", "continue"},
    {"geminicli", "gemini-cli"},
    {"zed/", "zed"},
    {"anthropic/", "anthropic-sdk"},
    {"openai/", "openai-sdk"},
    {"ai-sdk", "vercel-ai"},
    {"ai/", "vercel-ai"},
    {"asyncopenai/", "openai-sdk"},
    {"asyncanthropic/", "anthropic-sdk"},
    {"curl/", "curl"},
};

struct TextRow {
  std::string_view words;
  std::string_view agent;
};
// How a system text begins: further on, or in a user's own words, the same may stand without being one.
constexpr TextRow kSystemTexts[] = {
    {"You are Cline", "cline"},
    {"You are an agent in the Continue CLI", "continue"},
    {"You are Claude Code", "claude-code"},
    {"Act as an expert software developer", "aider"},
    {"You are opencode", "opencode"},
};

constexpr std::string_view kSessionFields[] = {"x-claude-code-session-id", "session-id", "session_id", "x-session-id",
                                               "conversation_id"};

std::string read_version(std::string_view user_agent) {
  std::size_t at = user_agent.find('/');
  if (at == std::string_view::npos) return "";
  // SDKs say "OpenAI/JS 6.49.0": the language stands where others have the version.
  if (at + 1 < user_agent.size() && is_upper(user_agent[at + 1])) at = user_agent.find(' ', at);
  if (at == std::string_view::npos) return "";
  const std::string_view rest = user_agent.substr(at + 1, 24);
  return std::string(rest.substr(0, rest.find_first_not_of("0123456789.abcdefghijklmnopqrstuvwxyz-")));
}

// Nothing is cut, and no letter is put in: a secret in the wrong place must still be seen to be one.
std::string printable_id(std::string_view id) {
  constexpr std::size_t kLongest = 160;  // two ids; what is longer is none
  std::string out;
  if (id.size() > kLongest) return out;
  for (const char c : id) out.push_back(c > ' ' && c <= '~' ? c : '?');
  return out;
}

}  // namespace

std::string shown_user_agent(std::string_view value) {
  constexpr std::size_t kMost = 200;
  if (value.size() > kMost) {
    const std::size_t blank = value.substr(0, kMost + 1).find_last_of(" \t");
    value = value.substr(0, blank == std::string_view::npos ? 0 : blank);
  }
  std::string out(value);
  for (char& c : out)
    if (c < ' ' || c > '~') c = c == '\t' ? ' ' : '?';  // neither makes a secret part of a longer word
  return out;
}

Agent identify_agent(const RequestHead& head) {
  Agent agent;
  const std::string_view user_agent = head.find("user-agent").value_or("");
  agent.user_agent = shown_user_agent(user_agent);
  const char first = user_agent.empty() ? '\0' : to_lower(user_agent.front());
  for (const UserAgentRow& row : kUserAgents) {
    if (row.prefix.front() != first || !starts_with_ignore_case(user_agent, row.prefix)) continue;
    agent.name = row.agent;
    agent.version = read_version(user_agent);
    break;
  }
  for (const std::string_view name : kSessionFields) {
    const auto value = head.find(name);
    if (!value) continue;
    agent.session = printable_id(*value);
    // Agents that an agent started work in its session under an id of their own.
    const auto own = head.find(name == kSessionFields[0] ? "x-claude-code-agent-id" : "thread-id");
    const bool is_under = own && !own->empty() && *own != *value && !agent.session.empty();
    std::string both = is_under ? printable_id(agent.session + "/" + std::string(*own)) : std::string();
    if (!both.empty()) agent.session = std::move(both);
    break;
  }
  return agent;
}

std::string_view identify_agent_by_text(std::string_view body, const RequestView& view) {
  // The system text is the first long text of the body, or the longest of the head group.
  std::size_t looked = 0;
  for (const Span& span : view.spans) {
    if (span.role != SpanRole::text || span.message > 0) continue;
    const std::string_view text = body.substr(span.begin, span.end - span.begin);
    for (const TextRow& row : kSystemTexts)
      if (text.starts_with(row.words)) return row.agent;
    if (++looked == 8) break;
  }
  return "";
}

}  // namespace pg
