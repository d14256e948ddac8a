// pg explain: what left the machine with a request, or what would.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <map>

#include "cmd/body_view.h"
#include "cmd/command.h"
#include "cmd/explain_request.h"
#include "cmd/log_ask.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "core/base/text.h"
#include "core/store/body_store.h"
#include "core/wire/json_doc.h"
#include "core/wire/spans.h"

namespace pg {
namespace {

/// Placeholders of one kind, and where they stand.
struct KindSeen {
  std::int64_t count = 0;
  std::map<std::string, std::int64_t> places;
};
using KindsSeen = std::map<std::string, KindSeen, std::less<>>;

// A body that was cut is no JSON any more: its placeholders are counted and have no place.
KindsSeen count_placeholders(std::string_view request) {
  const std::vector<SeenPlaceholder> seen = find_placeholders(request);
  std::vector<std::uint32_t> offsets;
  for (const SeenPlaceholder& one : seen) offsets.push_back(one.begin);
  JsonDoc doc;
  std::vector<std::string> paths;
  if (doc.parse(request)) paths = find_paths(request, offsets);
  KindsSeen kinds;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    KindSeen& kind = kinds[std::string(seen[i].kind)];
    ++kind.count;
    if (i < paths.size()) ++kind.places[paths[i]];
  }
  return kinds;
}

std::string places_text(const KindSeen& kind) {
  std::string out;
  for (const auto& [place, count] : kind.places)
    out += fmt::format("{}{}{}", out.empty() ? "" : ", ", place, count > 1 ? fmt::format(" ({})", count) : "");
  return out;
}

std::string kinds_json(const KindsSeen& kinds) {
  std::string objects;
  for (const auto& [name, kind] : kinds) {
    std::string places;
    for (const auto& [place, count] : kind.places) {
      std::string object = "{";
      json_field(object, "place", place);
      json_number(object, "count", count);
      places += (places.empty() ? "" : ",") + object + "}";
    }
    std::string object = "{";
    json_field(object, "kind", name);
    json_number(object, "count", kind.count);
    json_raw(object, "places", "[" + places + "]");
    objects += (objects.empty() ? "" : ",") + object + "}";
  }
  return "[" + objects + "]";
}

bool was_sent(const LogRow& row) {
  return row.outcome != "blocked" && !row.provider.empty();
}

std::string what_happened(const LogRow& row) {
  if (row.outcome == "blocked") return "nothing: it was blocked (" + row.blocked + ")";
  if (row.provider.empty()) return fmt::format("nothing: pg answered {} itself", row.status);
  return fmt::format("to {} as {}, answered {}", row.provider, row.model_served.empty() ? row.model : row.model_served,
                     row.status);
}

int explain_json(Shell& shell, const LogRow& row, const std::optional<LogBody>& body) {
  std::string object = "{";
  json_field(object, "id", row.id);
  json_time(object, "time", row.time);
  json_field(object, "provider", row.provider);
  json_field(object, "outcome", row.outcome);
  json_field(object, "redactions", row.redactions);
  json_field(object, "places", row.places);
  json_bool(object, "kept", body.has_value());
  if (body) {
    json_field(object, "dialect", body->dialect);
    json_number(object, "request_bytes", static_cast<std::int64_t>(body->request_size));
    json_bool(object, "request_cut", body->request_cut);
    json_number(object, "masked", body->masked);
    json_raw(object, "placeholders", kinds_json(count_placeholders(body->request)));
    json_field(object, "request", body->request);
  }
  shell.write(object + "}\n");
  return body || !was_sent(row) ? exit_ok : exit_not_found;
}

int explain_row(Shell& shell, const std::string& which) {
  auto place = open_workplace(shell, DbMode::read_only).value();
  const LogRow row = find_row(shell, place.db, which).value();
  const auto body = BodyStore(place.db).find(row.id).value();
  if (shell.json) return explain_json(shell, row, body);
  const auto say = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) shell.print("{:<10}{}\n", name, escape_controls(text));
  };
  say("request", row.id + ", " + format_rfc3339(row.time));
  say("sent", what_happened(row));
  if (!body) {
    say("places", row.places);
    if (!was_sent(row)) return exit_ok;
    say("replaced", row.redactions.empty() ? "nothing" : row.redactions);
    return shell.fail({.what = "its body is not kept: this is what the log knows",
                       .hint = "log_bodies = \"redacted\" in a project file keeps those to come",
                       .status = exit_not_found});
  }
  say("body", fmt::format("{}, {}", body->dialect,
                          body_notes(body->request_size, body->request.size(), body->request_cut, body->masked)));
  const KindsSeen kinds = count_placeholders(body->request);
  if (kinds.empty()) say("replaced", "nothing");
  for (const auto& [name, kind] : kinds)
    say("replaced", fmt::format("{} {}{}{}", name, kind.count, kind.places.empty() ? "" : " at ", places_text(kind)));
  shell.print("\n{}\n", mark_placeholders(shell, lay_out_json(body->request)));
  return exit_ok;
}

bool is_file_name(const std::string& text) {
  struct stat found {};
  return text == "-" || text.find_first_of("/.") != std::string::npos || ::stat(text.c_str(), &found) == 0;
}

}  // namespace

void add_explain(CLI::App& command, Shell& shell) {
  auto call = std::make_shared<ExplainedCall>();
  call->file = "last";
  command.description(
      "Show what left the machine, or what would\n"
      "With the id of a request: the body as its provider got it, placeholders marked and counted, where the project keeps "
      "bodies "
      "(log_bodies). With a file or '-': that request through the guards and routes of its project, without a server and without "
      "sending anything. Values are shown masked, never whole. Exits 1 when the request would not be sent.");
  command.add_option("WHAT", call->file, "Id of a request or its beginning, 'last', a file with a request body, or '-'")
      ->type_name("ID|FILE")
      ->capture_default_str();
  command.add_option("--path", call->path, "The path a file's request is sent to, with or without /api/PROJECT")
      ->type_name("PATH");
  std::vector<std::string> names;
  for (const Dialect& row : client_dialects()) names.emplace_back(row.name);
  one_of(command.add_option("--dialect", call->dialect, "Its dialect, when neither path nor body tells"), names);
  command.add_option("--key", call->key, "The name of the caller's key, for routes")->type_name("NAME");
  command.add_option("--agent", call->agent, "The calling agent, for routes")->type_name("AGENT");
  command.footer(
      "pg explain last\npg explain 01KAJ2Q8\npg explain request.json --project work\n"
      "cat request.json | pg explain - --dialect anthropic --json");
  set_action(command, shell, [&shell, call] {
    return is_file_name(call->file) ? explain_request(shell, *call) : explain_row(shell, call->file);
  });
}

}  // namespace pg
