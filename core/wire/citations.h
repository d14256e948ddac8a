// Where words of an answer were found on the web, as every vendor tells it. Only core/wire includes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/wire/call.h"
#include "core/wire/json_doc.h"
#include "core/wire/json_out.h"

namespace pg {

/// A member of Anthropic's `citations`, or the `citation` of a citations_delta; nullopt when it points at a document instead of a
/// page.
std::optional<Citation> read_anthropic_citation(JsonView json);
/// A member of `annotations`: Chat nests what Responses has flat. nullopt when it points at a file.
std::optional<Citation> read_openai_annotation(JsonView json);
/// One source of one of Cohere's citations; nullopt when what it names has no address.
std::optional<Citation> read_cohere_source(JsonView citation, JsonView source);

/// The pages that Gemini grounds `said` on, the words of the open text: its groundingMetadata, and the sources of its
/// citationMetadata. `is_whole` is set to false when there was more than pages in it.
std::vector<Citation> read_gemini_grounding(JsonView candidate, std::string_view said, bool& is_whole);

void write_anthropic_citation(const Citation& citation, JsonOut& json);
/// With the fields inside `url_citation`, as Chat has it, or beside `type`, as Responses has it.
void write_openai_annotation(const Citation& citation, bool nested, JsonOut& json);

}  // namespace pg
