// pg http call: one call to a service through the serve that runs, as any caller's would go.
#pragma once

#include <string>
#include <vector>

#include "cmd/command.h"

namespace pg {

struct HttpCall {
  std::string service;
  std::string method;  // in any case
  std::string path;    // with its query
  std::string body;    // "" = none; "@FILE" and "@-" read it
  std::string type = "application/json";
  std::vector<std::string> headers;  // "Name: value"
  bool head = false;                 // print the reply's head, too
};

int call_service(Shell& shell, const HttpCall& call);

}  // namespace pg
