// Bodies that are a dialect's own but for a few members at the root, which some providers want elsewhere or not at all:
// Anthropic's models on Vertex AI and Bedrock, and the cap on output tokens. What is not named here keeps its bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/wire/call.h"

namespace pg {

/// An Anthropic Messages body for Vertex AI's rawPredict: without `model`, which stands in the path, and with `anthropic_version`
/// unless the client named one. bad_request when it is no JSON object.
Result<std::string> write_vertex_body(std::string_view body);

struct BedrockBody {
  std::string body;
  std::vector<std::string> warnings;  // "drop:anthropic-beta.NAME" for each that Bedrock would refuse the call for
};
/// The same for Bedrock's InvokeModel: without `model` and `stream`, which stand in the path, and with the betas of `beta_header`
/// that Bedrock documents, which has them in the body.
Result<BedrockBody> write_bedrock_body(std::string_view body, std::string_view beta_header);

struct CappedBody {
  std::string body;
  bool lowered = false;
};
/// `body` asking for at most `cap` output tokens: the number alone is replaced, and nothing when it is small enough or not given.
Result<CappedBody> cap_output_tokens(Wire dialect, std::string_view body, std::int64_t cap);

}  // namespace pg
