// Rate limits, request ids, retry-after and whatever else a provider says are passed on as they came.
#include "proxy/reply_head.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/compress.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "proxy/keep_body.h"

namespace pg {
namespace {

// alt-svc, location and refresh would lead the client past us; set-cookie is the provider's business with us, not with
// the client, and so is what it tells browsers of its own site.
constexpr FieldNames kDroppedOfReply({"alt-svc", "clear-site-data", "connection", "content-length", "keep-alive", "location",
                                      "proxy-authenticate", "proxy-connection", "refresh", "set-cookie",
                                      "strict-transport-security", "te", "trailer", "transfer-encoding", "upgrade"});

std::string_view content_type_of(const ReplyHead& head) {
  return head.find("content-type").value_or("");
}

// Whether a cloud's own words stand in for an error of the vendor whose model it runs.
bool is_foreign_error(const Exchange& x, const Upstream& upstream) {
  const OutletForm form = x.to.outlet->form;
  return upstream.head.status >= 400 && (x.to.embedding || form == OutletForm::vertex || form == OutletForm::bedrock);
}

}  // namespace

bool is_event_stream(const Upstream& upstream) {
  if (!upstream.connection) return upstream.local->type.starts_with("text/event-stream");
  return upstream.framed || starts_with_ignore_case(content_type_of(upstream.head), "text/event-stream");
}

bool is_framed_stream(const ReplyHead& head) {
  return starts_with_ignore_case(content_type_of(head), "application/vnd.amazon.eventstream");
}

bool has_unreadable_coding(const ReplyHead& head) {
  const auto coding = head.find("content-encoding");
  return coding && !find_coding(*coding);
}

std::string_view unusable_because(const Upstream& upstream) {
  if (!upstream.connection) return {};
  const ReplyHead& head = upstream.head;
  if (head.status >= 300 && head.status < 400 && head.status != 304)
    return "the provider answered with a redirect, which is not followed";
  if (head.status == 204 || head.status == 205 || head.status == 304 || (head.status == 200 && head.content_length == 0))
    return "the provider answered without saying anything";
  const auto codings = std::count_if(head.fields.begin(), head.fields.end(),
                                     [](const Field& field) { return equals_ignore_case(field.name, "content-encoding"); });
  if (codings > 1) return "the provider's reply says more than once how it is encoded";
  return {};
}

bool starts_like_page(std::string_view body, bool is_answer) {
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  if (is_answer) return body.starts_with('<');
  return starts_with_ignore_case(body, "<!doctype html") || starts_with_ignore_case(body, "<html");
}

bool is_web_page(const ReplyHead& head) {
  return starts_with_ignore_case(content_type_of(head), "text/html");
}

std::optional<ReplyTranslator> translator_for(const Exchange& x, const Upstream& upstream) {
  if (!upstream.connection || (!x.to.translated && !is_foreign_error(x, upstream))) return std::nullopt;
  ReplySource source;
  source.status = upstream.head.status;
  source.event_stream = is_event_stream(upstream);
  return std::optional<ReplyTranslator>(std::in_place, wire_of(x.to.outlet->dialect), wire_of(x.surface.dialect),
                                        x.to.translated.value_or(ReplyContext()), source);
}

ReplyOptions reply_options(const Exchange& x, const Upstream& upstream, const ReplyTranslator* translator) {
  ReplyOptions options;
  options.dialect = x.surface.dialect;
  options.status = upstream.head.status;
  options.event_stream =
      translator ? translator->writes_stream() : is_event_stream(upstream) && !has_unreadable_coding(upstream.head);
  // Of an answer that must fit a schema the originals are put back when it is known what is JSON in it.
  const bool later = x.endpoint != nullptr && x.endpoint->is.output != nullptr && upstream.head.status < 400;
  options.vault = later ? nullptr : &vault_of(x);
  options.signed_reasoning = x.view.signed_reasoning;
  options.structured = x.view.structured;
  return options;
}

std::string write_reply_head(const Exchange& x, const Upstream& upstream, ReplyFraming framing, std::uint64_t size,
                             const ReplyTranslator* translator) {
  const ReplyHead& head = upstream.head;
  const int status = translator == nullptr ? head.status : translator->status();
  std::string out;
  out.reserve(768);
  out += "HTTP/1.1 ";
  out += fmt::format_int(status).str();
  out += ' ';
  out.append(head.reason.empty() || status != head.status ? reason_phrase(status) : head.reason).append(kLineEnd);
  const std::string_view connection = head.find("connection").value_or("");
  for (const Field& field : head.fields) {
    const LowerName name(field.name);
    const std::string_view lower = name.view();
    if (kDroppedOfReply.has(lower) || is_named_by(connection, field.name) || lower.starts_with("x-pg-") ||
        lower.starts_with("access-control-"))
      continue;
    if (lower == "content-encoding" && find_coding(field.value)) continue;                // undone on the way
    if ((translator != nullptr || upstream.framed) && lower == "content-type") continue;  // what is written is another
    const std::size_t value = out.size();
    append_field(out, field.name, field.value);
    hide_credentials(x, out, value + field.name.size());
  }
  if (!upstream.connection) {
    fmt::format_to(std::back_inserter(out), "Content-Type: {}\r\nrequest-id: {}\r\nx-request-id: {}\r\n", upstream.local->type,
                   x.row.id, x.row.id);
    if (x.to.provider->echo) append_field(out, "x-echo-saw", upstream.local->saw);
  } else if (translator != nullptr) {
    append_field(out, "Content-Type", translator->content_type());
    if (translator->retry_after() >= 0 && !head.find("retry-after"))
      fmt::format_to(std::back_inserter(out), "Retry-After: {}\r\n", translator->retry_after());
  } else if (upstream.framed) {
    out += "Content-Type: text/event-stream\r\n";
  }
  if (!x.to.warnings.empty()) append_field(out, "x-pg-warnings", x.to.warnings);
  if (!x.budget_note.empty()) append_field(out, "x-pg-budget", x.budget_note);
  append_field(out, "x-pg-request-id", x.row.id);
  if (framing == ReplyFraming::sized) append_field(out, "Content-Length", size);
  if (framing == ReplyFraming::chunked) out += "Transfer-Encoding: chunked\r\n";
  if (x.close_after) out += "Connection: close\r\n";
  out += kLineEnd;
  return out;  // not the result of +=, which would be copied
}

}  // namespace pg
