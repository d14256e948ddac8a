// A kept body for people: laid out, its placeholders marked, and nothing in it able to drive a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/command.h"
#include "core/store/body_store.h"

namespace pg {

/// A word of the form [[KIND_NNN]].
struct SeenPlaceholder {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::string_view kind;
};
std::vector<SeenPlaceholder> find_placeholders(std::string_view text);

/// JSON with a line per member and element, every string and number spelled as it was; other text as it is. Cut JSON is laid out
/// as far as it goes.
std::string lay_out_json(std::string_view text);

/// Control bytes escaped, except line ends and tabs; placeholders in colour.
std::string mark_placeholders(const Shell& shell, std::string_view text);

/// "1.2k bytes, cut after 1.0k, 2 secrets starred": what is to be said of a kept body.
std::string body_notes(std::uint64_t size, std::size_t kept, bool cut, std::uint32_t masked);

enum class BodyPart { both, request, reply };

/// The bodies of one exchange: on a terminal under titles and laid out; else, or with `raw`, their own bytes, one after the
/// other.
void write_bodies(Shell& shell, const LogBody& body, BodyPart part, bool raw);

/// What --body adds to a row's JSON.
void json_bodies(std::string& object, const LogBody& body);

}  // namespace pg
