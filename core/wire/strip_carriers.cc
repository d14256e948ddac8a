// For requests that stay in their dialect: takes out the thoughts another vendor signed and leaves every other byte as it came.
#include <string>
#include <vector>

#include "core/wire/carriers.h"
#include "core/wire/json_doc.h"
#include "core/wire/translate.h"

namespace pg {
namespace {

bool is_foreign_block(JsonView block) {
  return block["type"].text_is("thinking") && is_carrier(block["signature"].text());
}
bool is_foreign_item(JsonView item) {
  return item["type"].text_is("reasoning") && is_carrier(item["encrypted_content"].text());
}

/// `list` without the elements that `goes` names; their separators are written anew.
template <class Goes>
std::string list_without(JsonView list, Goes goes, std::size_t& kept) {
  std::string out = "[";
  kept = 0;
  for (JsonView element : list) {
    if (goes(element)) continue;
    if (kept++ > 0) out += ',';
    out += element.raw();
  }
  return out + ']';
}

/// `whole` with the bytes of `part`, a value inside it, replaced.
std::string replaced(std::string_view whole, JsonView part, std::string_view with) {
  const auto at = static_cast<std::size_t>(part.raw().data() - whole.data());
  std::string out(whole.substr(0, at));
  out += with;
  return out.append(whole.substr(at + part.raw().size()));
}

/// The message without foreign thoughts; "" when nothing is left of it.
std::string clean_message(JsonView message) {
  const JsonView content = message["content"];
  std::size_t kept = 0;
  const std::string list = list_without(content, is_foreign_block, kept);
  if (kept == content.size()) return std::string(message.raw());
  return kept == 0 ? std::string() : replaced(message.raw(), content, list);
}

std::string clean_messages(JsonView messages) {
  std::string out = "[";
  for (JsonView message : messages) {
    const std::string clean = clean_message(message);
    if (clean.empty()) continue;
    if (out.size() > 1) out += ',';
    out += clean;
  }
  return out + ']';
}

}  // namespace

Result<std::string> strip_carriers(Wire dialect, std::string_view body) {
  if (body.find("\"pg:") == std::string_view::npos) return std::string(body);
  JsonDoc doc;
  PG_TRY_STATUS(doc.parse(body));
  if (dialect == Wire::anthropic && doc.root()["messages"].is_array()) {
    const JsonView messages = doc.root()["messages"];
    return replaced(body, messages, clean_messages(messages));
  }
  const JsonView input = doc.root()["input"];
  if (dialect != Wire::openai_responses || !input.is_array()) return std::string(body);
  std::size_t kept = 0;
  const std::string list = list_without(input, is_foreign_item, kept);
  return kept == input.size() ? std::string(body) : replaced(body, input, list);
}

}  // namespace pg
