// Anthropic Messages: web_search_result_location, search_result_location. OpenAI: url_citation. Cohere v2: citations and their
// sources.
#include "core/wire/citations.h"

#include <utility>

#include "core/base/text.h"
#include "core/wire/carriers.h"

namespace pg {
namespace {

constexpr std::size_t kMaxPages = 256;  // of one reply's grounding: each is looked for in the words

std::optional<Citation> cite(std::string url, std::string title) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) return std::nullopt;
  Citation citation;
  citation.url = std::move(url);
  citation.title = std::move(title);
  return citation;
}

void read_span(JsonView begin, JsonView end, Citation& citation) {
  const std::int64_t from = begin.number(-1), to = end.number(-1);
  if (from < 0 || to < from || to > kMaxCodePoints) return;
  citation.begin = from;
  citation.end = to;
}

/// Gemini counts bytes, of the part that held the words; what they were is often told too, and believed first.
void read_segment(JsonView segment, std::string_view said, Citation& citation) {
  const std::int64_t from = segment["startIndex"].number(0), to = segment["endIndex"].number(-1);
  const auto size = static_cast<std::int64_t>(said.size());
  const std::string words = segment["text"].text();
  const bool fits = from >= 0 && from <= to && to <= size;
  std::size_t begin = static_cast<std::size_t>(fits ? from : 0), end = static_cast<std::size_t>(fits ? to : 0);
  if (!words.empty() && said.substr(begin, end - begin) != words) {
    begin = said.rfind(words);
    if (begin == std::string_view::npos) return;
    end = begin + words.size();
  } else if (!fits) {
    return;
  }
  citation.begin = count_code_points(said.substr(0, begin));
  citation.end = citation.begin + count_code_points(said.substr(begin, end - begin));
}

}  // namespace

std::optional<Citation> read_anthropic_citation(JsonView json) {
  const bool of_web = json["type"].text_is("web_search_result_location");
  if (!of_web && !json["type"].text_is("search_result_location")) return std::nullopt;
  auto citation = cite(json[of_web ? "url" : "source"].text(), json["title"].text());
  if (citation) citation->quote = json["cited_text"].text();
  return citation;
}

std::optional<Citation> read_openai_annotation(JsonView json) {
  if (!json["type"].text_is("url_citation")) return std::nullopt;
  const JsonView fields = json["url_citation"].is_object() ? json["url_citation"] : json;
  auto citation = cite(fields["url"].text(), fields["title"].text());
  if (!citation) return citation;
  citation->quote = fields["content"].text();  // OpenRouter's
  read_span(fields["start_index"], fields["end_index"], *citation);
  return citation;
}

std::optional<Citation> read_cohere_source(JsonView citation, JsonView source) {
  const JsonView page = source["document"].is_object() ? source["document"] : source["tool_output"];
  auto found = cite(page["url"].text(), page["title"].text());
  if (!found) return found;
  for (const char* words : {"snippet", "text"}) {
    if (found->quote.empty()) found->quote = page[words].text();
  }
  read_span(citation["start"], citation["end"], *found);
  return found;
}

std::vector<Citation> read_gemini_grounding(JsonView candidate, std::string_view said, bool& is_whole) {
  std::vector<Citation> out;
  const JsonView grounding = candidate["groundingMetadata"];
  std::vector<std::optional<Citation>> pages;
  for (JsonView chunk : grounding["groundingChunks"]) {
    const JsonView page = chunk["web"].is_object() ? chunk["web"] : chunk["retrievedContext"];
    pages.push_back(cite(page["uri"].text(), page["title"].text()));
    is_whole = is_whole && pages.back();
  }
  for (JsonView support : grounding["groundingSupports"]) {
    is_whole = is_whole && out.size() < kMaxPages;
    if (out.size() >= kMaxPages) break;
    Citation place;
    read_segment(support["segment"], said, place);
    for (JsonView index : support["groundingChunkIndices"]) {
      const auto at = static_cast<std::size_t>(index.number(-1));
      if (at >= pages.size() || !pages[at]) continue;
      Citation& citation = out.emplace_back(*pages[at]);
      citation.begin = place.begin;
      citation.end = place.end;
    }
  }
  if (grounding["groundingSupports"].size() == 0) {
    for (auto& page : pages)
      if (page) out.push_back(std::move(*page));
  }
  for (JsonView member : grounding) {
    const bool read = member.key() == "groundingChunks" || member.key() == "groundingSupports";
    is_whole = is_whole && (read || member.size() == 0);
  }
  for (JsonView source : candidate["citationMetadata"]["citationSources"]) {
    is_whole = is_whole && out.size() < 2 * kMaxPages;
    if (out.size() >= 2 * kMaxPages) break;
    auto citation = cite(source["uri"].text(), "");
    is_whole = is_whole && citation && source["license"].text().empty();
    if (!citation) continue;
    read_segment(source, said, *citation);
    out.push_back(std::move(*citation));
  }
  return out;
}

void write_anthropic_citation(const Citation& citation, JsonOut& json) {
  json.open_object().field("type", "web_search_result_location").field("url", citation.url);
  if (citation.title.empty()) {
    json.null("title");
  } else {
    json.field("title", citation.title);
  }
  json.field("cited_text", citation.quote).field("encrypted_index", kForeignIndex).close_object();
}

void write_openai_annotation(const Citation& citation, bool nested, JsonOut& json) {
  json.open_object().field("type", "url_citation");
  if (nested) json.open_object("url_citation");
  json.field("start_index", citation.begin).field("end_index", citation.end);
  json.field("url", citation.url).field("title", citation.title);
  if (nested) json.close_object();
  json.close_object();
}

}  // namespace pg
