// What was found in requests, by kind of data or by rule: how many calls had it, and what became of it. A call counts for each of
// its kinds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/store/log_store.h"

namespace pg {

/// -1: a row does not tell that of a rule.
struct KindLine {
  std::string name;           // EMAIL, or the id of a rule
  std::int64_t requests = 0;  // that had it
  std::int64_t redacted = 0;  // values that were replaced, in requests that went on
  std::int64_t detected = 0;  // values that were sent as they were, in those
  std::int64_t blocked = 0;   // requests that were stopped for it
};

struct KindReport {
  std::vector<KindLine> lines;  // the most frequent first
  KindLine total;               // of requests with any of them, each once
};

/// Whether a field holds several of these in a row, so that sums over its values are read here.
bool groups_kinds(const LogField& by);

/// Rows know by which rules they were blocked; `kind_of` says the kind of such an id.
Result<KindReport> read_kinds(Db& db, const LogQuery& query, const LogField& by,
                              const std::function<std::string(std::string_view rule)>& kind_of);

}  // namespace pg
