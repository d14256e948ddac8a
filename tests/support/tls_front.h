// TlsFront: TLS in front of a FakeUpstream, with certificates made at run time, good ones and bad ones. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pg::test {

/// What a server's certificate says, and who signed it.
struct CertificateSpec {
  std::string names = "DNS:localhost,IP:127.0.0.1";  // as OpenSSL spells subjectAltName
  std::chrono::hours begins{-1};                     // from now
  std::chrono::hours ends{24};
  bool self_signed = false;  // instead of signed by test_authority_pem()
};

/// The certificate of the authority that signed every TlsFront's certificate which is not self-signed, in PEM.
const std::string& test_authority_pem();

class TlsFront {
 public:
  enum class Manner : std::uint8_t {
    good,
    rude,    // closes TCP without TLS's own goodbye: what a cut looks like
    silent,  // accepts and says nothing
    old,     // TLS 1.1 at most
    slow,    // takes its time over each record it reads
  };
  /// Listens on a port of 127.0.0.1 and carries what it hears to `backend`, another port there.
  explicit TlsFront(std::uint16_t backend, CertificateSpec spec = {}, Manner manner = Manner::good);
  ~TlsFront();
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;

  std::uint16_t port() const { return port_; }
  /// The host each client that came asked for (SNI), "" where it named none. Of handshakes that got so far.
  std::vector<std::string> asked_for() const;
  std::uint64_t handshakes() const { return handshakes_; }  // that ended well

 private:
  struct Context;
  void accept_all();
  void serve(int fd);

  std::unique_ptr<Context> context_;
  Manner manner_;
  std::uint16_t backend_;
  int listen_fd_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> handshakes_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> asked_for_;  // guarded by mutex_
  std::vector<std::thread> threads_;    // only the accepting thread adds; read after it ended
  std::thread accepting_;
};

}  // namespace pg::test
