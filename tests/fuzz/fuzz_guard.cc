// libFuzzer over the finders: any bytes give ordered, in-range, disjoint findings, the same ones every time.
// A harness is int fuzz_NAME_one(data, size), which aborts when a promise is broken; replay_test.cc runs tests/fuzz/corpus/NAME
// through it.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/guard/guard.h"
#include "core/guard/secrets.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

const Guards& every_guard() {
  static const std::shared_ptr<const Guards> kGuards = [] {
    GuardSettings settings;
    settings.phone = settings.ipv4 = Action::redact;
    settings.private_ipv4 = true;
    settings.custom = {{"ticket", "T-[0-9]+", Action::block}};
    settings.allow["email"] = {"@example.org"};
    return Guards::make(shipped_secret_rules(), settings).value();
  }();
  return *kGuards;
}

std::vector<Finding> look_at(std::string_view text, Scrutiny scrutiny) {
  std::vector<Finding> found;
  every_guard().inspect(text, scrutiny, found);
  std::size_t at = 0;
  for (const Finding& finding : found) {
    expect(finding.begin >= at && finding.begin < finding.end && finding.end <= text.size());
    expect(finding.rule < every_guard().rules().size());
    at = finding.end;
  }
  return found;
}

}  // namespace
}  // namespace pg

int fuzz_guard_one(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto found = pg::look_at(text, pg::Scrutiny::all);
  pg::expect(found == pg::look_at(text, pg::Scrutiny::all));
  pg::look_at(text, pg::Scrutiny::secrets_only);
  // What stands in a text of its own is found there too, unless what stood around it told what it was.
  for (const pg::Finding& finding : found)
    pg::look_at(text.substr(finding.begin, finding.end - finding.begin), pg::Scrutiny::all);
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_guard_one(data, size);
}
#endif
