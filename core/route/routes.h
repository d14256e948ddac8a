// [[route]]: rules of a project that say which calls go where. The first that fits decides.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/wire/dialect.h"

namespace pg {

struct Provider;
struct PromptPolicy;

/// Who is asked when the first cannot.
struct Fallback {
  std::shared_ptr<const Provider> provider;
  std::string model;  // "" = the model that was asked for
};

/// What may be asked of a call, in the order it is asked.
enum class RouteTest : std::uint8_t { none, host, path, dialect, model, key, agent };

struct Route {
  std::string name;
  /// For each test the globs of which one must fit; empty = anything. At RouteTest::none nothing.
  std::array<std::vector<std::string>, 7> tests;

  std::shared_ptr<const Provider> provider;    // nullptr: whoever the model's name leads to
  std::string model;                           // "" = as it was asked for
  std::shared_ptr<const PromptPolicy> prompt;  // nullptr: the project's own
  bool no_prompt = false;                      // not even the project's own
  std::vector<Fallback> fallbacks;             // empty: the project's own

  const std::vector<std::string>& globs(RouteTest test) const { return tests[static_cast<std::size_t>(test)]; }
};

/// What a rule looks at.
struct RouteFacts {
  std::string_view host;   // lower case, without port
  std::string_view path;   // route_path()
  std::string_view model;  // as the client wrote it
  std::string_view key;    // its name; "" without one
  std::string_view agent;
  DialectId dialect = DialectId::openai_chat;

  std::string_view of(RouteTest test) const;
};

/// The name of a test as settings spell it: "host", "path", …; "" for none.
std::string_view route_test_name(RouteTest test);
inline constexpr std::array<RouteTest, 6> kRouteTests = {RouteTest::host,  RouteTest::path, RouteTest::dialect,
                                                         RouteTest::model, RouteTest::key,  RouteTest::agent};

/// The first test that says no; none when the rule fits.
RouteTest find_mismatch(const Route& route, const RouteFacts& facts);
/// The first rule that fits, or nullptr.
const Route* find_route(std::span<const Route> routes, const RouteFacts& facts);

/// What is asked for, whatever the client put in front of it: "/v1/messages", "/v1/messages/count_tokens", ….
std::string_view route_path(DialectId dialect, bool count_tokens);
/// The same of an endpoint: "/v1/endpoints/NAME".
std::string endpoint_path(std::string_view name);
/// Every path that calls a model.
std::span<const std::string_view> route_paths();

}  // namespace pg
