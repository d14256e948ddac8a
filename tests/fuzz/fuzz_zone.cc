// libFuzzer over time zones: any bytes are a TZif file or a refusal, any text a rule or a refusal, and what was read answers for
// every time there is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "core/access/prices.h"
#include "core/base/time_zone.h"

namespace pg {
namespace {

void ask_zone(std::string_view bytes) {
  (void)parse_zone_rule(bytes);
  if (const auto amount = parse_amount(bytes); amount && *amount < 0) std::abort();
  const auto zone = TimeZone::read(bytes, "fuzz");
  if (!zone) return;
  constexpr UnixMillis kTimes[] = {0, -1, 1'795'000'000'000, -9'000'000'000'000, 9'000'000'000'000};
  for (const UnixMillis time : kTimes) {
    const Month month = find_month(*zone, time);
    if (month.number % 100 < 1 || month.number % 100 > 12) std::abort();
  }
}

}  // namespace
}  // namespace pg

int fuzz_zone_one(const std::uint8_t* data, std::size_t size) {
  pg::ask_zone({reinterpret_cast<const char*>(data), size});
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_zone_one(data, size);
}
#endif
