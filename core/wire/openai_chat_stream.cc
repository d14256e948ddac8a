// Chat Completions replies, whole and streamed, in all the spellings compatible servers have -> our words.
#include <string>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/wire/prose.h"

namespace pg {
namespace {

constexpr std::string_view kNotJson = "the provider sent an event that is not JSON";

StopReason read_chat_finish(const std::string& reason) {
  if (reason == "length") return StopReason::max_tokens;
  if (reason == "tool_calls" || reason == "function_call") return StopReason::tool_use;
  if (reason == "content_filter") return StopReason::refusal;
  return StopReason::end_turn;
}

/// A tool call as it grows. It is opened when its name is surely whole: names may come in pieces, or again with each piece.
struct GrowingCall {
  std::uint32_t block = 0;
  std::int64_t index = -1;  // as the provider numbers it; -1 when it does not
  std::string id, name;
  std::string arguments;
  std::string proof;
  std::size_t checked = 0;  // so many bytes of them were no JSON object yet
  bool custom = false;
  bool opened = false;
  bool closed = false;
};

constexpr std::size_t kMostChecked = 64u << 10;
constexpr std::string_view kBlanks = " \t\r\n";

class ChatReplyReader final : public ReplyReader {
 public:
  explicit ChatReplyReader(ReplySink& sink) : ReplyReader(sink), prose_(sink) {}

  void event(const SseEvent& event) override {
    if (event.data_lines == 0 || sink_.ended()) return;
    const std::string_view data = trim(event.data);
    if (data.empty()) return;
    if (data == "[DONE]") return end();
    JsonDoc doc;
    if (!doc.parse(data)) {
      if (event.type == "error") return sink_.fail(read_fault_body(Wire::openai_chat, data, 502));
      return sink_.fail({502, "", std::string(kNotJson)});
    }
    const JsonView root = doc.root();
    if (root["error"].given()) return sink_.fail(read_fault(Wire::openai_chat, root, 200));
    if (event.type == "error") return sink_.fail(read_fault(Wire::openai_chat, root, 200));
    head(root);
    const JsonView choice = first_choice(root);
    if (choice) read_choice(choice, choice["delta"]);
    // The usage chunk is the last one that tells anything; some servers send usage all along.
    if (!choice && finished_ && root["usage"].is_object()) finish();
  }

  void whole(JsonView root) override {
    const JsonView choice = first_choice(root);
    if (root["error"].given() || !choice) return sink_.fail(read_fault(Wire::openai_chat, root, 200));
    head(root);
    whole_ = true;
    read_choice(choice, choice["message"]);
    if (!sink_.ended()) finish();
  }

  void end() override {
    if (sink_.ended()) return;
    if (finished_) return finish();
    sink_.fail({502, "", "the provider's reply ended early"});
  }

 private:
  void head(JsonView root) {
    if (root["usage"].is_object()) sink_.use(read_openai_usage(root["usage"]));
    // Azure's first chunk holds a filter's verdict and no id.
    if (root["id"].text().empty() && root["choices"].size() == 0) return;
    if (!root["service_tier"].text().empty()) sink_.tier(root["service_tier"].text());
    sink_.begin(root["id"].text(), root["model"].text(), root["created"].number(0));
  }

  JsonView first_choice(JsonView root) {
    JsonView first;
    for (JsonView choice : root["choices"]) {
      if (choice["index"].number(0) != 0)
        sink_.lose("choices");
      else if (!first)
        first = choice;
    }
    return first;
  }

  void read_choice(JsonView choice, JsonView delta) {
    const JsonView thought = delta["reasoning_content"].is_string() ? delta["reasoning_content"] : delta["reasoning"];
    words(BlockStart::Kind::thinking, thought);
    words(BlockStart::Kind::text, delta["content"]);
    read_annotations(delta["annotations"]);
    words(BlockStart::Kind::refusal, delta["refusal"]);
    for (JsonView call : delta["tool_calls"]) read_call(call);
    for (const char* lost : {"audio", "images"}) {
      if (delta[lost].size() > 0) sink_.lose(lost);
    }
    if (choice["logprobs"].size() > 0) sink_.lose("logprobs");
    if (delta["function_call"].is_object()) read_legacy_call(delta["function_call"]);
    const std::string finish = choice["finish_reason"].text();
    if (finish.empty()) return;
    finished_ = true;
    reason_ = read_chat_finish(finish);
  }

  void words(BlockStart::Kind kind, JsonView value) {
    if (value.is_string()) return say(kind, value.text());
    if (!value.is_array()) return;  // a list of parts, as requests have it
    for (JsonView part : value) {
      const bool thought = part["type"].text_is("thinking") || part["type"].text_is("reasoning");
      if (part["text"].is_string()) say(thought ? BlockStart::Kind::thinking : kind, part["text"].text());
      for (JsonView inner : part["thinking"]) say(BlockStart::Kind::thinking, inner["text"].text());
    }
  }
  void say(BlockStart::Kind kind, const std::string& text) {
    if (text.empty()) return;
    if (!prose_.is_in(kind)) {
      prose_.hush();
      settle_calls();
      if (kind == BlockStart::Kind::text) block_begin_ = said_;
    }
    if (kind == BlockStart::Kind::text) said_ += count_code_points(text);
    prose_.say(kind, text);
  }

  /// Pages are for places in the whole content, which blocks are pieces of.
  void read_annotations(JsonView list) {
    for (JsonView json : list) {
      auto citation = read_openai_annotation(json);
      if (!citation) {
        sink_.lose("annotations");
        continue;
      }
      pending_.push_back(std::move(*citation));
    }
    if (pending_.empty() || !prose_.is_in(BlockStart::Kind::text)) return;
    for (Citation& citation : std::exchange(pending_, {})) {
      if (citation.begin >= block_begin_) {
        citation.begin -= block_begin_;
        citation.end -= block_begin_;
      } else if (citation.has_span()) {  // of a block that is over
        sink_.lose("annotations");
        continue;
      }
      prose_.cite(citation);
    }
  }

  void read_call(JsonView json) {
    prose_.hush();
    const bool custom = json["type"].text_is("custom") || json["custom"].is_object();
    const JsonView body = custom ? json["custom"] : json["function"];
    const std::string name = body["name"].text();
    const JsonView arguments = custom ? body["input"] : body["arguments"];
    // Some servers send the object itself.
    const std::string text = arguments.is_object() ? std::string(arguments.raw()) : arguments.text();
    GrowingCall& call = find_call(json, name, text);
    call.custom = call.custom || custom;
    if (call.id.empty()) call.id = json["id"].text();
    if (!call.opened && name != call.name) call.name += name;
    if (call.proof.empty()) call.proof = json["extra_content"]["google"]["thought_signature"].text();
    grow(call, text);
  }

  GrowingCall& find_call(JsonView json, const std::string& name, const std::string& text) {
    const std::string id = json["id"].text();
    const std::int64_t index = json["index"].number(-1);
    for (auto call = calls_.rbegin(); call != calls_.rend() && !whole_; ++call) {
      const bool same_place = index >= 0 ? call->index == index : id.empty() || call->id == id;
      if (!same_place) continue;
      // Another id and a name under an old number is a new call: some servers number all of them 0.
      const bool other = !id.empty() && !call->id.empty() && call->id != id && !name.empty();
      // So is a name with arguments where the last call's are whole: Google's likeness of Chat may give neither numbers nor ids.
      // Blanks behind a whole object are still of that one, and a server that repeats the name says it with them, too.
      const bool begins = id.empty() && !name.empty() && !is_blank(text) && is_full(*call);
      if (!other && !begins) return *call;
      break;
    }
    settle_calls();
    calls_.emplace_back();
    calls_.back().index = index;
    calls_.back().block = prose_.number();
    return calls_.back();
  }

  static bool is_blank(std::string_view text) { return text.find_first_not_of(kBlanks) == text.npos; }
  // Bounded, since it is asked with each piece of a server that repeats the name.
  static bool is_full(const GrowingCall& call) {
    if (call.closed) return true;
    const std::string& text = call.arguments;
    if (text.size() > kMostChecked) return false;
    const std::size_t last = text.find_last_not_of(kBlanks);
    return last != text.npos && text[last] == '}' && is_json_object(text);
  }

  void grow(GrowingCall& call, const std::string& text) {
    if (text.empty() || call.closed) return;
    open(call);
    call.arguments += text;
    sink_.piece(call.block, text);
  }
  void open(GrowingCall& call) {
    if (std::exchange(call.opened, true)) return;
    BlockStart start;
    start.kind = BlockStart::Kind::tool;
    start.call_id = call.id;
    start.tool.name = call.name;
    start.tool.custom = call.custom;
    if (!call.proof.empty()) start.proof = {Proof::Vendor::gemini, call.proof, false};
    sink_.open(call.block, std::move(start));
  }

  /// Before something new begins: calls whose arguments are whole are over, so that what comes next need not wait for the end.
  void settle_calls() {
    for (GrowingCall& call : calls_) {
      if (call.closed || !call.opened || call.custom || call.checked == call.arguments.size()) continue;
      call.checked = call.arguments.size();
      if (is_json_object(call.arguments)) close(call);
    }
  }
  void close(GrowingCall& call) {
    open(call);
    call.closed = true;
    call.arguments.clear();
    sink_.close(call.block);
  }

  void read_legacy_call(JsonView json) {
    prose_.hush();
    if (calls_.empty()) {
      calls_.emplace_back();
      calls_.back().index = 0;
      calls_.back().block = prose_.number();
    }
    const std::string name = json["name"].text();
    if (!calls_.front().opened && name != calls_.front().name) calls_.front().name += name;
    grow(calls_.front(), json["arguments"].text());
  }

  /// The last block is left open: only the end tells whether the model got to its end.
  void finish() {
    if (!pending_.empty()) sink_.lose("annotations");
    if (!calls_.empty()) prose_.hush();
    for (GrowingCall& call : calls_) {
      if (call.closed || (call.name.empty() && call.arguments.empty())) continue;
      open(call);
      if (&call != &calls_.back()) close(call);
    }
    sink_.stop(reason_, {});
  }

  std::vector<GrowingCall> calls_;
  std::vector<Citation> pending_;  // came before the words they are for
  std::int64_t said_ = 0;          // code points of the content
  std::int64_t block_begin_ = 0;   // where in it the open text began
  Prose prose_;
  StopReason reason_ = StopReason::end_turn;
  bool finished_ = false;
  bool whole_ = false;  // each entry of tool_calls is a call of its own
};

}  // namespace

std::unique_ptr<ReplyReader> make_chat_reader(ReplySink& sink) {
  return std::make_unique<ChatReplyReader>(sink);
}

}  // namespace pg
