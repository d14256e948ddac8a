// Request bodies as coding agents send them: a long conversation of code, prose and tool output, of any size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pg::bench {

/// How much of a body is new with every request: nothing, the last three messages (an agent's next turn), or every text.
enum class Fresh { none, turn, all };

struct Body {
  std::string bytes;
  std::vector<std::size_t> numbers;  // where twelve digits stand that change with every request

  /// Other digits in all those places of `copy`, a copy of `bytes`.
  void renew(char* copy, std::uint64_t number) const;
};

/// A Chat Completions request of about `size` bytes, the same bytes each time. `model` tells the mock provider what to answer.
Body make_body(std::size_t size, Fresh fresh, std::string_view model = "bench", bool stream = false);

}  // namespace pg::bench
