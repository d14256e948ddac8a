// Embeddings: OpenAI's request and reply (the only dialect clients speak) as Gemini, Vertex AI, Cohere, Mistral and Ollama have
// them, and back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/wire/usage.h"

namespace pg {

enum class EmbeddingWire : std::uint8_t { openai, gemini, cohere, mistral, ollama, vertex };

struct EmbeddingOptions {
  std::string model;  // what the target calls the model; "" keeps the client's word
};

/// What the reply needs to know of its request.
struct EmbeddingContext {
  std::string model;    // as the client asked for it
  bool base64 = false;  // OpenAI's SDK asks for little-endian floats in base64
};

struct TranslatedEmbedding {
  std::string body;
  std::string path;  // below a base URL that ends in the version: "/models/M:batchEmbedContents", "/models/M:predict", "/embed"
  std::vector<std::string> warnings;
  EmbeddingContext context;
};

/// OpenAI's body as the target says it. bad_request for what is no list of texts: only OpenAI takes token numbers.
Result<TranslatedEmbedding> translate_embedding_request(EmbeddingWire to, std::string_view body, const EmbeddingOptions& options);

struct EmbeddingReply {
  std::string body;  // OpenAI's
  Usage usage;
};
/// A whole reply as OpenAI says it; upstream_failed when it holds no vectors.
Result<EmbeddingReply> translate_embedding_reply(EmbeddingWire from, std::string_view body, const EmbeddingContext& context);

}  // namespace pg
