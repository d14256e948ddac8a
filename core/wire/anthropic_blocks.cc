// Messages API, 2023-06-01: text, image, document, thinking, tool_use and tool_result blocks.
#include "core/wire/anthropic_blocks.h"

#include "core/base/text.h"
#include "core/wire/carriers.h"

namespace pg {
namespace {

Status write_source(const Media& media, bool image, JsonOut& json) {
  if (!media.file_id.empty()) return cannot_cross(image ? "image.file_id" : "file.file_id", "Anthropic");
  json.open_object("source");
  if (!media.text.empty()) {
    json.field("type", "text").field("media_type", "text/plain").field("data", media.text);
  } else if (!media.data.empty()) {
    json.field("type", "base64").field("media_type", media.media_type).field("data", media.data);
  } else if (!media.url.empty()) {
    json.field("type", "url").field("url", media.url);
  } else {
    return make_error(Code::bad_request, image ? "an image has neither data nor a URL" : "a file has neither data nor a URL");
  }
  json.close_object();
  return {};
}

Status write_media(const Part& part, WriteWork& work, JsonOut& json) {
  const bool image = part.kind == Part::Kind::image;
  Media media = part.media;
  if (!image) decode_text_file(media);
  if (image && !media.detail.empty() && media.detail != "auto") work.warnings.drop("image.detail");
  // "Input should be 'application/pdf'"; texts are sent as such.
  if (!image && !media.data.empty() && media.media_type != "application/pdf")
    return cannot_cross("file (" + escape_controls(media.media_type.substr(0, 64)) + ")", "Anthropic");
  json.field("type", image ? "image" : "document");
  PG_TRY_STATUS(write_source(media, image, json));
  if (!image) json.field_if("title", media.name).raw_if("citations", part.extra);
  return {};
}

Status write_result(const Part& part, WriteWork& work, JsonOut& json) {
  json.field("type", "tool_result").field("tool_use_id", part.call_id);
  if (part.plain) {
    json.field("content", part.parts.empty() ? std::string_view() : std::string_view(part.parts.front().text));
  } else {
    json.open_array("content");
    for (const Part& piece : part.parts) PG_TRY_STATUS(write_anthropic_block(piece, work, json));
    json.close_array();
  }
  if (part.is_error) json.field("is_error", true);
  return {};
}

void write_thought(const Part& part, JsonOut& json) {
  if (part.proof.redacted) {
    json.field("type", "redacted_thinking").field("data", part.proof.value);
  } else {
    json.field("type", "thinking").field("thinking", part.text).field("signature", part.proof.value);
  }
}

void write_tool_use(const Part& part, WriteWork& work, JsonOut& json) {
  json.field("type", "tool_use").field("id", part.call_id).field("name", work.tools.wire(part.tool));
  if (part.tool.custom) {
    json.raw("input", wrap_input(part.text));
  } else if (part.text.empty()) {
    json.raw("input", "{}");
  } else if (is_json_object(part.text)) {
    json.raw("input", mend_surrogates(part.text));
  } else {  // a model once wrote no JSON: Anthropic takes objects only, and the words should stay what they were
    json.open_object("input").field("arguments", part.text).close_object();
  }
}

}  // namespace

bool is_anthropic_block(const Part& part) {
  if (part.kind == Part::Kind::text || part.kind == Part::Kind::refusal)
    return part.text.find_first_not_of(" \t\r\n") != std::string::npos;  // "must contain non-whitespace text"
  if (part.kind == Part::Kind::thinking) return part.proof.vendor == Proof::Vendor::anthropic;
  return true;
}

Status write_anthropic_block(const Part& part, WriteWork& work, JsonOut& json) {
  if (!is_anthropic_block(part)) {
    if (part.kind == Part::Kind::thinking) work.warnings.drop("thinking");
    return {};
  }
  json.open_object();
  switch (part.kind) {
    case Part::Kind::text:
    case Part::Kind::refusal:
      json.field("type", "text").field("text", part.text);
      break;
    case Part::Kind::image:
    case Part::Kind::file:
      PG_TRY_STATUS(write_media(part, work, json));
      break;
    case Part::Kind::thinking:
      write_thought(part, json);
      break;
    case Part::Kind::tool_call:
      write_tool_use(part, work, json);
      break;
    case Part::Kind::tool_result:
      PG_TRY_STATUS(write_result(part, work, json));
      break;
  }
  json.raw_if("cache_control", part.cache).close_object();
  return {};
}

}  // namespace pg
