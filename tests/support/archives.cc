// Written by hand from the formats, so that the readers are not tested with their own words.
#include "tests/support/archives.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cstdint>
#include <string_view>

namespace pg::test {

std::string zip_of(const Members& members, bool deflated) {
  const auto little = [](std::uint64_t value, int size) {
    std::string out;
    for (int i = 0; i < size; ++i) out += static_cast<char>(i < 8 ? value >> (8 * i) & 0xFF : 0);
    return out;
  };
  std::string body, directory;
  for (const auto& [name, text] : members) {
    std::string packed = text;
    if (deflated) {
      z_stream stream{};
      deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
      packed.assign(deflateBound(&stream, text.size()), '\0');
      std::string in = text;
      stream.next_in = reinterpret_cast<Bytef*>(in.data());
      stream.avail_in = static_cast<uInt>(in.size());
      stream.next_out = reinterpret_cast<Bytef*>(packed.data());
      stream.avail_out = static_cast<uInt>(packed.size());
      deflate(&stream, Z_FINISH);
      packed.resize(stream.total_out);
      deflateEnd(&stream);
    }
    const std::string shared = little(20, 2) + little(0, 2) + little(deflated ? 8 : 0, 2) + little(0, 8) +
                               little(packed.size(), 4) + little(text.size(), 4) + little(name.size(), 2) + little(0, 2);
    directory += "PK\x01\x02" + little(20, 2) + shared + little(0, 10) + little(body.size(), 4) + name;
    body += "PK\x03\x04" + shared + name + packed;
  }
  return body + directory + "PK\x05\x06" + little(0, 4) + little(members.size(), 2) + little(members.size(), 2) +
         little(directory.size(), 4) + little(body.size(), 4) + little(0, 2);
}

void mend_checksum(std::string& tar, std::size_t at) {
  tar.replace(at + 148, 8, "        ");
  unsigned sum = 0;
  for (const char c : std::string_view(tar).substr(at, 512)) sum += static_cast<unsigned char>(c);
  tar.replace(at + 148, 7, fmt::format("{:06o}", sum) + std::string(1, '\0'));
}

std::string tar_of(const Members& members) {
  std::string out;
  for (const auto& [name, text] : members) {
    std::string block(512, '\0');
    block.replace(0, name.size(), name);
    block.replace(124, 11, fmt::format("{:011o}", text.size()));
    block[156] = '0';
    block.replace(257, 5, "ustar");
    mend_checksum(block);
    out += block + text + std::string((512 - text.size() % 512) % 512, '\0');
  }
  return out + std::string(1024, '\0');
}

}  // namespace pg::test
