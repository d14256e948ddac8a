// A request to the gateway with a key that lives as long, and the reply as it came.
#include "cmd/http_call.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>

#include "cmd/http_probe.h"
#include "cmd/open.h"
#include "cmd/short_key.h"
#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

constexpr Millis kCallTimeout{60'000};
constexpr Millis kUntilKnown{15'000};  // beside the call itself: until serve knows the key

Result<std::string> body_of_call(Shell& shell, const std::string& given) {
  if (!given.starts_with('@')) return given;
  std::string body;
  if (given == "@-") {
    char block[16'384];
    for (std::size_t got = 0; (got = std::fread(block, 1, sizeof block, shell.in)) > 0;) body.append(block, got);
    return body;
  }
  std::ifstream file(given.substr(1), std::ios::binary);
  if (!file) return make_error(Code::not_found, escape_controls(given.substr(1)) + ": cannot be read");
  body.assign(std::istreambuf_iterator<char>(file), {});
  return body;
}

Result<ProbeRequest> request_of(Shell& shell, const HttpCall& call) {
  ProbeRequest request;
  request.method = call.method;
  for (char& c : request.method) c = to_upper(c);
  PG_TRY(request.body, body_of_call(shell, call.body));
  request.fields.emplace_back("User-Agent", "pg-http-call/" PG_VERSION);
  if (!request.body.empty()) request.fields.emplace_back("Content-Type", call.type);
  for (const std::string& header : call.headers) {
    const std::size_t colon = header.find(':');
    if (colon == std::string::npos || header.find_first_of("\r\n") != std::string::npos)
      return make_error(Code::bad_request, "a header is written as 'Name: value'");
    request.fields.emplace_back(header.substr(0, colon), std::string(trim(header.substr(colon + 1))));
  }
  return request;
}

// The service's own 4xx and 5xx are answers; what pg refused says so in its own words.
int status_of_answer(const ProbeReply& reply) {
  return reply.status < 400 ? exit_ok : exit_no;
}

void print_answer(Shell& shell, const HttpCall& call, const ProbeReply& reply) {
  if (call.head || shell.verbose > 0) {
    std::string head = fmt::format("HTTP {}\n", reply.status);
    for (const auto& [name, value] : reply.fields) head += fmt::format("{}: {}\n", name, escape_controls(value));
    shell.write(head + "\n");
  } else if (reply.status >= 300) {
    shell.note(fmt::format("HTTP {}", reply.status));
  }
  shell.write(shell.out_tty ? escape_controls_in_json(reply.body) : reply.body);
  if (shell.out_tty && !reply.body.ends_with('\n')) shell.write("\n");
}

// --project, or the only one that has a service of that name.
ProjectSettings project_of_service(Shell& shell, const Settings& settings, const std::string& service) {
  if (!shell.project.empty()) return chosen_project(shell, settings).value();
  std::vector<const ProjectSettings*> found;
  for (const auto& [name, project] : settings.projects)
    if (project.services.count(service) != 0) found.push_back(&project);
  if (found.size() == 1) return *found.front();
  if (found.empty()) throw Refusal(make_error(Code::not_found, "no service of that name; 'pg http list' names them"));
  throw Refusal(make_error(Code::bad_request,
                           fmt::format("{} projects have a service {}; say which: --project NAME", found.size(), service)));
}

}  // namespace

int call_service(Shell& shell, const HttpCall& call) {
  if (!call.path.starts_with('/') || call.path.find_first_of(" \r\n") != std::string::npos)
    return shell.fail({.what = "the path begins with / and holds no blanks", .hint = "pg http call github GET /user"});
  const ProbeRequest written = request_of(shell, call).value();
  auto place = open_workplace(shell).value();
  const ProjectSettings project = project_of_service(shell, place.settings, call.service);
  const auto running = running_origin(place.settings);
  if (!running) return shell.fail(no_serve(place.settings.database));
  const Millis timeout = shell.timeout_or(kCallTimeout).value();
  const std::size_t question = std::min(call.path.find('?'), call.path.size());
  Url url = parse_url(*running).value();
  url.path = fmt::format("/api/{}/{}{}", project.name, call.service, call.path.substr(0, question));
  url.query = call.path.substr(std::min(question + 1, call.path.size()));
  ProbeRequest request = written;
  const ShortKey key(shell, place, "http-call", project, timeout + kUntilKnown, scope_proxy);
  request.fields.emplace_back("x-pg-key", key.text());
  const auto reply = probe(url, request, timeout);
  if (!reply) return shell.fail(reply.error(), "pg logs show last");
  print_answer(shell, call, reply.value());
  return status_of_answer(reply.value());
}

}  // namespace pg
