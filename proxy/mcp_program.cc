// A program is started when somebody asks it for the first time, and again when it has ended; after failures a little later each
// time. What it prints that is no message is kept with its last words.
#include "proxy/mcp_program.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "core/store/log_store.h"

extern char** environ;

namespace pg {
namespace {

constexpr Millis kGrace{2'000};  // between asking a program to end, SIGTERM and SIGKILL
constexpr Millis kLongestPause{60'000};
constexpr Millis kStable{30'000};  // a program that ran for so long has not failed to start
constexpr std::size_t kLongestFault = 200;
constexpr std::uint64_t kIntroductionId = 0;

SteadyTime now_steady() {
  return SystemClock().steady();
}

class ProgramAnswer final : public McpAnswer {
 public:
  ProgramAnswer(std::shared_ptr<McpProgram> program, std::shared_ptr<McpMailbox> box, std::uint64_t id)
      : program_(std::move(program)), box_(std::move(box)), id_(id) {}
  ~ProgramAnswer() override {
    if (!answered_) program_->withdraw(id_);
  }
  ProgramAnswer(const ProgramAnswer&) = delete;
  ProgramAnswer& operator=(const ProgramAnswer&) = delete;

  Task<McpEvent> next(SteadyTime deadline) override {
    McpEvent event = co_await box_->next(deadline);
    if (event.kind == McpEvent::Kind::ended) answered_ = !aborted_;
    if (event.kind == McpEvent::Kind::message) {
      RpcMessage message;
      answered_ = !message.read(event.text) && message.kind != RpcKind::notification;
    }
    co_return event;
  }
  void abort(IoEnd) override {
    aborted_ = true;
    box_->abort();
  }
  std::uint64_t id() const override { return id_; }

 private:
  std::shared_ptr<McpProgram> program_;
  std::shared_ptr<McpMailbox> box_;
  std::uint64_t id_;
  bool answered_ = false;
  bool aborted_ = false;
};

}  // namespace

Task<Result<std::unique_ptr<McpAnswer>>> McpProgram::ask(McpErrand errand, McpAsk ask) {
  if (!server_->problem.empty())
    co_return make_error(Code::unavailable, fmt::format("the server {} cannot be started: {}", server_->name, server_->problem));
  auto box = std::make_shared<McpMailbox>(errand.loop.io());
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) co_return make_error(Code::unavailable, "pg is shutting down");
    if (bell_ < 0) bell_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bell_ < 0) co_return make_error(Code::unavailable, "there is no file descriptor left to start a server with");
    id = next_id_++;
    waiting_[id] = {box, &box->io(), false, box->unread()};
    asked_.push_back({id, std::move(ask)});
    if (!thread_.joinable()) thread_ = std::thread([this] { live(); });
  }
  wake();
  co_return std::unique_ptr<McpAnswer>(std::make_unique<ProgramAnswer>(shared_from_this(), std::move(box), id));
}

void McpProgram::withdraw(std::uint64_t id) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    if (found->second.sent) withdrawn_.push_back(id);
    waiting_.erase(found);
    std::erase_if(asked_, [id](const Asked& asked) { return asked.id == id; });
  }
  wake();
}

McpFacts McpProgram::facts() const {
  const std::lock_guard lock(mutex_);
  McpFacts facts = facts_;
  facts.last_words.assign(last_words_.begin(), last_words_.end());
  return facts;
}

std::uint64_t McpProgram::changes() const {
  const std::lock_guard lock(mutex_);
  return facts_.changes;
}

Task<void> McpProgram::close(McpErrand) {
  stop();
  co_return;
}

void McpProgram::begin_stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
}

void McpProgram::stop() {
  begin_stop();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  if (bell_ >= 0) ::close(std::exchange(bell_, -1));
}

void McpProgram::wake() {
  changed_.notify_all();
  const std::lock_guard lock(mutex_);
  const std::uint64_t one = 1;
  if (bell_ >= 0) (void)!::write(bell_, &one, sizeof one);
}

// The thread.

void McpProgram::live() {
  sigset_t all;  // others take the signals; a program that does not read must not end pg
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !asked_.empty(); });
      if (stopping_) break;
    }
    const SteadyTime now = now_steady();
    if (now < retry_at_) {
      const auto left = std::chrono::duration_cast<std::chrono::seconds>(retry_at_ - now).count() + 1;
      fail_all(make_error(Code::unavailable, fmt::format("the server {} failed {} times and is started again in {} s",
                                                         server_->name, failures_, left)));
      continue;
    }
    run_once();
  }
  fail_all(gone_error());
  ended_thread_.store(true, std::memory_order_release);
}

void McpProgram::run_once() {
  ChildSpec spec{server_->command, {}, server_->directory};
  for (const auto& [name, value] : server_->environment)  // first: of doubled names most programs take the first
    spec.environment.push_back(fmt::format("{}={}", name, value.reveal()));
  for (std::string& line : plain_environment(environ)) {
    const std::string_view name = std::string_view(line).substr(0, line.find('='));
    const auto& own = server_->environment;
    if (std::none_of(own.begin(), own.end(), [name](const auto& each) { return each.first == name; }))
      spec.environment.push_back(std::move(line));
  }
  incoming_.clear();
  errors_.clear();
  outgoing_.clear();
  taken_bytes_ = 0;
  ended_.reset();
  junk_lines_ = 0;
  introduction_ = Introduction::none;
  const SteadyTime begun = now_steady();
  const Status started = child_.start(spec);
  for (std::string& line : spec.environment) wipe(line.data(), line.size());
  bool well = false;
  if (!started) {
    fail_all(make_error(Code::upstream_failed, fmt::format("the server {}: {}", server_->name, started.error().message)));
  } else if (introduce()) {
    last_used_ = now_steady();
    talk(SteadyTime::max(), false);
    well = !ended_ || now_steady() - begun > kStable;
    if (ended_) fail_all(end_error(*ended_));
    if (is_stopping()) fail_all(gone_error());
    say_goodbye();
  } else {
    fail_all(end_error(introduction_fault_));
    child_.signal(SIGTERM);
    end_child();
  }
  child_.kill_now();  // and with it the ends of its pipes
  failures_ = well ? 0 : failures_ + 1;
  // Once may be chance. After that each pause is twice as long.
  const Millis pause = failures_ < 2 ? Millis{0} : std::min(Millis{1'000ll << std::min(failures_ - 2, 6u)}, kLongestPause);
  retry_at_ = now_steady() + pause;
}

// initialize first, which every server of the last years knows; one that does not is asked in the way of 2026-07-28.
bool McpProgram::introduce() {
  const SteadyTime deadline = now_steady() + server_->start_timeout;
  introduction_ = Introduction::asked_session;
  say(write_rpc_request(kIntroductionId, "initialize", write_initialize_params()));
  talk(deadline, true);
  if (introduction_ == Introduction::done) return true;
  if (ended_)
    introduction_fault_ = *ended_ + " before it had introduced itself";
  else if (introduction_ != Introduction::failed)
    introduction_fault_ = fmt::format("did not introduce itself within {} s", server_->start_timeout.count() / 1000);
  return false;
}

void McpProgram::take_introduction(const RpcMessage& message) {
  if (message.id != "0" || message.kind == RpcKind::request) return;
  const bool by_discover = introduction_ == Introduction::asked_discover;
  if (message.kind == RpcKind::error) {
    if (by_discover) {
      introduction_ = Introduction::failed;
      std::string said = message.error["message"].text();
      StreamMask(server_->credentials).mask(said);  // before it is cut
      introduction_fault_ = "refused to introduce itself: " + std::string(clip_log_text(said, kLongestFault));
      return;
    }
    introduction_ = Introduction::asked_discover;
    say(write_rpc_request(kIntroductionId, "server/discover", write_discover_params()));
    return;
  }
  introduction_ = Introduction::done;
  era_ = by_discover ? McpEra::stateless : McpEra::sessions;
  if (!by_discover) say(write_rpc_notification("notifications/initialized", "{}"));
  const JsonView info =
      by_discover ? message.result["_meta"]["io.modelcontextprotocol/serverInfo"] : message.result["serverInfo"];
  const std::lock_guard lock(mutex_);
  facts_.revision = by_discover ? std::string(kStatelessRevision) : message.result["protocolVersion"].text();
  facts_.name = info["name"].text();
  facts_.version = info["version"].text();
  facts_.instructions = message.result["instructions"].text();
  ++facts_.changes;
}

void McpProgram::say_goodbye() {
  if (!child_.is_running()) return;
  child_.close_in();
  if (is_stopping()) child_.signal(SIGTERM);  // who stops pg does not want to wait
  end_child();
}

// First it may end by itself, then it is asked to, then it is ended.
void McpProgram::end_child() {
  SteadyTime limit = now_steady() + kGrace;
  bool asked = false;
  while (child_.is_running()) {
    if (auto how = child_.take_end()) {
      ended_ = std::move(how);
      break;
    }
    if (now_steady() >= limit) {
      if (asked) {
        child_.kill_now();
        ended_ = "did not end when it was asked to";
        break;
      }
      asked = true;
      child_.signal(SIGTERM);
      limit = now_steady() + kGrace;
    }
    read_errors();
    std::this_thread::sleep_for(Millis{5});
  }
}

bool McpProgram::is_stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

Error McpProgram::gone_error() const {
  return make_error(Code::unavailable, fmt::format("the server {} is being ended", server_->name));
}

void McpProgram::say(std::string message) {
  if (outgoing_.empty()) taken_ = now_steady();
  outgoing_.append(one_line(std::move(message))).append("\n");
}

void McpProgram::fail_all(const Error& error) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, waiting] : waiting_) McpMailbox::deliver(waiting.box, *waiting.io, {McpEvent::Kind::ended, {}, error});
  waiting_.clear();
  asked_.clear();
  withdrawn_.clear();
}

Error McpProgram::end_error(const std::string& how) const {
  const std::lock_guard lock(mutex_);
  const std::string said = last_words_.empty() ? "" : ": " + last_words_.back();
  std::string message = fmt::format("the server {} {}{}", server_->name, how, said);
  StreamMask(server_->credentials).mask(message);
  return make_error(Code::upstream_failed, std::move(message));
}

std::shared_ptr<McpLink> make_program_link(std::shared_ptr<const McpServer> server) {
  return std::make_shared<McpProgram>(std::move(server));
}

}  // namespace pg
