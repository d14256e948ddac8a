// The recorded requests in tests/fixtures, as values.
#pragma once

#include <string>
#include <vector>

#include "core/wire/dialect.h"

namespace pg::test {

struct Fixture {
  std::string name;
  std::string target;  // path and query as the client sent it, below its base URL
  DialectId dialect = DialectId::anthropic;
  std::string body;  // compact, keys in the order they were sent
};

/// Every recorded request with a JSON body, by name.
std::vector<Fixture> load_fixtures();
/// One of them; fails the test when it is not there.
Fixture load_fixture(const std::string& name);

}  // namespace pg::test
