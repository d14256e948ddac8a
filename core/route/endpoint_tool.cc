// Made of what the endpoint says of itself over HTTP: both ways tell the same.
#include "core/route/endpoint_tool.h"

#include "core/wire/json_doc.h"
#include "core/wire/json_out.h"

namespace pg {
namespace {

// MCP asks for the word that JSON Schema can do without.
std::string as_object_schema(JsonView schema) {
  const std::string_view raw = schema.raw();
  if (!schema.is_object() || schema.size() == 0) return R"({"type":"object"})";
  if (schema["type"]) return std::string(raw);
  return std::string(R"({"type":"object",)").append(raw.substr(raw.find('{') + 1));
}

void write_text(JsonOut& json, std::string_view text) {
  json.open_array("content").open_object().field("type", "text").field("text", text).close_object().close_array();
}

}  // namespace

std::string write_endpoint_tool(const Endpoint& endpoint) {
  const std::string said = write_endpoint(endpoint);
  JsonDoc doc;
  std::string out;
  if (!doc.parse(said)) return out;
  JsonOut json(out);
  json.open_object().field("name", endpoint.name).field_if("description", endpoint.description);
  json.raw("inputSchema", as_object_schema(doc.root()["input"]));
  const JsonView output = doc.root()["output"];
  if (output["type"].text_is("object")) json.raw("outputSchema", output.raw());
  json.close_object();
  return out;
}

std::string write_endpoint_result(std::string_view reply) {
  JsonDoc doc;
  std::string out;
  if (!doc.parse(reply)) return out;
  const JsonView root = doc.root(), output = root["output"];
  JsonOut json(out);
  json.open_object();
  if (!output.given()) {
    write_text(json, root["refusal"].text());
    json.field("isError", true).close_object();
    return out;
  }
  write_text(json, output.is_string() ? output.text() : std::string(output.raw()));
  if (output.is_object()) json.raw("structuredContent", output.raw());
  json.close_object();
  return out;
}

}  // namespace pg
