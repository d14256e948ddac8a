// RawClient: a TCP client that sends exactly the bytes it is given and says exactly what came back. Every wait has a limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pg::test {

using Ms = std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;
using Fields = std::vector<std::pair<std::string, std::string>>;

/// The value of the first field of that name in any case, or "" when there is none.
std::string find_field(const Fields& fields, std::string_view name);
bool has_field(const Fields& fields, std::string_view name);
bool same_name(std::string_view a, std::string_view b);  // ASCII case folded

/// One HTTP reply as it came over the wire.
struct RawReply {
  int status = 0;                   // 0 = no status line arrived
  std::string head;                 // status line and fields, with the blank line
  Fields fields;                    // without 1xx heads that came before
  std::string body;                 // de-chunked
  std::vector<std::string> chunks;  // as framed; one entry without chunked framing
  bool complete = false;  // the framing ended as it promised: length reached, last chunk seen, or closed where close ends it
  bool closed = false;    // the peer closed or reset behind it, within the time allowed
  bool reset = false;
  int interim = 0;  // number of 1xx heads before
  Ms waited{0};     // from the call until the last byte

  std::string field(std::string_view name) const { return find_field(fields, name); }
  bool has(std::string_view name) const { return has_field(fields, name); }
};

class RawClient {
 public:
  /// Connects to 127.0.0.1:port; connected() tells whether it worked.
  explicit RawClient(std::uint16_t port);
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient();

  bool connected() const { return fd_ >= 0; }
  /// False when the peer took less than everything within the limit.
  bool send(std::string_view bytes, Ms limit = Ms{5000});
  void half_close();
  void reset();  // RST instead of FIN
  void close();

  /// Reads one reply: its head, then its body as its framing says. `to_head`: the request was a HEAD.
  RawReply read_reply(Ms limit = Ms{5000}, bool to_head = false);
  /// Everything until the peer closes or the limit passes.
  std::string read_all(Ms limit = Ms{5000});
  /// Everything that came so far, until `mark` was seen (true) or the limit passed or the peer closed (false). Does not consume.
  bool wait_for(std::string_view mark, Ms limit = Ms{5000});
  /// True when the peer closes (or resets) within the limit; what still arrives is kept.
  bool wait_for_close(Ms limit = Ms{2000});
  const std::string& pending() const { return buffer_; }

 private:
  bool fill(std::chrono::steady_clock::time_point until);  // false: closed, reset or out of time
  int fd_ = -1;
  bool eof_ = false;
  bool reset_ = false;
  std::string buffer_;
};

/// A request with Host, the given fields and Content-Length (when there is a body or the method is POST).
std::string write_request(std::string_view method, std::string_view target, const Fields& fields, std::string_view body,
                          std::string_view host = "127.0.0.1");

/// One request on its own connection.
RawReply exchange(std::uint16_t port, std::string_view bytes, Ms limit = Ms{5000});

/// The pieces of `text` in chunked framing, without the last chunk.
std::string write_chunk(std::string_view text);

}  // namespace pg::test
