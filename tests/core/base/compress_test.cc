// Codings are undone whole and in pieces, under a cap, and cut or corrupt bytes are told from good ones.
#include "core/base/compress.h"

#include <doctest/doctest.h>
#include <zlib.h>
#include <zstd.h>

#include <stdexcept>
#include <string>

#include "tests/support/gen.h"
#include "tests/support/result.h"

namespace pg {
namespace {

constexpr std::size_t kCap = 1 << 20;

std::string deflated(std::string_view text, int window_bits, int flush = Z_FINISH) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string in(text);
  std::string out(deflateBound(&stream, static_cast<uLong>(in.size())) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, flush);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string gzipped(std::string_view text) {
  return deflated(text, MAX_WBITS + 16);
}

std::string zstandard(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string encoded(std::string_view text, Coding coding) {
  switch (coding) {
    case Coding::gzip:
      return gzipped(text);
    case Coding::deflate:
      return deflated(text, MAX_WBITS);
    case Coding::zstd:
      return zstandard(text);
    case Coding::identity:
      break;
  }
  return std::string(text);
}

constexpr Coding kCodings[] = {Coding::identity, Coding::gzip, Coding::deflate, Coding::zstd};
constexpr Coding kCompressed[] = {Coding::gzip, Coding::deflate, Coding::zstd};

}  // namespace

TEST_CASE("a zlib stream that is there as a whole is undone at once, to the byte, and nothing else is") {
  PG_GEN(gen);
  Inflater inflater;
  for (int round = 0; round < 300; ++round) {
    std::string text = round == 0 ? std::string() : gen.bytes(gen.number(0, 3'000));
    if (round % 3 == 0) text += std::string(gen.number(0, 20'000), 'a');
    const std::string packed = deflated(text, 15);
    const std::string followed = packed + gen.bytes(gen.number(0, 40));
    std::string out(text.size() + 1, '?');
    CAPTURE(text.size());
    REQUIRE(inflater.whole(followed, out.data(), text.size()) == packed.size());
    REQUIRE(out.substr(0, text.size()) == text);
    REQUIRE(out.back() == '?');
    CHECK_FALSE(inflater.whole(std::string_view(packed).substr(0, packed.size() - 1), out.data(), text.size()));
    CHECK_FALSE(inflater.whole(packed, out.data(), text.size() + 1));
    if (!text.empty()) CHECK_FALSE(inflater.whole(packed, out.data(), text.size() - 1));
    std::string wrong = packed;
    wrong.back() = static_cast<char>(wrong.back() ^ 1);  // the checksum
    CHECK_FALSE(inflater.whole(wrong, out.data(), text.size()));
    // A stream read in pieces before and after is none the worse for it.
    inflater.begin();
    const auto pushed = inflater.push(packed, out.data(), out.size());
    REQUIRE(pushed);
    CHECK(pushed.value().ended);
    CHECK(pushed.value().made == text.size());
  }
}

TEST_CASE("codings are found by their registered names in any case") {
  CHECK(find_coding("gzip") == Coding::gzip);
  CHECK(find_coding("X-GZIP") == Coding::gzip);
  CHECK(find_coding("deflate") == Coding::deflate);
  CHECK(find_coding("Zstd") == Coding::zstd);
  CHECK(find_coding("identity") == Coding::identity);
  CHECK_FALSE(find_coding("br"));
  CHECK_FALSE(find_coding(""));
  CHECK_FALSE(find_coding("gzip, gzip"));
}

TEST_CASE("property: a body comes back, whole and however it is split") {
  PG_GEN(gen);
  for (int round = 0; round < 60; ++round) {
    const std::string text = gen.coin() ? gen.text(gen.number(0, 90'000), "ab ") : gen.bytes(gen.number(0, 40'000));
    for (const Coding coding : kCodings) {
      const std::string bytes = encoded(text, coding);
      CHECK(decompress(bytes, coding, kCap).value() == text);
      Decompressor decompressor = Decompressor::make(coding);
      std::string out;
      for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t size = gen.number(0, 5) == 0 ? gen.number(0, 3) : gen.number(1, 5000);
        REQUIRE(decompressor.push(std::string_view(bytes).substr(at, size), out));
        at += size;
      }
      CHECK(out == text);
      CHECK(decompressor.finished());
    }
  }
}

TEST_CASE("raw deflate is read like the wrapped one") {
  CHECK(decompress(deflated("some text, some text", -MAX_WBITS), Coding::deflate, kCap).value() == "some text, some text");
  CHECK(decompress(deflated("", -MAX_WBITS), Coding::deflate, kCap).value() == "");
}

TEST_CASE("members and frames after one another are one body") {
  CHECK(decompress(gzipped("one ") + gzipped("") + gzipped("two"), Coding::gzip, kCap).value() == "one two");
  CHECK(decompress(zstandard("one ") + zstandard("") + zstandard("two"), Coding::zstd, kCap).value() == "one two");
  Decompressor decompressor = Decompressor::make(Coding::gzip);
  std::string out;
  REQUIRE(decompressor.push(gzipped("one "), out));
  CHECK(decompressor.finished());
  REQUIRE(decompressor.push(gzipped("two").substr(0, 12), out));
  CHECK_FALSE(decompressor.finished());
}

TEST_CASE("what the sender has flushed is there after the push") {
  const std::string whole = gzipped("data: hello\n\n");
  const std::string flushed = deflated("data: hello\n\n", MAX_WBITS + 16, Z_SYNC_FLUSH);
  Decompressor decompressor = Decompressor::make(Coding::gzip);
  std::string out;
  REQUIRE(decompressor.push(flushed, out));
  CHECK(out == "data: hello\n\n");
  CHECK_FALSE(decompressor.finished());

  ZSTD_CCtx* context = ZSTD_createCCtx();
  std::string bytes(1000, '\0');
  ZSTD_inBuffer input{"data: hi\n\n", 10, 0};
  ZSTD_outBuffer output{bytes.data(), bytes.size(), 0};
  ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush);
  ZSTD_freeCCtx(context);
  Decompressor other = Decompressor::make(Coding::zstd);
  out.clear();
  REQUIRE(other.push(std::string_view(bytes).substr(0, output.pos), out));
  CHECK(out == "data: hi\n\n");
  CHECK_FALSE(other.finished());
}

TEST_CASE("the cap holds to the byte") {
  const std::string text(100'000, 'x');
  for (const Coding coding : kCodings) {
    CAPTURE(static_cast<int>(coding));
    const std::string bytes = encoded(text, coding);
    CHECK(decompress(bytes, coding, text.size()).value() == text);
    CHECK(decompress(bytes, coding, text.size() - 1).error().code == Code::too_large);
    CHECK(decompress(bytes, coding, 0).error().code == Code::too_large);
    CHECK(decompress(encoded("", coding), coding, 0).value() == "");
  }
}

TEST_CASE("a bomb stops at the cap, also when pushed") {
  const std::string bomb = zstandard(std::string(64 << 20, '\0'));
  REQUIRE(bomb.size() < 10'000);
  Decompressor decompressor = Decompressor::make(Coding::zstd);
  std::string out;
  const Status status = decompressor.push(bomb, out, 4096);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Code::too_large);
  CHECK(out.size() <= 4096);
}

TEST_CASE("every cut is refused") {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  for (const Coding coding : kCompressed) {
    const std::string bytes = encoded(text, coding);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CAPTURE(size);
      CHECK(decompress(bytes.substr(0, size), coding, kCap).error().code == Code::bad_request);
    }
  }
}

TEST_CASE("garbage, also behind a good body, is refused") {
  for (const Coding coding : kCompressed) {
    CAPTURE(static_cast<int>(coding));
    CHECK(decompress("this is not compressed at all", coding, kCap).error().code == Code::bad_request);
    CHECK(decompress(encoded("text", coding) + "garbage behind it", coding, kCap).error().code == Code::bad_request);
  }
}

TEST_CASE("a frame that wants a window over 8 MB is refused before memory is given") {
  const std::string header("\x28\xB5\x2F\xFD\x00\x88\x01\x00\x00", 9);  // RFC 8878 §3.1.1: window descriptor 0x88 is 128 MB
  CHECK(decompress(header, Coding::zstd, kCap).error().code == Code::bad_request);
}

TEST_CASE("property: changed bytes never harm and never yield more than the cap") {
  PG_GEN(gen);
  for (int i = 0; i < 400; ++i) {
    const Coding coding = kCompressed[gen.number(0, 2)];
    std::string bytes = encoded(gen.text(gen.number(0, 3000), "abc "), coding);
    for (std::size_t n = gen.number(1, 4); n > 0; --n)
      bytes[gen.number(0, bytes.size() - 1)] = static_cast<char>(gen.number(0, 255));
    const auto body = decompress(bytes, coding, 4000);
    if (body) CHECK(body->size() <= 4000);
  }
}

}  // namespace pg
