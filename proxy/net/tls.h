// TLS towards providers: verified against the system's authorities (SSL_CERT_FILE and SSL_CERT_DIR are obeyed) or one CA file.
#pragma once

#include <memory>
#include <string>

#include "core/base/result.h"

using SSL = struct ssl_st;
using SSL_CTX = struct ssl_ctx_st;

namespace pg {

struct SslDeleter {
  void operator()(SSL* ssl) const;
};
using SslPtr = std::unique_ptr<SSL, SslDeleter>;

/// Client contexts by CA file, made once; shared by all threads and locked inside.
class TlsContexts {
 public:
  TlsContexts();
  ~TlsContexts();
  /// A client session on `fd` for `host` (SNI, and the name or address the certificate must carry). upstream_failed when the CA
  /// file cannot be read.
  Result<SslPtr> make_session(int fd, const std::string& host, const std::string& ca_file);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The newest OpenSSL error of this thread in words ("certificate verify failed"), and the queue emptied.
std::string take_tls_error(const SSL* ssl);

}  // namespace pg
