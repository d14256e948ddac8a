// What a reply leaves in the row of its call when it has ended: usage, model, the provider's own id, and how it went.
#pragma once

#include <string>

#include "core/reply_facts.h"
#include "proxy/exchange.h"
#include "proxy/send_upstream.h"

namespace pg {

struct ReplyEnd {
  Usage usage;
  std::string model_served;
  bool client_left = false;
};

/// Fills x.row; what the provider says of itself is cut short, and our credential hidden in it.
void note_reply(Exchange& x, const Upstream& upstream, const ReplyFacts& facts, ReplyEnd end);

}  // namespace pg
