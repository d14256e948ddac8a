// Anthropic says `event: error`, Chat Completions `data: {"error":…}`, Responses `error` or `response.failed`; Gemini's and
// others' look like Chat's.
#include "core/wire/first_event.h"

#include "core/wire/json_doc.h"
#include "core/wire/reply.h"

namespace pg {
namespace {

bool is_error(std::string_view type, JsonView root) {
  if (type == "error" || type == "response.failed") return true;
  if (root["type"].text_is("error") || root["type"].text_is("response.failed")) return true;
  const JsonView error = root["error"];
  return error.is_object() || error.is_string();
}

}  // namespace

FirstEvent::Says FirstEvent::push(std::string_view bytes) {
  reader_.feed(bytes);
  SseEvent event;
  do {  // a comment is no event: OpenRouter sends them while it waits, and its error after them
    const Result<bool> whole = reader_.next(event);
    if (!whole) return Says::fine;
    if (!whole.value()) return Says::nothing;
  } while (event.data_lines == 0 && event.type.empty());
  JsonDoc doc;
  if (event.data.empty() || !doc.parse(event.data)) return Says::fine;
  const JsonView root = doc.root().is_array() ? doc.root().first() : doc.root();
  if (!root.is_object() || !is_error(event.type, root)) return Says::fine;
  status_ = read_fault(wire_, root, 200).status;
  return Says::error;
}

}  // namespace pg
