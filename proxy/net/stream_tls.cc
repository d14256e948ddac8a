// A stream's TLS: OpenSSL reads and writes the descriptor itself, and the stream waits for it. OpenSSL keeps a thread's errors in
// one queue: what is left there by one connection would be taken for the failure of another.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <string_view>

#include "proxy/net/stream.h"

namespace pg {
namespace {

constexpr std::size_t kTlsRecord = 16 * 1024;

}  // namespace

IoEnd Stream::end_of(int ssl_error) const {
  switch (ssl_error) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return IoEnd::again;
    case SSL_ERROR_ZERO_RETURN:
      return IoEnd::eof;
    default:
      return IoEnd::failed;
  }
}

IoResult Stream::try_read_tls(char* to, std::size_t size) {
  if (tls_input_ == TlsInput::dry) return {IoEnd::again, 0};
  if (tls_input_ == TlsInput::unknown && loop_.ring() != nullptr && SSL_has_pending(ssl_.get()) == 0) return {IoEnd::again, 0};
  std::size_t got = 0;
  ERR_clear_error();
  const int ok = SSL_read_ex(ssl_.get(), to, size, &got);
  const int error = ok == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), ok);
  tls_wants_write_ = error == SSL_ERROR_WANT_WRITE;
  tls_input_ = error == SSL_ERROR_WANT_READ ? TlsInput::dry : TlsInput::unknown;
  return ok == 1 ? IoResult{IoEnd::ok, got} : IoResult{end_of(error), 0};
}

Task<IoResult> Stream::read_tls(char* to, std::size_t size) {
  for (;;) {
    if (stopped_ != IoEnd::ok) co_return IoResult{stopped_, 0};
    const IoResult got = try_read(to, size);
    if (got.end != IoEnd::again) co_return got;
    IoEnd waited = IoEnd::ok;
    if (tls_wants_write_) {
      waited = co_await wait_writable();
    } else {
      waited = co_await wait_readable();
    }
    tls_input_ = TlsInput::awaited;
    if (waited != IoEnd::ok) co_return IoResult{waited, 0};
  }
}

// Records as full as they can be: each costs a system call, and the other side a look. After an attempt that TLS could not finish
// it wants the same bytes again: it gets them, since nothing of them was counted as written.
IoResult Stream::try_write_tls(std::span<const iovec> pieces) {
  std::array<char, kTlsRecord> gathered;
  std::size_t written = 0;
  std::size_t at = 0;  // in the first of `pieces`
  for (;;) {
    while (!pieces.empty() && at == pieces.front().iov_len) {
      pieces = pieces.subspan(1);
      at = 0;
    }
    if (pieces.empty()) return {IoEnd::ok, written};
    std::string_view record(static_cast<const char*>(pieces.front().iov_base) + at, pieces.front().iov_len - at);
    if (record.size() < kTlsRecord) {
      std::size_t size = record.copy(gathered.data(), kTlsRecord);
      for (const iovec& piece : pieces.subspan(1))
        size += std::string_view(static_cast<const char*>(piece.iov_base), piece.iov_len)
                    .copy(gathered.data() + size, kTlsRecord - size);
      record = {gathered.data(), size};
    }
    std::size_t took = 0;
    ERR_clear_error();
    const int ok = SSL_write_ex(ssl_.get(), record.data(), record.size(), &took);
    if (ok != 1) {
      const IoEnd end = end_of(SSL_get_error(ssl_.get(), ok));
      return written > 0 && end == IoEnd::again ? IoResult{IoEnd::ok, written} : IoResult{end, 0};
    }
    written += took;
    for (; took > 0 && took >= pieces.front().iov_len - at; at = 0) {
      took -= pieces.front().iov_len - at;
      pieces = pieces.subspan(1);
    }
    at += took;
  }
}

Task<IoEnd> Stream::start_tls(SslPtr ssl) {
  ssl_ = std::move(ssl);
  for (;;) {
    ERR_clear_error();
    const int ok = SSL_do_handshake(ssl_.get());
    if (ok == 1) co_return IoEnd::ok;
    const int error = SSL_get_error(ssl_.get(), ok);
    IoEnd waited = IoEnd::failed;
    if (error == SSL_ERROR_WANT_READ) {
      waited = co_await wait_readable();
    } else if (error == SSL_ERROR_WANT_WRITE) {
      waited = co_await wait_writable();
    }
    if (waited != IoEnd::ok) co_return waited;
  }
}

bool Stream::has_tls_input() {
  char next = 0;
  std::size_t size = 0;
  ERR_clear_error();
  const int ok = SSL_peek_ex(ssl_.get(), &next, 1, &size);
  const bool nothing = ok != 1 && end_of(SSL_get_error(ssl_.get(), ok)) == IoEnd::again;
  if (!nothing) tls_input_ = TlsInput::awaited;
  return !nothing;
}

}  // namespace pg
