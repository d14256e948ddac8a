// For requests that stay in their dialect: takes out the thoughts another vendor signed and the pages it cited, and leaves every
// other byte as it came.
#include <string>
#include <utility>
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

bool is_foreign_citation(JsonView citation) {
  return is_carrier(citation["encrypted_index"].text());
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

/// The block without foreign citations; Anthropic takes none as well as null.
std::string clean_block(JsonView block) {
  const JsonView citations = block["citations"];
  std::size_t kept = 0;
  if (!citations.is_array()) return std::string(block.raw());
  const std::string list = list_without(citations, is_foreign_citation, kept);
  if (kept == citations.size()) return std::string(block.raw());
  return replaced(block.raw(), citations, kept == 0 ? "null" : list);
}

/// The message without foreign thoughts and citations; "" when nothing is left of it.
std::string clean_message(JsonView message) {
  const JsonView content = message["content"];
  std::string list = "[";
  bool changed = false;
  for (JsonView block : content) {
    std::string clean = is_foreign_block(block) ? std::string() : clean_block(block);
    changed = changed || clean != block.raw();
    if (!clean.empty()) list += (list.size() > 1 ? "," : "") + clean;
  }
  if (!changed) return std::string(message.raw());
  return list.size() == 1 ? std::string() : replaced(message.raw(), content, list + ']');
}

// Whether a message of tool calls lost the thought that it began with.
bool lost_thought(JsonView message) {
  const JsonView content = message["content"];
  bool calls = false, begun = false, lost = false;
  for (JsonView block : content) {
    if (!std::exchange(begun, begun || !is_foreign_block(block))) {
      lost = lost || is_foreign_block(block);
      if (begun && (block["type"].text_is("thinking") || block["type"].text_is("redacted_thinking"))) return false;
    }
    calls = calls || block["type"].text_is("tool_use");
  }
  return calls && lost;
}

std::string clean_messages(JsonView messages, bool& thoughtless) {
  std::string out = "[";
  for (JsonView message : messages) {
    const std::string clean = clean_message(message);
    if (message["role"].text_is("assistant")) thoughtless = lost_thought(message);
    if (clean.empty()) continue;
    if (out.size() > 1) out += ',';
    out += clean;
  }
  return out + ']';
}

bool clears_thinking(JsonView edit) {
  return edit["type"].text().starts_with("clear_thinking");
}

/// `body` without a thinking budget, and without what is refused where there is none.
Result<std::string> without_thinking(std::string body) {
  JsonDoc doc;
  PG_TRY_STATUS(doc.parse(body));
  std::string out = replaced(body, doc.root()["thinking"], R"({"type":"disabled"})");
  JsonDoc changed;
  PG_TRY_STATUS(changed.parse(out));
  const JsonView edits = changed.root()["context_management"]["edits"];
  if (!edits.is_array()) return out;
  std::size_t kept = 0;
  const std::string list = list_without(edits, clears_thinking, kept);
  return kept == edits.size() ? out : replaced(out, edits, list);
}

}  // namespace

Result<std::string> strip_carriers(Wire dialect, std::string_view body, std::vector<std::string>& warnings) {
  if (body.find("\"pg:") == std::string_view::npos) return std::string(body);
  JsonDoc doc;
  PG_TRY_STATUS(doc.parse(body));
  if (dialect == Wire::anthropic && doc.root()["messages"].is_array()) {
    const JsonView messages = doc.root()["messages"];
    bool thoughtless = false;
    std::string clean = replaced(body, messages, clean_messages(messages, thoughtless));
    if (!thoughtless || !doc.root()["thinking"]["type"].text_is("enabled")) return clean;
    warnings.emplace_back("drop:thinking.enabled");
    return without_thinking(std::move(clean));
  }
  const JsonView input = doc.root()["input"];
  if (dialect != Wire::openai_responses || !input.is_array()) return std::string(body);
  std::size_t kept = 0;
  const std::string list = list_without(input, is_foreign_item, kept);
  return kept == input.size() ? std::string(body) : replaced(body, input, list);
}

}  // namespace pg
