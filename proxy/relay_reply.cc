// One loop: what came is decoded, restored and written before the next bytes are waited for.
#include "proxy/relay_reply.h"

#include <fmt/format.h>

#include <optional>

#include "core/base/error.h"
#include "core/base/text.h"
#include "proxy/address_call.h"
#include "proxy/client_watch.h"
#include "proxy/keep_limits.h"
#include "proxy/net/chunks.h"
#include "proxy/note_reply.h"
#include "proxy/relay.h"

namespace pg {

Status Relay::prepare() {
  if (is_web_page(upstream_.head)) return web_page_error();
  if (const std::string_view fault = unusable_because(upstream_); !fault.empty())
    return make_error(Code::upstream_failed, std::string(fault), fmt::format("status {}", upstream_.head.status));
  const auto coding_name = upstream_.head.find("content-encoding");
  if (!coding_name) return {};
  if (const auto coding = find_coding(*coding_name)) {
    if (*coding != Coding::identity) decoder_ = Decompressor::make(*coding);
    return {};
  }
  // With nothing to restore or translate the client may have it as it is. Otherwise it cannot be made right.
  if (vault_of(x_).empty() && !translator_) return {};
  return make_error(Code::upstream_failed, "the provider's reply has an encoding that cannot be read", std::string(*coding_name));
}

Error Relay::web_page_error() const {
  return make_error(Code::upstream_failed, "the provider answered with a web page instead of JSON",
                    fmt::format("status {}", upstream_.head.status));
}

// Before anything of it was passed on. Some gateways' pages claim to be something else.
void Relay::check_start(std::string_view body) const {
  if (!streams_ && upstream_.connection && starts_like_page(body, upstream_.head.status < 300)) throw Refusal(web_page_error());
}

// Not a coroutine itself: one less for every call.
Task<void> Relay::run() {
  prepare().value();
  x_.row.status = upstream_.head.status;
  return must_hold() ? relay_whole() : relay_running();
}

// What is left to do when all of the reply was passed on.
void Relay::end() {
  ended_ = true;
  note_facts();
  if (client_left_) return;
  release_upstream(x_, upstream_);
}

Status Relay::decode() {
  if (!decoder_) {
    plain_.swap(raw_);
    raw_.clear();
    return {};
  }
  // One byte can stand for a thousand: a piece at a time, and the next unfolds when what this one was has been passed on.
  constexpr std::size_t kPiece = 8'192;
  const std::string_view piece = std::string_view(raw_).substr(0, kPiece);
  const Status done = decoder_->push(piece, plain_);
  raw_.erase(0, piece.size());
  if (done) return {};
  return make_error(Code::upstream_failed, "the provider's compressed reply is broken", done.error().message);
}

// The next body bytes that are here already; again when they must be waited for. unfold() comes next.
IoEnd Relay::take_some() {
  plain_.clear();
  if (!upstream_.connection) {
    plain_ = std::exchange(upstream_.local->body, {});
    return plain_.empty() ? IoEnd::eof : IoEnd::ok;
  }
  if (!upstream_.read_ahead.empty()) raw_.swap(upstream_.read_ahead);
  const IoEnd end = is_revoked(x_) ? IoEnd::canceled : upstream_.connection->take_buffered(raw_);
  return end == IoEnd::again && !raw_.empty() ? IoEnd::ok : end;
}

// What came into plain_, as the client is to have it: ok, eof, or how it ended badly.
IoEnd Relay::unfold(IoEnd end) {
  if (!upstream_.connection) {
    keep_reply(x_, plain_);
    return end;
  }
  if (end == IoEnd::again || (end == IoEnd::eof && !raw_.empty())) end = IoEnd::ok;
  // What came before a broken end is still the provider's.
  if (!raw_.empty() && !decode()) end = IoEnd::failed;
  if (end == IoEnd::eof && decoder_ && !decoder_->finished()) end = IoEnd::failed;
  if (frames_) end = unframe(end);
  keep_reply(x_, plain_);
  if (translator_)
    translate(end);
  else if (x_.to.embedding)
    translate_embeddings(end);
  return end;
}

// plain_ becomes what the client is told of it. A stream that was cut ends in the client's own words, here and now.
void Relay::translate(IoEnd end) {
  said_.clear();
  translator_->push(plain_, said_);
  const bool cut = end != IoEnd::ok && end != IoEnd::eof;
  if (cut && streams_ && x_.revoked) translator_->break_off(revoked_error(x_), said_);
  if (end != IoEnd::ok && (streams_ || !cut)) translator_->finish(cut, said_);
  plain_.swap(said_);
}

// The events that the frames in plain_ hold take its place; what came before a broken frame is still the provider's.
IoEnd Relay::unframe(IoEnd end) {
  said_.clear();
  const Status read = frames_->push(plain_, said_);
  plain_.swap(said_);
  return !read || (end == IoEnd::eof && !frames_->at_boundary()) ? IoEnd::failed : end;
}

Task<IoEnd> Relay::next_bytes() {
  // The wait for a first event that others were interested in is part of this one.
  const SteadyTime begun = std::exchange(upstream_.heard, std::nullopt).value_or(x_.gw.clock.steady());
  const Millis ping_after = x_.policy->limits.ping_after;
  Stream& stream = upstream_.connection->stream();
  for (;;) {
    const SteadyTime now = x_.gw.clock.steady();
    const bool may_ping = x_.head_sent && x_.head_is_stream;
    stream.set_deadline(may_ping ? std::min(begun + x_.to.provider->idle_timeout, now + ping_after)
                                 : begun + x_.to.provider->idle_timeout);
    IoEnd end = IoEnd::ok;
    {
      const ClientWatch watch(x_, stream);
      end = co_await upstream_.connection->read_body(raw_);
      client_left_ = client_left_ || watch.client_left();
    }
    const bool silent = end == IoEnd::timeout && may_ping && x_.gw.clock.steady() - begun < x_.to.provider->idle_timeout;
    if (!silent) co_return end;
    co_await send_ping();
    if (client_left_) co_return IoEnd::canceled;
  }
}

Task<void> Relay::send_ping() {
  // Always between events for the client: half an event of the provider's waits in path_.
  std::string bytes;
  if (chunked_) {
    append_chunk(bytes, dialect(x_.surface.dialect).ping);
  } else {
    bytes = dialect(x_.surface.dialect).ping;
  }
  const IoEnd sent = co_await x_.client.write(piece_of(bytes), x_.policy->limits.stall_timeout);
  client_left_ = sent != IoEnd::ok;
}

Task<void> Relay::relay_running() {
  const bool keeps_length = !path_.rewrites() && !decoder_ && !translator_ && !is_of_endpoint() &&
                            upstream_.head.content_length && upstream_.connection;
  chunked_ = !keeps_length && x_.head.minor_version >= 1;
  if (!keeps_length && !chunked_) x_.close_after = true;
  const ReplyFraming framing = keeps_length ? ReplyFraming::sized : chunked_ ? ReplyFraming::chunked : ReplyFraming::until_close;
  head_ = write_reply_head(x_, upstream_, framing, upstream_.head.content_length.value_or(0), translator());
  x_.head_is_stream = streams_;
  IoEnd end = IoEnd::ok;
  while (end == IoEnd::ok && !client_left_) {
    // The head of a stream goes out with the first bytes when they are there already, and alone when they are not.
    if (streams_ && !head_.empty() && upstream_.connection && upstream_.nothing_buffered()) co_await flush(false);
    end = take_some();
    if (end == IoEnd::again) end = co_await next_bytes();
    end = unfold(end);
    if (!head_.empty()) check_start(plain_);
    if (!plain_.empty() && !path_.pass(plain_, out_)) end = IoEnd::failed;
    if (is_of_endpoint() && !x_.endpoint->stream->push(out_)) end = IoEnd::failed;
    note_first_content();
    if (end == IoEnd::ok) co_await flush(false);
  }
  if (client_left_) co_return;
  const bool cut = end != IoEnd::eof;
  if (cut && !streams_ && !x_.head_sent) refuse_cut(end);
  const bool revoked = cut && x_.revoked;
  if (revoked) path_.say_why(revoked_error(x_));
  path_.finish(cut && !translator_, x_.row.id, out_).value();  // a translator has told of the cut itself
  if (is_of_endpoint()) end_endpoint();
  const bool broken_off = cut && !(x_.head_is_stream && chunked_);
  if (cut) {
    x_.row.outcome = "error";
    x_.row.error = revoked                  ? fmt::format("unauthenticated: the key {} inside the reply", x_.revoked_how)
                   : end == IoEnd::timeout  ? "upstream_timeout: the provider fell silent inside the reply"
                   : end == IoEnd::canceled ? "unavailable: pg was stopped inside the reply"
                                            : "upstream_failed: the provider's reply was cut short";
  }
  // Without events of its own a cut reply can only be told by its framing: no last chunk, a connection that ends early.
  x_.close_after = x_.close_after || cut;
  remember_vault(true);
  if (chunked_ || !out_.empty() || !head_.empty()) co_await flush(!broken_off);
}

void Relay::end_endpoint() {
  EndpointRun& run = *x_.endpoint;
  if (run.stream->push(out_)) run.stream->finish(out_);
  run.end_turn(run.stream->answer(), x_.gw.clock.steady());
}

// Writes what is ready; `last` ends a chunked body.
Task<bool> Relay::flush(bool last) {
  framed_.clear();
  if (chunked_) {
    append_chunk(framed_, out_);
    if (last) framed_ += kLastChunk;
  } else {
    framed_.swap(out_);
  }
  x_.row.bytes_out += static_cast<std::int64_t>(framed_.size());
  out_.clear();
  if (head_.empty() && framed_.empty()) co_return true;
  if (x_.head.method == "HEAD") framed_.clear();
  if (!x_.head_sent) co_await x_.parts.loop.join(Stage::answer);
  remember_vault();
  x_.head_sent = true;
  x_.stream_sequence = path_.next_sequence();
  iovec pieces[2] = {piece_of(head_), piece_of(framed_)};
  const std::span<iovec> left = x_.client.write_now(pieces);
  IoEnd sent = IoEnd::ok;
  if (!left.empty()) sent = co_await x_.client.write(left, x_.policy->limits.stall_timeout);
  head_.clear();
  client_left_ = client_left_ || sent != IoEnd::ok;
  co_return !client_left_;
}

void Relay::note_first_content() {
  if (x_.row.ttft_ms >= 0 || !path_.facts().has_content) return;
  x_.row.ttft_ms = std::chrono::duration_cast<Millis>(x_.gw.clock.steady() - x_.begun).count();
}

// What of the reply could not cross: in the head when it is still to be written, in the row always.
void Relay::note_losses() {
  if (!translator_ || translator_->warnings().empty()) return;
  add_warnings(x_, translator_->warnings());
  x_.row.warnings = x_.to.warnings;
}

// Where the provider names no model it is the one that was asked of it: an alias has no price.
std::string Relay::model_served() const {
  const std::string named = translator_ ? translator_->model_served() : x_.to.embedding ? "" : path_.facts().model;
  return named.empty() && upstream_.head.status < 400 ? x_.to.model : named;
}

void Relay::note_facts() {
  if (streams_) note_losses();
  note_reply(x_, upstream_, path_.facts(), {usage(), model_served(), client_left_});
}

// The provider keeps this conversation: its next turn may name only the reply, and still hold our placeholders. Remembered before
// the client hears of the reply, whose next turn may come on another thread at once.
void Relay::remember_vault(bool last) {
  if (remembered_ || !x_.project->keep_vaults || !x_.view.kept_by_provider) return;
  if (path_.facts().reply_id.empty() && !last) return;
  remembered_ = true;
  // An empty one too: a turn without a vault is taken for one whose vault is gone.
  const std::shared_ptr<const Vault> vault = vault_of(x_).snapshot();
  const SteadyTime until = x_.gw.clock.steady() + x_.project->keep_vaults_for;
  const std::size_t limit = x_.policy->limits.remembered_vault_bytes;
  const std::initializer_list<const std::string*> ids = {&path_.facts().reply_id, &x_.view.conversation};
  for (const std::string* id : ids)
    if (!id->empty()) x_.gw.vaults.put(x_.project->id, *id, vault, until, limit);
}

namespace {

void begin_reply(Exchange& x, Upstream& upstream) {
  upstream.framed = upstream.connection && x.to.outlet->form == OutletForm::bedrock && is_framed_stream(upstream.head);
  x.guarding = GuardStep::reply;
}

}  // namespace

Task<void> relay_reply(Exchange& x, Upstream& upstream) {
  begin_reply(x, upstream);
  Relay relay(x, upstream);
  Task<void> way = relay.run();
  co_await std::move(way);
  relay.end();
  x.guarding = GuardStep::none;
}

Task<Collected> collect_reply(Exchange& x, Upstream& upstream) {
  begin_reply(x, upstream);
  Relay relay(x, upstream);
  Collected collected;
  co_await relay.collect(collected.body);
  collected.status = relay.status();
  relay.end();
  x.guarding = GuardStep::none;
  co_return collected;
}

}  // namespace pg
