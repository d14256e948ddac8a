// Blocks of 512 bytes: a head, the content, and zeros up to the next block.
#include "core/base/tar.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kMaxHeadText = 1 << 20;  // of a long name or a pax head

Error damaged_tar() {
  return make_error(Code::bad_request, "the tar file is damaged");
}

std::string_view field(std::string_view block, std::size_t at, std::size_t size) {
  const std::string_view all = block.substr(at, size);
  return all.substr(0, all.find('\0'));
}

/// Octal digits, or base 256 with the highest bit set for what octal cannot hold.
std::optional<std::uint64_t> read_octal(std::string_view digits) {
  std::uint64_t value = 0;
  if (!digits.empty() && (static_cast<unsigned char>(digits[0]) & 0x80) != 0) {
    for (std::size_t i = digits.size() - 8; i < digits.size(); ++i) value = value << 8 | static_cast<unsigned char>(digits[i]);
    return value >> 62 == 0 ? std::optional(value) : std::nullopt;
  }
  for (const char c : digits) {
    if (c == '\0' || c == ' ') continue;
    if (c < '0' || c > '7' || value >> 58 != 0) return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool checksum_fits(std::string_view block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) sum += i >= 148 && i < 156 ? std::uint64_t{' '} : static_cast<unsigned char>(block[i]);
  return read_octal(block.substr(148, 8)) == sum;
}

/// "27 path=some/name\n": the value of `key`, the last one when there are several.
std::optional<std::string> pax_value(std::string_view records, std::string_view key) {
  std::optional<std::string> value;
  for (const std::string_view line : split(records, '\n')) {
    const std::size_t space = line.find(' ');
    const std::size_t equals = line.find('=');
    if (space == std::string_view::npos || equals == std::string_view::npos || equals < space) continue;
    if (line.substr(space + 1, equals - space - 1) == key) value = line.substr(equals + 1);
  }
  return value;
}

std::string name_in_head(std::string_view block) {
  std::string name(field(block, 0, 100));
  const std::string_view prefix = field(block, 345, 155);
  return block.substr(257, 6) == std::string_view("ustar\0", 6) && !prefix.empty() ? std::string(prefix) + "/" + name : name;
}

}  // namespace

/// False at the end of the source.
Result<bool> TarReader::read_block(std::string& block) {
  block.resize(kBlock);
  PG_TRY(const std::size_t got, read_fully(source_, block.data(), kBlock));
  if (got != 0 && got != kBlock) return damaged_tar();
  return got == kBlock;
}

Status TarReader::skip_rest() {
  if (!content_) return {};
  std::array<char, 16384> passed;
  for (;;) {
    PG_TRY(const std::size_t got, content_->read(passed.data(), passed.size()));
    if (got == 0) break;
  }
  content_.reset();
  PG_TRY(const std::size_t got, read_fully(source_, passed.data(), static_cast<std::size_t>(padding_)));
  if (got != padding_) return damaged_tar();
  return {};
}

Result<std::string> TarReader::read_text(std::uint64_t size) {
  if (size > kMaxHeadText) return damaged_tar();
  std::string text(static_cast<std::size_t>((size + kBlock - 1) / kBlock * kBlock), '\0');
  PG_TRY(const std::size_t got, read_fully(source_, text.data(), text.size()));
  if (got != text.size()) return damaged_tar();
  text.resize(static_cast<std::size_t>(size));
  return text;
}

Result<std::optional<TarMember>> TarReader::next() {
  PG_TRY_STATUS(skip_rest());
  std::optional<std::string> name;
  std::optional<std::uint64_t> size;
  std::string block;
  for (;;) {
    PG_TRY(const bool more, read_block(block));
    if (!more || std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; })) return std::optional<TarMember>();
    const auto stated = read_octal(std::string_view(block).substr(124, 12));
    if (!checksum_fits(block) || !stated) return damaged_tar();
    const char type = block[156];
    if (type == 'L' || type == 'K' || type == 'x' || type == 'g') {
      PG_TRY(const std::string text, read_text(*stated));
      if (type == 'L') name = std::string(field(text, 0, text.size()));
      if (type != 'x') continue;
      if (auto given = pax_value(text, "path")) name = std::move(given);
      if (const auto given = pax_value(text, "size")) {
        std::uint64_t value = 0;
        for (const char c : *given) {
          if (c < '0' || c > '9' || value > (std::uint64_t{1} << 58)) return damaged_tar();
          value = value * 10 + static_cast<std::uint64_t>(c - '0');
        }
        size = value;
      }
      continue;
    }
    TarMember member{name.value_or(name_in_head(block)), size.value_or(*stated), type == '0' || type == '\0' || type == '7'};
    content_.emplace(source_, member.size);
    padding_ = (kBlock - member.size % kBlock) % kBlock;
    return std::optional(std::move(member));
  }
}

}  // namespace pg
