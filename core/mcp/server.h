// McpServer: one MCP server behind pg, a program that it starts or a place that it asks, and what of it callers may use.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/secret_string.h"
#include "core/guard/guard.h"
#include "core/guard/stream_mask.h"

namespace pg {

struct Service;

struct McpServer {
  std::string name;
  std::string id;  // changes with whom one talks to, and how patiently: what a running program or a session belongs to

  /// Where it is and its credential, when it is asked over HTTP; nullptr: it is a program, and `command` says which. The base of
  /// its one outlet is the place itself: the path as it was written, with a "/" at its end or without, and maybe a query.
  std::shared_ptr<const Service> service;
  std::vector<std::string> command;                               // the program, found along PATH, and its arguments; no shell
  std::vector<std::pair<std::string, SecretString>> environment;  // beside the few variables every program needs
  std::string directory;                                          // where it runs; "" = where pg does
  std::string problem;  // why it cannot be asked ("environment variable X is not set"); "" = none

  std::vector<std::string> tools;                      // globs over the tools' own names; empty = every tool
  std::vector<std::string> deny_tools;                 // above tools
  std::shared_ptr<const Guards> guards;                // over what it is sent; nullptr = none
  std::shared_ptr<const CredentialIndex> credentials;  // what none of its answers may quote; nullptr = nothing

  Millis start_timeout{30'000};           // until it has introduced itself
  Millis call_timeout{300'000};           // of one call, from its last sign of life
  Millis idle_stop{900'000};              // a program that nobody asks is ended; 0 = never
  std::uint64_t max_reply = 16ull << 20;  // bytes of one message
};

}  // namespace pg
