// A kept request as a line that sends it again: the body comes out of pg's own database through a pipe, so that no byte of it is
// ever read by a shell.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"
#include "core/store/body_store.h"
#include "core/store/log_store.h"

namespace pg {

/// `parts` are words of sh that make one command when a blank or an escaped line end joins them. Empty: it cannot be sent again,
/// and `why` says why not; that is empty as well where no request is kept at all.
struct CurlLine {
  std::vector<std::string> parts;
  std::string differs;  // in what it is not the request that the client sent; may be empty
  std::string why;
};

/// `config` is what --config said, for the command that the line begins with.
CurlLine make_curl_line(const Settings& settings, const std::string& config, const LogRow& row, const LogBody& body);

}  // namespace pg
