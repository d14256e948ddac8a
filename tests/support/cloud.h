// What clouds hand out and how Bedrock frames its streams, made at run time.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pg::test {

struct RsaKey {
  std::string private_pem, public_pem;
};
/// The same 2048-bit key for the whole run.
const RsaKey& rsa_key();
/// True when `signature` is RS256 of `bytes` under the key.
bool is_rs256(const RsaKey& key, std::string_view bytes, std::string_view signature);

/// A service account's key file, as Google writes it.
std::string service_account_json(std::string_view token_uri);

/// One frame of application/vnd.amazon.eventstream with text headers.
std::string event_frame(const std::vector<std::pair<std::string, std::string>>& headers, std::string_view payload);
/// A frame that carries one event of an Anthropic stream (given as SSE), as Bedrock does.
std::string bedrock_chunk(std::string_view sse);

}  // namespace pg::test
