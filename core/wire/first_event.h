// FirstEvent: whether a provider's stream begins with an error. Providers answer 200 before they know that they are overloaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/wire/call.h"
#include "core/wire/sse.h"

namespace pg {

class FirstEvent {
 public:
  /// `wire`: the provider's dialect.
  explicit FirstEvent(Wire wire) : wire_(wire) {}

  enum class Says : std::uint8_t {
    nothing,  // it has not come in full; comments before it are none
    fine,     // a ping, a beginning: anything that is no error, or longer than errors are
    error,
  };
  /// Feeds body bytes; any split of the same bytes ends the same way. After fine or error it is not to be fed again.
  Says push(std::string_view bytes);
  /// The HTTP status that the error means: 529, 429, 500, …
  int status() const { return status_; }

 private:
  static constexpr std::size_t kMaxEvent = 64u << 10;

  Wire wire_;
  SseReader reader_{kMaxEvent};
  int status_ = 0;
};

}  // namespace pg
