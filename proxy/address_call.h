// The last touch to a call whose provider is known: the path where the model stands in it, and the few members of a body that
// some providers want elsewhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy.h"
#include "core/wire/embeddings.h"
#include "proxy/exchange.h"

namespace pg {

/// Fills x.to.path and, where the outlet wants one, x.to.body; lowers max_tokens to the provider's cap. Nothing for the ordinary
/// outlets. bad_request when the body is no JSON object.
Status address_call(Exchange& x);

/// Adds what could not cross to x.to.warnings, made safe for a header.
void add_warnings(Exchange& x, const std::vector<std::string>& warnings);

/// The wire in which the outlet takes embeddings that must be translated.
EmbeddingWire embedding_wire(const Outlet& outlet);

/// The request target of a provider's list of models, which costs nothing to ask; nullopt where there is none.
std::optional<std::string> models_target(const Outlet& outlet);

}  // namespace pg
