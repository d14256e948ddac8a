// FakeUpstream: a small scripted HTTP/1.1 server on threads of its own. Records the exact bytes of each request and answers
// from a script: bytes, pauses, cuts, resets, lies. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/raw_client.h"

namespace pg::test {

/// One request as it arrived.
struct SeenRequest {
  std::string head;  // request line and fields, with the blank line
  std::string method;
  std::string target;
  Fields fields;                 // order and spelling as they came
  std::string body;              // de-chunked
  std::uint64_t connection = 0;  // which connection it came on, from 1
  bool complete = false;         // the body was whole

  std::string field(std::string_view name) const { return find_field(fields, name); }
  bool has(std::string_view name) const { return has_field(fields, name); }
};

/// What to send back, step by step.
struct Answer {
  enum class Kind { bytes, pause, close, reset, half_close, hang };
  struct Step {
    Kind kind;
    std::string bytes;
    Ms pause{0};
  };
  std::vector<Step> steps;

  Answer& bytes(std::string text);
  Answer& chunk(std::string_view text);  // the same in chunked framing
  Answer& last_chunk() { return bytes("0\r\n\r\n"); }
  Answer& pause(Ms time);
  Answer& close();       // FIN
  Answer& reset();       // RST
  Answer& half_close();  // FIN, and goes on reading
  Answer& hang();        // nothing more until the peer leaves

  /// Only a head: status line, the fields, the blank line.
  static Answer head(int status, const Fields& fields);
  /// A whole reply with Content-Length and content type JSON unless `fields` say otherwise.
  static Answer reply(int status, std::string_view body, Fields fields = {});
  static Answer json(std::string_view body) { return reply(200, body); }
  /// A head with `text/event-stream` and chunked framing, without any chunk.
  static Answer stream_head(const Fields& fields = {});
  /// A whole event stream, one chunk a piece, with a pause between pieces.
  static Answer stream(const std::vector<std::string>& pieces, Ms between = Ms{0}, const Fields& fields = {});
};

using Respond = std::function<Answer(const SeenRequest&)>;

class FakeUpstream {
 public:
  FakeUpstream();
  ~FakeUpstream();
  FakeUpstream(const FakeUpstream&) = delete;
  FakeUpstream& operator=(const FakeUpstream&) = delete;

  std::uint16_t port() const { return port_; }
  void respond(Respond respond);
  void respond(Answer answer);
  void respond_before_body(Answer answer);  // as soon as a head is there; the connection ends with the answer
  void forget();                            // what was seen so far

  std::vector<SeenRequest> seen() const;
  std::size_t count() const;
  SeenRequest last() const;  // a default one when nothing came
  bool wait_for(std::size_t requests, Ms limit = Ms{3000}) const;
  /// How long after `since` a peer that was being answered (or waited for) was seen to leave; -1 ms: not within the limit.
  Ms wait_for_leave(std::chrono::steady_clock::time_point since, Ms limit = Ms{3000}) const;
  std::uint64_t bytes_sent() const { return bytes_sent_; }
  std::uint64_t connections() const { return connections_; }
  /// Request heads, or whatever came instead of one: 0 means that nothing reached us.
  std::uint64_t touched() const { return touched_; }

 private:
  void accept_all();
  void serve(int fd, std::uint64_t number);
  bool play(int fd, const Answer& answer);  // false: the connection is over
  bool read_head(int fd, std::string& buffer, SeenRequest& request);
  bool read_body(int fd, std::string& buffer, SeenRequest& request);
  bool read_more(int fd, std::string& buffer);
  bool wait_or_leave(int fd, Ms time);  // false: the peer left or the server stops
  bool send_all(int fd, std::string_view bytes);
  void note_leave();
  Answer answer_for(const SeenRequest& request) const;

  int listen_fd_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> bytes_sent_{0};
  std::atomic<std::uint64_t> touched_{0};
  mutable std::mutex mutex_;  // guards all below
  mutable std::condition_variable changed_;
  Respond respond_;
  bool before_body_ = false;
  std::vector<SeenRequest> seen_;
  std::vector<std::chrono::steady_clock::time_point> leaves_;
  std::vector<std::thread> threads_;  // only the accepting thread adds; read after it ended
  std::thread accepting_;
};

}  // namespace pg::test
