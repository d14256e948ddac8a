// What an MCP program and pg say to each other while it runs, one line a message.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "core/base/text.h"
#include "core/store/log_store.h"
#include "proxy/mcp_program.h"

namespace pg {
namespace {

constexpr std::size_t kMostWords = 20, kLongestWord = 300, kMostJunk = 20;
constexpr std::uint32_t kMostSteps = 256;
constexpr std::size_t kMostUnread = 96u << 20;  // of what a program does not take from its stdin: more than one message may have
constexpr std::size_t kMostKept = 1u << 20, kLongestErrors = 64u << 10;

}  // namespace

// Until the deadline, the introduction's end, the program's end, idleness, or stop().
void McpProgram::talk(SteadyTime deadline, bool introducing) {
  for (;;) {
    if (introducing && (introduction_ == Introduction::done || introduction_ == Introduction::failed)) return;
    const SteadyTime now = SystemClock().steady();
    if (now >= deadline) return;
    if (is_stopping()) return;
    if (is_deaf(now)) end_child();
    if (!introducing) {
      send_asked();
      if (is_idle(now)) return;
    }
    std::array<pollfd, 4> waits{{{bell_, POLLIN, 0},
                                 {child_.out(), POLLIN, 0},
                                 {child_.err(), POLLIN, 0},
                                 {outgoing_.empty() ? -1 : child_.in(), POLLOUT, 0}}};
    constexpr int kLook = 500;
    if (::poll(waits.data(), waits.size(), kLook) < 0 && errno != EINTR) return;
    std::uint64_t rings = 0;
    if ((waits[0].revents & POLLIN) != 0) (void)!::read(bell_, &rings, sizeof rings);
    if (waits[2].revents != 0) read_errors();
    if (waits[3].revents != 0) write_some();
    if (waits[1].revents != 0 && !read_some()) {
      if (!ended_) end_child();
      if (!ended_) ended_ = "closed its stdout";
    }
    if (!ended_) ended_ = child_.take_end();
    if (ended_) return hear_the_rest();
  }
}

// It may have answered and gone at once.
void McpProgram::hear_the_rest() {
  pollfd wait{child_.out(), POLLIN, 0};
  while (child_.out() >= 0 && ::poll(&wait, 1, 0) > 0 && read_some()) {
  }
  read_errors();
}

void McpProgram::send_asked() {
  const std::lock_guard lock(mutex_);
  for (Asked& asked : asked_) {
    say(write_rpc_request(asked.id, asked.ask.method, write_mcp_params(asked.ask, era_, asked.id)));
    if (const auto found = waiting_.find(asked.id); found != waiting_.end()) found->second.sent = true;
  }
  asked_.clear();
  for (const std::uint64_t id : withdrawn_)
    say(write_rpc_notification("notifications/cancelled", fmt::format(R"({{"requestId":{},"reason":"the caller left"}})", id)));
  withdrawn_.clear();
  if (!waiting_.empty()) last_used_ = SystemClock().steady();
}

bool McpProgram::is_idle(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  return server_->idle_stop.count() > 0 && waiting_.empty() && asked_.empty() && now - last_used_ >= server_->idle_stop;
}

void McpProgram::write_some() {
  const ssize_t wrote = ::write(child_.in(), outgoing_.data() + taken_bytes_, outgoing_.size() - taken_bytes_);
  if (wrote < 0 && errno != EAGAIN && errno != EINTR) end_child();  // its own last words say why
  if (wrote <= 0) return;
  taken_ = SystemClock().steady();
  taken_bytes_ += static_cast<std::size_t>(wrote);
  if (taken_bytes_ < outgoing_.size()) return;
  outgoing_.clear();
  taken_bytes_ = 0;
  if (outgoing_.capacity() > kMostKept) outgoing_.shrink_to_fit();
}

// One that takes nothing is of no use to anybody, and what it is to be told must not pile up.
bool McpProgram::is_deaf(SteadyTime now) {
  if (outgoing_.empty()) return false;
  const bool deaf = now - taken_ > server_->call_timeout || outgoing_.size() - taken_bytes_ > kMostUnread;
  if (deaf) note_line("(it does not read its stdin)");
  return deaf;
}

bool McpProgram::read_some() {
  std::array<char, 65'536> bytes;
  const ssize_t got = ::read(child_.out(), bytes.data(), bytes.size());
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  std::size_t seen = incoming_.size();
  incoming_.append(bytes.data(), static_cast<std::size_t>(got));
  std::size_t begin = 0;
  for (std::size_t end = incoming_.find('\n', seen); end != std::string::npos; end = incoming_.find('\n', begin)) {
    take_line(trim(std::string_view(incoming_).substr(begin, end - begin)));
    begin = end + 1;
  }
  incoming_.erase(0, begin);
  if (incoming_.size() <= server_->max_reply) return true;
  note_line("(a line of its stdout is longer than max_reply)");
  child_.signal(SIGTERM);
  return false;
}

void McpProgram::read_errors() {
  std::array<char, 8'192> bytes;
  for (int turns = 0; turns < 64; ++turns) {  // a flood must not keep the rest waiting
    const ssize_t got = child_.err() < 0 ? -1 : ::read(child_.err(), bytes.data(), bytes.size());
    if (got <= 0) break;
    errors_.append(bytes.data(), static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end = errors_.find('\n'); end != std::string::npos; end = errors_.find('\n', begin)) {
      note_line(std::string_view(errors_).substr(begin, end - begin));
      begin = end + 1;
    }
    errors_.erase(0, begin);
    if (errors_.size() > kLongestErrors) errors_.erase(kLongestErrors);
  }
  if (!child_.is_running() && !errors_.empty()) note_line(std::exchange(errors_, {}));
}

void McpProgram::note_line(std::string_view line) {
  line = trim(line);
  if (line.empty()) return;
  std::string word(line);
  StreamMask(server_->credentials).mask(word);  // before it is cut: half a credential would not be found
  word = clip_log_text(word, kLongestWord);
  const std::lock_guard lock(mutex_);
  last_words_.push_back(std::move(word));
  if (last_words_.size() > kMostWords) last_words_.pop_front();
}

void McpProgram::take_line(std::string_view line) {
  if (line.empty()) return;
  RpcMessage message;
  if (message.read(line)) {
    if (junk_lines_++ < kMostJunk) note_line(line);
    return;
  }
  if (introduction_ != Introduction::done && message.kind != RpcKind::request) return take_introduction(message);
  if (message.kind == RpcKind::request) return take_request(message);
  if (message.method.ends_with("/list_changed")) {
    const std::lock_guard lock(mutex_);
    ++facts_.changes;
    return;
  }
  const bool is_progress = message.method == "notifications/progress";
  const std::string_view whose = is_progress ? message.params["progressToken"].raw() : message.id;
  const auto id = own_rpc_id(whose);
  if (!id || (message.kind == RpcKind::notification && !is_progress)) return;
  const std::lock_guard lock(mutex_);
  const auto found = waiting_.find(*id);
  if (found == waiting_.end()) return;
  // Whoever reads slowly gets the answer, and not every step on the way.
  if (is_progress && found->second.unread->load(std::memory_order_relaxed) > kMostSteps) return;
  found->second.unread->fetch_add(1, std::memory_order_relaxed);
  McpMailbox::deliver(found->second.box, *found->second.io, {McpEvent::Kind::message, std::string(line), {}});
  if (!is_progress) waiting_.erase(found);
}

// Nothing was promised that a server could ask for, but for a sign of life.
void McpProgram::take_request(const RpcMessage& message) {
  say(message.method == "ping" ? write_rpc_result(message.id, "{}")
                               : write_rpc_error(message.id, {kRpcNoMethod, "not offered by this client", {}}));
}

}  // namespace pg
