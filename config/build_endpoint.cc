// Templates and schemas are made once, and kept for as long as the settings stay.
#include "config/build_endpoint.h"

#include <fmt/format.h>

#include <string_view>

#include "core/targets.h"

namespace pg {
namespace {

std::shared_ptr<const JsonSchema> schema_of(const SchemaSettings& settings) {
  return settings.text.empty() ? nullptr : JsonSchema::make(settings.text).value();
}

bool is_of_openai(const std::string& model, const std::map<std::string, std::string>& aliases) {
  const auto alias = aliases.find(model);
  const std::string& meant = alias == aliases.end() ? model : alias->second;
  const std::size_t colon = meant.find(':');
  return meant.starts_with("openai:") ||
         vendor_of_model(std::string_view(meant).substr(colon == std::string::npos ? 0 : colon + 1)) == "openai";
}

}  // namespace

Endpoint build_endpoint(const EndpointSettings& settings, const std::map<std::string, std::string>& aliases) {
  Endpoint endpoint;
  endpoint.name = settings.name;
  endpoint.description = settings.description;
  endpoint.system = PromptTemplate::make(settings.system).value();
  endpoint.prompt = PromptTemplate::make(settings.prompt).value();
  endpoint.input = schema_of(settings.input);
  endpoint.output = schema_of(settings.output);
  endpoint.model = settings.model;
  endpoint.max_output_tokens = settings.max_output_tokens;
  endpoint.newer_word = is_of_openai(settings.model, aliases);
  if (settings.temperature) endpoint.temperature = fmt::format("{}", *settings.temperature);
  endpoint.effort = settings.effort;
  endpoint.output_retries = settings.output_retries;
  endpoint.session_for = settings.session;
  endpoint.route.name = settings.name;
  return endpoint;
}

}  // namespace pg
