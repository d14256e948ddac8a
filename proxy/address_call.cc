// A table of paths in code: what each is made of is its provider's documentation, as named.
#include "proxy/address_call.h"

#include <fmt/format.h>

#include "core/base/encode.h"
#include "core/wire/cloud_body.h"
#include "core/wire/translate.h"
#include "proxy/send_upstream.h"

namespace pg {
namespace {

DialectId said_dialect(const Exchange& x) {
  return x.to.translated ? x.to.outlet->dialect : x.surface.dialect;
}

std::string whole_body(const Exchange& x) {
  return x.to.body ? *x.to.body : apply_edits(x.body, edits_of(x));
}

void add_warning(Exchange& x, std::string_view warning) {
  x.to.warnings.append(x.to.warnings.empty() ? "" : ",").append(warning);
}

// A warning names a parameter, which may be the client's own invention, and goes into a header.
std::string header_safe(std::string_view warning) {
  std::string safe(warning.substr(0, 100));
  for (char& c : safe)
    if (c <= ' ' || c >= 0x7f || c == ',') c = '_';  // bytes from 0x80 on are negative
  return safe;
}

Status lower_max_tokens(Exchange& x) {
  const bool is_told = x.surface.operation != Operation::count_tokens && x.surface.dialect != DialectId::embeddings;
  if (!is_told || x.to.translated) return {};  // a translation has lowered it already
  PG_TRY(CappedBody capped, cap_output_tokens(wire_of(x.surface.dialect), whole_body(x), x.to.provider->max_output_tokens));
  if (!capped.lowered) return {};
  x.to.body = std::move(capped.body);
  add_warning(x, "change:max_tokens");
  return {};
}

// Claude on Vertex AI: publishers/anthropic/models/MODEL:rawPredict; tokens are counted by a model of that name, which keeps the
// real one in the body.
Status address_vertex(Exchange& x) {
  if (x.surface.operation == Operation::count_tokens) {
    x.to.path = "/models/count-tokens:rawPredict";
    return {};
  }
  PG_TRY(x.to.body, write_vertex_body(whole_body(x)));
  x.to.path = fmt::format("/models/{}:{}", to_percent(x.to.model), x.view.stream ? "streamRawPredict" : "rawPredict");
  return {};
}

// Amazon Bedrock Runtime, InvokeModel. The model may be an ARN: colons and slashes are escaped.
Status address_bedrock(Exchange& x) {
  if (x.surface.operation == Operation::count_tokens) return {};  // answered with an estimate
  PG_TRY(BedrockBody done, write_bedrock_body(whole_body(x), x.head.find("anthropic-beta").value_or("")));
  x.to.body = std::move(done.body);
  add_warnings(x, done.warnings);
  x.to.path = fmt::format("/model/{}/{}", to_percent(x.to.model), x.view.stream ? "invoke-with-response-stream" : "invoke");
  return {};
}

}  // namespace

void add_warnings(Exchange& x, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) add_warning(x, header_safe(warning));
}

Status address_call(Exchange& x) {
  if (x.to.outlet == nullptr) return {};
  const Outlet& outlet = *x.to.outlet;
  if (x.to.provider->max_output_tokens != 0) PG_TRY_STATUS(lower_max_tokens(x));
  switch (outlet.form) {
    case OutletForm::vertex:
      return address_vertex(x);
    case OutletForm::bedrock:
      return address_bedrock(x);
    case OutletForm::azure:
      x.to.path =
          fmt::format("/deployments/{}{}?{}", to_percent(x.to.model), dialect(said_dialect(x)).upstream_path, outlet.base.query);
      return {};
    case OutletForm::plain:
      break;
  }
  if (outlet.dialect == DialectId::gemini && x.to.path.empty()) x.to.path = gemini_path(x.to.model, x.view.stream);
  return {};
}

EmbeddingWire embedding_wire(const Outlet& outlet) {
  if (outlet.dialect == DialectId::gemini) return outlet.vendor.empty() ? EmbeddingWire::gemini : EmbeddingWire::vertex;
  if (outlet.dialect == DialectId::cohere) return EmbeddingWire::cohere;
  return outlet.base.path.ends_with("/api") ? EmbeddingWire::ollama : EmbeddingWire::mistral;
}

std::optional<std::string> models_target(const Outlet& outlet) {
  const std::string& base = outlet.base.path;
  if (outlet.form == OutletForm::azure) return fmt::format("{}/models?{}", base, outlet.base.query);
  if (outlet.form != OutletForm::plain || !outlet.vendor.empty()) return std::nullopt;
  if (outlet.dialect == DialectId::gemini) return base + "/models?pageSize=1000";
  if (outlet.dialect != DialectId::cohere) return base + "/models";
  // Cohere lists its models in version 1 only.
  return base.ends_with("/v2") ? base.substr(0, base.size() - 1) + "1/models?page_size=1000" : base + "/models?page_size=1000";
}

}  // namespace pg
