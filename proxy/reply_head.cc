// Rate limits, request ids, retry-after and whatever else a provider says are passed on as they came.
#include "proxy/reply_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/compress.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace pg {
namespace {

// Sorted. alt-svc would lead the client past us; set-cookie is the provider's business with us, not with the client.
constexpr std::array<std::string_view, 11> kDropped = {
    "alt-svc", "connection", "content-length",    "keep-alive", "proxy-authenticate", "proxy-connection", "set-cookie",
    "te",      "trailer",    "transfer-encoding", "upgrade"};

std::string_view content_type_of(const ReplyHead& head) {
  return head.find("content-type").value_or("");
}

}  // namespace

bool is_event_stream(const Upstream& upstream) {
  if (!upstream.connection) return upstream.local_type.starts_with("text/event-stream");
  return upstream.framed || starts_with_ignore_case(content_type_of(upstream.head), "text/event-stream");
}

bool is_framed_stream(const ReplyHead& head) {
  return starts_with_ignore_case(content_type_of(head), "application/vnd.amazon.eventstream");
}

bool has_unreadable_coding(const ReplyHead& head) {
  const auto coding = head.find("content-encoding");
  return coding && !find_coding(*coding);
}

bool is_web_page(const ReplyHead& head) {
  return starts_with_ignore_case(content_type_of(head), "text/html");
}

std::string write_reply_head(const Exchange& x, const Upstream& upstream, ReplyFraming framing, std::uint64_t size,
                             const ReplyTranslator* translator) {
  const ReplyHead& head = upstream.head;
  const int status = translator == nullptr ? head.status : translator->status();
  std::string out;
  out.reserve(1'024);
  out.append("HTTP/1.1 ").append(fmt::format_int(status).c_str()).append(" ");
  out.append(head.reason.empty() || status != head.status ? reason_phrase(status) : head.reason).append("\r\n");
  const std::string_view connection = head.find("connection").value_or("");
  for (const Field& field : head.fields) {
    const LowerName name(field.name);
    const std::string_view lower = name.view();
    if (std::binary_search(kDropped.begin(), kDropped.end(), lower) || is_named_by(connection, field.name) ||
        lower.starts_with("x-pg-"))
      continue;
    if (lower == "content-encoding" && find_coding(field.value)) continue;                // undone on the way
    if ((translator != nullptr || upstream.framed) && lower == "content-type") continue;  // what is written is another
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  if (!upstream.connection) {
    fmt::format_to(std::back_inserter(out), "Content-Type: {}\r\nrequest-id: {}\r\nx-request-id: {}\r\n", upstream.local_type,
                   x.row.id, x.row.id);
    if (x.to.provider->echo) out.append("x-echo-saw: ").append(upstream.local_saw).append("\r\n");
  } else if (translator != nullptr) {
    out.append("Content-Type: ").append(translator->content_type()).append("\r\n");
    if (translator->retry_after() >= 0 && !head.find("retry-after"))
      fmt::format_to(std::back_inserter(out), "Retry-After: {}\r\n", translator->retry_after());
  } else if (upstream.framed) {
    out += "Content-Type: text/event-stream\r\n";
  }
  if (!x.to.warnings.empty()) out.append("x-pg-warnings: ").append(x.to.warnings).append("\r\n");
  if (!x.budget_note.empty()) out.append("x-pg-budget: ").append(x.budget_note).append("\r\n");
  out.append("x-pg-request-id: ").append(x.row.id).append("\r\n");
  if (framing == ReplyFraming::sized) out.append("Content-Length: ").append(fmt::format_int(size).c_str()).append("\r\n");
  if (framing == ReplyFraming::chunked) out += "Transfer-Encoding: chunked\r\n";
  if (x.close_after) out += "Connection: close\r\n";
  return out += "\r\n";
}

}  // namespace pg
