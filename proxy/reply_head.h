// The head of a relayed reply: the provider's fields, without framing, hop-by-hop and cookies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/reply_path.h"
#include "core/wire/reply_translator.h"
#include "proxy/exchange.h"
#include "proxy/send_upstream.h"

namespace pg {

enum class ReplyFraming : std::uint8_t { sized, chunked, until_close };

bool is_event_stream(const Upstream& upstream);
/// The frames of Amazon Bedrock, by their content type.
bool is_framed_stream(const ReplyHead& head);
/// Compressed in a way that cannot be undone here (br): relayed as it is, or not at all.
bool has_unreadable_coding(const ReplyHead& head);
/// Why a reply of that status or with that head cannot be one to a call, whatever it holds; "" for one that can. A redirect would
/// send the client, and what it says unguarded, somewhere else.
std::string_view unusable_because(const Upstream& upstream);
/// Whether a body that should be JSON begins like a web page; of a reply that should hold an answer (`is_answer`) like anything
/// with tags: an error in XML is still the provider's.
bool starts_like_page(std::string_view body, bool is_answer);
/// text/html: an error page of something in between, never an answer.
bool is_web_page(const ReplyHead& head);

/// Who turns the reply into the client's dialect, or a cloud's own words for an error into the vendor's; nullopt when nobody has
/// to.
std::optional<ReplyTranslator> translator_for(const Exchange& x, const Upstream& upstream);

/// How the body is read and what is put back into it; `translator` as below.
ReplyOptions reply_options(const Exchange& x, const Upstream& upstream, const ReplyTranslator* translator);

/// `translator`: writes the body, and so says its status and type; nullptr when the provider does.
std::string write_reply_head(const Exchange& x, const Upstream& upstream, ReplyFraming framing, std::uint64_t size,
                             const ReplyTranslator* translator);

}  // namespace pg
