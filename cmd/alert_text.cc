// Names, numbers and ids: nothing here came with a request.
#include "cmd/alert_text.h"

#include <fmt/format.h>

#include "cmd/print.h"
#include "config/knobs.h"
#include "core/base/text.h"

namespace pg {

std::string alert_measure(std::uint32_t count, Millis within) {
  return count == 1 ? "1" : fmt::format("{} within {}", count, spell_duration(within.count()));
}

std::string alert_words(const AlertRule& rule, const AlertFiring& firing) {
  const std::string quiet = spell_duration(rule.quiet.count());
  if (firing.count == 1) return fmt::format("{}: request {}; quiet for {}", rule.name, firing.request, quiet);
  return fmt::format("{}: {} requests within {}, the newest is {}; quiet for {}", rule.name, firing.count,
                     spell_duration(rule.within.count()), firing.request, quiet);
}

std::string alert_line(const AlertRule& rule, const AlertFiring& firing) {
  return tab_line({{format_rfc3339(firing.time)},
                   {"alert"},
                   {rule.name},
                   {std::to_string(firing.count)},
                   {std::to_string(rule.within.count())},
                   {firing.request}});
}

}  // namespace pg
