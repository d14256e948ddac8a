// Small things that several dialects need to read or write a call.
#include "core/wire/call_io.h"

#include <algorithm>
#include <charconv>

#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/text.h"

namespace pg {

Error cannot_cross(std::string_view parameter, std::string_view target) {
  // Anthropic's SDK sends the whole history when it reads this word, instead of giving up.
  const std::string_view detail = parameter == "thread" ? kThreadUnsupported : std::string_view();
  return make_error(Code::bad_request,
                    "`" + std::string(parameter) + "` is not supported when the request goes to " + std::string(target) +
                        "; remove it, or ask a provider of your client's own dialect",
                    std::string(detail));
}

void read_allowed_tools(JsonView allowed, ToolChoice& choice, Warnings& warnings) {
  warn_unknown(allowed, "tool_choice.", {"type", "mode", "tools"}, warnings);
  choice.kind = allowed["mode"].text_is("required") ? ToolChoice::Kind::any : ToolChoice::Kind::automatic;
  for (JsonView tool : allowed["tools"]) {
    const std::string kind = tool["type"].text_is("custom") ? "custom" : "function";
    const JsonView named = tool[kind].is_object() ? tool[kind] : tool;
    warn_unknown(tool, "tool_choice.tools.", {"type", "name", "namespace", "function", "custom"}, warnings);
    warn_unknown(tool[kind], "tool_choice.tools.", {"name"}, warnings);
    choice.allowed.push_back({tool["namespace"].text(), named["name"].text(), kind == "custom"});
  }
  if (choice.allowed.empty()) choice.kind = ToolChoice::Kind::none;
}

void offer_allowed_tools(Call& call, Warnings& warnings) {
  const std::vector<ToolName> allowed = std::move(call.tool_choice.allowed);
  call.tool_choice.allowed.clear();
  if (allowed.empty()) return;
  std::vector<Tool> offered;
  for (const Tool& tool : call.tools)
    if (std::find(allowed.begin(), allowed.end(), tool.name) != allowed.end()) offered.push_back(tool);
  if (offered.size() == call.tools.size()) return;
  warnings.change("tool_choice.allowed_tools");
  if (offered.empty())
    call.tool_choice.kind = ToolChoice::Kind::none;
  else
    call.tools = std::move(offered);
}

void warn_unknown(JsonView object, std::string_view place, std::initializer_list<std::string_view> known, Warnings& warnings) {
  if (!object.is_object()) return;
  for (JsonView member : object) {
    const std::string key = member.key();
    if (!member.given() || std::find(known.begin(), known.end(), key) != known.end()) continue;
    warnings.drop(std::string(place) + escape_controls(key.substr(0, 64)));
  }
}

void keep_extra(JsonView root, std::string_view name, bool essential, Call& call) {
  const JsonView value = root[name];
  if (!value.given() || value.is_false()) return;
  if ((value.is_object() || value.is_array()) && value.size() == 0) return;
  call.extras.push_back({std::string(name), std::string(value.raw()), essential});
}

Status settle_extras(const Call& call, const WriteWork& work, std::string_view target,
                     std::initializer_list<std::string_view> keep) {
  for (const Call::Extra& extra : call.extras) {
    if (std::find(keep.begin(), keep.end(), extra.name) != keep.end()) continue;
    if (extra.essential && !work.options.drop_unsupported) return cannot_cross(extra.name, target);
    work.warnings.drop(extra.name);
  }
  return {};
}

void warn_lost_marks(const Call& call, Wire target, Warnings& warnings) {
  bool cached = false, signed_call = false, cited = false, quoted = false;
  for (const Message& message : call.messages) {
    for (const Part& part : message.parts) {
      cached = cached || !part.cache.empty();
      for (const Part& inner : part.parts) cached = cached || !inner.cache.empty();
      for (const Citation& citation : part.citations) {
        cited = true;
        quoted = quoted || !citation.quote.empty();
      }
      signed_call = signed_call || (part.kind == Part::Kind::tool_call && part.proof.vendor == Proof::Vendor::gemini);
    }
  }
  bool strict = false;
  for (const Tool& tool : call.tools) {
    cached = cached || !tool.cache.empty();
    strict = strict || tool.strict == true;
  }
  if (strict && (target == Wire::gemini || target == Wire::cohere)) warnings.drop("tools.strict");
  if (cached && target != Wire::anthropic) warnings.drop("cache_control");
  // Anthropic takes back only what it signed, so that history which crosses to it has none.
  if (cited && target != Wire::openai_responses) warnings.drop("citations");
  if (quoted && target == Wire::openai_responses) warnings.drop("citations.cited_text");
  if (signed_call && target != Wire::gemini && target != Wire::openai_chat) warnings.drop("thought_signature");
  const bool openai = target == Wire::openai_chat || target == Wire::openai_responses;
  if (!openai && !call.format.description.empty()) warnings.drop("json_schema.description");
  if (!openai && call.format.kind == OutputFormat::Kind::json_schema && call.format.strict == false)
    warnings.change("json_schema.strict");
}

void warn_openai_settings(const Call& call, Warnings& warnings) {
  if (!call.user.empty()) warnings.drop("user");
  if (!call.metadata.empty()) warnings.drop("metadata");
  if (!call.cache_key.empty()) warnings.drop("prompt_cache_key");
  if (!call.verbosity.empty()) warnings.drop("verbosity");
  if (!call.service_tier.empty()) warnings.drop("service_tier");
}

std::string number_text(JsonView value) {
  return value.is_number() ? std::string(value.raw()) : std::string();
}

double double_of(const std::string& number) {
  double value = 0;
  std::from_chars(number.data(), number.data() + number.size(), value);
  return value;
}

std::optional<bool> read_flag(JsonView value) {
  if (value.is_true()) return true;
  if (value.is_false()) return false;
  return std::nullopt;
}

void read_list(JsonView list, std::vector<std::string>& out) {
  if (list.is_string()) out.push_back(list.text());
  if (!list.is_array()) return;
  for (JsonView element : list) {
    if (element.is_string()) out.push_back(element.text());
  }
}

void read_url(std::string_view url, Media& media) {
  const std::size_t comma = url.find(',');
  if (!starts_with_ignore_case(url, "data:") || comma == std::string_view::npos) {
    media.url = url;
    return;
  }
  const auto words = split(url.substr(5, comma - 5), ';');
  media.media_type = words.front();
  if (equals_ignore_case(words.back(), "base64")) {
    media.data = url.substr(comma + 1);
  } else {
    media.data = to_base64(from_percent(url.substr(comma + 1)).value_or(std::string()));
  }
}

std::string data_url(const Media& media) {
  if (media.data.empty()) return media.url;
  return "data:" + media.media_type + ";base64," + media.data;
}

std::string file_as_text(const Media& media) {
  const std::string name = media.name.empty() ? "document" : media.name;
  return "[" + name + "]\n" + media.text;
}

void decode_text_file(Media& media) {
  if (!media.media_type.starts_with("text/") || media.data.empty()) return;
  auto text = from_base64(media.data);
  if (!text || !is_utf8(*text)) return;
  media.text = std::move(*text);
  media.data.clear();
}

Part text_part(std::string text) {
  Part part;
  part.text = std::move(text);
  return part;
}

bool is_all_text(const std::vector<Part>& parts) {
  return std::all_of(parts.begin(), parts.end(), [](const Part& part) { return part.kind == Part::Kind::text; });
}

std::string result_text(const Part& result) {
  std::string text(result.is_error ? kErrorMark : std::string_view());
  bool first = true;
  for (const Part& part : result.parts) {
    if (part.kind != Part::Kind::text) continue;
    if (!std::exchange(first, false)) text += '\n';
    text += part.text;
  }
  return text;
}

std::vector<Part> result_media(const Part& result) {
  std::vector<Part> media;
  for (const Part& part : result.parts) {
    if (part.kind != Part::Kind::text) media.push_back(part);
  }
  return media;
}

namespace {

struct EffortRow {
  std::string_view effort;
  std::int64_t budget;
};
// The steps that gateways agree on; none of the vendors publishes any.
constexpr EffortRow kEfforts[] = {{"minimal", 1024}, {"low", 1024},   {"medium", 2048},
                                  {"high", 4096},    {"xhigh", 8192}, {"max", 16384}};

}  // namespace

std::int64_t budget_of(std::string_view effort) {
  for (const EffortRow& row : kEfforts) {
    if (row.effort == effort) return row.budget;
  }
  return 4096;
}

std::string_view effort_of(std::int64_t budget) {
  std::string_view effort = "low";
  for (const EffortRow& row : kEfforts) {
    if (budget >= row.budget && row.effort != "minimal") effort = row.effort;
  }
  return effort;
}

std::string_view wanted_effort(const Call& call) {
  switch (call.reasoning.kind) {
    case Reasoning::Kind::unset:
      return "";
    case Reasoning::Kind::off:
      return "none";
    case Reasoning::Kind::budget:
      return effort_of(call.reasoning.budget);
    case Reasoning::Kind::effort:
      break;
  }
  return call.reasoning.effort.empty() ? std::string_view("high") : std::string_view(call.reasoning.effort);
}

std::string short_user(const std::string& user, Warnings& warnings) {
  if (user.size() <= 64) return user;
  warnings.change("user");
  return to_hex(as_bytes(sha256(user)));
}

}  // namespace pg
