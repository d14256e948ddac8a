// What a call to an API says is gathered, read by the project's guards, and decided upon. Large bodies are read on the scan pool.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "core/base/compress.h"
#include "core/base/text.h"
#include "core/guard/service_texts.h"
#include "core/route/service.h"
#include "proxy/guard_texts.h"
#include "proxy/serve_model.h"
#include "proxy/serve_service.h"

namespace pg {
namespace {

Error unreadable(std::string_view what) {
  return make_error(Code::unsupported_media,
                    fmt::format("{} cannot be read by the guards, so it is not sent; unreadable = \"pass\" in the project's file "
                                "lets it through unread",
                                what));
}

// Undoes the content coding, for reading. A body that cannot be undone goes as it is, where that is allowed.
Status unfold_for_guards(Exchange& x, bool& is_opaque) {
  const auto coding = x.head.find("content-encoding");
  is_opaque = coding && !find_coding(*coding);
  if (!is_opaque) return unfold_body(x);
  x.body = x.received.view();
  x.row.bytes_in = static_cast<std::int64_t>(x.body.size());
  return x.service->passes_unreadable ? Status{} : Status(unreadable("a body in this content encoding"));
}

void merge_counts(std::map<std::string, std::uint32_t>& into, const std::map<std::string, std::uint32_t>& from) {
  for (const auto& [kind, count] : from) into[kind] += count;
}

/// What was found beside the body, and what was found in it.
GuardedCall merge_calls(GuardedCall first, GuardedCall second) {
  merge_counts(first.redacted, second.redacted);
  merge_counts(first.detected, second.detected);
  first.blocked.insert(first.blocked.end(), second.blocked.begin(), second.blocked.end());
  if (!second.places.empty()) first.places += (first.places.empty() ? "" : "; ") + second.places;
  first.edits.insert(first.edits.end(), std::make_move_iterator(second.edits.begin()),
                     std::make_move_iterator(second.edits.end()));
  return first;
}

// Of two that differ the guards would read by one, and the API by the other.
Status check_single_fields(const RequestHead& head) {
  for (const std::string_view name : {std::string_view("content-type"), std::string_view("content-encoding")})
    if (std::count_if(head.fields.begin(), head.fields.end(),
                      [name](const Field& field) { return equals_ignore_case(field.name, name); }) > 1)
      return make_error(Code::bad_request, fmt::format("{} stands in the head twice", name));
  return {};
}

}  // namespace

Task<Status> guard_service_call(Exchange& x, std::string path) {
  bool is_opaque = false;
  if (const Status single = check_single_fields(x.head); !single) co_return single.error();
  number_apart(x.vault);
  if (const Status unfolded = unfold_for_guards(x, is_opaque); !unfolded) co_return unfolded.error();
  x.guarding = GuardStep::request;
  const BodyKind kind = is_opaque ? BodyKind::unreadable : find_body_kind(x.head.find("content-type").value_or(""), x.body);
  RequestView view;
  if (kind == BodyKind::unreadable && !x.service->passes_unreadable) co_return unreadable("a body of this type");
  if (kind == BodyKind::json)
    if (const Status read = read_json_texts(x.body, view); !read) co_return read.error();
  ServiceTexts texts;
  const std::string_view query = x.surface.query.substr(std::min<std::size_t>(1, x.surface.query.size()));
  texts.add_target(path, query);
  texts.add_fields(fields_for_service(x));
  if (kind == BodyKind::form) texts.add_form(x.body);
  if (kind == BodyKind::text) texts.add_text(x.body);
  texts.finish();
  GuardedText beside{texts.json(), texts.view(), *x.project->guards};
  Result<GuardedCall> found = co_await read_through(x, beside);
  if (!found) co_return found.error();
  GuardedCall call = std::move(found).value();
  texts.settle(call);
  if (kind == BodyKind::json && call.blocked.empty()) {
    GuardedText body{x.body, view, *x.project->guards};
    Result<GuardedCall> in_body = co_await read_through(x, body);
    if (!in_body) co_return in_body.error();
    call = merge_calls(std::move(call), std::move(in_body).value());
  }
  x.guarded = std::move(call);
  note_guarded(x);
  x.guarding = GuardStep::none;
  if (!x.guarded.blocked.empty()) {
    // What blocked it does not belong into the row, either.
    if (x.guarded.places.find("path: ") != std::string::npos)
      x.row.path = fmt::format("/api/{}/{}/*", x.project->name, x.service->name);
    co_return service_block_error(x.guarded);
  }
  co_return Status{};
}

}  // namespace pg
