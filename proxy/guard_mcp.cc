// Everything that a server is told is read by the guards. In the names of things nothing is replaced, since a placeholder there
// would ask for something else: what would be replaced blocks the call.
#include <algorithm>

#include "core/guard/service_texts.h"
#include "proxy/guard_texts.h"
#include "proxy/serve_mcp.h"
#include "proxy/serve_model.h"

namespace pg {
namespace {

/// A stretch of the body.
struct Stretch {
  std::uint32_t begin = 0, end = 0;
  bool holds(std::uint32_t from, std::uint32_t to) const { return begin <= from && to <= end; }
};

Stretch stretch_of(const Exchange& x, JsonView value) {
  if (!value) return {};
  const auto begin = static_cast<std::uint32_t>(value.raw().data() - x.body.data());
  return {begin, begin + static_cast<std::uint32_t>(value.raw().size())};
}

/// What names a thing.
std::vector<Stretch> find_names(const Exchange& x) {
  std::vector<Stretch> names;
  for (const char* name : {"name", "uri", "ref", "cursor"})
    if (const JsonView value = x.mcp->message.params[name]) names.push_back(stretch_of(x, value));
  return names;
}

/// Of every text of the body those that a server is told. What a server gave for itself to have it back goes as it is, but for
/// secrets that block.
void keep_told(const Exchange& x, RequestView& view) {
  const Stretch params = stretch_of(x, x.mcp->message.params), state = stretch_of(x, x.mcp->message.params["requestState"]);
  std::erase_if(view.spans, [&](Span& span) {
    if (state.holds(span.begin, span.end)) span.role = SpanRole::key;
    return !params.holds(span.begin, span.end);
  });
}

void block_in_names(const Exchange& x, GuardedCall& call) {
  const std::vector<Stretch> names = find_names(x);
  std::vector<const Edit*> in_names;
  for (const Edit& edit : call.edits)
    if (std::any_of(names.begin(), names.end(), [&edit](const Stretch& name) { return name.holds(edit.begin, edit.end); }))
      in_names.push_back(&edit);
  if (in_names.empty() || !call.blocked.empty()) return;
  block_instead(call, x.body, in_names);
  call.edits.clear();
}

}  // namespace

Task<Status> guard_mcp_call(Exchange& x, const McpServer& server) {
  if (server.guards == nullptr) {
    x.mcp->safe = x.body;
    co_return Status{};
  }
  number_apart(x.vault);
  x.guarding = GuardStep::request;
  RequestView view;
  if (const Status read = read_json_texts(x.body, view); !read) co_return read.error();
  keep_told(x, view);
  GuardedText text{x.body, view, *server.guards};
  Result<GuardedCall> found = co_await read_through(x, text);
  if (!found) co_return found.error();
  x.guarded = std::move(found).value();
  block_in_names(x, x.guarded);
  note_guarded(x);
  x.guarding = GuardStep::none;
  if (!x.guarded.blocked.empty()) co_return service_block_error(x.guarded);
  x.mcp->safe = apply_edits(x.body, x.guarded.edits);
  co_return Status{};
}

}  // namespace pg
