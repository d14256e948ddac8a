// Whole JSON replies: restored in one go, or passed on while a sample is kept for the facts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/reply_facts.h"
#include "core/reply_rewriter.h"

namespace pg {

/// Appends `body` with its tokens restored by the dialect's table; bodies of errors (status >= 400) in all their strings. False,
/// with nothing appended, when it is not JSON.
bool restore_body(const ReplyOptions& options, std::string_view body, RestoreWork& work, FactReader& facts, std::string& out);

/// Whether `body`, which is not JSON, says of itself that it is events.
bool is_event_text(std::string_view body);

/// What is kept of a body that is passed on: all of a small one, the two ends of a large one.
class BodySample {
 public:
  void add(std::string_view bytes);
  /// Reads usage, model, id and error type; nothing when the sample is not JSON.
  void read(const ReplyOptions& options, FactReader& facts) const;

 private:
  static constexpr std::size_t kWhole = 256 * 1024;
  static constexpr std::size_t kEnd = 4 * 1024;

  std::string head_;  // the whole body while tail_ is empty
  std::string tail_;
  bool large_ = false;
};

}  // namespace pg
