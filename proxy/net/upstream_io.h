// UpstreamIo: one connection to a provider, and the pool of idle ones that each loop keeps for itself.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/http.h"
#include "core/base/result.h"
#include "core/base/url.h"
#include "proxy/net/buffer.h"
#include "proxy/net/chunks.h"
#include "proxy/net/stream.h"
#include "proxy/net/tls.h"

namespace pg {

/// Where a connection leads, and what vouches for it: whoever agrees in all of it may share one.
struct UpstreamPlace {
  bool tls = false;
  std::uint16_t port = 0;
  std::string host;
  std::string ca_file;
  bool public_only = false;  // nothing is connected to when any of the host's addresses is not of the public internet

  static UpstreamPlace of(const Url& url, const std::string& ca_file, bool public_only = false) {
    return {url.tls, url.port, url.host, ca_file, public_only};
  }
  bool is_of(const Url& url, const std::string& ca, bool is_public) const {
    return port == url.port && tls == url.tls && host == url.host && ca_file == ca && public_only == is_public;
  }
  bool operator==(const UpstreamPlace&) const = default;
};

class UpstreamIo {
 public:
  UpstreamIo(Loop& loop, UpstreamPlace place);

  /// Connects and, for https, verifies. upstream_failed or upstream_timeout; the detail names the reason, never a credential.
  Task<Status> open(const Url& url, const std::string& ca_file, TlsContexts& tls);

  /// When open() had a connection, names looked up, and when TLS stood on it; SteadyTime() = not come to that.
  SteadyTime connected_at() const { return connected_at_; }
  SteadyTime secured_at() const { return secured_at_; }

  enum class Sent : std::uint8_t { all, early_reply, failed, timeout };
  /// Writes what of the request goes out at once; gives what is left of `pieces` (whose entries are changed), for send().
  std::span<iovec> send_now(std::span<iovec> pieces) { return stream_->write_now(pieces); }
  /// Writes the request; stops early when the provider answers before it has read everything.
  Task<Sent> send(std::span<iovec> pieces);

  /// The reply to a HEAD has no body, whatever its head says (RFC 9112 §6.3). After read_head().
  void expect_no_body() { body_ended_ = true; }

  /// Waits for the final reply head (1xx heads are passed over).
  Task<Result<ReplyHead>> read_head();

  /// Appends the next body bytes, de-chunked, to `out`; ok with nothing appended when only framing came, eof at the body's end,
  /// failed or timeout when it was cut.
  Task<IoEnd> read_body(std::string& out);
  /// The part of the body that came with the head, without waiting: eof when that was all of it, again when more must come.
  IoEnd take_buffered(std::string& out);

  bool nothing_buffered() const { return in_.empty() && !body_ended_; }

  /// True when the request was sent and the reply was read to its end, and the provider keeps the connection.
  bool is_reusable() const { return reusable_ && body_ended_ && was_sent_whole_; }
  bool got_any_byte() const { return got_any_byte_; }
  bool was_reused() const { return was_reused_; }
  void mark_reused() { was_reused_ = true; }
  void reset_for_next();
  const UpstreamPlace& place() const { return place_; }
  Stream& stream() { return *stream_; }

 private:
  enum class Framing : std::uint8_t { none, sized, chunked, until_close };
  Sent early_reply();
  void begin_body(const ReplyHead& head);
  IoEnd decode(std::string& out);
  Task<Status> connect_to(const Url& url);

  Loop& loop_;
  UpstreamPlace place_;
  std::unique_ptr<Stream> stream_;
  Buffer in_;
  std::string head_;  // the head's bytes: its views outlive in_'s growth
  Framing framing_ = Framing::none;
  std::uint64_t left_ = 0;
  ChunkDecoder chunks_;
  SteadyTime connected_at_, secured_at_;
  bool was_sent_whole_ = true;
  bool reusable_ = false;
  bool body_ended_ = false;
  bool got_any_byte_ = false;
  bool was_reused_ = false;
};

class UpstreamPool : private Watched {
 public:
  explicit UpstreamPool(Loop& loop) : loop_(loop) {}
  ~UpstreamPool() { clear(); }

  /// An idle connection there that still looks alive, the newest first; nullptr when there is none.
  std::unique_ptr<UpstreamIo> take(const Url& url, const std::string& ca_file, bool public_only = false);
  void give_back(std::unique_ptr<UpstreamIo> connection);
  void clear();

 private:
  struct Idle {
    std::unique_ptr<UpstreamIo> connection;
    SteadyTime since;
  };
  struct Bucket {
    UpstreamPlace place;
    std::vector<Idle> idle;
  };
  void on_tick(SteadyTime now) override;

  Loop& loop_;
  std::vector<Bucket> buckets_;  // as many as there are providers in use
  bool watching_ = false;
};

}  // namespace pg
