// Numbers keep their spelling on the way through unless a client wants them as bytes.
#include "core/wire/embeddings.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "core/base/encode.h"
#include "core/wire/call_io.h"
#include "core/wire/json_doc.h"
#include "core/wire/json_out.h"

namespace pg {
namespace {

struct EmbeddingAsk {
  std::string model;
  std::vector<std::string> texts;
  std::string dimensions;  // a number's spelling, "" when not given
};

Result<EmbeddingAsk> read_ask(JsonView root, const EmbeddingOptions& options, TranslatedEmbedding& out) {
  Warnings warnings;
  EmbeddingAsk ask;
  out.context.model = root["model"].text();
  out.context.base64 = root["encoding_format"].text_is("base64");
  ask.model = options.model.empty() ? out.context.model : options.model;
  ask.dimensions = number_text(root["dimensions"]);
  const JsonView input = root["input"];
  read_list(input, ask.texts);
  const bool all_texts = input.is_string() || (input.is_array() && ask.texts.size() == input.size());
  if (!all_texts || ask.texts.empty())
    return make_error(Code::bad_request, "`input` must be a text or a list of texts for this provider");
  warn_unknown(root, "", {"model", "input", "encoding_format", "dimensions", "user"}, warnings);
  if (root["user"].given()) warnings.drop("user");
  out.warnings = warnings.list();
  return ask;
}

void write_gemini(const EmbeddingAsk& ask, TranslatedEmbedding& out) {
  // The body names the model again, with its collection.
  const std::string model = ask.model.find('/') == std::string::npos ? "models/" + ask.model : ask.model;
  const std::string path = gemini_path(ask.model, false);
  out.path = path.substr(0, path.rfind(':')) + ":batchEmbedContents";
  JsonOut json(out.body);
  json.open_object().open_array("requests");
  for (const std::string& text : ask.texts) {
    json.open_object().field("model", model).open_object("content").open_array("parts");
    json.open_object().field("text", text).close_object().close_array().close_object();
    json.raw_if("outputDimensionality", ask.dimensions).close_object();
  }
  json.close_array().close_object();
}

// Vertex AI, "Get text embeddings": the model stands in the path alone.
void write_vertex(const EmbeddingAsk& ask, TranslatedEmbedding& out) {
  const std::string path = gemini_path(ask.model, false);
  out.path = path.substr(0, path.rfind(':')) + ":predict";
  JsonOut json(out.body);
  json.open_object().open_array("instances");
  for (const std::string& text : ask.texts) json.open_object().field("content", text).close_object();
  json.close_array();
  if (!ask.dimensions.empty()) json.open_object("parameters").raw("outputDimensionality", ask.dimensions).close_object();
  json.close_object();
}

void write_cohere(const EmbeddingAsk& ask, TranslatedEmbedding& out) {
  out.path = "/embed";
  JsonOut json(out.body);
  json.open_object().field("model", ask.model).field("input_type", "search_document");
  json.strings_if("texts", ask.texts);
  json.open_array("embedding_types").string("float").close_array();
  json.raw_if("output_dimension", ask.dimensions).close_object();
}

void write_openai_like(EmbeddingWire to, const EmbeddingAsk& ask, TranslatedEmbedding& out) {
  out.path = to == EmbeddingWire::ollama ? "/embed" : "/embeddings";
  JsonOut json(out.body);
  json.open_object().field("model", ask.model);
  json.strings_if("input", ask.texts);
  json.raw_if(to == EmbeddingWire::mistral ? "output_dimension" : "dimensions", ask.dimensions).close_object();
}

/// The lists of numbers in a reply, in order.
std::vector<JsonView> read_vectors(EmbeddingWire from, JsonView root) {
  std::vector<JsonView> vectors;
  if (from == EmbeddingWire::gemini) {
    if (root["embedding"].is_object()) vectors.push_back(root["embedding"]["values"]);
    for (JsonView embedding : root["embeddings"]) vectors.push_back(embedding["values"]);
  } else if (from == EmbeddingWire::cohere) {
    const JsonView list = root["embeddings"].is_array() ? root["embeddings"] : root["embeddings"]["float"];
    for (JsonView vector : list) vectors.push_back(vector);
  } else if (from == EmbeddingWire::vertex) {
    for (JsonView row : root["predictions"]) vectors.push_back(row["embeddings"]["values"]);
  } else if (from == EmbeddingWire::ollama) {
    for (JsonView vector : root["embeddings"]) vectors.push_back(vector);
  } else {
    for (JsonView row : root["data"]) vectors.push_back(row["embedding"]);
  }
  return vectors;
}

Usage read_usage(EmbeddingWire from, JsonView root) {
  UsageTally tally;
  JsonView count = root["usage"]["prompt_tokens"];
  if (from == EmbeddingWire::gemini) count = root["usageMetadata"]["promptTokenCount"];
  if (from == EmbeddingWire::cohere) count = root["meta"]["billed_units"]["input_tokens"];
  if (from == EmbeddingWire::ollama) count = root["prompt_eval_count"];
  if (count.is_number()) tally.set(UsageField::input, count.raw());
  Usage usage = tally.total();
  if (from == EmbeddingWire::vertex) {  // counted text by text
    for (JsonView row : root["predictions"]) {
      const std::int64_t tokens = row["embeddings"]["statistics"]["token_count"].number(-1);
      if (tokens >= 0) usage.input_tokens = std::min(kMaxTokens, std::max<std::int64_t>(usage.input_tokens, 0) + tokens);
    }
  }
  return usage;
}

/// Little-endian IEEE 754 floats, as OpenAI sends them.
std::string float_bytes(JsonView vector) {
  std::string bytes;
  for (JsonView number : vector) {
    float value = 0;
    const std::string_view digits = number.raw();
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    auto bits = std::bit_cast<std::uint32_t>(value);
    for (int i = 0; i < 4; ++i, bits >>= 8) bytes += static_cast<char>(bits & 0xff);
  }
  return bytes;
}

}  // namespace

Result<TranslatedEmbedding> translate_embedding_request(EmbeddingWire to, std::string_view body,
                                                        const EmbeddingOptions& options) {
  JsonDoc doc;
  PG_TRY_STATUS(doc.parse(body));
  if (!doc.root().is_object()) return make_error(Code::bad_request, "the body is not a JSON object");
  TranslatedEmbedding out;
  PG_TRY(const EmbeddingAsk ask, read_ask(doc.root(), options, out));
  if (to == EmbeddingWire::gemini) {
    write_gemini(ask, out);
  } else if (to == EmbeddingWire::vertex) {
    write_vertex(ask, out);
  } else if (to == EmbeddingWire::cohere) {
    write_cohere(ask, out);
  } else {
    write_openai_like(to, ask, out);
  }
  return out;
}

Result<EmbeddingReply> translate_embedding_reply(EmbeddingWire from, std::string_view body, const EmbeddingContext& context) {
  JsonDoc doc;
  if (!doc.parse(body)) return make_error(Code::upstream_failed, "the provider's reply is not JSON");
  const std::vector<JsonView> vectors = read_vectors(from, doc.root());
  if (vectors.empty()) return make_error(Code::upstream_failed, "the provider's reply holds no embeddings");
  EmbeddingReply reply;
  reply.usage = read_usage(from, doc.root());
  JsonOut json(reply.body);
  json.open_object().field("object", "list").open_array("data");
  std::int64_t index = 0;
  for (JsonView vector : vectors) {
    if (!vector.is_array())
      return make_error(Code::upstream_failed, "an embedding in the provider's reply is no list of numbers");
    json.open_object().field("object", "embedding").field("index", index++);
    if (context.base64) {
      json.field("embedding", to_base64(float_bytes(vector)));
    } else {
      json.raw("embedding", vector.raw());
    }
    json.close_object();
  }
  const std::int64_t tokens = reply.usage.input_tokens < 0 ? 0 : reply.usage.input_tokens;
  json.close_array().field("model", context.model);
  json.open_object("usage").field("prompt_tokens", tokens).field("total_tokens", tokens).close_object().close_object();
  return reply;
}

}  // namespace pg
