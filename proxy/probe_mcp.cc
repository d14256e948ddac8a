// One loop for one question, over the same link as when pg serves.
#include "proxy/probe_mcp.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "core/wire/json_doc.h"
#include "proxy/mcp_servers.h"

namespace pg {
namespace {

struct McpProbeWork {
  const McpServer& server;
  Millis timeout;
  McpProbe& probe;
  Loop loop;
  TlsContexts tls;
  SystemClock clock;
  AccessTokens tokens;
};

std::string description_of(const McpItem& item) {
  JsonDoc doc;
  return doc.parse(item.json) ? doc.root()["description"].text() : std::string();
}

Task<void> run_mcp_probe(McpProbeWork& work) {
  const SteadyTime begun = work.clock.steady(), deadline = begun + work.timeout;
  const McpErrand errand{work.loop, work.tls, work.clock, work.tokens, nullptr};
  auto server = std::make_shared<McpServer>(work.server);
  server->start_timeout = std::min(server->start_timeout, work.timeout);
  server->call_timeout = std::min(server->call_timeout, work.timeout);
  auto live = std::make_shared<McpLive>(std::move(server));
  const Result<McpItems> items = co_await fetch_list(live, errand, McpList::tools, deadline);
  work.probe.took = std::chrono::duration_cast<Millis>(work.clock.steady() - begun);
  if (items) {
    for (const McpItem& item : *items.value())
      work.probe.tools.push_back({item.name, shown_name(work.server.name, item.name), description_of(item), item.json.size(),
                                  is_tool_allowed(work.server, item.name)});
  } else {
    work.probe.error = items.error();
  }
  co_await live->link().close(errand);
  McpFacts facts = live->link().facts();
  work.probe.revision = std::move(facts.revision);
  work.probe.server_name = std::move(facts.name);
  work.probe.server_version = std::move(facts.version);
  work.probe.last_words = std::move(facts.last_words);
}

}  // namespace

McpProbe probe_mcp(const McpServer& server, Millis timeout) {
  McpProbe probe;
  McpProbeWork work{server, timeout, probe, {}, {}, {}, {}};
  asio::co_spawn(work.loop.io(), run_mcp_probe(work), asio::detached);
  work.loop.io().run();
  return probe;
}

}  // namespace pg
