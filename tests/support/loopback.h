// Where tests listen and connect.
#pragma once

#include <netinet/in.h>

#include <cstdint>

namespace pg::test {

/// 127.0.0.1 and `port`; 0 = any free one.
inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace pg::test
