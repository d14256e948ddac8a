// One loop, as for models, without a dialect: nothing of an API's reply is understood. What is not rewritten keeps its length;
// nothing is read from the service before the caller has taken what came before.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/base/compress.h"
#include "core/base/error.h"
#include "core/guard/service_texts.h"
#include "core/guard/stream_mask.h"
#include "core/guard/stream_restore.h"
#include "core/route/service.h"
#include "core/route/service_url.h"
#include "proxy/client_watch.h"
#include "proxy/keep_limits.h"
#include "proxy/net/chunks.h"
#include "proxy/reply_head.h"
#include "proxy/serve_service.h"

namespace pg {
namespace {

constexpr FieldNames kDroppedOfAnswer({"alt-svc", "clear-site-data", "connection", "content-length", "keep-alive",
                                       "proxy-authenticate", "proxy-connection", "refresh", "set-cookie",
                                       "strict-transport-security", "te", "trailer", "transfer-encoding", "upgrade"});

/// What must not come back: what went out, and what tokens are bought with.
StreamMask mask_for(const Exchange& x) {
  StreamMask mask(x.service->credentials);
  if (x.to.token != nullptr) mask.add(x.to.token->reveal());
  if (x.service->oauth == nullptr) return mask;
  const SecretString newest = x.gw.tokens.refresh_token(*x.service->oauth);
  if (newest.reveal() != x.service->oauth->refresh_token.reveal()) mask.add(newest.reveal());
  return mask;
}

bool is_readable_text(const ReplyHead& head) {
  const std::string_view type = head.find("content-type").value_or("");
  const BodyKind kind = find_body_kind(type, "x");
  return kind == BodyKind::json || kind == BodyKind::text;
}

class ServiceRelay {
 public:
  ServiceRelay(Exchange& x, Upstream& upstream)
      : x_(x), upstream_(upstream), mask_(mask_for(x)), restores_(!x.vault.empty() && is_readable_text(upstream.head)) {
    if (!restores_) return;
    index_.emplace(x.vault);
    restorer_.emplace(*index_, TextForm::document, counts_);
  }
  Task<void> run();

 private:
  Status prepare();
  std::string write_head();
  std::string mapped(std::string_view name, std::string_view value) const;
  IoEnd take_some();
  Task<IoEnd> next_bytes();
  IoEnd turn(IoEnd end);
  Task<void> flush(bool last);
  void note_cut(IoEnd end);
  bool keeps_length() const { return !restores_ && !decoder_ && upstream_.head.content_length; }
  bool has_body() const {
    const int status = upstream_.head.status;
    return x_.head.method != "HEAD" && status != 204 && status != 304;
  }

  Exchange& x_;
  Upstream& upstream_;
  StreamMask mask_;
  bool restores_;
  std::optional<TokenIndex> index_;
  RestoreCounts counts_;
  std::optional<StreamRestorer> restorer_;  // after index_ and counts_
  std::optional<Decompressor> decoder_;
  std::string raw_, plain_, masked_, out_, framed_, head_;
  std::uint64_t received_ = 0;
  bool chunked_ = false;
  bool client_left_ = false;
};

// Before the caller has heard of it.
Status ServiceRelay::prepare() {
  if (!has_body()) upstream_.connection->expect_no_body();
  const ReplyHead& head = upstream_.head;
  const std::uint64_t most = x_.service->max_reply;
  if (most != 0 && has_body() && head.content_length.value_or(0) > most)
    return make_error(Code::upstream_failed, "the service's reply is larger than max_reply");
  const auto coding_name = head.find("content-encoding");
  if (!coding_name || !has_body()) return {};
  const auto coding = find_coding(*coding_name);
  if (coding && *coding != Coding::identity) decoder_ = Decompressor::make(*coding);
  // In what cannot be read a credential could come back, and no placeholder could be restored.
  if (!coding && !(x_.service->passes_unreadable && x_.vault.empty()))
    return make_error(Code::upstream_failed, "the service's reply has an encoding that cannot be read",
                      std::string(*coding_name));
  return {};
}

std::string ServiceRelay::mapped(std::string_view name, std::string_view value) const {
  const bool is_url = name == "location" || name == "content-location";
  if (!is_url && name != "link") return std::string(value);
  Url url = x_.to.outlet->base;
  url.query.clear();
  const std::string base = url.text();
  // Without what pg added to the query, which may be the credential.
  const std::string called = base + std::string(x_.surface.rest) + std::string(x_.surface.query);
  const ServicePlace place{base, called, x_.surface.gateway};
  return is_url ? map_service_url(value, place) : map_service_links(value, place);
}

std::string ServiceRelay::write_head() {
  const ReplyHead& head = upstream_.head;
  // The phrase is ours: theirs could quote what must not come back.
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", head.status, reason_phrase(head.status));
  const std::string_view connection = head.find("connection").value_or("");
  for (const Field& field : head.fields) {
    const LowerName name(field.name);
    const std::string_view lower = name.view();
    if (kDroppedOfAnswer.has(lower) || is_named_by(connection, field.name) || lower.starts_with("x-pg-") ||
        lower.starts_with("access-control-"))
      continue;
    if (decoder_ && lower == "content-encoding") continue;  // undone on the way
    std::string value = mapped(lower, field.value);
    mask_.mask(value);
    append_field(out, field.name, value);
  }
  append_field(out, "x-pg-request-id", x_.row.id);
  if (!has_body() || keeps_length()) {
    if (head.content_length) append_field(out, "Content-Length", *head.content_length);
  } else if (chunked_) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (x_.close_after) out += "Connection: close\r\n";
  out += kLineEnd;
  return out;
}

IoEnd ServiceRelay::take_some() {
  const IoEnd end = is_revoked(x_) ? IoEnd::canceled : upstream_.connection->take_buffered(raw_);
  return end == IoEnd::again && !raw_.empty() ? IoEnd::ok : end;
}

Task<IoEnd> ServiceRelay::next_bytes() {
  Stream& stream = upstream_.connection->stream();
  stream.set_deadline(x_.gw.clock.steady() + x_.to.provider->idle_timeout);
  const ClientWatch watch(x_, stream);
  const IoEnd end = co_await upstream_.connection->read_body(raw_);
  client_left_ = client_left_ || watch.client_left();
  co_return end;
}

// What came, as the caller is to have it, in out_.
IoEnd ServiceRelay::turn(IoEnd end) {
  constexpr std::size_t kPiece = 8'192;  // one byte can stand for a thousand: a piece at a time
  const std::size_t size = decoder_ ? std::min(kPiece, raw_.size()) : raw_.size();
  plain_.clear();
  if (!decoder_) {
    plain_.swap(raw_);
  } else if (size > 0) {
    const Status done = decoder_->push(std::string_view(raw_).substr(0, size), plain_);
    raw_.erase(0, size);
    if (!done) return IoEnd::failed;
    if (!raw_.empty() && (end == IoEnd::eof || end == IoEnd::again)) end = IoEnd::ok;
  }
  if (end == IoEnd::eof && decoder_ && !decoder_->finished()) end = IoEnd::failed;
  received_ += plain_.size();
  if (x_.service->max_reply != 0 && received_ > x_.service->max_reply) return IoEnd::failed;
  masked_.clear();
  mask_.push(plain_, masked_);
  const bool ended = end != IoEnd::ok && end != IoEnd::again;
  if (ended) mask_.finish(masked_);
  if (!restorer_) {
    out_.append(masked_);
  } else {
    (void)restorer_->push(masked_, out_);
    if (ended) restorer_->flush(end != IoEnd::eof, out_);
  }
  return end;
}

Task<void> ServiceRelay::flush(bool last) {
  framed_.clear();
  if (chunked_) {
    if (!out_.empty()) append_chunk(framed_, out_);
    if (last) framed_ += kLastChunk;
  } else {
    framed_.swap(out_);
  }
  out_.clear();
  if (!x_.head_sent) head_ = write_head();
  if (head_.empty() && framed_.empty()) co_return;
  x_.row.bytes_out += static_cast<std::int64_t>(framed_.size());
  x_.head_sent = true;
  const IoEnd sent = co_await x_.client.write(piece_of(head_), piece_of(framed_), x_.policy->limits.stall_timeout);
  head_.clear();
  client_left_ = client_left_ || sent != IoEnd::ok;
}

void ServiceRelay::note_cut(IoEnd end) {
  x_.row.outcome = "error";
  x_.row.error = x_.revoked               ? fmt::format("unauthenticated: the key {} inside the reply", x_.revoked_how)
                 : end == IoEnd::timeout  ? "upstream_timeout: the service fell silent inside the reply"
                 : end == IoEnd::canceled ? "unavailable: pg was stopped inside the reply"
                 : x_.service->max_reply != 0 && received_ > x_.service->max_reply
                     ? "upstream_failed: the service's reply is larger than max_reply"
                     : "upstream_failed: the service's reply was cut short";
  x_.close_after = true;
}

Task<void> ServiceRelay::run() {
  prepare().value();
  x_.row.status = upstream_.head.status;
  x_.row.stream = is_event_stream(upstream_);
  chunked_ = has_body() && !keeps_length() && x_.head.minor_version >= 1;
  if (has_body() && !keeps_length() && !chunked_) x_.close_after = true;
  IoEnd end = has_body() ? IoEnd::ok : IoEnd::eof;
  while (end == IoEnd::ok && !client_left_) {
    // A stream's head goes out at once; others' with the first bytes.
    if (x_.row.stream && !x_.head_sent && upstream_.nothing_buffered()) co_await flush(false);
    end = raw_.empty() ? take_some() : IoEnd::ok;
    if (end == IoEnd::again) end = co_await next_bytes();
    end = turn(end);
    if (end == IoEnd::ok && !out_.empty()) co_await flush(false);
  }
  if (client_left_) throw Refusal(client_left_error());
  const bool cut = end != IoEnd::eof;
  if (cut && !x_.head_sent) {
    if (x_.revoked) throw Refusal(revoked_error(x_));
    throw Refusal(end == IoEnd::timeout ? make_error(Code::upstream_timeout, "the service stopped answering")
                                        : make_error(Code::upstream_failed, "the service's reply was cut short"));
  }
  if (cut) note_cut(end);
  x_.row.restored = counts_.exact + counts_.lenient;
  x_.row.unknown_tokens = counts_.unknown;
  co_await flush(!cut);
  if (!cut && !client_left_) release_upstream(x_, upstream_);
}

}  // namespace

Task<void> relay_service_reply(Exchange& x, Upstream& upstream) {
  ServiceRelay relay(x, upstream);
  co_await relay.run();
}

}  // namespace pg
