// Made by the libraries themselves.
#include "tests/support/gzip.h"

#include <zlib.h>
#include <zstd.h>

namespace pg::test {

std::string gzip(std::string_view text) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string in(text), out(deflateBound(&z, text.size()) + 64, '\0');
  void* from = in.data();
  void* to = out.data();
  z.next_in = static_cast<Bytef*>(from);
  z.avail_in = static_cast<uInt>(in.size());
  z.next_out = static_cast<Bytef*>(to);
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

}  // namespace pg::test
