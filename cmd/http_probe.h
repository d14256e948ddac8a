// A tiny blocking HTTP/1.1 client for one purpose: asking the pg that runs on this machine. Plain HTTP, loopback addresses only.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/url.h"

namespace pg {

struct ProbeReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // names in lower case
  std::string body;                                         // whole, de-chunked
};

struct ProbeRequest {
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> fields;  // Host, Connection and Content-Length are added
  std::string body;
};

/// One request, one reply. forbidden for an address that is not loopback; upstream_failed when nothing listens or the answer is
/// not HTTP; upstream_timeout after `timeout` in all; too_large beyond 16 MiB.
Result<ProbeReply> probe(const Url& url, const ProbeRequest& request, Millis timeout);

/// Splits a whole reply as received until the connection closed. upstream_failed when it is not HTTP or was cut short.
Result<ProbeReply> read_probe_reply(std::string_view bytes);

}  // namespace pg
