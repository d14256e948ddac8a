// Steps of a check as lines or as one JSON object: for commands that say what is right and what is not.
#pragma once

#include <string>
#include <string_view>

#include "cmd/command.h"

namespace pg {

/// Prints steps as they end, and with --json all of them at the end.
class StepReport {
 public:
  explicit StepReport(Shell& shell) : shell_(shell) {}

  /// `verdict`: "ok", "fail", or what is neither, such as "warn" and "skip". `detail` may hold foreign bytes; `hint` is a command
  /// or an edit, or empty.
  void add(std::string_view step, std::string_view verdict, const std::string& detail, const std::string& hint = {});
  /// The end of the report. Returns `status`.
  int end(int status);
  bool has_failed() const { return failed_; }

 private:
  Shell& shell_;
  std::string steps_;
  bool failed_ = false;
};

}  // namespace pg
