// The last look at a row before anybody reads it: what clients and providers wrote into it may hold a secret. Belongs to one
// thread.
#pragma once

#include <array>
#include <string>

#include "core/guard/mask_secrets.h"
#include "core/store/log_store.h"

namespace pg {

class RowCleaner {
 public:
  /// Stars over secrets in paths, model names, ids, errors and places; a body is cleaned as well and cut to `body_max_size`.
  void clean(LogRow& row, std::uint64_t body_max_size);

 private:
  static constexpr std::array kForeign = {&LogRow::path,
                                          &LogRow::model,
                                          &LogRow::model_served,
                                          &LogRow::method,
                                          &LogRow::agent,
                                          &LogRow::session,
                                          &LogRow::places,
                                          &LogRow::error,
                                          &LogRow::agent_version,
                                          &LogRow::warnings,
                                          &LogRow::upstream_request_id,
                                          &LogRow::ua,
                                          &LogRow::route};
  SecretMask mask_;
  std::array<std::string, kForeign.size()> known_;  // the last value of each that was clean: most rows say the same
};

}  // namespace pg
