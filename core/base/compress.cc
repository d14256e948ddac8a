// Two codecs behind one small interface: inflate for gzip and deflate, zstd's streaming decoder, and nothing for identity.
#include "core/base/compress.h"

#define ZLIB_CONST  // next_in is read only; without this zlib.h wants it mutable
#include <libdeflate.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "core/base/text.h"

namespace pg {

class Decompressor::Codec {
 public:
  virtual ~Codec() = default;
  virtual Status push(std::string_view in, std::string& out, std::size_t max_output) = 0;
  virtual bool finished() const = 0;
};

namespace {

using Buffer = std::array<char, 16 * 1024>;

Error corrupt() {
  return make_error(Code::bad_request, "the compressed body is corrupt");
}
Error cut_short() {
  return make_error(Code::bad_request, "the compressed body is cut short");
}
Error too_large() {
  return make_error(Code::too_large, "the body is too large once decompressed");
}

/// How much of the buffer to offer: one byte more than `out` may still take, so that going over is seen.
std::size_t room_in(const std::string& out, std::size_t max_output) {
  const std::size_t left = max_output - std::min(out.size(), max_output);
  return std::min(left, Buffer().size() - 1) + 1;
}

Status append(std::string& out, std::string_view piece, std::size_t max_output) {
  if (out.size() + piece.size() > max_output) return too_large();
  out += piece;
  return {};
}

class Identity final : public Decompressor::Codec {
 public:
  Status push(std::string_view in, std::string& out, std::size_t max_output) override { return append(out, in, max_output); }
  bool finished() const override { return true; }
};

class Inflate final : public Decompressor::Codec {
 public:
  explicit Inflate(Coding coding) : coding_(coding) {}
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;
  ~Inflate() override {
    if (open_) inflateEnd(&stream_);
  }

  Status push(std::string_view in, std::string& out, std::size_t max_output) override {
    if (open_) return run(in, out, max_output);
    head_ += in;
    if (head_.size() < kHeadSize) return {};
    open(window_bits());
    return run(std::exchange(head_, {}), out, max_output);
  }

  bool finished() const override { return ended_; }

 private:
  static constexpr std::size_t kHeadSize = 2;

  int window_bits() const {
    if (coding_ == Coding::gzip) return MAX_WBITS + 16;
    const auto first = static_cast<unsigned char>(head_[0]);
    const auto second = static_cast<unsigned char>(head_[1]);
    const bool wrapped = (first & 0x0Fu) == Z_DEFLATED && (first * 256u + second) % 31u == 0;  // RFC 1950 §2.2
    return wrapped ? MAX_WBITS : -MAX_WBITS;
  }

  void open(int bits) {
    if (inflateInit2(&stream_, bits) != Z_OK) throw std::bad_alloc();
    open_ = true;
  }

  Status run(std::string_view in, std::string& out, std::size_t max_output) {
    Buffer buffer;
    while (!in.empty()) {
      if (ended_ && (coding_ != Coding::gzip || inflateReset(&stream_) != Z_OK)) return corrupt();
      ended_ = false;
      const std::size_t given = std::min(in.size(), std::size_t{1} << 30);
      stream_.next_in = reinterpret_cast<const Bytef*>(in.data());
      stream_.avail_in = static_cast<uInt>(given);
      if (Status status = drain(buffer, out, max_output); !status) return status;
      in.remove_prefix(given - stream_.avail_in);
    }
    return {};
  }

  /// Until the input is used up and nothing waits inside, or the member ends.
  Status drain(Buffer& buffer, std::string& out, std::size_t max_output) {
    for (;;) {
      const std::size_t room = room_in(out, max_output);
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream_.avail_out = static_cast<uInt>(room);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return corrupt();
      if (Status status = append(out, {buffer.data(), room - stream_.avail_out}, max_output); !status) return status;
      ended_ = result == Z_STREAM_END;
      if (ended_ || stream_.avail_out != 0) return {};
    }
  }

  Coding coding_;
  std::string head_;  // the first bytes, until they tell wrapped from raw
  z_stream stream_{};
  bool open_ = false;
  bool ended_ = false;
};

class Zstd final : public Decompressor::Codec {
 public:
  Zstd() : stream_(ZSTD_createDStream(), &ZSTD_freeDStream) {
    // RFC 9659: as an HTTP coding, windows over 8 MB need not be supported. It also bounds what a hostile header can allocate.
    constexpr int kWindowLog = 23;
    if (!stream_ || ZSTD_isError(ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kWindowLog))) throw std::bad_alloc();
  }

  Status push(std::string_view in, std::string& out, std::size_t max_output) override {
    Buffer buffer;
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    bool full = false;  // then more may wait inside although the input is used up
    while (input.pos < input.size || full) {
      const std::size_t room = room_in(out, max_output);
      ZSTD_outBuffer output{buffer.data(), room, 0};
      const std::size_t result = ZSTD_decompressStream(stream_.get(), &output, &input);
      if (ZSTD_isError(result)) return corrupt();
      if (Status status = append(out, {buffer.data(), output.pos}, max_output); !status) return status;
      ended_ = result == 0;
      full = output.pos == room && !ended_;
    }
    return {};
  }

  bool finished() const override { return ended_; }

 private:
  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream_;
  bool ended_ = false;
};

std::unique_ptr<Decompressor::Codec> make_codec(Coding coding) {
  switch (coding) {
    case Coding::identity:
      return std::make_unique<Identity>();
    case Coding::gzip:
    case Coding::deflate:
      return std::make_unique<Inflate>(coding);
    case Coding::zstd:
      break;
  }
  return std::make_unique<Zstd>();
}

}  // namespace

std::optional<Coding> find_coding(std::string_view name) {
  constexpr std::pair<std::string_view, Coding> kNames[] = {{"identity", Coding::identity},
                                                            {"gzip", Coding::gzip},
                                                            {"x-gzip", Coding::gzip},
                                                            {"deflate", Coding::deflate},
                                                            {"zstd", Coding::zstd}};
  for (const auto& [known, coding] : kNames) {
    if (equals_ignore_case(known, name)) return coding;
  }
  return std::nullopt;
}

Decompressor::Decompressor(std::unique_ptr<Codec> codec) : codec_(std::move(codec)) {}
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;
Decompressor::~Decompressor() = default;

Decompressor Decompressor::make(Coding coding) {
  return Decompressor(make_codec(coding));
}

Status Decompressor::push(std::string_view in, std::string& out, std::size_t max_output) {
  return codec_->push(in, out, max_output);
}

bool Decompressor::finished() const {
  return codec_->finished();
}

struct Inflater::Stream {
  Stream() {
    if (inflateInit(&z) != Z_OK) throw std::bad_alloc();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { inflateEnd(&z); }

  z_stream z{};
  std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> at_once{nullptr,
                                                                                            &libdeflate_free_decompressor};
};

Inflater::Inflater() : stream_(std::make_unique<Stream>()) {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

void Inflater::begin() {
  inflateReset(&stream_->z);
}

Result<Inflater::Progress> Inflater::push(std::string_view in, char* out, std::size_t room) {
  constexpr std::size_t kMost = std::size_t{1} << 30;  // zlib counts in 32 bits
  z_stream& z = stream_->z;
  const std::size_t given = std::min(in.size(), kMost), offered = std::min(room, kMost);
  char nowhere = 0;  // zlib wants a place even for no bytes
  z.next_in = reinterpret_cast<const Bytef*>(in.data());
  z.avail_in = static_cast<uInt>(given);
  z.next_out = reinterpret_cast<Bytef*>(room == 0 ? &nowhere : out);
  z.avail_out = static_cast<uInt>(offered);
  const int result = inflate(&z, Z_NO_FLUSH);
  if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return corrupt();
  return Progress{given - z.avail_in, offered - z.avail_out, result == Z_STREAM_END};
}

std::optional<std::size_t> Inflater::whole(std::string_view in, char* out, std::size_t size) {
  std::size_t taken = 0, made = 0;
  auto& at_once = stream_->at_once;
  if (!at_once) at_once.reset(libdeflate_alloc_decompressor());
  if (!at_once) throw std::bad_alloc();
  const auto result = libdeflate_zlib_decompress_ex(at_once.get(), in.data(), in.size(), out, size, &taken, &made);
  if (result != LIBDEFLATE_SUCCESS || made != size) return std::nullopt;
  return taken;
}

std::string compress_zstd(std::string_view bytes) {
  constexpr int kLevel = 3;
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size) != 0) throw std::bad_alloc();  // the room is enough by its own word: nothing else can fail
  out.resize(size);
  return out;
}

Result<std::string> decompress(std::string_view bytes, Coding coding, std::size_t max_output) {
  Decompressor decompressor = Decompressor::make(coding);
  std::string out;
  if (Status status = decompressor.push(bytes, out, max_output); !status) return status.error();
  if (!decompressor.finished()) return cut_short();
  return out;
}

}  // namespace pg
