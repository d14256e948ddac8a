// What has run out is looked for when a session begins, and not at every beginning.
#include "core/route/sessions.h"

#include <algorithm>
#include <utility>

namespace pg {
namespace {

constexpr std::size_t kOverhead = 256;  // of one session, about
constexpr Millis kLookEvery{1'000};

std::size_t size_of(const SessionTurn& turn) {
  return turn.asked.size() + turn.answered.size();
}

}  // namespace

Sessions::Turn& Sessions::Turn::operator=(Turn&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  sessions_ = std::exchange(other.sessions_, nullptr);
  key_ = std::move(other.key_);
  earlier_ = std::move(other.earlier_);
  return *this;
}

void Sessions::Turn::give_back() {
  if (sessions_ == nullptr) return;
  const std::lock_guard lock(sessions_->mutex_);
  const auto row = sessions_->rows_.find(key_);
  row->second.busy = false;
  if (row->second.turns.empty()) {  // its first turn came to nothing
    sessions_->bytes_ -= row->second.bytes;
    sessions_->rows_.erase(row);
  }
  sessions_->shrink();
  sessions_ = nullptr;
}

void Sessions::Turn::keep(SessionTurn turn, SteadyTime until) {
  if (sessions_ == nullptr) return;
  const std::lock_guard lock(sessions_->mutex_);
  Row& row = sessions_->rows_.at(key_);
  const std::size_t size = size_of(turn);
  row.turns.push_back(std::move(turn));
  row.bytes += size;
  sessions_->bytes_ += size;
  row.until = until;
}

Result<Sessions::Turn> Sessions::begin(const std::string& key, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  drop_old(now);
  Row& row = rows_[key];
  if (!row.busy && row.until <= now) {
    bytes_ -= row.bytes;
    row = Row();
  }
  if (row.busy)
    return make_error(Code::conflict, "another turn of this session is under way; send its turns one after the other");
  if (row.bytes == 0) {
    row.bytes = kOverhead + key.size();
    bytes_ += row.bytes;
  }
  row.busy = true;
  Turn turn;
  turn.sessions_ = this;
  turn.key_ = key;
  turn.earlier_ = row.turns;
  return turn;
}

Sessions::Sizes Sessions::sizes() const {
  const std::lock_guard lock(mutex_);
  return {rows_.size(), bytes_};
}

void Sessions::drop_old(SteadyTime now) {
  if (now < next_look_) return;
  next_look_ = now + kLookEvery;
  for (auto row = rows_.begin(); row != rows_.end();) {
    const bool is_old = !row->second.busy && row->second.until <= now;
    if (is_old) bytes_ -= row->second.bytes;
    row = is_old ? rows_.erase(row) : std::next(row);
  }
}

void Sessions::shrink() {
  while (bytes_ > most_bytes_) {
    auto oldest = rows_.end();
    for (auto row = rows_.begin(); row != rows_.end(); ++row)
      if (!row->second.busy && (oldest == rows_.end() || row->second.until < oldest->second.until)) oldest = row;
    if (oldest == rows_.end()) return;
    bytes_ -= oldest->second.bytes;
    rows_.erase(oldest);
  }
}

}  // namespace pg
