// Vertex AI and Amazon Bedrock: tokens and signatures, paths with the model in them, bodies that are the client's but for a few
// members, frames that become events.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/aws_sign.h"
#include "core/base/text.h"
#include "tests/support/cloud.h"
#include "tests/support/provider_world.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

const std::string kCloudToken = "ya29-" + std::string(24, 't');

/// Answers the token endpoint itself, everything else with `answer`.
void respond_with_token(ProviderWorld& w, const Answer& answer) {
  w.upstream.respond([answer](const SeenRequest& seen) {
    if (seen.target != "/token") return answer;
    return Answer::json(Json{{"access_token", kCloudToken}, {"expires_in", 3599}, {"token_type", "Bearer"}}.dump());
  });
}

std::string bedrock_stream(const Blocks& blocks) {
  std::string out;
  for (const std::string& event : say_stream(DialectId::anthropic, blocks)) out += bedrock_chunk(event);
  return out;
}

Answer framed(const std::vector<std::string>& pieces) {
  Answer answer = Answer::head(
      200,
      {{"Content-Type", "application/vnd.amazon.eventstream"}, {"Transfer-Encoding", "chunked"}, {"x-amzn-RequestId", "amzn-1"}});
  for (const std::string& piece : pieces) answer.chunk(piece);
  return answer;
}

/// The signature is right for what came: the same request, signed anew with the keys that pg was given.
bool is_signed_right(const SeenRequest& seen, std::string_view target) {
  AwsKeys keys;
  keys.key_id = "AKIDFAKE";
  keys.secret = SecretString("se/cret");
  keys.session_token = SecretString("session");
  keys.region = "us-east-1";
  const std::string stamp = seen.field("x-amz-date");
  if (stamp.size() != 16) return false;
  const auto time = parse_rfc3339(stamp.substr(0, 4) + "-" + stamp.substr(4, 2) + "-" + stamp.substr(6, 5) + ":" +
                                  stamp.substr(11, 2) + ":" + stamp.substr(13, 2) + "Z");
  if (!time) return false;
  const AwsRequest request{"POST", target, {{"host", seen.field("host")}}, seen.body};
  for (const auto& [name, value] : sign_aws(request, keys, "bedrock", *time))
    if (seen.field(name) != value) return false;
  return true;
}

}  // namespace

TEST_CASE("vertex: a Messages client's bytes go on but for the model and the version, with a token that was bought once") {
  ProviderWorld& w = provider_world();
  const std::string mail = make_email();
  for (const bool stream : {true, false}) {
    CAPTURE(stream);
    respond_with_token(w, stream ? Answer::stream(say_stream(DialectId::anthropic, {text_block({"hello [[EMA", "IL_001]]"})}))
                                 : Answer::json(say_whole(DialectId::anthropic, {text_block({"hello [[EMAIL_001]]"})})));
    const std::string body =
        "{ \"max_tokens\" : 64, \"model\":\"claude-opus-4-5\",\n \"stream\":" + std::string(stream ? "true" : "false") +
        ", \"messages\":[{\"role\":\"user\",\"content\":\"\\u0049 am " + mail + "\"}]}";
    const RawReply reply = w.post_to("vertexed", "v1/messages?beta=true", body, {{"anthropic-beta", "context-1m-2025-08-07"}});
    CHECK(reply.status == 200);
    const Heard heard = stream ? hear_stream(DialectId::anthropic, reply.body) : hear_whole(DialectId::anthropic, reply.body);
    CHECK(heard.text() == "hello " + mail);
    const SeenRequest seen = w.upstream.last();
    CHECK(seen.target == "/v1/projects/p-1/locations/us-east5/publishers/anthropic/models/claude-opus-4-5:" +
                             std::string(stream ? "streamRawPredict" : "rawPredict"));
    CHECK(seen.field("authorization") == "Bearer " + kCloudToken);
    CHECK(seen.field("anthropic-beta") == "context-1m-2025-08-07");
    CHECK(seen.body == "{\"anthropic_version\":\"vertex-2023-10-16\", \"max_tokens\" : 64,\n \"stream\":" +
                           std::string(stream ? "true" : "false") +
                           ", \"messages\":[{\"role\":\"user\",\"content\":\"\\u0049 am [[EMAIL_001]]\"}]}");
  }
  std::size_t bought = 0;
  for (const SeenRequest& seen : w.upstream.seen()) {
    if (seen.target != "/token") continue;
    ++bought;
    CHECK(seen.field("content-type") == "application/x-www-form-urlencoded");
    CHECK(seen.body.starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="));
  }
  CHECK(bought <= 1);
  CHECK(w.home.newest_row_has("model", "claude-opus-4-5"));
}

TEST_CASE("vertex: Gemini's models are behind the same row, and Chat clients reach both") {
  ProviderWorld& w = provider_world();
  respond_with_token(
      w, Answer::json(
             R"({"candidates":[{"content":{"role":"model","parts":[{"text":"hi"}]},"finishReason":"STOP"}],"responseId":"r"})"));
  CHECK(hear_whole(DialectId::anthropic, w.call("vertexed", DialectId::anthropic, "gemini-2.5-pro", false, "hi").body).text() ==
        "hi");
  CHECK(w.upstream.last().target ==
        "/v1/projects/p-1/locations/us-east5/publishers/google/models/gemini-2.5-pro:generateContent");
  CHECK(w.upstream.last().field("authorization") == "Bearer " + kCloudToken);
  respond_with_token(w, Answer::json(say_whole(DialectId::anthropic, {text_block({"hi"})})));
  CHECK(hear_whole(DialectId::openai_chat, w.call("vertexed", DialectId::openai_chat, "claude-x", false, "hi").body).text() ==
        "hi");
  const Json body = Json::parse(w.upstream.last().body, nullptr, false);
  CHECK(body["anthropic_version"] == "vertex-2023-10-16");
  CHECK_FALSE(body.contains("model"));
  CHECK(body["max_tokens"] == 64'000);
  CHECK_FALSE(w.upstream.last().has("anthropic-version"));
}

TEST_CASE("vertex: embeddings go to :predict, and come back as OpenAI's") {
  ProviderWorld& w = provider_world();
  respond_with_token(
      w,
      Answer::json(R"({"predictions":[{"embeddings":{"values":[0.10,-1],"statistics":{"truncated":false,"token_count":5}}}]})"));
  const std::string mail = make_email();
  const RawReply reply =
      w.post_to("vertexed", "v1/embeddings", R"({"model":"text-embedding-005","input":"I am )" + mail + R"(","dimensions":2})");
  CHECK(
      reply.body ==
      R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10,-1]}],"model":"text-embedding-005","usage":{"prompt_tokens":5,"total_tokens":5}})");
  CHECK(w.upstream.last().target == "/v1/projects/p-1/locations/us-east5/publishers/google/models/text-embedding-005:predict");
  CHECK(Json::parse(w.upstream.last().body, nullptr, false) ==
        Json::parse(R"({"instances":[{"content":"I am [[EMAIL_001]]"}],"parameters":{"outputDimensionality":2}})"));
  CHECK(w.home.newest_row_has("input_tokens", "5"));
}

TEST_CASE("vertex: Google's errors are told in the client's words, and tokens are counted by the provider") {
  ProviderWorld& w = provider_world();
  respond_with_token(w, Answer::reply(429, R"([{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}])",
                                      {{"Content-Type", "application/json"}, {"Retry-After", "5"}}));
  const RawReply busy = w.call("vertexed", DialectId::anthropic, "claude-x", true, "hi");
  CHECK(busy.status == 429);
  CHECK(busy.field("retry-after") == "5");
  CHECK(hear_whole(DialectId::anthropic, busy.body).error_message == "quota");
  CHECK(hear_whole(DialectId::anthropic, busy.body).error_type == "rate_limit_error");
  respond_with_token(w, Answer::json(R"({"input_tokens":12})"));
  const std::string count = R"({"model":"claude-x","messages":[{"role":"user","content":"hi"}]})";
  const RawReply counted = w.post_to("vertexed", "v1/messages/count_tokens", count);
  CHECK(counted.body == R"({"input_tokens":12})");
  CHECK(w.upstream.last().target == "/v1/projects/p-1/locations/us-east5/publishers/anthropic/models/count-tokens:rawPredict");
  CHECK(w.upstream.last().body == count);
}

TEST_CASE("bedrock: signed, the model in the path, the betas in the body, and frames come out as Anthropic's events") {
  ProviderWorld& w = provider_world();
  const std::string mail = make_email();
  w.upstream.respond(
      framed({bedrock_stream({text_block({"hello [[EMA", "IL_001]]"}), tool_block({R"({"to":"[[EMAIL_)", R"(001]]"})"})})})
          .last_chunk());
  const std::string body =
      R"({"model":"us.anthropic.claude-v1:0","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"I am )" + mail +
      "\"}]}";
  const RawReply reply =
      w.post_to("bedrocked", "v1/messages?beta=true", body,
                {{"anthropic-beta", "oauth-2025-04-20,context-1m-2025-08-07"}, {"anthropic-version", "2023-06-01"}});
  CHECK(reply.status == 200);
  CHECK(reply.field("content-type") == "text/event-stream");
  const Heard heard = hear_stream(DialectId::anthropic, reply.body);
  CHECK(heard.fault() == "");
  CHECK(heard.finished);
  CHECK(heard.text() == "hello " + mail);
  CHECK(Json::parse(heard.arguments.at(0), nullptr, false) == Json{{"to", mail}});
  CHECK(reply.field("x-pg-warnings") == "drop:anthropic-beta.oauth-2025-04-20");
  const SeenRequest seen = w.upstream.last();
  CHECK(seen.target == "/model/us.anthropic.claude-v1%3A0/invoke-with-response-stream");
  CHECK(
      seen.body ==
      R"({"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["context-1m-2025-08-07"],"max_tokens":64,"messages":[{"role":"user","content":"I am [[EMAIL_001]]"}]})");
  CHECK(is_signed_right(seen, seen.target));
  CHECK_FALSE(seen.has("anthropic-beta"));
  CHECK(seen.field("x-amz-security-token") == "session");
  CHECK(w.home.newest_row_has("upstream_request_id", "amzn-1"));
  CHECK(w.home.newest_row_has("output_tokens", "17"));
}

TEST_CASE("bedrock: whole replies, Chat clients, an API key") {
  ProviderWorld& w = provider_world();
  w.upstream.respond(Answer::json(say_whole(DialectId::anthropic, {text_block({"hi"})})));
  CHECK(hear_whole(DialectId::openai_chat, w.call("bedrock-key", DialectId::openai_chat, "anthropic.claude-x", false, "hi").body)
            .text() == "hi");
  CHECK(w.upstream.last().target == "/model/anthropic.claude-x/invoke");
  CHECK(w.upstream.last().field("authorization") == "Bearer " + w.credential);
  CHECK_FALSE(w.upstream.last().has("x-amz-date"));
  w.upstream.respond(framed({bedrock_stream({text_block({"streamed"})})}).last_chunk());
  const RawReply reply = w.call("bedrocked", DialectId::openai_chat, "anthropic.claude-x", true, "hi");
  CHECK(hear_stream(DialectId::openai_chat, reply.body).text() == "streamed");
  CHECK(hear_stream(DialectId::openai_chat, reply.body).fault() == "");
  w.upstream.forget();
  const RawReply counted = w.post_to("bedrocked", "v1/messages/count_tokens",
                                     R"({"model":"anthropic.claude-x","messages":[{"role":"user","content":"hi there"}]})");
  CHECK(Json::parse(counted.body, nullptr, false).value("input_tokens", 0) > 0);
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("bedrock: its errors are told in the client's words, before a stream, inside it, and when a frame is broken") {
  ProviderWorld& w = provider_world();
  for (const DialectId client : kModelDialects) {
    CAPTURE(dialect(client).name);
    w.upstream.respond(Answer::reply(429, R"({"message":"Too many requests"})", {{"x-amzn-ErrorType", "ThrottlingException"}}));
    const RawReply busy = w.call("bedrocked", client, "anthropic.claude-x", true, "hi");
    CHECK(busy.status == 429);
    CHECK(hear_whole(client, busy.body).error_message == "Too many requests");
    CHECK(hear_whole(client, busy.body).error_type == "rate_limit_error");

    const std::string start = bedrock_chunk(say_stream(DialectId::anthropic, {})[0]);
    const std::string exception =
        event_frame({{":exception-type", "throttlingException"}, {":message-type", "exception"}}, R"({"message":"slow down"})");
    w.upstream.respond(framed({start, exception}).last_chunk());
    const Heard amid = hear_stream(client, w.call("bedrocked", client, "anthropic.claude-x", true, "hi").body);
    CHECK_FALSE(amid.finished);
    CHECK(amid.error_message == "slow down");

    std::string broken = bedrock_stream({text_block({"hello"})});
    broken[broken.size() / 2] = static_cast<char>(broken[broken.size() / 2] ^ 1);
    w.upstream.respond(framed({broken}).last_chunk());
    const Heard torn = hear_stream(client, w.call("bedrocked", client, "anthropic.claude-x", true, "hi").body);
    CHECK_FALSE(torn.finished);
    CHECK_FALSE(torn.error_message.empty());
    CHECK(w.home.newest_row_has("outcome", "error"));
  }
}

}  // namespace pg::test
