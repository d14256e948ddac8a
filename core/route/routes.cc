// Matching of routing rules: a few globs a rule, no allocation.
#include "core/route/routes.h"

#include <algorithm>

#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::array<std::string_view, 7> kTestNames = {"", "host", "path", "dialect", "model", "key", "agent"};
constexpr std::array<std::string_view, 5> kPaths = {"/v1/messages", "/v1/messages/count_tokens", "/v1/chat/completions",
                                                    "/v1/responses", "/v1/embeddings"};

}  // namespace

std::string_view RouteFacts::of(RouteTest test) const {
  switch (test) {
    case RouteTest::host:
      return host;
    case RouteTest::path:
      return path;
    case RouteTest::dialect:
      return pg::dialect(dialect).name;
    case RouteTest::model:
      return model;
    case RouteTest::key:
      return key;
    case RouteTest::agent:
      return agent;
    case RouteTest::none:
      break;
  }
  return "";
}

std::string_view route_test_name(RouteTest test) {
  return kTestNames[static_cast<std::size_t>(test)];
}

RouteTest find_mismatch(const Route& route, const RouteFacts& facts) {
  for (const RouteTest test : kRouteTests) {
    const std::vector<std::string>& globs = route.globs(test);
    const std::string_view fact = facts.of(test);
    const auto fits = [fact](const std::string& glob) { return matches_glob(glob, fact); };
    if (!globs.empty() && std::none_of(globs.begin(), globs.end(), fits)) return test;
  }
  return RouteTest::none;
}

const Route* find_route(std::span<const Route> routes, const RouteFacts& facts) {
  for (const Route& route : routes)
    if (find_mismatch(route, facts) == RouteTest::none) return &route;
  return nullptr;
}

std::string_view route_path(DialectId dialect, bool count_tokens) {
  switch (dialect) {
    case DialectId::anthropic:
      return kPaths[count_tokens ? 1 : 0];
    case DialectId::openai_chat:
      return kPaths[2];
    case DialectId::openai_responses:
      return kPaths[3];
    case DialectId::embeddings:
    case DialectId::gemini:  // clients do not speak these two
    case DialectId::cohere:
      break;
  }
  return kPaths[4];
}

std::string endpoint_path(std::string_view name) {
  return std::string("/v1/endpoints/").append(name);
}

std::span<const std::string_view> route_paths() {
  return kPaths;
}

}  // namespace pg
