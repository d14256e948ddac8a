// The cheapest real question to a provider: its list of models, which costs nothing. For commands; blocks until it is answered.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/policy.h"
#include "core/wire/models.h"

namespace pg {

struct ProviderProbe {
  std::string asked;           // URL
  bool has_list = true;        // false: the provider lists no models, so only the way to it (and a service account) was tried
  int status = 0;              // HTTP; 0 when there was no answer
  Millis took{0};              // connecting, TLS and the answer
  std::optional<Error> error;  // why there was none, or why it cannot be read
  std::vector<ListedModel> models;
};

/// Asks `provider` (which is not echo and has an outlet) with its own credential, and waits at most `timeout`.
ProviderProbe probe_provider(const Provider& provider, Millis timeout);

}  // namespace pg
