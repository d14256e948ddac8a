// OpenSSL contexts and sessions. TLS 1.2 is the floor; verification is never optional.
#include "proxy/net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <map>
#include <mutex>

#include "core/base/address.h"

namespace pg {

void SslDeleter::operator()(SSL* ssl) const {
  SSL_free(ssl);
}

namespace {

struct CtxDeleter {
  void operator()(SSL_CTX* ctx) const { SSL_CTX_free(ctx); }
};
using CtxPtr = std::unique_ptr<SSL_CTX, CtxDeleter>;

CtxPtr make_context(const std::string& ca_file) {
  CtxPtr ctx(SSL_CTX_new(TLS_client_method()));
  if (!ctx) return nullptr;
  SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(ctx.get(), 1);  // a record's head and body with one read
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_CLIENT);
  const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(ctx.get())
                                     : SSL_CTX_load_verify_locations(ctx.get(), ca_file.c_str(), nullptr);
  return loaded == 1 ? std::move(ctx) : nullptr;
}

}  // namespace

struct TlsContexts::State {
  std::mutex mutex;
  std::map<std::string, CtxPtr> contexts;
};

TlsContexts::TlsContexts() : state_(std::make_unique<State>()) {}
TlsContexts::~TlsContexts() = default;

Result<SslPtr> TlsContexts::make_session(int fd, const std::string& host, const std::string& ca_file) {
  SSL_CTX* ctx = nullptr;
  {
    const std::lock_guard lock(state_->mutex);
    CtxPtr& slot = state_->contexts[ca_file];
    if (!slot) slot = make_context(ca_file);
    ctx = slot.get();
  }
  if (ctx == nullptr)
    return make_error(Code::upstream_failed, "the CA file of this provider cannot be read",
                      ca_file + ": " + take_tls_error(nullptr));
  SslPtr ssl(SSL_new(ctx));
  if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) return make_error(Code::upstream_failed, "no TLS session could be made");
  if (parse_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
  } else {
    SSL_set1_host(ssl.get(), host.c_str());
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str()));
  }
  SSL_set_connect_state(ssl.get());
  return ssl;
}

std::string take_tls_error(const SSL* ssl) {
  std::string text;
  if (ssl != nullptr && SSL_get_verify_result(ssl) != X509_V_OK) text = X509_verify_cert_error_string(SSL_get_verify_result(ssl));
  while (const unsigned long code = ERR_get_error()) {
    const char* const reason = ERR_reason_error_string(code);
    if (text.empty() && reason != nullptr) text = reason;
  }
  return text.empty() ? "TLS failed" : text;
}

}  // namespace pg
