// The guards over one JSON text of a call that is none to a model.
#pragma once

#include <string_view>

#include "proxy/exchange.h"

namespace pg {

/// One text with what is to be read of it, and by which rules; must outlive the reading.
struct GuardedText {
  std::string_view text;
  const RequestView& view;
  const Guards& guards;
};

/// Reads it, on the scan pool when it is large, and decides; originals go into x.vault. client_left_error(), revoked_error();
/// unavailable when pg shuts down.
Task<Result<GuardedCall>> read_through(Exchange& x, GuardedText text);

/// From here on placeholders have numbers that no other call has, as far as chance goes.
void number_apart(Vault& vault);

}  // namespace pg
