// What a peer sends with Content-Encoding: gzip, made by zlib.
#include "tests/support/gzip.h"

#include <zlib.h>

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

}  // namespace pg::test
