// What validation let through is a program or has a URL; what it did not is left out here.
#include "config/build_mcp.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/build_services.h"
#include "config/mcp_knobs.h"
#include "config/read_credential.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/base/url.h"

namespace pg {
namespace {

/// A hash over parts of which none can end in another's beginning.
class Identity {
 public:
  ~Identity() { wipe(text_.data(), text_.size()); }
  void add(std::string_view part) {
    // Room is made first: what a string leaves behind when it grows is not wiped.
    const std::string size = fmt::format("{}:", part.size());
    if (text_.capacity() < text_.size() + size.size() + part.size()) grow(size.size() + part.size());
    text_.append(size).append(part);
  }
  std::string text() const { return to_hex(as_bytes(sha256(text_))).substr(0, 32); }

 private:
  void grow(std::size_t more) {
    std::string larger;
    larger.reserve(2 * (text_.size() + more));
    larger.append(text_);
    text_.swap(larger);
    wipe(larger.data(), larger.size());
  }

  std::string text_;
};

class McpServerBuilder {
 public:
  McpServerBuilder(const ProjectSettings& project, const McpServerSettings& wanted, const Settings& settings,
                   const PolicyParts& parts)
      : project_(project), wanted_(wanted), settings_(settings), parts_(parts), home_(find_paths(parts.environment).home) {}

  std::shared_ptr<McpServer> build() {
    server_->name = wanted_.name;
    server_->tools = wanted_.tools;
    server_->deny_tools = wanted_.deny_tools;
    server_->start_timeout = wanted_.start_timeout;
    server_->call_timeout = wanted_.call_timeout;
    server_->idle_stop = wanted_.idle_stop;
    server_->max_reply = wanted_.max_reply;
    id_.add(project_.id);
    id_.add(wanted_.name);
    // What runs goes by what it was started with.
    id_.add(fmt::format("{} {} {} {} {}", wanted_.start_timeout.count(), wanted_.call_timeout.count(), wanted_.idle_stop.count(),
                        wanted_.max_reply, wanted_.http.connect_timeout.count()));
    if (wanted_.has_url ? !add_place() : !add_program()) return nullptr;
    server_->id = id_.text();
    return server_;
  }

 private:
  bool add_place() {
    const auto service = build_service(project_, service_of(wanted_), settings_, parts_);
    if (service == nullptr) return false;
    // Everything counts of a place that is asked itself.
    auto place = std::make_shared<Provider>(*service->provider);
    Url& base = place->outlets.front().base;
    const std::string_view path = std::string_view(wanted_.http.base_url).substr(0, wanted_.http.base_url.find('?'));
    if (path.ends_with('/')) base.path += '/';
    auto own = std::make_shared<Service>(*service);
    own->provider = place;
    server_->problem = place->credential_problem;
    server_->credentials = own->credentials;
    id_.add("url");
    id_.add(base.text());
    for (const auto& [name, value] : place->headers) {
      id_.add(name);
      id_.add(value);
    }
    id_.add(fmt::format("{} {} {}", static_cast<int>(own->auth), place->public_only, place->ca_file));
    id_.add(own->auth_name);
    id_.add(own->oauth == nullptr ? "" : own->oauth->id);
    id_.add(place->credential.reveal());
    server_->service = std::move(own);
    return true;
  }

  bool add_program() {
    if (wanted_.command.empty()) return false;
    server_->command = wanted_.command;
    std::string& program = server_->command.front();
    if (program.starts_with("~/")) program = resolve_path(program, directory_of(settings_.config_file), home_);
    if (!wanted_.directory.empty())
      server_->directory = resolve_path(wanted_.directory, directory_of(settings_.config_file), home_);
    id_.add("command");
    for (const std::string& word : server_->command) id_.add(word);
    id_.add("in");
    id_.add(server_->directory);
    auto hidden = std::make_shared<CredentialIndex>();
    for (const auto& [name, value] : wanted_.env) {
      SecretString held = is_looked_up(value) ? look_up(name, value) : SecretString(value);
      if (is_looked_up(value)) hidden->add(held.reveal());
      id_.add(name);
      id_.add(held.reveal());
      server_->environment.emplace_back(name, std::move(held));
    }
    server_->credentials = std::move(hidden);
    return true;
  }

  // Files end in a newline, which is none of the value's.
  SecretString look_up(const std::string& name, const std::string& value) {
    const auto found = read_credential(value, wanted_.name, false, settings_, parts_);
    if (!found) return complain(fmt::format("{}: {}", name, found.error().message));
    const std::string_view text = trim(found.value().reveal());
    if (text.empty()) return complain(fmt::format("{}: the credential from {} is empty", name, value));
    if (text.find('\0') != std::string_view::npos)
      return complain(fmt::format("{}: the credential from {} has a NUL byte in it", name, value));
    return SecretString(text);
  }

  SecretString complain(std::string what) {
    if (server_->problem.empty()) server_->problem = std::move(what);
    return {};
  }

  const ProjectSettings& project_;
  const McpServerSettings& wanted_;
  const Settings& settings_;
  const PolicyParts& parts_;
  const std::string home_;
  Identity id_;
  std::shared_ptr<McpServer> server_ = std::make_shared<McpServer>();
};

// Where a server's own guards were set, by the names that those of a project have.
SourcePlaces places_of_guards(const ProjectSettings& project, const McpServerSettings& server) {
  const std::string prefix = "servers." + server.name + ".";
  SourcePlaces places;
  for (auto row = project.places.lower_bound(prefix); row != project.places.end() && row->first.starts_with(prefix); ++row)
    places.emplace(row->first.substr(prefix.size()), row->second);
  return places;
}

}  // namespace

GuardSettings guards_of(const ProjectSettings& project, const McpServerSettings& server) {
  if (!server.guards.empty()) return lay_over(project.guards, server.guards);
  return is_local(server) ? lay_local(project.guards) : project.guards;
}

std::map<std::string, std::shared_ptr<const McpServer>, std::less<>> build_mcp_servers(const ProjectSettings& project,
                                                                                       const Settings& settings,
                                                                                       const PolicyParts& parts,
                                                                                       const GuardMaker& make_guards) {
  std::map<std::string, std::shared_ptr<const McpServer>, std::less<>> servers;
  if (project.type != "mcp") return servers;
  for (const auto& [name, wanted] : project.servers) {
    auto server = McpServerBuilder(project, wanted, settings, parts).build();
    if (server == nullptr) continue;
    if (make_guards) server->guards = make_guards(guards_of(project, wanted), places_of_guards(project, wanted));
    servers[name] = std::move(server);
  }
  return servers;
}

void check_mcp_guards(const ProjectSettings& project, const GuardMaker& make_guards) {
  for (const auto& [name, server] : project.servers)
    if (!server.guards.empty()) (void)make_guards(guards_of(project, server), places_of_guards(project, server));
}

}  // namespace pg
