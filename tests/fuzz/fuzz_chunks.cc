// libFuzzer over the chunked coding: pieces give what the whole gives, and what was decoded is read back after writing it again.
// First byte: where the input is split.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/net/chunks.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

struct Unchunked {
  std::string out;
  std::size_t taken = 0;
  bool failed = false, done = false;
};

Unchunked unchunk(std::string_view bytes, std::size_t first, std::size_t step) {
  ChunkDecoder decoder;
  Unchunked result;
  for (std::size_t at = 0, size = first; at < bytes.size() && !decoder.done(); at += size, size = step) {
    size = std::min(size, bytes.size() - at);
    const auto taken = decoder.push(bytes.substr(at, size), result.out);
    if (!taken) {
      result.failed = true;
      return result;
    }
    expect(*taken == size || (*taken < size && decoder.done()));
    result.taken += *taken;
  }
  result.done = decoder.done();
  expect(result.out.size() <= bytes.size());
  return result;
}

}  // namespace
}  // namespace pg

int fuzz_chunks_one(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const pg::Unchunked whole = pg::unchunk(bytes, bytes.size(), bytes.size());
  for (const pg::Unchunked& pieces : {pg::unchunk(bytes, 1 + data[0] % bytes.size(), bytes.size()), pg::unchunk(bytes, 1, 1)}) {
    pg::expect(pieces.failed == whole.failed && pieces.out == whole.out && pieces.done == whole.done);
    pg::expect(whole.failed || pieces.taken == whole.taken);
  }
  if (!whole.done) return 0;
  std::string again;
  pg::append_chunk(again, whole.out);
  again += pg::kLastChunk;
  pg::expect(pg::unchunk(again, again.size(), again.size()).out == whole.out);
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_chunks_one(data, size);
}
#endif
