// Prompt policies: an organisation's own words in the system prompt of every call, spliced in where each dialect keeps it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/guard/guard_call.h"
#include "core/guard/vault.h"
#include "core/wire/dialect.h"

namespace pg {

enum class Placement : std::uint8_t { prepend, append, replace };

struct PromptPolicy {
  std::string name;
  std::string text;
  Placement placement = Placement::prepend;
  std::string escaped;                 // text as JSON spells it, without quotes
  std::vector<TokenLiteral> literals;  // words in it that look like our placeholders: their numbers are never given out
};

/// invalid_config when the text holds a placeholder ("[[EMAIL_001]]"), which could be taken for one of pg's own.
Result<PromptPolicy> make_prompt_policy(std::string name, std::string text, Placement placement);

/// Edits that put the policy's text into `body`, which read_spans() accepted. Embeddings have no prompt: none. Nothing but the
/// system prompt is touched, no cache breakpoint moves, and the same policy gives the same bytes in every turn. bad_request when
/// there is something where the prompt belongs that is neither text nor a list of blocks.
Result<std::vector<Edit>> prompt_edits(std::string_view body, DialectId dialect, const PromptPolicy& policy);

/// Both lists as one. Where one of `ours` replaces what an edit of `guards` is about, that edit goes.
std::vector<Edit> merge_edits(const std::vector<Edit>& guards, std::vector<Edit> ours);

std::string_view placement_name(Placement placement);

}  // namespace pg
