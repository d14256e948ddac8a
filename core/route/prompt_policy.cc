// Splices only: what the client wrote stays where and as it is, so that a provider's prompt cache keeps hitting.
#include "core/route/prompt_policy.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/encode.h"
#include "core/route/prompt_places.h"

namespace pg {
namespace {

constexpr std::string_view kBetween = R"(\n\n)";

// What Anthropic itself looks for at the head of a coding agent's system prompt, and refuses or mistakes the call without it.
bool is_vendors_own(std::string_view text) {
  return text.starts_with("x-anthropic-billing-header") || text.starts_with("You are Claude Code");
}

class PromptEditor {
 public:
  PromptEditor(std::string_view body, DialectId dialect, const PromptPolicy& policy)
      : body_(body), dialect_(dialect), policy_(policy) {}

  Result<std::vector<Edit>> run(const PromptPlaces& places) {
    if (dialect_ == DialectId::openai_chat || is_led_by_messages(places)) {
      for (const PromptPlaces::Conversation& conversation : places.conversations) PG_TRY_STATUS(edit_conversation(conversation));
    } else {
      for (const PromptValue& head : places.heads) PG_TRY_STATUS(edit_value(head));
      const std::string key = dialect_ == DialectId::anthropic ? "system" : "instructions";
      if (places.heads.empty()) insert(places.root, "\"" + key + "\":" + quoted() + ",");
    }
    return std::move(edits_);
  }

 private:
  // Without instructions, what a Responses client's input begins with is its system prompt.
  bool is_led_by_messages(const PromptPlaces& places) const {
    const auto has_lead = [](const PromptPlaces::Conversation& conversation) { return !conversation.leading.empty(); };
    return dialect_ == DialectId::openai_responses && places.heads.empty() &&
           std::any_of(places.conversations.begin(), places.conversations.end(), has_lead);
  }
  Placement placement() const { return policy_.placement; }
  std::string quoted() const { return "\"" + policy_.escaped + "\""; }
  std::string_view raw(ByteRange range) const { return body_.substr(range.begin, range.end - range.begin); }
  void insert(std::uint32_t at, std::string text) { replace({at, at}, std::move(text)); }
  void replace(ByteRange range, std::string text) { edits_.push_back({range.begin, range.end, std::move(text)}); }

  Status edit_value(const PromptValue& value, bool in_message = false) {
    switch (value.kind) {
      case PromptValue::Kind::text:
        edit_text(value.range);
        return {};
      case PromptValue::Kind::null:
        replace(value.range, quoted());
        return {};
      case PromptValue::Kind::list:
        if (dialect_ == DialectId::openai_responses && !in_message) break;
        edit_list(value);
        return {};
      case PromptValue::Kind::other:
        break;
    }
    return make_error(Code::bad_request, dialect_ == DialectId::openai_responses && !in_message
                                             ? "instructions must be a text here: this project adds words of its own to them"
                                             : "the system prompt must be a text or a list of text blocks");
  }

  void edit_text(ByteRange range) {
    const std::string_view between = range.empty() ? std::string_view() : kBetween;
    if (placement() == Placement::prepend) return insert(range.begin, policy_.escaped + std::string(between));
    if (placement() == Placement::append) return insert(range.end, std::string(between) + policy_.escaped);
    replace(range, policy_.escaped);
  }

  std::string block(std::string_view cache = {}) const {
    const std::string_view type = dialect_ == DialectId::openai_responses ? "input_text" : "text";
    std::string text = R"({"type":")" + std::string(type) + R"(","text":)" + quoted();
    if (!cache.empty()) text.append(R"(,"cache_control":)").append(cache);
    return text + "}";
  }

  // A list of blocks. Anthropic knows its own agent by what stands first, so that stays first.
  void edit_list(const PromptValue& list) {
    std::size_t fixed = 0;
    while (dialect_ == DialectId::anthropic && fixed < list.blocks.size() && is_vendors_own(raw(list.blocks[fixed].text)))
      ++fixed;
    const std::size_t size = list.blocks.size();
    if (placement() == Placement::replace) return replace_blocks(list, fixed);
    const std::size_t before = placement() == Placement::prepend ? fixed : size;
    if (before < size) return insert(list.blocks[before].whole.begin, block() + ",");
    if (size == 0) return insert(list.range.begin + 1, block());
    insert(list.blocks[size - 1].whole.end, "," + block());
  }

  // The last breakpoint among the blocks that go is kept: it may be the only one of tools and system together.
  void replace_blocks(const PromptValue& list, std::size_t fixed) {
    std::string_view cache;
    for (std::size_t i = fixed; i < list.blocks.size(); ++i)
      if (!list.blocks[i].cache.empty()) cache = raw(list.blocks[i].cache);
    const std::uint32_t begin = fixed == 0 ? list.range.begin + 1 : list.blocks[fixed - 1].whole.end;
    replace({begin, list.range.end - 1}, (fixed == 0 ? "" : ",") + block(cache));
  }

  std::string message(std::string_view role) const {
    return R"({"role":")" + std::string(role) + R"(","content":)" + quoted() + "}";
  }

  // Chat: into the system or developer message there is, since not every server takes two of them.
  Status edit_conversation(const PromptPlaces::Conversation& conversation) {
    const std::vector<PromptMessage>& leading = conversation.leading;
    if (leading.empty()) {
      insert(conversation.begin, message("system") + (conversation.empty ? "" : ","));
      return {};
    }
    if (placement() == Placement::replace) {
      replace({leading.front().whole.begin, leading.back().whole.end}, message(leading.front().role));
      return {};
    }
    const PromptMessage& target = placement() == Placement::prepend ? leading.front() : leading.back();
    if (target.contents.empty()) insert(target.whole.begin, message(target.role) + ",");
    for (const PromptValue& content : target.contents) PG_TRY_STATUS(edit_value(content, true));
    return {};
  }

  std::string_view body_;
  DialectId dialect_;
  const PromptPolicy& policy_;
  std::vector<Edit> edits_;
};

bool covers(const Edit& ours, const Edit& theirs) {
  return ours.begin != ours.end && ours.begin <= theirs.begin && theirs.end <= ours.end;
}

}  // namespace

Result<PromptPolicy> make_prompt_policy(std::string name, std::string text, Placement placement) {
  PromptPolicy policy;
  find_token_literals(text, policy.literals);
  for (std::size_t at = text.find("[["); at != std::string::npos; at = text.find("[[", at + 2)) {
    std::vector<TokenLiteral> inside;
    find_token_literals(std::string_view(text).substr(at, text.find("]]", at) - at), inside);
    if (!inside.empty())
      return make_error(Code::invalid_config, "the text holds what looks like one of pg's placeholders: " + text.substr(at, 16));
  }
  policy.name = std::move(name);
  policy.escaped = json_escaped(text);
  policy.text = std::move(text);
  policy.placement = placement;
  return policy;
}

Result<std::vector<Edit>> prompt_edits(std::string_view body, DialectId dialect, const PromptPolicy& policy) {
  if (dialect == DialectId::embeddings) return std::vector<Edit>{};
  PG_TRY(const PromptPlaces places, find_prompt_places(body, dialect));
  return PromptEditor(body, dialect, policy).run(places);
}

std::vector<Edit> merge_edits(const std::vector<Edit>& guards, std::vector<Edit> ours) {
  std::vector<Edit> all;
  all.reserve(guards.size() + ours.size());
  for (const Edit& edit : guards)
    if (std::none_of(ours.begin(), ours.end(), [&](const Edit& own) { return covers(own, edit); })) all.push_back(edit);
  std::move(ours.begin(), ours.end(), std::back_inserter(all));
  // An insertion comes before what is replaced at the same place.
  std::stable_sort(all.begin(), all.end(),
                   [](const Edit& a, const Edit& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  return all;
}

std::string_view placement_name(Placement placement) {
  constexpr std::array<std::string_view, 3> kNames = {"prepend", "append", "replace"};
  return kNames[static_cast<std::size_t>(placement)];
}

}  // namespace pg
