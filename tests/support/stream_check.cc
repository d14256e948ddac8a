// Strict readers of the three dialects, with nlohmann's parser rather than ours.
#include "tests/support/stream_check.h"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};
void demand(bool good, const std::string& what) {
  if (!good) throw Wrong(what);
}

/// An OpenAI url_citation: all of its fields, and a place.
void check_citation(const OrderedJson& citation) {
  demand(citation.at("url").is_string() && citation.at("title").is_string(), "a citation without url or title");
  const auto begin = citation.at("start_index").get<std::int64_t>(), end = citation.at("end_index").get<std::int64_t>();
  demand(0 <= begin && begin <= end, "a citation of no place");
}

struct PlainEvent {
  std::string name, data;
};
std::vector<PlainEvent> plain_events(std::string_view bytes) {
  std::vector<PlainEvent> events;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find("\n\n");
    demand(end != std::string_view::npos, "an event without its blank line");
    std::string_view lines = bytes.substr(0, end);
    bytes.remove_prefix(end + 2);
    PlainEvent event;
    if (lines.starts_with("event: ")) {
      const std::size_t line = lines.find('\n');
      demand(line != std::string_view::npos, "an event without data");
      event.name = lines.substr(7, line - 7);
      lines.remove_prefix(line + 1);
    }
    demand(lines.starts_with("data: ") && lines.find('\n') == std::string_view::npos, "not one data line");
    event.data = lines.substr(6);
    events.push_back(std::move(event));
  }
  return events;
}

void check_error_object(const OrderedJson& error, bool anthropic) {
  demand(error.at("message").is_string() && !error.at("message").get<std::string>().empty(), "an error without a message");
  demand(error.at("type").is_string(), "an error without a type");
  if (!anthropic) demand(error.contains("code") && error.contains("param"), "an error without code and param");
}

// ---- Anthropic: MessageStream

class AnthropicCheck {
 public:
  void take(const PlainEvent& event) {
    const OrderedJson data = OrderedJson::parse(event.data);
    const std::string type = data.at("type");
    demand(type == event.name, "event name and type differ");
    demand(!ended_, "an event after the end: " + type);
    if (type == "error") {
      check_error_object(data.at("error"), true);
      ended_ = failed_ = true;
      return;
    }
    if (type == "message_start") {
      demand(!started_, "a second message_start");
      started_ = true;
      check_message(data.at("message"));
      return;
    }
    demand(started_, type + " before message_start");
    if (type == "content_block_start") start(data);
    if (type == "content_block_delta") delta(data);
    if (type == "content_block_stop") stop(data);
    if (type == "message_delta") {
      demand(!open_, "message_delta inside a block");
      demand(!stop_reason_, "a second message_delta");
      stop_reason_ = data.at("delta").at("stop_reason").get<std::string>();
      check_usage(data.at("usage"));
      demand((*stop_reason_ == "tool_use") <= (tools_ > 0), "tool_use without a tool");
      demand(!(*stop_reason_ == "end_turn" && tools_ > 0), "end_turn with tools");
      demand(!empty_tool_ || *stop_reason_ == "max_tokens", "a tool without input");
    }
    if (type == "message_stop") {
      demand(stop_reason_.has_value(), "message_stop without message_delta");
      ended_ = true;
    }
  }
  void end() const {
    demand(ended_, "no ending");
    demand(failed_ || !open_, "an open block at the end");
    demand(!open_ || kind_ == "tool_use", "an open block of words after an error");
  }

 private:
  static void check_usage(const OrderedJson& usage) {
    demand(usage.at("input_tokens").get<std::int64_t>() >= 0 && usage.at("output_tokens").get<std::int64_t>() >= 0, "usage");
  }
  static void check_message(const OrderedJson& message) {
    demand(message.at("id").get<std::string>().starts_with("msg_") && message.at("role") == "assistant", "message head");
    demand(message.at("content") == OrderedJson::array() && message.at("model").is_string(), "message_start content");
    check_usage(message.at("usage"));
  }
  void start(const OrderedJson& data) {
    demand(!open_, "two open blocks");
    demand(data.at("index") == next_, "index is not the next one");
    open_ = true;
    kind_ = data.at("content_block").at("type");
    input_.clear();
    if (kind_ == "tool_use") {
      ++tools_;
      demand(data.at("content_block").at("input") == OrderedJson::object(), "tool_use starts with its input");
      const std::string id = data.at("content_block").at("id");
      demand(!id.empty() && ids_.insert(id).second, "tool id missing or doubled");
    } else {
      demand(kind_ == "text" || kind_ == "thinking" || kind_ == "redacted_thinking", "block type " + kind_);
    }
  }
  void delta(const OrderedJson& data) {
    demand(open_ && data.at("index") == next_, "a delta outside its block");
    const std::string type = data.at("delta").at("type");
    const bool good = (kind_ == "text" && type == "text_delta") || (kind_ == "tool_use" && type == "input_json_delta") ||
                      (kind_ == "thinking" && (type == "thinking_delta" || type == "signature_delta")) ||
                      (kind_ == "text" && type == "citations_delta");
    demand(good, type + " in " + kind_);
    if (type == "citations_delta") {
      const OrderedJson& citation = data.at("delta").at("citation");
      demand(citation.at("type") == "web_search_result_location" && citation.contains("title"), "citation type and title");
      for (const char* field : {"url", "cited_text", "encrypted_index"}) demand(citation.at(field).is_string(), field);
    }
    if (type == "input_json_delta") input_ += data.at("delta").at("partial_json").get<std::string>();
  }
  void stop(const OrderedJson& data) {
    demand(open_ && data.at("index") == next_, "a stop outside its block");
    empty_tool_ = kind_ == "tool_use" && input_.empty();
    demand(kind_ != "tool_use" || input_.empty() || input_.front() == '{' || !OrderedJson::accept(input_),
           "tool input that is no object");
    open_ = false;
    ++next_;
  }

  bool started_ = false, ended_ = false, failed_ = false, open_ = false, empty_tool_ = false;
  int next_ = 0, tools_ = 0;
  std::string kind_, input_;
  std::set<std::string> ids_;
  std::optional<std::string> stop_reason_;
};

// ---- Chat: ChatCompletionStream

class ChatCheck {
 public:
  void take(const PlainEvent& event) {
    demand(event.name.empty(), "a named event");
    demand(!ended_, "an event after the end");
    if (event.data == "[DONE]") {
      demand(finished_, "[DONE] before a finish_reason");
      ended_ = true;
      return;
    }
    const OrderedJson data = OrderedJson::parse(event.data);
    if (data.contains("error")) {
      check_error_object(data.at("error"), false);
      ended_ = true;
      return;
    }
    demand(data.at("object") == "chat.completion.chunk" && data.at("created").is_number_integer(), "chunk head");
    if (id_.empty()) id_ = data.at("id");
    demand(data.at("id") == id_ && id_.starts_with("chatcmpl-"), "the id changes");
    const OrderedJson& choices = data.at("choices");
    if (choices.empty()) {
      demand(finished_ && data.at("usage").is_object() && !usage_, "usage chunk before the finish, or twice");
      usage_ = true;
      return;
    }
    demand(choices.size() == 1 && choices[0].at("index") == 0 && !finished_, "choices");
    const OrderedJson& delta = choices[0].at("delta");
    if (!std::exchange(started_, true)) demand(delta.value("role", "") == "assistant", "no role in the first chunk");
    if (delta.contains("tool_calls")) {
      for (const OrderedJson& call : delta["tool_calls"]) take_call(call);
    }
    if (delta.contains("annotations")) {
      demand(!std::exchange(annotated_, true), "annotations in several pieces, which SDKs cannot join");
      for (const OrderedJson& annotation : delta["annotations"]) check_citation(annotation.at("url_citation"));
    }
    if (choices[0].at("finish_reason").is_null()) return;
    finished_ = true;
    const std::string reason = choices[0]["finish_reason"];
    demand((reason == "tool_calls") <= (calls_ > 0), "tool_calls without a call");
    demand(!(reason == "stop" && calls_ > 0), "stop with calls");
  }
  void end() const { demand(ended_, "no ending"); }

 private:
  void take_call(const OrderedJson& call) {
    const int index = call.at("index");
    if (call.contains("id")) {
      demand(index == calls_, "a tool call index that is not the next one");
      ++calls_;
      demand(ids_.insert(call["id"].get<std::string>()).second, "a doubled call id");
      const std::string type = call.at("type");
      demand(call.at(type).at("name").is_string(), "a call without a name");
    } else {
      demand(index == calls_ - 1, "arguments of a call that is not open");
    }
  }

  std::string id_;
  bool started_ = false, finished_ = false, ended_ = false, usage_ = false, annotated_ = false;
  int calls_ = 0;
  std::set<std::string> ids_;
};

// ---- Responses: ResponseStream, and what Codex believes

class ResponsesCheck {
 public:
  void take(const PlainEvent& event) {
    const OrderedJson data = OrderedJson::parse(event.data);
    const std::string type = data.at("type");
    demand(type == event.name, "event name and type differ");
    demand(data.at("sequence_number") == sequence_++, "sequence_number has a gap");
    demand(!ended_, "an event after the end");
    if (data.contains("response")) return take_response(type, data["response"]);
    demand(created_, type + " before response.created");
    if (type == "response.output_item.added") return add(data);
    Item& item = find(data);
    if (type == "response.output_item.done") return finish(data, item);
    if (type.ends_with("part.added")) {
      demand(!item.part_open, "two open parts");
      item.part_open = true;
    } else if (type.ends_with(".delta")) {
      demand(item.part_open || item.is_call, "a delta outside a part");
      item.text += data.at("delta").get<std::string>();
    } else if (type == "response.output_text.annotation.added") {
      demand(item.part_open && !item.text_done, "an annotation outside its text");
      demand(data.at("annotation_index") == item.annotations.size() && data.at("content_index") == 0, "annotation_index");
      check_citation(data.at("annotation"));
      item.annotations.push_back(data.at("annotation"));
    } else if (type.ends_with("part.done")) {
      demand(data.at("part").value("annotations", OrderedJson::array()) == item.annotations, "part.done and annotations differ");
      demand(item.part_open && item.text_done && text_of(data.at("part")) == item.text, "part.done and deltas differ");
      item.part_open = false;
    } else if (type.ends_with(".done")) {
      demand(text_of(data) == item.text, type + " and deltas differ");
      item.text_done = true;
    } else {
      throw Wrong("unknown event " + type);
    }
  }
  void end() const { demand(ended_, "no ending"); }

 private:
  struct Item {
    std::string id, text;
    bool is_call = false, part_open = false, text_done = false, done = false;
    OrderedJson annotations = OrderedJson::array();
  };

  static std::string text_of(const OrderedJson& data) {
    for (const char* field : {"text", "refusal", "arguments", "input"}) {
      if (data.contains(field)) return data[field];
    }
    throw Wrong("a done event without its text");
  }

  void take_response(const std::string& type, const OrderedJson& response) {
    demand(response.at("object") == "response" && response.at("created_at").is_number_integer(), "response head");
    if (id_.empty()) id_ = response.at("id");
    demand(response.at("id") == id_ && id_.starts_with("resp_"), "the response id changes");
    const std::string status = response.at("status");
    if (type == "response.created") {
      demand(!created_ && sequence_ == 1, "response.created is not first");
      created_ = true;
    } else if (type != "response.in_progress") {
      demand(type == "response." + status, "status and event differ");
      demand(status == "completed" || status == "incomplete" || status == "failed", "unknown ending " + type);
      ended_ = true;
      check_end(status, response);
    }
  }
  void check_end(const std::string& status, const OrderedJson& response) {
    OrderedJson done = OrderedJson::array();  // Codex runs a call when its item is done: half a call never is
    for (const OrderedJson& item : response.at("output")) {
      const bool half = item.at("type").get<std::string>().ends_with("_call") && item.at("status") == "incomplete";
      if (!half) done.push_back(item);
    }
    demand(done == output_, "output and the items differ");
    demand((status == "failed") == response.at("error").is_object(), "error");
    demand((status == "incomplete") == response.at("incomplete_details").is_object(), "incomplete_details");
    if (status == "failed") {
      demand(response["error"].at("code").is_string() && response["error"].at("message").is_string(), "error object");
    } else {
      demand(response.at("usage").at("total_tokens").is_number_integer(), "usage");
    }
    for (const auto& [index, item] : items_) {
      demand(item.done || (status != "completed" && item.is_call), "an open item at the end");
    }
  }
  void add(const OrderedJson& data) {
    const int index = data.at("output_index");
    demand(index == static_cast<int>(items_.size()), "output_index is not the next one");
    Item& item = items_[index];
    item.id = data.at("item").at("id");
    demand(ids_.insert(item.id).second, "a doubled item id");
    const std::string type = data["item"].at("type");
    item.is_call = type == "function_call" || type == "custom_tool_call";
    if (item.is_call) demand(!data["item"].at("call_id").get<std::string>().empty(), "a call without call_id");
  }
  Item& find(const OrderedJson& data) {
    const auto found = items_.find(data.at("output_index").get<int>());
    demand(found != items_.end() && !found->second.done, "an event of an item that is not open");
    const std::string id = data.contains("item_id") ? data["item_id"] : data.at("item").at("id");
    demand(found->second.id == id, "the item id changes");
    return found->second;
  }
  void finish(const OrderedJson& data, Item& item) {
    demand(!item.part_open, "item.done with an open part");
    const OrderedJson& body = data.at("item");
    std::string text;
    if (item.is_call) {
      demand(item.text_done, "a call without its done event");
      text = text_of(body);
    } else {
      for (const OrderedJson& part : body.at(body.at("type") == "reasoning" ? "summary" : "content")) {
        text += text_of(part);
        demand(part.value("annotations", OrderedJson::array()) == item.annotations, "item.done and annotations differ");
      }
    }
    demand(text == item.text, "item.done and deltas differ");
    item.done = true;
    output_.push_back(body);
  }

  std::string id_;
  int sequence_ = 0;
  bool created_ = false, ended_ = false;
  std::map<int, Item> items_;
  std::set<std::string> ids_;
  OrderedJson output_ = OrderedJson::array();
};

template <class Check>
std::string run_check(std::string_view bytes) {
  try {
    Check check;
    for (const PlainEvent& event : plain_events(bytes)) check.take(event);
    check.end();
  } catch (const std::exception& wrong) {
    return wrong.what();
  }
  return {};
}

void check_document(Wire client, const OrderedJson& body) {
  if (body.contains("error") && !body["error"].is_null()) return check_error_object(body["error"], client == Wire::anthropic);
  if (client == Wire::anthropic) {
    demand(body.at("type") == "message" && body.at("stop_reason").is_string() && body.at("usage").is_object(), "message");
    for (const OrderedJson& block : body.at("content")) demand(block.at("type").is_string(), "block");
  } else if (client == Wire::openai_chat) {
    const OrderedJson& choice = body.at("choices").at(0);
    demand(body.at("object") == "chat.completion" && choice.at("finish_reason").is_string(), "completion");
    demand(choice.at("message").at("role") == "assistant" && body.at("usage").is_object(), "message");
  } else {
    demand(body.at("object") == "response" && body.at("status").is_string() && body.at("usage").is_object(), "response");
  }
}

}  // namespace

std::string check_stream(Wire client, std::string_view bytes) {
  if (client == Wire::anthropic) return run_check<AnthropicCheck>(bytes);
  return client == Wire::openai_chat ? run_check<ChatCheck>(bytes) : run_check<ResponsesCheck>(bytes);
}

std::string check_whole(Wire client, std::string_view body) {
  try {
    check_document(client, OrderedJson::parse(body));
  } catch (const std::exception& wrong) {
    return wrong.what();
  }
  return {};
}

}  // namespace pg::test
