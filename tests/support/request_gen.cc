// Random model requests: turns of every kind, in random spellings.
#include "tests/support/request_gen.h"

#include "core/base/encode.h"
#include "tests/support/json_gen.h"
#include "tests/support/model_wire.h"

namespace pg::test {
namespace {

using namespace std::string_view_literals;  // for bytes with NULs in them

// As much of a PNG as a reader of magic bytes looks at.
const std::string kPicture =
    to_base64(std::string("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1F\x15\xC4\x89"sv));

std::string object(std::string_view members) {
  return "{" + std::string(members) + "}";
}

}  // namespace

RequestGen::RequestGen(Gen& gen, DialectId dialect) : gen_(gen), dialect_(dialect), head_first_(gen.coin()) {
  for (const char* name : {"jane.doe", "JANE.DOE", "bob", "a+b_c", "info"}) values_.push_back(make_email(name));
  values_.insert(values_.end(), {make_iban(), make_card(), make_aws_key_id(), make_aws_key_id(2), make_github_token()});
  if (dialect_ == DialectId::anthropic) {
    head_ = R"("system":[{"type":"text","text":)" + text() + R"(}],"tools":[{"name":"t","input_schema":{"type":"object"}}])";
  } else {
    head_ = dialect_ == DialectId::openai_responses ? R"("include":["reasoning.encrypted_content"],"instructions":)" + text()
                                                    : R"("n":1,"temperature":0.50)";
  }
}

std::string RequestGen::words(bool plain) {
  std::string out = plain ? "some words" : random_utf8(gen_, 20);
  if (gen_.number(0, 2) == 0) return out;
  const std::string& value = values_[gen_.number(0, values_.size() - 1)];
  planted_.insert(value);
  return out + (gen_.coin() ? " " : "\n") + value + (gen_.coin() ? " " : "\n") + (plain ? "more words" : random_utf8(gen_, 8));
}

std::string RequestGen::text() {
  return "\"" + spell(gen_, words(false)) + "\"";
}

/// As a JSON encoder writes it: JSON in JSON in a string is read without undoing unneeded escapes a third time.
std::string RequestGen::encoded_text() {
  return json_quoted(words(true));
}

std::string RequestGen::opaque() {
  const std::string value = make_email("kept" + std::to_string(gen_.number(1, 5)));
  kept_.insert(value);
  return "\"" + spell(gen_, value) + "\"";
}

std::string RequestGen::arguments(bool nested) {
  std::string out = "\"path\" : " + text() + ",\"n\":1.50,\"id\":" + text() + ",\"list\":[" + text() + ",null," + text() + "]";
  if (gen_.coin()) out += ",\"path\":" + text();
  if (nested && gen_.coin()) {
    const std::string inner = object("\"to\": " + encoded_text() + ", \"n\":2, \"list\":[" + encoded_text() + "]");
    out += ",\"inner\":\"" + spell(gen_, inner) + "\"";
  }
  return object(out);
}

std::string RequestGen::document() {
  return to_base64(words(true) + " and so on, to the end of the page");
}

std::string RequestGen::anthropic_turn() {
  switch (gen_.number(0, 6)) {
    case 0:
      return R"({"role":"user","content":)" + text() + "}";
    case 1:
      return R"({"role":"user","content":[{"type":"text","text":)" + text() + R"(},{"text":)" + text() + R"(,"type":"text"}]})";
    case 2:
      return R"({"role":"assistant","content":[{"type":"thinking","thinking":)" + opaque() + R"(,"signature":)" + opaque() +
             R"(},{"type":"redacted_thinking","data":)" + opaque() + R"(},{"type":"text","text":)" + text() + "}]}";
    case 3:
      return R"({"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"n","input":)" + arguments(false) + "}]}";
    case 4:
      return R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":)" + text() +
             R"(},{"type":"tool_result","tool_use_id":"toolu_2","content":[{"type":"text","text":)" + text() + "}]}]}";
    case 5:
      return R"({"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":")" +
             kPicture + R"("}},{"type":"document","source":{"type":"base64","media_type":"text/plain","data":")" + document() +
             R"("}}]})";
    default:
      return R"({"role":"system","content":)" + text() + R"(,"future":[[)" + text() + "]]}";
  }
}

std::string RequestGen::chat_turn() {
  switch (gen_.number(0, 4)) {
    case 0:
      return R"({"role":"user","content":)" + text() + "}";
    case 1:
      return R"({"role":"user","content":[{"type":"text","text":)" + text() +
             R"(},{"type":"image_url","image_url":{"url":"data:image/png;base64,)" + kPicture +
             R"("}},{"type":"file","file":{"file_data":"data:text/plain;base64,)" + document() + R"("}}]})";
    case 2:
      return R"({"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":")" +
             spell(gen_, arguments(true)) + R"("}},{"id":"call_2","type":"function","function":{"arguments":")" +
             spell(gen_, arguments(true)) + R"(","name":"g"}}]})";
    case 3:
      return R"({"role":"tool","tool_call_id":"call_1","content":)" + text() + "}";
    default:
      return R"({"role":"assistant","content":[{"type":"text","text":)" + text() + R"(}],"refusal":)" + text() + "}";
  }
}

std::string RequestGen::responses_turn() {
  switch (gen_.number(0, 5)) {
    case 0:
      return R"({"type":"message","role":"user","content":[{"type":"input_text","text":)" + text() + "}]}";
    case 1:
      return R"({"arguments":")" + spell(gen_, arguments(true)) + R"(","call_id":"call_1","name":"f","type":"function_call"})";
    case 2:
      return R"({"type":"function_call_output","call_id":"call_1","output":)" + text() + "}";
    case 3:
      return R"({"type":"custom_tool_call","call_id":"call_2","name":"exec","input":)" + text() + "}";
    case 4:
      return R"({"type":"custom_tool_call_output","call_id":"call_2","output":[{"type":"input_text","text":)" + text() + "}]}";
    default:
      return R"({"type":"reasoning","summary":[{"text":)" + opaque() + R"(,"type":"summary_text"}],"encrypted_content":)" +
             opaque() + "}";
  }
}

void RequestGen::add_turn() {
  turns_.push_back(dialect_ == DialectId::anthropic     ? anthropic_turn()
                   : dialect_ == DialectId::openai_chat ? chat_turn()
                                                        : responses_turn());
}

std::string RequestGen::body(std::size_t turns) const {
  std::string list = dialect_ == DialectId::openai_responses ? "\"input\": [" : "\"messages\": [";
  for (std::size_t i = 0; i < turns; ++i) list += (i > 0 ? " ,\n" : "") + turns_[i];
  list += "]";
  return object("\"model\":\"m\", " + (head_first_ ? head_ + "," + list : list + "," + head_));
}

}  // namespace pg::test
