// Exchange ids come from a per-thread generator, because one is made for every request; UUIDs ask the operating system.
#include "core/base/ids.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/base/ascii.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void write_time(std::uint64_t millis, std::string& id) {
  for (std::size_t i = 0; i < 10; ++i) id[i] = kCrockford[(millis >> (45 - 5 * i)) & 31u];
}

/// The last id of this thread and a xoshiro256++ state seeded by the operating system. Ids are names, not secrets.
class IdSource {
 public:
  IdSource() {
    const std::string seed = random_bytes(sizeof state_);
    std::memcpy(state_.data(), seed.data(), sizeof state_);
  }

  std::string next(UnixMillis now) {
    const auto stamp = static_cast<std::uint64_t>(now) & 0xFFFF'FFFF'FFFFu;
    if (first_ || stamp > time_) {
      first_ = false;
      time_ = stamp;
      high_ = static_cast<std::uint16_t>(random());
      low_ = random();
    } else {
      step();  // same millisecond, or a clock set back
    }
    return text();
  }

 private:
  void step() {
    if (++low_ != 0) return;
    if (++high_ == 0) ++time_;  // all 80 bits are used up: borrow the next millisecond
  }

  std::string text() const {
    std::string out(26, '0');
    write_time(time_, out);
    // 80 bits as two halves of 40, eight characters each.
    const std::uint64_t upper = (std::uint64_t{high_} << 24) | (low_ >> 40);
    const std::uint64_t lower = low_ & 0xFF'FFFF'FFFFu;
    for (std::size_t i = 0; i < 8; ++i) {
      out[10 + i] = kCrockford[(upper >> (35 - 5 * i)) & 31u];
      out[18 + i] = kCrockford[(lower >> (35 - 5 * i)) & 31u];
    }
    return out;
  }

  std::uint64_t random() {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  std::array<std::uint64_t, 4> state_{};
  std::uint64_t time_ = 0;
  std::uint64_t low_ = 0;
  std::uint16_t high_ = 0;
  bool first_ = true;
};

}  // namespace

std::string make_exchange_id(UnixMillis now) {
  thread_local IdSource source;
  return source.next(now);
}

std::pair<UnixMillis, UnixMillis> times_of_id(std::string_view prefix) {
  std::uint64_t first = 0;
  const std::size_t said = std::min<std::size_t>(prefix.size(), 10);
  for (const char c : prefix.substr(0, said)) {
    const std::size_t digit = kCrockford.find(c);
    if (digit == std::string_view::npos) return {0, 0};
    first = first << 5 | digit;
  }
  const auto rest = static_cast<unsigned>(5 * (10 - said));
  return {static_cast<UnixMillis>(first << rest), static_cast<UnixMillis>((first + 1) << rest)};
}

std::string make_uuid() {
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0Fu) | 0x40u);
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3Fu) | 0x80u);
  std::string text = to_hex(bytes);
  for (const std::size_t at : {8u, 13u, 18u, 23u}) text.insert(at, 1, '-');
  return text;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

}  // namespace pg
