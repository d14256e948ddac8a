// What tests ask a database: one number.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/store/db.h"

namespace pg::test {

/// The first column of the first row. Throws, and so fails the test, when there is none.
inline std::int64_t ask(Db& db, std::string_view sql) {
  return db.read_number(sql).value().value();
}

}  // namespace pg::test
