// libFuzzer over what `pg scan` reads of files: encoded values and their places, UTF-16, zip, tar, gzip, baselines. The first
// byte chooses.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/scan_baseline.h"
#include "core/base/byte_source.h"
#include "core/base/tar.h"
#include "core/base/text.h"
#include "core/base/zip.h"
#include "core/guard/encoded.h"
#include "core/guard/secrets.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

const Guards& secret_guard() {
  static const std::shared_ptr<const Guards> kGuards = [] {
    GuardSettings settings;
    settings.email = settings.iban = settings.card = settings.ssn = Action::off;
    return Guards::make(shipped_secret_rules(), settings).value();
  }();
  return *kGuards;
}

/// At most `most` bytes; the source's own promise is that it ends or fails.
std::string drain(ByteSource& source, std::size_t most) {
  std::string out;
  std::array<char, 333> piece;
  while (out.size() < most) {
    const auto got = source.read(piece.data(), piece.size());
    if (!got || *got == 0) break;
    expect(*got <= piece.size());
    out.append(piece.data(), *got);
  }
  return out;
}

void look_for_encoded(std::string_view text) {
  std::vector<Finding> plain;
  secret_guard().inspect(text, Scrutiny::all, plain);
  std::vector<EncodedFinding> found;
  EncodedFinder(secret_guard()).find(text, Scrutiny::all, plain, found);
  std::size_t at = 0;
  for (const EncodedFinding& one : found) {
    expect(one.finding.begin >= at && one.finding.begin < one.finding.end && one.finding.end <= text.size());
    expect(!one.value.empty() && one.encoding != Encoding::plain);
    // An encoding never takes fewer characters than the bytes it stands for.
    expect(one.value.size() <= one.finding.end - one.finding.begin);
    at = one.finding.end;
  }
  Unescaped undone;
  unescape(text, undone);
  expect(undone.places.size() == undone.text.size() + 1 && undone.places.back() == text.size());
  for (std::size_t i = 1; i < undone.places.size(); ++i) expect(undone.places[i - 1] <= undone.places[i]);
}

void read_wide(std::string_view bytes, bool big_endian) {
  MemorySource source(bytes);
  Utf16Source text(source, big_endian);
  const std::string out = drain(text, 4 * bytes.size() + 16);
  expect(is_utf8(out) && out.size() <= 2 * bytes.size() + 3);
}

void read_zip(std::string_view bytes) {
  MemoryBytes memory(bytes);
  const auto entries = list_zip(memory, 100);
  if (!entries) return;
  expect(entries->size() <= 100);
  for (const ZipEntry& entry : *entries) {
    const auto at = find_zip_data(memory, entry);
    if (!at) continue;
    expect(*at + entry.packed <= bytes.size());
    MemorySource packed(bytes.substr(static_cast<std::size_t>(*at), static_cast<std::size_t>(entry.packed)));
    UnpackBudget budget{1 << 20, 250};
    UnpackedSource unpacked(packed, Coding::deflate, budget);
    expect(drain(unpacked, 2 << 20).size() <= 1 << 20);
  }
}

void scan_tar(std::string_view bytes) {
  MemorySource source(bytes);
  TarReader tar(source);
  for (;;) {
    const auto member = tar.next();
    if (!member || !*member) return;
    drain(tar.content(), 1000);
  }
}

void read_gzip(std::string_view bytes) {
  MemorySource source(bytes);
  UnpackBudget budget{1 << 20, 250};
  UnpackedSource unpacked(source, Coding::gzip, budget);
  expect(drain(unpacked, 2 << 20).size() <= 1 << 20);
}

void read_known(std::string_view text) {
  const auto entries = read_baseline(text, "b");
  if (!entries) return;
  const std::string written = write_baseline(*entries);
  expect(write_baseline(read_baseline(written, "b").value()) == written);
}

}  // namespace
}  // namespace pg

int fuzz_scan_one(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 7) {
    case 0:
      pg::look_for_encoded(rest);
      break;
    case 1:
      pg::read_zip(rest);
      break;
    case 2:
      pg::scan_tar(rest);
      break;
    case 3:
      pg::read_gzip(rest);
      break;
    case 4:
    case 5:
      pg::read_wide(rest, data[0] % 7 == 5);
      break;
    default:
      pg::read_known(rest);
  }
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_scan_one(data, size);
}
#endif
