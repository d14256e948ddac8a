// One thread accepts, one carries each connection, looking every few milliseconds whether it should stop.
#include "tests/support/tls_front.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string_view>

#include "tests/support/loopback.h"

namespace pg::test {
namespace {

constexpr int kSliceMs = 20;

using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

struct Signer {
  PrivateKey key{nullptr, &EVP_PKEY_free};
  Certificate certificate{nullptr, &X509_free};
};

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr || X509_add_ext(certificate, extension, -1) != 1) throw std::runtime_error("no certificate extension");
  X509_EXTENSION_free(extension);
}

/// `issuer` signs; nullptr: itself.
Signer make_certificate(const CertificateSpec& spec, std::string_view name, bool authority, const Signer* issuer) {
  static std::atomic<long> serial{1};
  Signer made{PrivateKey(EVP_EC_gen("P-256"), &EVP_PKEY_free), Certificate(X509_new(), &X509_free)};
  X509* const certificate = made.certificate.get();
  const Signer& by = issuer == nullptr ? made : *issuer;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), std::chrono::seconds(spec.begins).count());
  X509_gmtime_adj(X509_getm_notAfter(certificate), std::chrono::seconds(spec.ends).count());
  X509_set_pubkey(certificate, made.key.get());
  const auto* words = reinterpret_cast<const unsigned char*>(name.data());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, words, static_cast<int>(name.size()), -1,
                             0);
  X509_set_issuer_name(certificate, X509_get_subject_name(by.certificate.get()));
  if (authority) add_extension(certificate, by.certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  if (!authority) add_extension(certificate, by.certificate.get(), NID_subject_alt_name, spec.names);
  if (X509_sign(certificate, by.key.get(), EVP_sha256()) == 0) throw std::runtime_error("no certificate");
  return made;
}

const Signer& authority() {
  static const Signer kOne = make_certificate({}, "Test Authority", true, nullptr);
  return kOne;
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const void* raw = &address;
  if (::connect(fd, static_cast<const sockaddr*>(raw), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

const std::string& test_authority_pem() {
  static const std::string kPem = [] {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    if (PEM_write_bio_X509(out.get(), authority().certificate.get()) != 1) throw std::runtime_error("no authority");
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
  }();
  return kPem;
}

struct TlsFront::Context {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> ssl{SSL_CTX_new(TLS_server_method()), &SSL_CTX_free};
};

TlsFront::TlsFront(std::uint16_t backend, CertificateSpec spec, Manner manner)
    : context_(std::make_unique<Context>()), manner_(manner), backend_(backend) {
  const Signer leaf = make_certificate(spec, "test", false, spec.self_signed ? nullptr : &authority());
  SSL_CTX* const ssl = context_->ssl.get();
  SSL_CTX_use_certificate(ssl, leaf.certificate.get());
  SSL_CTX_use_PrivateKey(ssl, leaf.key.get());
  if (manner == Manner::old) {
    SSL_CTX_set_security_level(ssl, 0);  // else OpenSSL would not even offer it
    SSL_CTX_set_min_proto_version(ssl, TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(ssl, TLS1_1_VERSION);
  }
  listen_fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  void* raw = &address;
  if (::bind(listen_fd_, static_cast<sockaddr*>(raw), sizeof address) != 0 || ::listen(listen_fd_, 64) != 0)
    throw std::runtime_error("no port");
  socklen_t size = sizeof address;
  ::getsockname(listen_fd_, static_cast<sockaddr*>(raw), &size);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

TlsFront::~TlsFront() {
  stop_ = true;
  accepting_.join();
  for (std::thread& thread : threads_) thread.join();
  ::close(listen_fd_);
}

std::vector<std::string> TlsFront::asked_for() const {
  const std::lock_guard lock(mutex_);
  return asked_for_;
}

void TlsFront::accept_all() {
  while (!stop_) {
    pollfd waiting{listen_fd_, POLLIN, 0};
    if (::poll(&waiting, 1, kSliceMs) <= 0) continue;
    const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void TlsFront::serve(int fd) {
  const std::unique_ptr<const int, void (*)(const int*)> closing(&fd, [](const int* one) { ::close(*one); });
  while (manner_ == Manner::silent && !stop_) {
    char byte = 0;
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, kSliceMs) > 0 && ::recv(fd, &byte, 1, 0) <= 0) return;
  }
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_->ssl.get()), &SSL_free);
  SSL_set_fd(ssl.get(), fd);
  timeval limit{5, 0};  // a peer that says nothing does not keep a test from ending
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (stop_ || SSL_accept(ssl.get()) != 1) return;
  const char* const name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
  {
    const std::lock_guard lock(mutex_);
    asked_for_.emplace_back(name == nullptr ? "" : name);
  }
  ++handshakes_;
  const int backend = connect_to(backend_);
  if (backend < 0) return;
  std::array<char, 16 * 1024> bytes{};
  for (bool open = true; open && !stop_;) {
    std::array<pollfd, 2> ends{pollfd{fd, POLLIN, 0}, pollfd{backend, POLLIN, 0}};
    if (SSL_pending(ssl.get()) == 0 && ::poll(ends.data(), ends.size(), kSliceMs) < 0) break;
    if (ends[0].revents != 0 || SSL_pending(ssl.get()) > 0) {
      if (manner_ == Manner::slow) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const int got = SSL_read(ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
      const bool later = got <= 0 && SSL_get_error(ssl.get(), got) == SSL_ERROR_WANT_READ;  // a record that was no data
      open = later || (got > 0 && send_all(backend, {bytes.data(), static_cast<std::size_t>(got)}));
    }
    if (open && ends[1].revents != 0) {
      const ssize_t got = ::recv(backend, bytes.data(), bytes.size(), 0);
      open = got > 0 && SSL_write(ssl.get(), bytes.data(), static_cast<int>(got)) > 0;
      if (got <= 0 && manner_ != Manner::rude) SSL_shutdown(ssl.get());
    }
  }
  ::close(backend);
}

}  // namespace pg::test
