// Gemini's replies, whole and streamed (each chunk is a whole GenerateContentResponse) -> our words.
#include <algorithm>
#include <string>
#include <utility>

#include "core/wire/prose.h"

namespace pg {
namespace {

constexpr std::size_t kMaxSaid = 256 * 1024;  // places of pages are told up to there

StopReason read_gemini_finish(const std::string& reason) {
  if (reason == "MAX_TOKENS") return StopReason::max_tokens;
  for (const char* blocked : {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "LANGUAGE"}) {
    if (reason == blocked) return StopReason::refusal;
  }
  return StopReason::end_turn;
}

/// Those of sound among the counts of each modality; -1 when there are none.
std::int64_t audio_tokens(JsonView details) {
  for (JsonView row : details) {
    if (row["modality"].text_is("AUDIO")) return std::clamp<std::int64_t>(row["tokenCount"].number(-1), -1, kMaxTokens);
  }
  return -1;
}

/// Thoughts are counted apart from the answer, and the prompt holds what came from the cache.
Usage read_gemini_usage(JsonView usage) {
  Usage out;
  if (!usage.is_object()) return out;
  out.input_tokens = usage["promptTokenCount"].number(-1);
  const std::int64_t tool_prompt = usage["toolUsePromptTokenCount"].number(0);
  if (out.input_tokens >= 0) out.input_tokens += tool_prompt;
  out.cached_tokens = usage["cachedContentTokenCount"].number(-1);
  out.reasoning_tokens = usage["thoughtsTokenCount"].number(-1);
  const std::int64_t answer = usage["candidatesTokenCount"].number(-1);
  if (answer >= 0 || out.reasoning_tokens >= 0) {
    out.output_tokens = std::max<std::int64_t>(answer, 0) + std::max<std::int64_t>(out.reasoning_tokens, 0);
  }
  out.audio_input_tokens = audio_tokens(usage["promptTokensDetails"]);
  out.audio_output_tokens = audio_tokens(usage["candidatesTokensDetails"]);
  for (std::int64_t* count : {&out.input_tokens, &out.output_tokens, &out.cached_tokens, &out.reasoning_tokens}) {
    *count = std::min(*count, kMaxTokens);
  }
  return out;
}

class GeminiReplyReader final : public ReplyReader {
 public:
  explicit GeminiReplyReader(ReplySink& sink) : ReplyReader(sink), prose_(sink) {}

  void event(const SseEvent& event) override {
    if (event.data_lines == 0 || sink_.ended()) return;
    JsonDoc doc;
    if (!doc.parse(event.data)) return sink_.fail({502, "", "the provider sent an event that is not JSON"});
    chunk(doc.root());
  }

  void whole(JsonView root) override {
    if (root.is_array()) {  // a stream without alt=sse
      for (JsonView part : root) chunk(part);
    } else {
      chunk(root);
    }
    end();
  }

  void end() override {
    if (sink_.ended()) return;
    if (!finished_) return sink_.fail({502, "", "the provider's reply ended early"});
    prose_.hush();
    sink_.stop(reason_, {});
  }

 private:
  void chunk(JsonView root) {
    if (sink_.ended()) return;
    if (root["error"].given()) return sink_.fail(read_fault(Wire::gemini, root, 200));
    sink_.use(read_gemini_usage(root["usageMetadata"]));
    sink_.begin(root["responseId"].text(), root["modelVersion"].text(), 0);
    if (root["promptFeedback"]["blockReason"].is_string()) {
      finished_ = true;
      reason_ = StopReason::refusal;
    }
    for (JsonView candidate : root["candidates"]) {
      if (candidate["index"].number(0) != 0) {
        sink_.lose("candidates");
        continue;
      }
      for (const char* lost : {"urlContextMetadata", "logprobsResult"}) {
        if (candidate[lost].size() > 0) sink_.lose(lost);
      }
      for (JsonView part : candidate["content"]["parts"]) read_part(part);
      read_pages(candidate);
      note_finish(candidate);
    }
  }

  /// They come with the words they are for, or after them.
  void read_pages(JsonView candidate) {
    bool is_whole = true;
    for (const Citation& citation : read_gemini_grounding(candidate, said_, is_whole))
      is_whole = prose_.cite(citation) && is_whole;
    if (is_whole) return;
    for (const char* name : {"groundingMetadata", "citationMetadata"}) {
      if (candidate[name].size() > 0) sink_.lose(name);
    }
  }

  void note_finish(JsonView candidate) {
    const std::string reason = candidate["finishReason"].text();
    if (reason.empty()) return;
    if (reason == "MALFORMED_FUNCTION_CALL" || reason == "UNEXPECTED_TOOL_CALL") {
      return sink_.fail({502, "", "the model's tool call was malformed (" + reason + ")"});
    }
    finished_ = true;
    reason_ = read_gemini_finish(reason);
  }

  void read_part(JsonView part) {
    const std::string signature = part["thoughtSignature"].text();
    if (part["functionCall"].is_object()) return read_call(part["functionCall"], signature);
    const auto kind = part["thought"].is_true() ? BlockStart::Kind::thinking : BlockStart::Kind::text;
    for (const char* lost : {"inlineData", "fileData", "executableCode", "codeExecutionResult"}) {
      if (part[lost].is_object()) sink_.lose(lost);
    }
    if (!signature.empty()) sink_.lose("thoughtSignature");  // of words, which no client carries back
    const std::string text = part["text"].text();
    if (kind == BlockStart::Kind::text) {
      if (!prose_.is_in(kind)) said_.clear();
      if (said_.size() < kMaxSaid) said_ += text;
    }
    prose_.say(kind, text);
  }

  void read_call(JsonView call, const std::string& signature) {
    prose_.hush();
    BlockStart start;
    start.kind = BlockStart::Kind::tool;
    start.call_id = call["id"].text();  // "" gets a stable one
    start.tool.name = call["name"].text();
    if (!signature.empty()) start.proof = {Proof::Vendor::gemini, signature, false};
    const std::uint32_t block = prose_.number();
    sink_.open(block, std::move(start));
    sink_.piece(block, call["args"].is_object() ? call["args"].raw() : std::string_view("{}"));
    sink_.close(block);
  }

  Prose prose_;
  std::string said_;  // of the open text
  StopReason reason_ = StopReason::end_turn;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> make_gemini_reader(ReplySink& sink) {
  return std::make_unique<GeminiReplyReader>(sink);
}

}  // namespace pg
