// The order of a translation: read, settle, write, and remember what the reply will need.
#include "core/wire/translate.h"

#include <iterator>

#include "core/base/encode.h"
#include "core/wire/call_io.h"
#include "core/wire/estimate_tokens.h"

namespace pg {
namespace {

struct WireRow {
  Wire wire;
  std::string_view name;
  std::size_t max_tool_name;
  Result<Call> (*read)(JsonView root, Warnings& warnings);  // nullptr: no client speaks it
  Status (*write)(const Call& call, WriteWork& work, std::string& out);
};

constexpr WireRow kWires[] = {
    {Wire::anthropic, "anthropic", 128, read_anthropic_call, write_anthropic_call},
    {Wire::openai_chat, "openai-chat", 64, read_chat_call, write_chat_call},
    {Wire::openai_responses, "openai-responses", 64, read_responses_call, write_responses_call},
    {Wire::gemini, "gemini", 64, nullptr, write_gemini_call},
    {Wire::cohere, "cohere", 64, nullptr, write_cohere_call},
};

const WireRow& row_of(Wire wire) {
  return kWires[static_cast<std::size_t>(wire)];
}

bool has_custom_tools(Wire to, const TranslateOptions& options) {
  return to == Wire::openai_responses || (to == Wire::openai_chat && options.custom_tools);
}

// Servers that are merely compatible know allowed_tools no more than freeform tools.
bool has_allowed_tools(Wire to, const TranslateOptions& options) {
  return to == Wire::openai_responses || (to == Wire::openai_chat && options.custom_tools);
}

/// Every tool that is named anywhere gets its wire name in one order, so that an append-only conversation keeps its names.
void name_tools(const Call& call, ToolTable& tools) {
  for (const Tool& tool : call.tools) tools.wire(tool.name);
  for (const Message& message : call.messages) {
    for (const Part& part : message.parts) {
      if (part.kind == Part::Kind::tool_call) tools.wire(part.tool);
    }
  }
}

void cap_tokens(Call& call, std::int64_t cap, Warnings& warnings) {
  if (cap == 0 || !call.max_tokens || *call.max_tokens <= cap) return;
  call.max_tokens = cap;
  warnings.change("max_tokens");
}

ReplyContext context_of(const Call& call, ToolTable& tools) {
  ReplyContext context;
  context.model = call.model;
  context.tools = tools.take();
  context.input_estimate = estimate_tokens(call);
  context.stream = call.stream;
  context.include_usage = call.include_usage;
  context.encrypted_reasoning = call.encrypted_reasoning;
  context.hide_thinking = call.reasoning.display == "omitted";
  return context;
}

}  // namespace

Wire wire_of(DialectId dialect) {
  switch (dialect) {
    case DialectId::anthropic:
      return Wire::anthropic;
    case DialectId::openai_responses:
      return Wire::openai_responses;
    case DialectId::gemini:
      return Wire::gemini;
    case DialectId::cohere:
      return Wire::cohere;
    case DialectId::openai_chat:
    case DialectId::embeddings:
      break;
  }
  return Wire::openai_chat;
}

std::string_view wire_name(Wire wire) {
  return row_of(wire).name;
}

Result<Translated> translate_request(Wire from, Wire to, std::string_view body, const TranslateOptions& options) {
  JsonDoc doc;
  PG_TRY_STATUS(doc.parse(body));
  if (!doc.root().is_object()) return make_error(Code::bad_request, "the body is not a JSON object");
  if (row_of(from).read == nullptr) return make_error(Code::not_implemented, "no client speaks " + std::string(wire_name(from)));
  Warnings warnings;
  PG_TRY(Call call, row_of(from).read(doc.root(), warnings));
  settle_call(call, warnings);
  if (!has_allowed_tools(to, options)) offer_allowed_tools(call, warnings);
  warn_lost_marks(call, to, warnings);
  cap_tokens(call, options.max_output_tokens, warnings);
  ToolTable tools(row_of(to).max_tool_name, !has_custom_tools(to, options));
  name_tools(call, tools);
  Translated out;
  WriteWork work{options, tools, warnings};
  out.body.reserve(body.size() + body.size() / 16);
  PG_TRY_STATUS(row_of(to).write(call, work, out.body));
  out.warnings = warnings.list();
  out.context = context_of(call, tools);
  return out;
}

std::string gemini_path(std::string_view model, bool stream) {
  // A model may be "publishers/x/models/y" or "tunedModels/z"; anything else is a bare name.
  const std::string prefix = model.find('/') == std::string_view::npos ? "/models/" : "/";
  std::string path = prefix;
  for (const char c : model) path += c == '/' ? std::string("/") : to_percent(std::string_view(&c, 1));
  return path + (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
}

}  // namespace pg
