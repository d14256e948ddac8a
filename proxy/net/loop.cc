// The tick runs only while something is watched, so that an idle pg does not wake the machine.
#include "proxy/net/loop.h"

#include <algorithm>
#include <boost/asio/defer.hpp>

namespace pg {
namespace {

// So many at once are not worth the wait for the last of them: each is sent as soon as it is ready.
constexpr std::size_t kFewRequests = 8;

}  // namespace

void Loop::watch(Watched& watched) {
  watched.slot_ = watched_.size();
  watched_.push_back(&watched);
  arm();
}

void Loop::unwatch(Watched& watched) {
  if (watched.slot_ >= watched_.size()) return;
  Watched* const last = watched_.back();
  watched_[watched.slot_] = last;
  last->slot_ = watched.slot_;
  watched_.pop_back();
  watched.slot_ = static_cast<std::size_t>(-1);
}

void Loop::enter(Stage stage, std::unique_ptr<Waiting> waiting) {
  stages_[static_cast<std::size_t>(stage)].push_back(std::move(waiting));
  arm_stages();
}

// Behind everything that the reactor has handed out in this turn.
void Loop::arm_stages() {
  if (stages_armed_) return;
  stages_armed_ = true;
  asio::defer(io_, [this] { run_stages(); });
}

void Loop::run(bool wants_ring) {
  if (wants_ring) ring_ = Ring::open();
  const Ring::Use use(ring_.get());
  io_.run();
  if (ring_) ring_->close();
}

void Loop::run_stages() {
  std::size_t waiting = 0;
  for (const auto& stage : stages_) waiting += stage.size();
  is_crowded_ = waiting > kFewRequests;
  for (std::size_t i = 0; i < stages_.size(); ++i) run_stage(static_cast<Stage>(i));
  stages_armed_ = false;
  if (std::any_of(stages_.begin(), stages_.end(), [](const auto& stage) { return !stage.empty(); })) arm_stages();
}

void Loop::run_stage(Stage stage) {
  if (stages_[static_cast<std::size_t>(stage)].empty()) return;
  std::vector<std::unique_ptr<Waiting>> running = std::move(spare_);
  running.swap(stages_[static_cast<std::size_t>(stage)]);
  const bool few = stage == Stage::request && running.size() <= kFewRequests;
  for (auto& waiting : running) {
    waiting->go_on();
    if (few) run_stage(Stage::send);
  }
  running.clear();
  spare_ = std::move(running);
}

void Loop::arm() {
  if (armed_ || watched_.empty()) return;
  armed_ = true;
  timer_.expires_after(kTick);
  timer_.async_wait([this](const boost::system::error_code& ec) {
    armed_ = false;
    if (!ec) tick();
  });
}

void Loop::tick() {
  const SteadyTime now = std::chrono::steady_clock::now();
  // Backwards, since an entry may remove itself (the last one takes its place) while it is asked.
  for (std::size_t i = watched_.size(); i-- > 0;)
    if (i < watched_.size()) watched_[i]->on_tick(now);
  arm();
}

}  // namespace pg
