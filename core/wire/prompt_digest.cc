// Digests are folded text by text, so that moving a text from one message to the next is a difference.
#include "core/wire/prompt_digest.h"

#include <algorithm>
#include <bit>

namespace pg {
namespace {

void fold(std::uint32_t& into, std::uint64_t hash) {
  into = (std::rotl(into, 5) ^ static_cast<std::uint32_t>(hash ^ hash >> 32)) * 0x9E3779B1u;
}

}  // namespace

void PromptDigest::begin(const RequestView& view) {
  // Spans come in document order: the last one of a message is of the last message.
  auto last = view.spans.rbegin();
  while (last != view.spans.rend() && last->message < 0) ++last;
  if (last != view.spans.rend()) messages.assign(std::min(static_cast<std::size_t>(last->message) + 1, kMostMessages), 0);
  settings = static_cast<std::uint32_t>(view.settings ^ view.settings >> 32);
}

void PromptDigest::add(const Span& span, std::uint64_t hash) {
  if (span.message >= 0) {
    const auto index = static_cast<std::size_t>(span.message);
    if (index < messages.size()) fold(messages[index], hash);
  } else if (span.head) {
    fold(span.in_tools ? tools : span.role == SpanRole::schema ? settings : system, hash);
  } else {
    // Responses' `input` as one text.
    if (messages.empty()) messages.push_back(0);
    fold(messages.front(), hash);
  }
}

void PromptDigest::end(const RequestView& view) {
  const auto first = static_cast<std::size_t>(std::max(view.first_user, 0));
  opening = first < messages.size() ? messages[first] : 0;
}

std::string find_drift(const PromptDigest& before, const PromptDigest& now) {
  if (before.tools != now.tools) return "tools";
  if (before.system != now.system) return "system";
  if (before.settings != now.settings) return "settings";
  const auto [a, b] = std::mismatch(before.messages.begin(), before.messages.end(), now.messages.begin(), now.messages.end());
  if (a == before.messages.end() || b == now.messages.end()) return {};
  return "messages[" + std::to_string(b - now.messages.begin()) + "]";
}

}  // namespace pg
