// Clients disagree about who adds "/v1": paths are matched after any number of them.
#include "proxy/surfaces.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/wire/error_details.h"

namespace pg {
namespace {

struct SurfaceRow {
  std::string_view method;
  std::string_view path;  // behind the project and every v1
  Operation operation;
  DialectId dialect;
};

constexpr SurfaceRow kSurfaces[] = {
    {"POST", "messages", Operation::model_call, DialectId::anthropic},
    {"POST", "messages/count_tokens", Operation::count_tokens, DialectId::anthropic},
    {"POST", "chat/completions", Operation::model_call, DialectId::openai_chat},
    {"POST", "responses", Operation::model_call, DialectId::openai_responses},
    {"POST", "embeddings", Operation::model_call, DialectId::embeddings},
    {"GET", "models", Operation::list_models, DialectId::openai_chat},
    {"GET", "endpoints", Operation::list_endpoints, DialectId::openai_chat},
    {"POST", "endpoints/NAME", Operation::endpoint, DialectId::openai_chat},
    {"GET", "endpoints/NAME", Operation::list_endpoints, DialectId::openai_chat},
    {"POST", "mcp", Operation::mcp, DialectId::openai_chat},
    {"POST", "mcp/NAME", Operation::mcp, DialectId::openai_chat},
    {"GET", "", Operation::hello, DialectId::openai_chat},
    {"GET", "api/hello", Operation::hello, DialectId::openai_chat},
};

// Outside /api: what probes and people ask for.
constexpr SurfaceRow kRootSurfaces[] = {
    {"GET", "", Operation::hello, DialectId::openai_chat},
    {"GET", "api/hello", Operation::hello, DialectId::openai_chat},
    {"GET", "healthz", Operation::health, DialectId::openai_chat},
    {"GET", "readyz", Operation::ready, DialectId::openai_chat},
    {"GET", "metrics", Operation::metrics, DialectId::openai_chat},
};

// Behind it stands an id, which may hold slashes. It is compared with those of a list, and leads nowhere.
constexpr std::string_view kOneModel = "models/";
// Behind it stands an endpoint's name.
constexpr std::string_view kEndpoint = "endpoints/";
// Behind it stands the name of an MCP server.
constexpr std::string_view kMcpServer = "mcp/";

bool is_plain_path(std::string_view path, bool may_be_encoded = false) {
  unsigned char flaws = 0;
  for (const char c : path)  // bytes from 0x80 on are negative
    flaws |= static_cast<unsigned char>((c <= ' ') | (c == 0x7f) | (c == '\\') | ((c == '%') & !may_be_encoded) | (c == ';'));
  if (flaws != 0) return false;
  if (path.find('.') == std::string_view::npos) return true;
  for (const std::string_view piece : Pieces(path, '/'))
    if (piece == "." || piece == "..") return false;
  return true;
}

// The next path segment, taken off the front.
std::string_view take_segment(std::string_view& path) {
  const std::size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  return segment;
}

void drop_versions(std::string_view& path) {
  while (path == "v1" || path.starts_with("v1/")) take_segment(path);
}

Status check_path(std::string_view method, std::string_view path) {
  if (method == "TRACE" || method == "CONNECT" || !path.starts_with('/'))
    return make_error(Code::method_not_allowed, "this method is not spoken here", "GET, POST");
  if (!is_plain_path(path)) return make_error(Code::bad_request, "the path is malformed");
  return {};
}

// A path that leads nowhere is logged too: whatever looks like a key is left out, wherever it stands.
std::string hide_keys(std::string_view path) {
  constexpr std::string_view kKeyStart = "pg_live_";
  if (path.find(kKeyStart) == std::string_view::npos) return std::string(path);
  std::string out;
  for (const std::string_view piece : Pieces(path, '/')) {
    if (piece.data() != path.data()) out += '/';
    out += piece.find(kKeyStart) == std::string_view::npos ? piece : std::string_view("...");
  }
  return out;
}

// Takes "key/KEY" off the front of what follows the project, which stands at `base`.
void read_key(std::string_view& path, const std::string& base, Surface& surface) {
  if (!path.starts_with("key/")) return;
  take_segment(path);
  surface.key = take_segment(path);
  if (surface.key.empty()) return;  // surface.path says it all already
  surface.path = hide_keys(base + (path.empty() && !base.empty() ? "" : "/") + std::string(path));
}

// Takes project and key off the front of "api/PROJECT/key/KEY/…", also of a path that will be refused.
void read_project(std::string_view& path, Surface& surface) {
  take_segment(path);
  surface.project = take_segment(path);
  read_key(path, "/api/" + std::string(surface.project), surface);
}

// What stands at a path that leads nowhere, in the words of those that lead somewhere.
Error unknown_path(std::string_view path, std::string_view form) {
  std::vector<std::string_view> known;
  for (const SurfaceRow& row : kSurfaces)
    if (!row.path.empty()) known.push_back(row.path);
  const bool is_known = std::find(known.begin(), known.end(), path) != known.end();
  const std::optional<std::string_view> near = is_known ? std::optional(path) : find_nearest(path, known);
  return make_error(Code::not_found,
                    near
                        ? fmt::format("there is nothing at this path; {}{}/v1/{}",
                                      is_known ? "a project has it at " : "did you mean ", form, *near)
                        : fmt::format("there is nothing at this path; a project answers at {}/v1/messages, /v1/chat/completions, "
                                      "/v1/responses, /v1/embeddings and /v1/models",
                                      form),
                    std::string(kUnknownUrl));
}

Status match(std::span<const SurfaceRow> rows, std::string_view method, std::string_view path, bool upgrade, Surface& surface) {
  std::string allow;
  for (const SurfaceRow& row : rows) {
    if (!row.path.empty() && path.starts_with(row.path)) surface.dialect = row.dialect;  // messages/batches: who asks speaks it
    if (row.path != path) continue;
    surface.operation = row.operation;
    surface.dialect = row.dialect;
    if (row.method == method || (row.method == "GET" && method == "HEAD")) return {};
    allow += (allow.empty() ? "" : ", ") + std::string(row.method);
  }
  if (allow.empty()) return unknown_path(path, surface.project.empty() ? "/api/PROJECT" : "");
  // Codex asks for a WebSocket first and falls back to POST at once when it is told so.
  if (upgrade && method == "GET") return make_error(Code::upgrade_required, "WebSocket is not spoken here; use POST");
  return make_error(Code::method_not_allowed, "this path takes " + allow, allow);
}

// `id`: what of the path follows "models/".
Status read_id(std::string_view id, Surface& surface) {
  std::optional<std::string> plain = is_plain_path(id, true) ? from_percent(id) : std::nullopt;
  if (!plain) return make_error(Code::bad_request, "the model's id is malformed");
  surface.model = std::move(*plain);
  return {};
}

bool is_root(std::string_view path) {
  return std::any_of(std::begin(kRootSurfaces), std::end(kRootSurfaces),
                     [path](const SurfaceRow& row) { return row.path == path; });
}

}  // namespace

Status find_surface(std::string_view method, std::string_view target, bool upgrade, Surface& surface, std::string_view by_host) {
  const std::size_t question = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, question);
  surface.query = target.substr(question);
  surface.path = hide_keys(path);
  const std::string_view whole = path;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  const bool in_project = path.starts_with("api/") && path != "api/hello";
  if (in_project) read_project(path, surface);
  const bool for_host = !in_project && !by_host.empty() && !is_root(path);
  if (for_host) {
    surface.project = by_host;
    read_key(path, "", surface);
  }
  if (in_project || for_host) drop_versions(path);
  const bool of_one = (in_project || for_host) && path.starts_with(kOneModel);
  const std::string_view id = of_one ? path.substr(kOneModel.size()) : path.substr(path.size());
  PG_TRY_STATUS(check_path(method, of_one ? whole.substr(0, static_cast<std::size_t>(id.data() - whole.data())) : whole));
  if (!in_project && !for_host) {
    if (is_root(path)) return match(kRootSurfaces, method, path, upgrade, surface);
    // Who left the project out is answered in the dialect that was spoken.
    drop_versions(path);
    if (const Status there = match(kSurfaces, method, path, false, surface); !there && there.error().code == Code::not_found)
      return there;
    surface.operation = Operation::hello;
    return unknown_path(path, "/api/PROJECT");
  }
  if (surface.project.empty()) return unknown_path(path, "/api/PROJECT");
  if (of_one) {
    PG_TRY_STATUS(read_id(id, surface));
    path = path.substr(0, kOneModel.size() - 1);
  }
  if (path.starts_with(kEndpoint)) {
    surface.model = path.substr(kEndpoint.size());
    path = "endpoints/NAME";
  }
  if (path.starts_with(kMcpServer)) {
    surface.model = path.substr(kMcpServer.size());
    path = "mcp/NAME";
  }
  return match(kSurfaces, method, path, upgrade, surface);
}

std::string_view project_of_target(std::string_view target) {
  constexpr std::string_view kStart = "/api/";
  if (!target.starts_with(kStart)) return {};
  return target.substr(kStart.size(), target.find_first_of("/?", kStart.size()) - kStart.size());
}

bool find_service_surface(std::string_view target, bool by_host, Surface& surface) {
  const std::size_t question = std::min(target.find('?'), target.size());
  const std::string_view whole = target.substr(0, question);
  std::string_view path = whole.substr(std::min<std::size_t>(1, whole.size()));
  Surface found;
  if (by_host)
    read_key(path, "", found);
  else
    read_project(path, found);
  const std::size_t end = std::min(path.find('/'), path.size());
  if (end == 0 || (by_host && is_root(path))) return false;
  surface.project = std::move(found.project);
  surface.key = std::move(found.key);
  surface.query = target.substr(question);
  surface.path = found.path.empty() ? hide_keys(whole) : std::move(found.path);
  surface.service = path.substr(0, end);
  surface.rest = path.substr(end);
  surface.gateway = whole.substr(0, static_cast<std::size_t>(surface.rest.data() - whole.data()));
  surface.operation = Operation::service_call;
  return true;
}

std::string take_path(Surface& surface) {
  constexpr std::size_t kLongest = 200;
  if (surface.path.size() > kLongest) surface.path.resize(kLongest);
  return std::move(surface.path);
}

void guess_surface(std::string_view begun, Surface& surface) {
  const std::string_view line = begun.substr(0, begun.find_first_of("\r\n"));
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return;
  const std::string_view rest = line.substr(blank + 1), target = rest.substr(0, rest.find(' '));
  Surface seen;
  (void)find_surface(line.substr(0, blank), target, false, seen);
  surface.dialect = seen.dialect;
  surface.path = std::move(seen.path);
}

}  // namespace pg
