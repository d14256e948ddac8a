// What the log may keep of a body, taken on the way: the request as it is sent, the reply as it comes. Does nothing unless the
// project keeps bodies.
#pragma once

#include <string_view>

#include "proxy/exchange.h"

namespace pg {

/// The body that is sent now, with its edits; called again when another provider is asked.
void keep_request(Exchange& x, std::string_view body, const std::vector<Edit>& edits);

/// A reply begins: what an earlier one said is forgotten. Nothing is kept of one whose bytes cannot be read.
void begin_kept_reply(Exchange& x, bool events, bool readable);
void keep_reply(Exchange& x, std::string_view bytes);

/// Before the row goes to the journal: credentials leave the reply, and a blocked request keeps nothing.
void settle_body(Exchange& x);

/// Stars over every place where `credential` stands; the length stays.
void mask_credential(std::string_view credential, std::string& body, std::size_t from = 0);
/// The same for all credentials that this call goes to its provider with.
void hide_credentials(const Exchange& x, std::string& text, std::size_t from = 0);

}  // namespace pg
