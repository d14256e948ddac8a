// HTTP heads as plain values: what the parser hands to the request path. No socket, no parser in here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.h"

namespace pg {

struct Field {
  std::string_view name;   // as spelled on the wire
  std::string_view value;  // without surrounding blanks
};

/// One of 64 bits for a name's size and its first letter, in any case: most names are told apart by that.
constexpr std::uint64_t field_bit(std::string_view name) {
  const unsigned first = name.empty() ? 0u : static_cast<unsigned char>(name[0]) | 0x20u;
  return std::uint64_t{1} << (name.size() * 5 + first) % 64;
}

/// A table of names in lower case.
template <std::size_t kCount>
class FieldNames {
 public:
  explicit constexpr FieldNames(const std::string_view (&names)[kCount]) {
    std::copy(std::begin(names), std::end(names), std::begin(names_));
    for (const std::string_view name : names_) bits_ |= field_bit(name);
  }
  bool has(std::string_view lower) const {
    return (bits_ & field_bit(lower)) != 0 && std::find(std::begin(names_), std::end(names_), lower) != std::end(names_);
  }

 private:
  std::string_view names_[kCount];
  std::uint64_t bits_ = 0;
};

/// The fields of a head in their order. Most names that are asked for are not there: their bits say so at once.
class FieldList {
 public:
  FieldList() = default;
  FieldList(std::initializer_list<Field> fields) {
    for (const Field& field : fields) push_back(field);
  }

  void reserve(std::size_t count) { fields_.reserve(count); }
  void push_back(const Field& field) {
    bits_ |= field_bit(field.name);
    fields_.push_back(field);
  }
  std::size_t size() const { return fields_.size(); }
  const Field& operator[](std::size_t index) const { return fields_[index]; }
  std::vector<Field>::const_iterator begin() const { return fields_.begin(); }
  std::vector<Field>::const_iterator end() const { return fields_.end(); }

  /// False when no field has that name, in any case.
  bool may_hold(std::string_view name) const { return (bits_ & field_bit(name)) != 0; }
  /// The first field of that name, in any case; nullopt when there is none.
  std::optional<std::string_view> find(std::string_view name) const {
    if (!may_hold(name)) return std::nullopt;
    for (const Field& field : fields_)
      if (equals_ignore_case(field.name, name)) return field.value;
    return std::nullopt;
  }

 private:
  std::vector<Field> fields_;
  std::uint64_t bits_ = 0;
};

/// A parsed request head. Views point into the buffer the head was read into, which outlives the exchange.
struct RequestHead {
  std::string_view method;
  std::string_view target;  // origin-form, with query
  int minor_version = 1;    // HTTP/1.x
  FieldList fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool upgrade = false;  // an Upgrade field is present

  std::optional<std::string_view> find(std::string_view name) const { return fields.find(name); }
};

/// A parsed reply head; views as above.
struct ReplyHead {
  int status = 0;
  std::string_view reason;
  int minor_version = 1;
  FieldList fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;

  std::optional<std::string_view> find(std::string_view name) const { return fields.find(name); }
};

inline constexpr std::string_view kLineEnd = "\r\n";
/// A field line, as heads hold them.
void append_field(std::string& out, std::string_view name, std::string_view value);
void append_field(std::string& out, std::string_view name, std::uint64_t value);

/// True when a Connection field of that value names the field `name`, which is then for this hop alone (RFC 9110 §7.6.1).
bool is_named_by(std::string_view connection, std::string_view name);

}  // namespace pg
