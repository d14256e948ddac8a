// libFuzzer over Bedrock's event-stream frames: any split gives the same events or the same refusal, and what comes out is SSE.
// The first byte says where the input is split, and whether its checksums are made right first.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/crc32.h"
#include "core/wire/event_frames.h"
#include "core/wire/sse.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

void put_number(std::string& bytes, std::size_t at, std::uint32_t value) {
  for (int i = 3; i >= 0; --i, value >>= 8) bytes[at + static_cast<std::size_t>(i)] = static_cast<char>(value & 0xff);
}

std::uint32_t get_number(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// Else a mutated frame never gets behind its checksum.
void mend_checksums(std::string& bytes) {
  for (std::size_t at = 0; bytes.size() - at >= 16;) {
    const std::uint32_t total = get_number(bytes, at);
    if (total < 16 || total > bytes.size() - at) return;
    put_number(bytes, at + 8, crc32(std::string_view(bytes).substr(at, 8)));
    put_number(bytes, at + total - 4, crc32(std::string_view(bytes).substr(at, total - 4)));
    at += total;
  }
}

struct FrameRun {
  std::string out;
  bool good = true;
};

FrameRun run_frames(std::string_view first, std::string_view second) {
  BedrockEvents events;
  FrameRun run;
  run.good = events.push(first, run.out).has_value() && events.push(second, run.out).has_value();
  return run;
}

void check_sse(const std::string& out) {
  SseReader reader(1 << 26);
  reader.feed(out);
  SseEvent event;
  std::size_t size = 0;
  while (reader.next(event).value()) {
    expect(!event.type.empty() && event.data_lines == 1);
    size += event.raw.size();
  }
  expect(size == out.size());
}

}  // namespace
}  // namespace pg

int fuzz_frames_one(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 1) != 0) pg::mend_checksums(bytes);
  const std::size_t split = bytes.size() * (data[0] >> 1) / 128;
  const pg::FrameRun whole = pg::run_frames(bytes, {});
  const pg::FrameRun halves = pg::run_frames(std::string_view(bytes).substr(0, split), std::string_view(bytes).substr(split));
  pg::expect(whole.good == halves.good && whole.out == halves.out);
  pg::check_sse(whole.out);
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_frames_one(data, size);
}
#endif
