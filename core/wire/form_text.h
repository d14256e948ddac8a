// Forms and queries (application/x-www-form-urlencoded, WHATWG URL §5): names and values with their places, decoded for reading,
// encoded where something is put in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pg {

/// A name or a value, as raw offsets.
struct FormPiece {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool is_name = false;

  bool operator==(const FormPiece&) const = default;
};

/// Every name and every value, empty ones too, in order: a name without `=` has no value.
std::vector<FormPiece> read_form(std::string_view text);

/// `+` is a blank and %XX a byte; what is no escape stays what it is. Never fails.
std::string decode_form(std::string_view raw);
/// The offset in `raw` of byte `offset` of decode_form(raw), for one past the end too.
std::size_t form_offset_of(std::string_view raw, std::size_t offset);
/// So that decode_form() gives `text`.
std::string encode_form(std::string_view text);

}  // namespace pg
