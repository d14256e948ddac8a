// Replies that are held until all of them is there: what must be rewritten as a whole, errors, and what an endpoint is made of.
#include "proxy/address_call.h"
#include "proxy/keep_limits.h"
#include "proxy/relay.h"

namespace pg {
namespace {

constexpr std::size_t kMaxErrorBody = 1u << 20;

}  // namespace

// Nothing until all of it is there, and then OpenAI's list.
void Relay::translate_embeddings(IoEnd end) {
  embeddings_ += plain_;
  plain_.clear();
  if (embeddings_.size() > ReplySource().max_reply)
    throw Refusal(make_error(Code::upstream_failed, "the provider's reply is too large"));
  if (end == IoEnd::eof)
    plain_ = translate_embedding_reply(embedding_wire(*x_.to.outlet), embeddings_, *x_.to.embedding).value().body;
}

// Without a word to the client.
Task<void> Relay::read_whole(std::string& body) {
  IoEnd end = IoEnd::ok;
  while (end == IoEnd::ok) {
    end = take_some();
    if (end == IoEnd::again) end = co_await next_bytes();
    end = unfold(end);
    if (end != IoEnd::ok && end != IoEnd::eof) break;
    if (body.empty()) check_start(plain_);
    path_.push(plain_, body).value();
    if (is_masked_error() && body.size() > kMaxErrorBody) end = IoEnd::failed;
    if (body.size() > ReplyOptions().max_whole_reply)
      throw Refusal(make_error(Code::upstream_failed, "the provider's reply is too large"));
  }
  if (client_left_) co_return;
  if (end != IoEnd::eof) refuse_cut(end);
  path_.finish(false, x_.row.id, body).value();
  // A provider that quotes our credential back in an error must not show it to the client: same length, so framing holds.
  if (is_masked_error() || (translator_ && translator_->status() >= 400)) hide_credentials(x_, body);
  note_first_content();
  note_losses();
}

Task<void> Relay::relay_whole() {
  std::string body;
  co_await read_whole(body);
  if (client_left_) co_return;
  const std::string head = write_reply_head(x_, upstream_, ReplyFraming::sized, body.size(), translator());
  if (translator_) x_.row.status = translator_->status();
  const std::string_view sent_body = x_.head.method == "HEAD" ? std::string_view() : std::string_view(body);
  remember_vault(true);  // a reply without an id may still belong to a conversation with one
  x_.head_sent = true;
  x_.row.bytes_out = static_cast<std::int64_t>(body.size());
  const IoEnd sent = co_await x_.client.write(piece_of(head), piece_of(sent_body), x_.policy->limits.stall_timeout);
  client_left_ = sent != IoEnd::ok;
}

Task<void> Relay::collect(std::string& body) {
  prepare().value();
  x_.row.status = upstream_.head.status;
  co_await read_whole(body);
  if (!client_left_) remember_vault(true);
}

// A reply that broke off before the client heard of it.
void Relay::refuse_cut(IoEnd end) const {
  if (x_.revoked) throw Refusal(revoked_error(x_));
  if (end == IoEnd::timeout) throw Refusal(make_error(Code::upstream_timeout, "the provider stopped answering"));
  throw Refusal(make_error(Code::upstream_failed, "the provider's reply was cut short"));
}

}  // namespace pg
