// Whether a service could be called: where its name leads, whether that may be connected to, and whether its token can be had.
// The API itself is not asked. For commands; blocks until it is known.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/route/service.h"

namespace pg {

struct ServiceProbe {
  std::vector<std::string> addresses;
  std::optional<Error> place_error;  // not resolved, or not allowed
  bool asked_token = false;
  std::optional<Error> token_error;
  std::string rotated;       // name that a new refresh token is to be sealed under, and
  SecretString fresh_token;  // itself: the one before is void
};

ServiceProbe probe_service(const Service& service, Millis timeout);

}  // namespace pg
