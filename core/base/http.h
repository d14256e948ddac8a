// HTTP heads as plain values: what the parser hands to the request path. No socket, no parser in here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pg {

struct Field {
  std::string_view name;   // as spelled on the wire
  std::string_view value;  // without surrounding blanks
};

/// A parsed request head. Views point into the buffer the head was read into, which outlives the exchange.
struct RequestHead {
  std::string_view method;
  std::string_view target;  // origin-form, with query
  int minor_version = 1;    // HTTP/1.x
  std::vector<Field> fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool upgrade = false;  // an Upgrade field is present

  /// The first field of that name, in any case; nullopt when there is none.
  std::optional<std::string_view> find(std::string_view name) const;
};

/// A parsed reply head; views as above.
struct ReplyHead {
  int status = 0;
  std::string_view reason;
  int minor_version = 1;
  std::vector<Field> fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;

  std::optional<std::string_view> find(std::string_view name) const;
};

/// True when a Connection field of that value names the field `name`, which is then for this hop alone (RFC 9110 §7.6.1).
bool is_named_by(std::string_view connection, std::string_view name);

}  // namespace pg
