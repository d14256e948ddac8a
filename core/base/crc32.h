// CRC-32 as zip, PNG, GitHub tokens and AWS event streams use it (ISO 3309, reflected, polynomial 0x04C11DB7).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pg {

namespace crc32_detail {
constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t c = byte;
    for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ ((c & 1) != 0 ? 0xEDB88320U : 0U);
    table[byte] = c;
  }
  return table;
}
inline constexpr std::array<std::uint32_t, 256> kTable = make_table();
}  // namespace crc32_detail

constexpr std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t c = 0xFFFFFFFFU;
  for (const char byte : bytes) c = crc32_detail::kTable[(c ^ static_cast<unsigned char>(byte)) & 0xFF] ^ (c >> 8);
  return c ^ 0xFFFFFFFFU;
}

}  // namespace pg
