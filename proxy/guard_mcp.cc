// What a tool is told is read by the guards; the names of things and what came from the server itself go as they are.
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
  bool edited = true;  // what is found may be replaced; else it is only looked for
};

std::vector<Stretch> find_stretches(const Exchange& x) {
  std::vector<Stretch> all;
  const auto add = [&](JsonView value, bool edited) {
    if (!value) return;
    const auto begin = static_cast<std::uint32_t>(value.raw().data() - x.body.data());
    all.push_back({begin, begin + static_cast<std::uint32_t>(value.raw().size()), edited});
  };
  const JsonView params = x.mcp->message.params;
  for (const char* name : {"arguments", "argument", "context", "inputResponses"}) add(params[name], true);
  for (const char* name : {"name", "uri", "ref"}) add(params[name], false);
  return all;
}

/// Of every text of the body those that a server is told.
void keep_told(const Exchange& x, RequestView& view) {
  const std::vector<Stretch> told = find_stretches(x);
  std::erase_if(view.spans, [&told](Span& span) {
    const auto in = std::find_if(told.begin(), told.end(),
                                 [&span](const Stretch& each) { return each.begin <= span.begin && span.end <= each.end; });
    if (in == told.end()) return true;
    if (!in->edited) span.role = SpanRole::key;
    return false;
  });
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
  note_guarded(x);
  x.guarding = GuardStep::none;
  if (!x.guarded.blocked.empty()) co_return service_block_error(x.guarded);
  x.mcp->safe = apply_edits(x.body, x.guarded.edits);
  co_return Status{};
}

}  // namespace pg
