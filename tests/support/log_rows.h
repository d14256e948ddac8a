// Rows of a running serve's log: each comes a moment after its answer.
#pragma once

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {

/// Waits for the log to have as many rows as that, and no more.
inline void wait_for_rows(const World& w, std::size_t count) {
  std::size_t seen = 0;
  soon([&] { return (seen = w.home.rows(static_cast<int>(count) + 1).size()) >= count; });
  REQUIRE(seen == count);
}

/// The last of so many rows.
inline nlohmann::json last_row(const World& w, std::size_t count) {
  wait_for_rows(w, count);
  return nlohmann::json::parse(w.home.rows(1).back());
}

/// The first of the newest `among` rows for which `fits` holds, once it is written; an empty object when none came.
template <class Fits>
nlohmann::json find_row(const World& w, int among, Fits fits) {
  nlohmann::json found = nlohmann::json::object();
  soon([&] {
    for (const std::string& line : w.home.rows(among))
      if (nlohmann::json row = nlohmann::json::parse(line, nullptr, false); row.is_object() && fits(row)) {
        found = std::move(row);
        return true;
      }
    return false;
  });
  return found;
}

}  // namespace pg::test
