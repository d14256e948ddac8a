// What is said when an alert fires.
#pragma once

#include <string>

#include "core/store/alert.h"

namespace pg {

/// "5 within 10m", "1".
std::string alert_measure(std::uint32_t count, Millis within);
/// For people, without line end: "failing: 5 requests within 10m, the newest is 01K…; quiet for 1h".
std::string alert_words(const AlertRule& rule, const AlertFiring& firing);
/// For the file of requests, without line end: time, "alert", name, count, within in ms and the request's id, with TABs between.
std::string alert_line(const AlertRule& rule, const AlertFiring& firing);

}  // namespace pg
