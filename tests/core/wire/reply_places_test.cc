#include "core/wire/reply_places.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/result.h"

namespace pg {
namespace {

std::vector<PlaceField> fields_of(ReplyPlace root, std::string_view json) {
  std::vector<PlaceField> fields;
  CHECK(read_places(root, json, fields).has_value());
  return fields;
}

// "place=text" pairs as `n:text`, in order.
std::string texts(ReplyPlace root, std::string_view json, ReplyPlace wanted) {
  std::string out;
  for (const PlaceField& field : fields_of(root, json)) {
    if (field.place == wanted) out += std::string(field.text(json)) + ";";
  }
  return out;
}

TEST_CASE("Anthropic: text and tool input are named, thinking and ids are not") {
  const std::string body =
      R"({"id":"msg_1","model":"m","content":[{"type":"thinking","thinking":"T","signature":"S"},{"type":"text","text":"A"},)"
      R"({"type":"tool_use","id":"I","name":"N","input":{"k":"V","l":["W",{"m":"X"}]}},{"type":"redacted_thinking","data":"D"}],)"
      R"("usage":{"input_tokens":3,"cache_read_input_tokens":4}})";
  CHECK(texts(ReplyPlace::anthropic_body, body, ReplyPlace::whole_text) == "A;");
  CHECK(texts(ReplyPlace::anthropic_body, body, ReplyPlace::whole_value) == "k;V;l;W;m;X;");
  CHECK(texts(ReplyPlace::anthropic_body, body, ReplyPlace::reply_id) == "msg_1;");
  CHECK(texts(ReplyPlace::anthropic_body, body, ReplyPlace::use_uncached) == "3;");
  CHECK(texts(ReplyPlace::anthropic_body, body, ReplyPlace::use_cached) == "4;");
  CHECK(fields_of(ReplyPlace::anthropic_body, body).size() == 11);
}

TEST_CASE("Chat: content as string and as parts, choices and tools by their place") {
  const std::string chunk =
      R"({"choices":[{"index":0,"delta":{"content":"A"}},{"index":1,"delta":{"content":[{"type":"text","text":"B"}],"tool_calls":[)"
      R"({"index":0,"id":"x","function":{"name":"N","arguments":"C"}},{"index":1,"custom":{"input":"D"}}]},"logprobs":{"content":[)"
      R"({"token":"E"}]}}]})";
  CHECK(texts(ReplyPlace::chat_event, chunk, ReplyPlace::piece_content) == "A;B;");
  CHECK(texts(ReplyPlace::chat_event, chunk, ReplyPlace::piece_arguments) == "C;");
  CHECK(texts(ReplyPlace::chat_event, chunk, ReplyPlace::piece_custom_input) == "D;");
  for (const PlaceField& field : fields_of(ReplyPlace::chat_event, chunk)) {
    if (field.place == ReplyPlace::piece_content) CHECK(field.outer == (field.text(chunk) == "A" ? 0 : 1));
    if (field.place == ReplyPlace::piece_custom_input) CHECK(field.inner == 1);
    CHECK(field.text(chunk) != "E");
    CHECK(field.text(chunk) != "N");
  }
}

TEST_CASE("Responses: copies in items and parts; encrypted content and ids are not named") {
  const std::string event =
      R"({"type":"response.completed","sequence_number":9,"response":{"id":"r","model":"m","instructions":"I","output":[)"
      R"({"type":"reasoning","id":"rs","encrypted_content":"E","summary":[{"type":"summary_text","text":"S"}]},)"
      R"({"type":"message","id":"mi","content":[{"type":"output_text","text":"A","annotations":[{"type":"no","title":"T","file_id":"no"}],"logprobs":[]}]},)"
      R"({"type":"function_call","id":"fc","call_id":"no","name":"no","arguments":"B"},)"
      R"({"type":"custom_tool_call","input":"C"}],"usage":{"output_tokens":5,"output_tokens_details":{"reasoning_tokens":2}}}})";
  CHECK(texts(ReplyPlace::responses_event, event, ReplyPlace::whole_text) == "A;");
  CHECK(texts(ReplyPlace::responses_event, event, ReplyPlace::whole_input) == "C;");
  CHECK(texts(ReplyPlace::responses_event, event, ReplyPlace::any_text) == "I;T;");
  CHECK(texts(ReplyPlace::responses_event, event, ReplyPlace::whole_arguments) == "B;");
  CHECK(texts(ReplyPlace::responses_event, event, ReplyPlace::whole_reasoning) == "S;");
  CHECK(texts(ReplyPlace::responses_event, event, ReplyPlace::use_reasoning) == "2;");
  for (const PlaceField& field : fields_of(ReplyPlace::responses_event, event)) {
    CHECK(field.text(event) != "no");
    CHECK(field.text(event) != "E");
  }
}

TEST_CASE("citations: what a source is called and says, but no ids, types or what the vendor signed") {
  const std::string block =
      R"({"type":"text","text":"A","citations":[{"type":"no","cited_text":"B","title":"C","url":"D","encrypted_index":"no",)"
      R"("document_title":"E","file_id":"no","start_char_index":7}]},{"type":"web_search_tool_result","tool_use_id":"no","content":[)"
      R"({"type":"no","title":"F","url":"G","encrypted_content":"no"}]},{"type":"x","content":{"type":"no","content":{"type":"no",)"
      R"("source":{"type":"no","media_type":"no","data":"H"},"title":"I"}}},{"type":"y","content":"J"})";
  CHECK(texts(ReplyPlace::anthropic_body, "{\"content\":[" + block + "]}", ReplyPlace::any_text) == "B;C;D;E;F;G;H;I;J;");
  CHECK(texts(ReplyPlace::anthropic_event,
              R"({"delta":{"type":"citations_delta","citation":{"type":"no","cited_text":"A","title":null}}})",
              ReplyPlace::any_text) == "A;");
  const std::string annotations =
      R"("annotations":[{"type":"no","url_citation":{"url":"A","title":"B","start_index":1}},{"type":"no","title":"C"}])";
  CHECK(texts(ReplyPlace::chat_body, R"({"choices":[{"message":{)" + annotations + "}}],\"citations\":[\"D\"]}",
              ReplyPlace::any_text) == "A;B;C;D;");
  CHECK(texts(ReplyPlace::chat_event, R"({"choices":[{"delta":{)" + annotations + "}}]}", ReplyPlace::any_text) == "A;B;C;");
  CHECK(texts(ReplyPlace::responses_event, R"({"part":{"type":"output_text",)" + annotations + "}}", ReplyPlace::any_text) ==
        "A;B;C;");
  CHECK(texts(ReplyPlace::responses_event, R"({"annotation":{"type":"no","title":"A","container_id":"no"}})",
              ReplyPlace::any_text) == "A;");
  CHECK(texts(ReplyPlace::responses_event,
              R"({"item":{"type":"file_search_call","id":"i","queries":["A"],"results":[{"file_id":"no",)"
              R"("filename":"B","text":"C"}]}})",
              ReplyPlace::any_text) == "A;B;C;");
}

TEST_CASE("bodies of errors: every string, however deep") {
  CHECK(texts(ReplyPlace::error_body, R"({"type":"error","error":{"type":"t","message":"A","details":["B"]},"request_id":"C"})",
              ReplyPlace::any_text) == "error;A;B;C;");
  CHECK(texts(ReplyPlace::error_body, R"([{"error":{"message":"A"}}])", ReplyPlace::any_text) == "A;");
  CHECK(texts(ReplyPlace::error_body, R"({"error":"A"})", ReplyPlace::any_text) == "A;");
  CHECK(texts(ReplyPlace::error_body, R"({"error":{"type":"t","code":"c"}})", ReplyPlace::error_type) == "t;");
}

TEST_CASE("what is not JSON is refused") {
  std::vector<PlaceField> fields;
  for (const char* text : {"", "[DONE]", "{\"a\":}", "{\"a\":1", "<html>"})
    CHECK_FALSE(read_places(ReplyPlace::chat_event, text, fields).has_value());
}

}  // namespace
}  // namespace pg
