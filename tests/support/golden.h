// Golden cases: one request, reply, stream or error, as every dialect spells it. See golden_test.cc.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/wire/reply_translator.h"
#include "core/wire/translate.h"

namespace pg::test {

inline constexpr Wire kAllWires[] = {Wire::anthropic, Wire::openai_chat, Wire::openai_responses, Wire::gemini, Wire::cohere};
inline constexpr Wire kClientWires[] = {Wire::anthropic, Wire::openai_chat, Wire::openai_responses};

/// One case and its files: "anthropic" or "anthropic-to-openai-chat" -> text.
struct GoldenCase {
  std::string name;
  std::string extension;  // "json" or "sse"
  std::map<std::string, std::string> files;

  const std::string* find(std::string_view key) const;
};

/// Every case whose name begins with `prefix`.
std::vector<GoldenCase> load_golden(std::string_view prefix);
/// Compares `actual` with the file, or writes it with PG_UPDATE_GOLDEN=1. JSON is compared as values, streams as bytes.
void expect_golden(const GoldenCase& golden, const std::string& key, const std::string& actual);
bool updates_golden();
/// Removes a file that says nothing of its own; with PG_UPDATE_GOLDEN=1 only.
void forget_golden(const GoldenCase& golden, const std::string& key);

bool same_json(const std::string& a, const std::string& b);
std::string pretty_json(const std::string& json);

/// What all replies in golden files answer to: a plain tool, a freeform one where clients have such, one in a namespace where
/// clients have those; fixed ids and time.
ReplyContext golden_context(Wire client, bool stream);
/// A whole reply through a translator, `piece` bytes at a time.
struct TranslatedReply {
  std::string text;
  int status = 0;
};
TranslatedReply translate_reply(Wire from, Wire to, std::string_view bytes, const ReplyContext& context, ReplySource source,
                                std::size_t piece = std::string_view::npos, bool cut = false);

}  // namespace pg::test
