// The tick runs only while something is watched, so that an idle pg does not wake the machine.
#include "proxy/net/loop.h"

namespace pg {

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
