// GET /metrics: who may read it, and what it says.
#include <algorithm>
#include <iterator>

#include "proxy/posture.h"
#include "proxy/serve_model.h"

namespace pg {
namespace {

// Of a proxy on this machine that pg was not told of, too: whom it asks for, only its fields say, and any of them is enough.
bool asks_for_somebody(const RequestHead& head) {
  constexpr std::string_view kFields[] = {"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"};
  return std::any_of(std::begin(kFields), std::end(kFields), [&](std::string_view name) { return head.find(name).has_value(); });
}

bool asks_from_here(const Exchange& x) {
  const auto& peer = x.client.peer();
  return peer && peer->is_loopback() && !x.arrival.forwarded && !asks_for_somebody(x.head);
}

Status check_reader(Exchange& x) {
  if (x.policy->metrics == MetricsAccess::off) return make_error(Code::not_found, "metrics are off (serve.metrics)");
  if (x.policy->metrics == MetricsAccess::loopback && asks_from_here(x)) return {};
  return authenticate_operator(x);
}

}  // namespace

Task<void> serve_metrics(Exchange& x) {
  check_reader(x).value();  // 404, 401, 403
  MetricsNow now;
  now.in_flight = x.gw.exchanges.load(std::memory_order_relaxed) - 1;  // this one is none
  now.log_dropped = x.gw.journal.dropped();
  now.log_failing = x.gw.journal.is_failing();
  now.settings_good = x.gw.settings_good.load(std::memory_order_relaxed);
  std::string text = x.gw.journal.metrics().write(now);
  co_await answer_text(x, 200, "text/plain; version=0.0.4; charset=utf-8", std::move(text));
}

}  // namespace pg
