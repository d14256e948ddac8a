#include "core/route/routes.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace pg {
namespace {

Route route(std::string name, std::vector<std::pair<RouteTest, std::vector<std::string>>> tests = {}) {
  Route made;
  made.name = std::move(name);
  for (auto& [test, globs] : tests) made.tests[static_cast<std::size_t>(test)] = std::move(globs);
  return made;
}

RouteFacts routed_facts(std::string_view model, DialectId dialect = DialectId::anthropic) {
  return {"llm.example.com", route_path(dialect, false), model, "ci-nightly", "codex", dialect};
}

}  // namespace

TEST_CASE("every test must fit, by one of its globs; a rule without tests fits everything") {
  CHECK(find_mismatch(route("all"), routed_facts("m")) == RouteTest::none);
  const Route strict = route("strict", {{RouteTest::host, {"*.example.com"}},
                                        {RouteTest::path, {"/v1/responses", "/v1/mess*"}},
                                        {RouteTest::dialect, {"anthropic"}},
                                        {RouteTest::model, {"claude-*", "m?"}},
                                        {RouteTest::key, {"ci-*"}},
                                        {RouteTest::agent, {"codex"}}});
  CHECK(find_mismatch(strict, routed_facts("claude-x")) == RouteTest::none);
  CHECK(find_mismatch(strict, routed_facts("m2")) == RouteTest::none);
  CHECK(find_mismatch(strict, routed_facts("Claude-x")) == RouteTest::model);
  CHECK(find_mismatch(strict, routed_facts("claude-x", DialectId::openai_chat)) == RouteTest::path);
  CHECK(find_mismatch(strict, routed_facts("claude-x", DialectId::openai_responses)) == RouteTest::dialect);
  RouteFacts other = routed_facts("claude-x");
  other.host = "";
  CHECK(find_mismatch(strict, other) == RouteTest::host);
  other = routed_facts("claude-x");
  other.key = "";
  CHECK(find_mismatch(strict, other) == RouteTest::key);
  other = routed_facts("claude-x");
  other.agent = "cline";
  CHECK(find_mismatch(strict, other) == RouteTest::agent);
}

TEST_CASE("the first rule that fits decides") {
  const std::vector<Route> routes = {route("a", {{RouteTest::model, {"gpt-*"}}}), route("b", {{RouteTest::model, {"claude-*"}}}),
                                     route("c", {{RouteTest::model, {"claude-x"}}}), route("d")};
  CHECK(find_route(routes, routed_facts("claude-x"))->name == "b");
  CHECK(find_route(routes, routed_facts("gpt-4o"))->name == "a");
  CHECK(find_route(routes, routed_facts("llama"))->name == "d");
  CHECK(find_route(std::vector<Route>{routes[0]}, routed_facts("llama")) == nullptr);
}

TEST_CASE("each dialect has its path, whatever the client wrote in front of it") {
  CHECK(route_path(DialectId::anthropic, false) == "/v1/messages");
  CHECK(route_path(DialectId::anthropic, true) == "/v1/messages/count_tokens");
  CHECK(route_path(DialectId::openai_chat, false) == "/v1/chat/completions");
  CHECK(route_path(DialectId::openai_responses, false) == "/v1/responses");
  CHECK(route_path(DialectId::embeddings, false) == "/v1/embeddings");
  CHECK(route_paths().size() == 5);
  for (const RouteTest test : kRouteTests) CHECK_FALSE(route_test_name(test).empty());
}

}  // namespace pg
