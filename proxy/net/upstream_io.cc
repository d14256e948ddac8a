// Providers are read with the same strictness as clients, but what is wrong becomes 502, never the client's fault.
#include "proxy/net/upstream_io.h"

#include <algorithm>
#include <chrono>

#include "proxy/net/http_parse.h"
#include "proxy/net/resolve.h"

namespace pg {
namespace {

constexpr std::size_t kRead = 16 * 1024;
constexpr std::size_t kMaxReplyHead = 64 * 1024;
constexpr int kMaxInterimHeads = 16;

Error failed(std::string detail) {
  return make_error(Code::upstream_failed, "the provider could not be reached", std::move(detail));
}
Error broken(std::string detail) {
  return make_error(Code::upstream_failed, "the provider's reply is not valid HTTP", std::move(detail));
}
Error timed_out(std::string what) {
  return make_error(Code::upstream_timeout, "the provider did not answer in time", std::move(what));
}

// Nothing that the provider could help.
Error no_descriptors() {
  return make_error(Code::unavailable, "pg has no file descriptors left (ulimit -n)");
}

}  // namespace

UpstreamIo::UpstreamIo(Loop& loop, UpstreamPlace place) : loop_(loop), place_(std::move(place)) {
  TcpSocket unopened(loop.io());
  stream_ = std::make_unique<Stream>(loop, std::move(unopened), Stage::reply);
}

Task<Status> UpstreamIo::connect_to(const Url& url) {
  const Result<std::vector<asio::ip::tcp::endpoint>> endpoints = co_await resolve(loop_, url.host, url.port, stream_->deadline());
  if (!endpoints) co_return endpoints.error();
  if (place_.public_only) {
    const Status allowed = check_public(endpoints.value(), url.host);
    if (!allowed) co_return allowed.error();
  }
  for (const asio::ip::tcp::endpoint& endpoint : endpoints.value()) {
    const IoEnd end = co_await stream_->connect(endpoint);
    if (end == IoEnd::ok) co_return Status{};
    if (end == IoEnd::timeout) co_return timed_out("connect to " + url.authority());
    if (stream_->lacks_descriptor()) co_return no_descriptors();
    stream_->close();
  }
  co_return failed("connect to " + url.authority() + ": refused or unreachable");
}

Task<Status> UpstreamIo::open(const Url& url, const std::string& ca_file, TlsContexts& tls) {
  const Status connected = co_await connect_to(url);
  if (connected) connected_at_ = std::chrono::steady_clock::now();
  if (!connected || !url.tls) co_return connected;
  Result<SslPtr> session = tls.make_session(stream_->fd(), url.host, ca_file);
  if (!session) co_return session.error();
  SslPtr ssl = std::move(session).value();
  const IoEnd end = co_await stream_->start_tls(std::move(ssl));
  if (end == IoEnd::ok) secured_at_ = std::chrono::steady_clock::now();
  if (end == IoEnd::ok) co_return Status{};
  if (end == IoEnd::timeout) co_return timed_out("TLS with " + url.authority());
  co_return failed("TLS with " + url.authority() + ": " + take_tls_error(stream_->ssl()));
}

Task<UpstreamIo::Sent> UpstreamIo::send(std::span<iovec> pieces) {
  if (stream_->collects(pieces)) pieces = co_await stream_->write_in_turn(pieces);
  std::size_t next = 0;
  while (next < pieces.size()) {
    const IoResult sent = stream_->try_write(pieces.subspan(next));
    if (sent.end == IoEnd::again) {
      if (stream_->has_input()) co_return early_reply();
      const IoEnd waited = co_await stream_->wait_writable_or_input();
      if (waited == IoEnd::timeout) co_return Sent::timeout;
      if (waited != IoEnd::ok) co_return Sent::failed;
      continue;
    }
    // A provider that refuses early and closes breaks our pipe; its answer may still be there to read.
    if (sent.end != IoEnd::ok) co_return stream_->has_input() ? early_reply() : Sent::failed;
    std::size_t size = sent.size;
    for (; next < pieces.size() && size >= pieces[next].iov_len; ++next) size -= pieces[next].iov_len;
    if (size > 0) {
      pieces[next].iov_base = static_cast<char*>(pieces[next].iov_base) + size;
      pieces[next].iov_len -= size;
    }
  }
  co_return Sent::all;
}

// What the provider still waits for never comes: the next request would be taken for it.
UpstreamIo::Sent UpstreamIo::early_reply() {
  was_sent_whole_ = false;
  return Sent::early_reply;
}

Task<Result<ReplyHead>> UpstreamIo::read_head() {
  for (int heads = 0; heads < kMaxInterimHeads;) {
    const std::size_t size = find_head_end(in_.view());
    if (size > kMaxReplyHead || (size == 0 && in_.size() > kMaxReplyHead)) co_return broken("a reply head of more than 64 KiB");
    if (size > 0) {
      head_.assign(in_.view().substr(0, size));
      in_.consume(size);
      Result<ReplyHead> head = parse_reply_head(head_);
      if (!head) co_return head.error();
      if (head.value().status >= 100 && head.value().status < 200) {
        if (head.value().status == 101) co_return broken("101 without being asked");
        ++heads;
        continue;
      }
      begin_body(head.value());
      co_return std::move(head);
    }
    if (!in_.empty() && !std::string_view("HTTP/1.").starts_with(in_.view().substr(0, 7))) co_return broken("no status line");
    in_.make_room(kRead);
    const IoResult got = co_await stream_->read_in_turn(in_.free_begin(), in_.free_size());
    if (got.end == IoEnd::timeout) co_return timed_out("waiting for the reply head");
    if (got.end == IoEnd::canceled) co_return make_error(Code::unavailable, "the request was given up");
    if (got.end != IoEnd::ok) co_return failed(got_any_byte_ ? "closed inside the reply head" : "closed before any reply");
    in_.grew(got.size);
    got_any_byte_ = true;
  }
  co_return broken("too many 1xx replies");
}

void UpstreamIo::begin_body(const ReplyHead& head) {
  reusable_ = head.keep_alive;
  body_ended_ = head.status == 204 || head.status == 304;
  framing_ = Framing::none;
  chunks_ = ChunkDecoder();
  if (body_ended_) return;
  if (head.chunked) {
    framing_ = Framing::chunked;
  } else if (head.content_length) {
    framing_ = Framing::sized;
    left_ = *head.content_length;
    body_ended_ = left_ == 0;
  } else {
    framing_ = Framing::until_close;
    reusable_ = false;
  }
}

IoEnd UpstreamIo::decode(std::string& out) {
  if (body_ended_) return IoEnd::eof;
  const std::string_view bytes = in_.view();
  if (framing_ == Framing::chunked) {
    const Result<std::size_t> took = chunks_.push(bytes, out);
    if (!took) {
      reusable_ = false;
      return IoEnd::failed;
    }
    in_.consume(took.value());
    body_ended_ = chunks_.done();
  } else {
    const std::size_t take =
        framing_ == Framing::sized ? static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())) : bytes.size();
    out.append(bytes.substr(0, take));
    in_.consume(take);
    left_ -= framing_ == Framing::sized ? take : 0;
    body_ended_ = framing_ == Framing::sized && left_ == 0;
  }
  if (body_ended_ && !in_.empty()) reusable_ = false;  // bytes after the reply: nothing on this connection can be trusted
  return IoEnd::ok;
}

IoEnd UpstreamIo::take_buffered(std::string& out) {
  const IoEnd end = decode(out);
  if (end != IoEnd::ok) return end;
  return body_ended_ ? IoEnd::eof : IoEnd::again;
}

Task<IoEnd> UpstreamIo::read_body(std::string& out) {
  if (body_ended_) co_return IoEnd::eof;
  in_.make_room(kRead);
  IoResult got = stream_->try_read(in_.free_begin(), in_.free_size());
  if (got.end == IoEnd::again) got = co_await stream_->read_some(in_.free_begin(), in_.free_size());
  if (got.end == IoEnd::eof && framing_ == Framing::until_close) {
    body_ended_ = true;
    co_return IoEnd::eof;
  }
  if (got.end != IoEnd::ok) co_return got.end == IoEnd::eof ? IoEnd::failed : got.end;
  in_.grew(got.size);
  co_return decode(out);
}

void UpstreamIo::reset_for_next() {
  got_any_byte_ = body_ended_ = reusable_ = false;
  head_.clear();
  if (in_.capacity() > 4 * kRead) in_.release();
}

}  // namespace pg
