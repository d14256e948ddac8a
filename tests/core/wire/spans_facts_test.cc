// What read_spans says of a whole request: model, stream, and what of the conversation the provider keeps.
#include <doctest/doctest.h>

#include <string>

#include "core/wire/spans.h"
#include "tests/support/result.h"

namespace pg {
namespace {

RequestView facts(std::string_view body, DialectId dialect) {
  RequestView view;
  const Status status = read_spans(body, dialect, view);
  CAPTURE(body);
  REQUIRE(status);
  return view;
}

TEST_CASE("model and stream, wherever they stand") {
  for (const DialectId id : {DialectId::anthropic, DialectId::openai_chat, DialectId::openai_responses}) {
    const RequestView view = facts(R"({"messages":[],"input":[],"stream":true,"model":"gpt-\u0035.1"})", id);
    CHECK(view.model == "gpt-5.1");
    CHECK(view.stream);
    CHECK(facts("{}", id).model.empty());
    CHECK_FALSE(facts("{}", id).stream);
    CHECK_FALSE(facts(R"({"stream":false})", id).stream);
    CHECK_FALSE(facts(R"({"stream":null})", id).stream);
  }
  CHECK(facts(R"({"model":"text-embedding-3-small","input":"x"})", DialectId::embeddings).model == "text-embedding-3-small");
}

TEST_CASE("model and stream count at the root only") {
  const RequestView view = facts(
      R"({"model":"a","messages":[{"role":"assistant","content":[{"type":"tool_use","input":{"model":"b","stream":true}}]}],"metadata":{"model":"c","stream":true}})",
      DialectId::anthropic);
  CHECK(view.model == "a");
  CHECK_FALSE(view.stream);
}

TEST_CASE("Responses are stored unless the request says no") {
  const auto kept = [](std::string_view body) { return facts(body, DialectId::openai_responses).kept_by_provider; };
  CHECK(kept(R"({"input":"x"})"));
  CHECK(kept(R"({"input":"x","store":true})"));
  CHECK(kept(R"({"store":null,"input":"x"})"));
  CHECK_FALSE(kept(R"({"input":"x","store":false})"));
  CHECK_FALSE(kept(R"({"store":false,"input":[{"store":true}]})"));
}

TEST_CASE("what a Responses request goes on from") {
  const RequestView previous = facts(R"({"input":"x","previous_response_id":"resp_1"})", DialectId::openai_responses);
  CHECK(previous.continues == "resp_1");
  CHECK(previous.conversation.empty());
  CHECK(facts(R"({"input":"x","previous_response_id":null})", DialectId::openai_responses).continues.empty());
  CHECK(facts(R"({"input":"x","conversation":"conv_1"})", DialectId::openai_responses).conversation == "conv_1");
  CHECK(facts(R"({"input":"x","conversation":{"id":"conv_2"}})", DialectId::openai_responses).conversation == "conv_2");
  CHECK(facts(R"({"input":[{"previous_response_id":"resp_9","conversation":"c"}]})", DialectId::openai_responses)
            .continues.empty());
}

TEST_CASE("Anthropic threads") {
  const RequestView first = facts(R"({"messages":[],"thread":{"type":"create"}})", DialectId::anthropic);
  CHECK(first.kept_by_provider);
  CHECK(first.continues.empty());
  const RequestView second =
      facts(R"({"thread":{"type":"continue","previous_message_id":"msg_1"},"messages":[]})", DialectId::anthropic);
  CHECK(second.kept_by_provider);
  CHECK(second.continues == "msg_1");
  CHECK_FALSE(facts(R"({"messages":[]})", DialectId::anthropic).kept_by_provider);
}

TEST_CASE("a Chat Completions request always brings its history") {
  CHECK_FALSE(facts(R"({"messages":[]})", DialectId::openai_chat).kept_by_provider);
  CHECK_FALSE(facts(R"({"messages":[],"store":true})", DialectId::openai_chat).kept_by_provider);
  CHECK(facts(R"({"messages":[],"previous_response_id":"x"})", DialectId::openai_chat).continues.empty());
}

TEST_CASE("reasoning that comes back encrypted") {
  const auto encrypted = [](std::string_view body) { return facts(body, DialectId::openai_responses).signed_reasoning; };
  CHECK(encrypted(R"({"include":["reasoning.encrypted_content"]})"));
  CHECK(encrypted(R"({"input":"x","include":["file_search_call.results","reasoning\u002eencrypted_content"]})"));
  CHECK_FALSE(encrypted(R"({"include":[]})"));
  CHECK_FALSE(encrypted(R"({"include":["file_search_call.results"]})"));
  CHECK_FALSE(encrypted(R"({"input":["reasoning.encrypted_content"]})"));
  CHECK_FALSE(encrypted(R"({"input":[{"include":["reasoning.encrypted_content"]}]})"));
}

TEST_CASE("a reply that is to be JSON") {
  const auto structured = [](std::string_view body, DialectId dialect) { return facts(body, dialect).structured; };
  CHECK(structured(R"({"response_format":{"type":"json_object"}})", DialectId::openai_chat));
  CHECK(structured(R"({"response_format":{"type":"json_schema","json_schema":{}}})", DialectId::openai_chat));
  CHECK(structured(R"({"text":{"format":{"type":"json_schema","name":"n","schema":{}}}})", DialectId::openai_responses));
  CHECK(structured(R"({"output_config":{"format":{"type":"json_schema","schema":{}}}})", DialectId::anthropic));
  CHECK_FALSE(structured(R"({"response_format":{"type":"text"}})", DialectId::openai_chat));
  CHECK_FALSE(structured(R"({"text":{"format":{"type":"text"},"verbosity":"low"}})", DialectId::openai_responses));
  CHECK_FALSE(structured(R"({"output_config":{"effort":"high"}})", DialectId::anthropic));
  CHECK_FALSE(structured(R"({"tools":[{"description":"json_schema"}],"input":"json_object"})", DialectId::openai_responses));
}

TEST_CASE("the root's place of a span is where its path begins, whatever the key is") {
  const std::string_view bodies[] = {
      R"({"a":"x","system":[{"type":"text","text":"one"}],"n":1,"messages":[{"role":"user","content":"two"}],"z":{"k":["v"]}})",
      R"({"messages":[{"content":[{"text":"three"}]}],"Some Key":"four","a_rather_long_key_that_is_unknown":"five"})",
      R"({"model":"m","input":["six","seven"],"instructions":"eight","tools":[{"name":"n","description":"nine"}]})",
      R"({"inp\u0075t":"ten","input":[{"role":"user","content":"eleven"}],"metadata":{"a":"b","c":"twelve"}})"};
  for (const std::string_view body : bodies) {
    for (const Dialect& dialect : dialects()) {
      RequestView view;
      REQUIRE(read_spans(body, dialect.id, view));
      std::vector<std::uint32_t> offsets;
      for (const Span& span : view.spans) offsets.push_back(span.begin);
      const std::vector<std::string> paths = find_paths(body, offsets);
      REQUIRE(paths.size() == view.spans.size());
      for (std::size_t i = 0; i < paths.size(); ++i) {
        CAPTURE(paths[i]);
        if (view.spans[i].role != SpanRole::key) CHECK(paths[i].starts_with(find_root_place(body, view, view.spans[i])));
      }
    }
  }
}

}  // namespace
}  // namespace pg
