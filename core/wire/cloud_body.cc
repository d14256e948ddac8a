// Members are dropped with the comma that joins them to their neighbours, and added in front of all others.
#include "core/wire/cloud_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>

#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/wire/json_doc.h"

namespace pg {
namespace {

// Claude on Vertex AI, and Claude on Amazon Bedrock: the versions both have had from the start.
constexpr std::string_view kVertexVersion = "vertex-2023-10-16";
constexpr std::string_view kBedrockVersion = "bedrock-2023-05-31";

// What Bedrock takes in anthropic_beta, mostly without the dates. It refuses the whole call ("invalid beta flag") for any other,
// so those are left out, each by name.
constexpr std::array<std::string_view, 19> kBedrockBetas = {"computer-use-",
                                                            "token-efficient-tools-2025-",
                                                            "claude-code-",
                                                            "structured-outputs-2025-12-",
                                                            "token-counting-",
                                                            "compact-2026-01-",
                                                            "mcp-client-",
                                                            "web-search-",
                                                            "search-results-",
                                                            "dangerous-tool-use-",
                                                            "interleaved-thinking-",
                                                            "output-128k-",
                                                            "dev-full-thinking-",
                                                            "context-1m-",
                                                            "context-management-",
                                                            "effort-",
                                                            "tool-search-tool-",
                                                            "tool-examples-",
                                                            "fine-grained-tool-streaming-"};

Status read_object(std::string_view body, JsonDoc& doc) {
  PG_TRY_STATUS(doc.parse(body));
  if (!doc.root().is_object()) return make_error(Code::bad_request, "the body is not a JSON object");
  return {};
}

/// The object's bytes without the members in `dropped`, and with `added` ("\"a\":1") in front.
std::string without(std::string_view body, JsonView root, std::initializer_list<std::string_view> dropped,
                    const std::string& added) {
  const auto offset = [body](std::string_view piece) { return static_cast<std::size_t>(piece.data() - body.data()); };
  const std::size_t begin = offset(root.raw()) + 1, end = offset(root.raw()) + root.raw().size() - 1;
  std::string out(body.substr(0, begin));
  out += added;
  out.reserve(body.size() + added.size() + 2);
  bool first = added.empty();
  std::size_t at = begin;  // behind the last member
  for (JsonView member : root) {
    const std::size_t behind = offset(member.raw()) + member.raw().size();
    std::string_view slice = body.substr(at, behind - at);
    at = behind;
    const std::string name = member.key();
    if (std::find(dropped.begin(), dropped.end(), name) != dropped.end()) continue;
    const std::size_t lead = slice.find_first_not_of(" \n\r\t");
    const bool comma = lead != std::string_view::npos && slice[lead] == ',';
    if (first && comma) slice.remove_prefix(lead + 1);
    if (!first && !comma) out += ',';
    out += slice;
    first = false;
  }
  out += body.substr(at, end - at);
  out += body.substr(end);
  return out;
}

std::string version_member(JsonView root, std::string_view version) {
  return root["anthropic_version"].given() ? std::string() : fmt::format("\"anthropic_version\":\"{}\"", version);
}

/// `"anthropic_beta":["a","b"]`, or "" when none of them is Bedrock's.
std::string beta_member(std::string_view header, std::vector<std::string>& warnings) {
  std::string list;
  for (std::string_view beta : split(header, ',')) {
    beta = trim(beta);
    if (beta.empty()) continue;
    const bool known = std::any_of(kBedrockBetas.begin(), kBedrockBetas.end(),
                                   [beta](std::string_view start) { return beta.starts_with(start); });
    if (known)
      list += (list.empty() ? "" : ",") + json_quoted(beta);
    else
      warnings.push_back("drop:anthropic-beta." + std::string(beta));
  }
  return list.empty() ? list : "\"anthropic_beta\":[" + list + "]";
}

bool is_token_member(Wire dialect, std::string_view name) {
  if (dialect == Wire::openai_responses) return name == "max_output_tokens";
  return name == "max_tokens" || (dialect == Wire::openai_chat && name == "max_completion_tokens");
}

// However the number is spelled; one too large for a double is above any cap.
bool is_above(std::string_view digits, std::int64_t cap) {
  double value = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return fault != std::errc() || value > static_cast<double>(cap);
}

}  // namespace

Result<std::string> write_vertex_body(std::string_view body) {
  JsonDoc doc;
  PG_TRY_STATUS(read_object(body, doc));
  return without(body, doc.root(), {"model"}, version_member(doc.root(), kVertexVersion));
}

Result<BedrockBody> write_bedrock_body(std::string_view body, std::string_view beta_header) {
  JsonDoc doc;
  PG_TRY_STATUS(read_object(body, doc));
  BedrockBody out;
  std::string added = version_member(doc.root(), kBedrockVersion);
  const std::string betas = doc.root()["anthropic_beta"].given() ? "" : beta_member(beta_header, out.warnings);
  if (!betas.empty()) added += (added.empty() ? "" : ",") + betas;
  out.body = without(body, doc.root(), {"model", "stream"}, added);
  return out;
}

Result<CappedBody> cap_output_tokens(Wire dialect, std::string_view body, std::int64_t cap) {
  JsonDoc doc;
  PG_TRY_STATUS(read_object(body, doc));
  CappedBody out;
  std::size_t at = 0;
  for (JsonView member : doc.root()) {
    if (!member.is_number() || !is_token_member(dialect, member.key()) || !is_above(member.raw(), cap)) continue;
    const auto begin = static_cast<std::size_t>(member.raw().data() - body.data());
    out.body.append(body.substr(at, begin - at)).append(std::to_string(cap));
    at = begin + member.raw().size();
    out.lowered = true;
  }
  if (out.lowered) out.body.append(body.substr(at));
  return out;
}

}  // namespace pg
