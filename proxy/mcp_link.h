// McpLink: one MCP server as whoever asks it sees it, whether it is a program or a place. Links are shared by all threads; an
// answer belongs to the loop that asked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/mcp/revision.h"
#include "core/mcp/server.h"
#include "proxy/access_tokens.h"
#include "proxy/net/stream.h"
#include "proxy/net/upstream_io.h"

namespace pg {

/// What asking needs, all of it the caller's, and alive for as long as the loop is.
struct McpErrand {
  Loop& loop;
  TlsContexts& tls;
  const Clock& clock;
  AccessTokens& tokens;
  UpstreamPool* pool = nullptr;  // nullptr: every connection is a new one
};

/// A request to a server, without what belongs to one hop alone: its id, its revision, its progress token.
struct McpAsk {
  using Members = std::vector<std::pair<std::string, std::string>>;  // key, raw JSON
  std::string method;
  Members params;            // without _meta
  Members meta;              // of _meta
  std::string name;          // of the tool, prompt or resource; "" = the method has none
  std::string capabilities;  // of the caller, raw JSON, where the server may use them; "" = none
  bool wants_progress = false;
};

/// The members of `object` with their names decoded, each once: of doubled ones the last, as most parsers read them.
McpAsk::Members read_members(JsonView object);
/// The params of `ask` for a server of that era; `id` is what its progress is reported under, too.
std::string write_mcp_params(const McpAsk& ask, McpEra era, std::uint64_t id);
/// Those of initialize, and of server/discover.
std::string write_initialize_params();
std::string write_discover_params();

struct McpEvent {
  enum class Kind : std::uint8_t {
    message,  // `text` is one: a notification about the request, or its answer, with our id
    quiet,    // nothing until the deadline
    ended,    // there will be no answer: `error`
  };
  Kind kind = Kind::quiet;
  std::string text;
  Error error{};
};

/// One request under way. Who goes without its answer withdraws it: the server is told.
class McpAnswer : public Interruptible {
 public:
  virtual ~McpAnswer() = default;
  /// What comes next, but no later than `deadline`. An abort ends the wait with `ended`.
  virtual Task<McpEvent> next(SteadyTime deadline) = 0;
  /// As the server knows the request.
  virtual std::uint64_t id() const = 0;
};

/// What a server said when it introduced itself.
struct McpFacts {
  std::string revision;  // "" = it has not yet
  std::string name, version, instructions;
  std::vector<std::string> last_words;  // of a program: the last lines of its stderr
  std::uint64_t changes = 0;            // how often it said that one of its lists is another
};

class McpLink {
 public:
  virtual ~McpLink() = default;
  /// Sends it, and what must be said before, when nothing was said yet. upstream_failed, upstream_timeout, unavailable.
  virtual Task<Result<std::unique_ptr<McpAnswer>>> ask(McpErrand errand, McpAsk ask) = 0;
  virtual McpFacts facts() const = 0;
  /// facts().changes alone.
  virtual std::uint64_t changes() const = 0;
  /// Takes leave of the server, as far as it wants to know.
  virtual Task<void> close(McpErrand errand) = 0;
  /// Whether stop() would have nothing to wait for.
  virtual bool has_ended() const = 0;
  /// Asks a program to end. From any thread; nothing is asked any more.
  virtual void begin_stop() = 0;
  /// The same, and waits for its end.
  virtual void stop() = 0;
};

/// A link to `server`, of its kind.
std::shared_ptr<McpLink> make_mcp_link(std::shared_ptr<const McpServer> server);
std::shared_ptr<McpLink> make_program_link(std::shared_ptr<const McpServer> server);
std::shared_ptr<McpLink> make_place_link(std::shared_ptr<const McpServer> server);

}  // namespace pg
