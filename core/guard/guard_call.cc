// The guards over a whole request, in two passes: first what is there, then numbers in the order providers read it.
#include "core/guard/guard_call.h"

#include <algorithm>
#include <utility>

#include "core/base/encode.h"
#include "core/guard/escape_depth.h"
#include "core/guard/inspect_span.h"
#include "core/guard/media_text.h"
#include "core/wire/json_walk.h"

namespace pg {
namespace {

constexpr std::size_t kCachedFrom = 48;  // shorter strings are read faster than remembered
constexpr std::size_t kPlacesLimit = 1'000;

struct SpanVerdict {
  const Span* span;
  Verdict verdict;
};

bool is_editable(SpanRole role) {
  return role != SpanRole::signed_text && role != SpanRole::key;
}

VerdictKey verdict_key_of(const VerdictKey& hash, const Span& span, const Guards& guards) {
  return hash.salted(guards.fingerprint() ^ static_cast<std::uint64_t>(span.role));
}

std::uint32_t digest_of(const VerdictKey& hash) {
  return static_cast<std::uint32_t>(hash.low ^ hash.low >> 32);
}

// Claude Code's own bookkeeping differs in every request, and the provider takes it out before it looks into its cache.
void add_to_prompt(PromptDigest& prompt, std::string_view text, const Span& span, std::uint32_t digest) {
  constexpr std::string_view kBilling = "x-anthropic-billing-header";
  if (!span.head || !text.starts_with(kBilling)) prompt.add(span, digest);
}

// Whether a value is written in another way inside a JSON string than outside.
bool is_spelling_open(std::string_view value) {
  return std::any_of(value.begin(), value.end(),
                     [](char c) { return c == '\\' || c == '"' || static_cast<unsigned char>(c) < 0x20; });
}

// Where in a text's own JSON strings its findings stand, given in order. Reads the text only when there is a value whose spelling
// depends on it.
class FoundPlace {
 public:
  FoundPlace(TextForm form, bool is_needed) : depth_(form), is_needed_(is_needed) {}

  /// `before` is the raw text between the finding and the last one.
  FoundDepths depths_of(std::string_view before, std::string_view original) {
    if (!is_needed_) return kFoundOutside;
    depth_.pass(before);
    const FoundDepths found = is_spelling_open(original) ? depth_.found(original) : kFoundOutside;
    depth_.pass_token();  // which is what a reply repeats
    return found;
  }

 private:
  EscapeDepth depth_;
  bool is_needed_;
};

class CallGuard {
 public:
  CallGuard(std::string_view body, const Guards& guards, Vault& vault, VerdictCache* cache)
      : body_(body), guards_(guards), vault_(vault), cache_(cache) {}

  GuardedCall run(const RequestView& view) {
    call_.prompt.begin(view);
    for (const Span& span : view.spans) read(span);
    return finish(view);
  }
  GuardedCall finish(const RequestView& view) {
    call_.prompt.end(view);
    view_ = &view;
    return decide_all();
  }
  void keep_prompt(PromptDigest prompt) { call_.prompt = std::move(prompt); }
  void keep(const Span& span, Verdict verdict) {
    if (!verdict.empty()) found_.push_back({&span, std::move(verdict)});
  }

 private:
  GuardedCall decide_all() {
    for (const SpanVerdict& found : found_)
      for (const TokenLiteral& literal : found.verdict.literals) vault_.skip_literal(literal);
    // Settings and system text first: providers cache them before the conversation, so their numbers must not move as it grows.
    for (const bool head : {true, false})
      for (const SpanVerdict& found : found_)
        if (found.span->head == head) decide(found);
    std::sort(call_.edits.begin(), call_.edits.end(), [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
    if (!call_.blocked.empty()) explain_block();
    return std::move(call_);
  }

  std::string_view raw(const Span& span) const { return body_.substr(span.begin, span.end - span.begin); }

  void read(const Span& span) {
    const std::string_view text = raw(span);
    const VerdictKey hash = hash_text(text);
    add_to_prompt(call_.prompt, text, span, digest_of(hash));
    if (cache_ == nullptr || text.size() < kCachedFrom) return keep(span, inspect_span(text, span, guards_));
    const VerdictKey key = verdict_key_of(hash, span, guards_);
    if (const Verdict* known = cache_->find(key)) {
      if (!known->empty()) found_.push_back({&span, *known});
      return;
    }
    Verdict verdict = inspect_span(text, span, guards_);
    cache_->put(key, verdict);
    keep(span, std::move(verdict));
  }

  void decide(const SpanVerdict& found) {
    std::vector<Finding> redact;
    for (const Finding& finding : found.verdict.findings) {
      const Rule& rule = guards_.rule(finding.rule);
      Action action = guards_.action(finding.rule);
      if (finding.weak && action != Action::off) action = Action::detect;
      if (action == Action::block && found.span->role == SpanRole::signed_text) action = Action::detect;
      if (action == Action::redact && !is_editable(found.span->role)) action = Action::detect;
      note(action, rule, *found.span, finding);
      if (action == Action::redact) redact.push_back(finding);
    }
    if (redact.empty()) return;
    if (found.verdict.recode) return recode(*found.span, redact);
    const std::string_view text = raw(*found.span);
    const bool any_escaped = std::any_of(redact.begin(), redact.end(), [&](const Finding& finding) {
      return text.substr(finding.begin, finding.end - finding.begin).find('\\') != std::string_view::npos;
    });
    FoundPlace place(found.verdict.nested ? TextForm::json_text : TextForm::value, any_escaped);
    std::size_t at = 0;
    for (const Finding& finding : redact) {
      const std::string original = original_of(text, *found.span, found.verdict, finding);
      const FoundDepths depths = place.depths_of(text.substr(at, finding.begin - at), original);
      at = finding.end;
      call_.edits.push_back(Edit{found.span->begin + finding.begin, found.span->begin + finding.end,
                                 std::string(vault_.placeholder_for(guards_.rule(finding.rule).kind, original, depths))});
      call_.prompt.add(*found.span, digest_of(hash_text(call_.edits.back().text)));
    }
  }

  // Base64 of text: placeholders go into the text, and the text is encoded again.
  void recode(const Span& span, const std::vector<Finding>& findings) {
    MediaText media;
    if (decode_media(unescape_media(span), media) != MediaKind::text) return;
    std::vector<Edit> inner;
    FoundPlace place(TextForm::value, is_spelling_open(media.text));
    std::size_t at = 0;
    for (const Finding& finding : findings) {
      const std::string_view original = std::string_view(media.text).substr(finding.begin, finding.end - finding.begin);
      const FoundDepths depths = place.depths_of(json_escaped(media.text.substr(at, finding.begin - at)), original);
      at = finding.end;
      inner.push_back(Edit{finding.begin, finding.end,
                           std::string(vault_.placeholder_for(guards_.rule(finding.rule).kind, original, depths))});
    }
    for (const Edit& edit : inner) call_.prompt.add(span, digest_of(hash_text(edit.text)));
    call_.edits.push_back(Edit{span.begin, span.end, encode_media(media, apply_edits(media.text, inner))});
  }
  std::string unescape_media(const Span& span) const { return span.escaped ? unescape_json(raw(span)) : std::string(raw(span)); }

  void note(Action action, const Rule& rule, const Span& span, const Finding& finding) {
    if (action == Action::off) return;
    if (action == Action::block) {
      call_.blocked.push_back(rule.id);
      block_offsets_.emplace_back(span.begin + finding.begin, rule.id);
      return;
    }
    ++(action == Action::redact ? call_.redacted : call_.detected)[rule.kind];
    if (call_.places.size() < kPlacesLimit) add_place(find_root_place(body_, *view_, span) + ": " + rule.id);
  }
  void add_place(const std::string& place) {
    if (call_.places.size() + place.size() > kPlacesLimit || place == last_place_) return;
    if (!call_.places.empty()) call_.places += "; ";
    call_.places += place;
    last_place_ = place;
  }

  void explain_block() {
    std::sort(block_offsets_.begin(), block_offsets_.end());
    std::vector<std::uint32_t> offsets;
    for (const auto& [offset, id] : block_offsets_) offsets.push_back(offset);
    const std::vector<std::string> paths = find_paths(body_, offsets);
    call_.places.clear();
    for (std::size_t i = 0; i < paths.size(); ++i) add_place(paths[i] + ": " + block_offsets_[i].second);
    std::sort(call_.blocked.begin(), call_.blocked.end());
    call_.blocked.erase(std::unique(call_.blocked.begin(), call_.blocked.end()), call_.blocked.end());
    call_.edits.clear();
  }

  std::string_view body_;
  const RequestView* view_ = nullptr;
  const Guards& guards_;
  Vault& vault_;
  VerdictCache* cache_;
  std::vector<SpanVerdict> found_;
  std::vector<std::pair<std::uint32_t, std::string>> block_offsets_;
  std::string last_place_;
  GuardedCall call_;
};

}  // namespace

GuardedCall guard_call(std::string_view body, const RequestView& view, const Guards& guards, Vault& vault, VerdictCache* cache,
                       KnownParts* parts) {
  if (parts == nullptr || view.parts.empty()) return CallGuard(body, guards, vault, cache).run(view);
  SlowGuardCall call(body, view, guards, cache, parts);
  const std::atomic<bool> never{false};
  call.read(never);
  return call.decide(vault);
}

SlowGuardCall::SlowGuardCall(std::string_view body, const RequestView& view, const Guards& guards, VerdictCache* cache,
                             KnownParts* parts)
    : body_(body), view_(view), guards_(guards), cache_(cache), parts_(parts) {
  prompt_.begin(view);
  if (parts != nullptr) digests_.reserve(view.spans.size());
  std::size_t at = 0;
  for (const ReadPart& part : view.parts) {
    if (parts == nullptr || !part.known.part || part.known.part->guards != guards.fingerprint()) continue;
    look_up_all(at, part.first_span);
    take_known(part);
    at = part.first_span + part.known_spans();
  }
  look_up_all(at, view.spans.size());
}

// Some at a time: while they are hashed, what the cache knows of the first of them comes near.
void SlowGuardCall::look_up_all(std::size_t begin, std::size_t end) {
  constexpr std::size_t kAtOnce = 32;
  VerdictKey keys[kAtOnce];
  for (std::size_t at = begin; at < end; at += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, end - at);
    for (std::size_t i = 0; i < count; ++i) {
      const Span& span = view_.spans[at + i];
      const std::string_view text = raw(span);
      const VerdictKey hash = hash_text(text);
      add_to_prompt(prompt_, text, span, digest_of(hash));
      if (parts_ != nullptr) digests_.push_back(digest_of(hash));
      keys[i] = verdict_key_of(hash, span, guards_);
      if (cache_ != nullptr && text.size() >= kCachedFrom) cache_->prefetch(keys[i]);
    }
    for (std::size_t i = 0; i < count; ++i) look_up(view_.spans[at + i], keys[i]);
  }
}

// The same texts under the same guards: nothing is in them that was not found before.
void SlowGuardCall::take_known(const ReadPart& part) {
  const std::span<const Span> spans = std::span(view_.spans).subspan(part.first_span, part.known_spans());
  const std::vector<std::uint32_t>& digests = part.known.part->digests;
  for (std::size_t i = 0; i < spans.size(); ++i) add_to_prompt(prompt_, raw(spans[i]), spans[i], digests[i]);
  digests_.insert(digests_.end(), digests.begin(), digests.begin() + static_cast<std::ptrdiff_t>(spans.size()));
  for (const std::uint32_t index : part.known.part->notable)
    if (index < spans.size()) look_up(spans[index], verdict_key_of(hash_text(raw(spans[index])), spans[index], guards_));
}

void SlowGuardCall::look_up(const Span& span, const VerdictKey& key) {
  const std::size_t size = span.end - span.begin;
  Text one{&span, {}, true, cache_ != nullptr && size >= kCachedFrom, {}};
  if (one.is_cached) {
    one.key = key;
    const Verdict* known = cache_->find(key);
    if (known != nullptr && known->empty()) return;
    if (known != nullptr) one.verdict = *known;
    one.is_new = known == nullptr;
  }
  if (one.is_new) unread_ += size;
  texts_.push_back(std::move(one));
}

void SlowGuardCall::read(const std::atomic<bool>& stop) {
  for (Text& text : texts_) {
    if (stop.load(std::memory_order_relaxed)) return;
    if (text.is_new) text.verdict = inspect_span(raw(*text.span), *text.span, guards_);
  }
}

GuardedCall SlowGuardCall::decide(Vault& vault) {
  CallGuard guard(body_, guards_, vault, cache_);
  guard.keep_prompt(std::move(prompt_));
  if (parts_ != nullptr) remember_parts();
  constexpr std::size_t kAhead = 8;  // far enough for the cache's places to come near
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    if (i + kAhead < texts_.size() && texts_[i + kAhead].is_cached) cache_->prefetch(texts_[i + kAhead].key);
    Text& text = texts_[i];
    if (text.is_new && text.is_cached) cache_->put(text.key, text.verdict);
    guard.keep(*text.span, std::move(text.verdict));
  }
  return guard.finish(view_);
}

// Of a body that is mostly new nobody knows whether it will come again; when it does, its texts are known.
void SlowGuardCall::remember_parts() {
  if (cache_ != nullptr && unread_ > body_.size() / 2) return;
  std::vector<std::uint32_t> notable;
  for (const Text& text : texts_)
    if (!text.verdict.empty()) notable.push_back(static_cast<std::uint32_t>(text.span - view_.spans.data()));
  parts_->remember(body_, view_, {guards_.fingerprint(), digests_, notable});
}

Error block_error(const GuardedCall& call) {
  constexpr std::size_t kShown = 300;
  std::string places = call.places.size() > kShown ? call.places.substr(0, kShown) + " …" : call.places;
  for (const std::string& id : call.blocked)  // a rule whose places did not fit is still named
    if (places.find(": " + id) == std::string::npos) places += "; " + id;
  return make_error(
      Code::blocked,
      "PromptGate blocked this request, nothing was sent. Found: " + places +
          ". Remove it and go back to before it (/rewind, /clear or a new session): what stays in the conversation is "
          "sent, and blocked, again.",
      places);
}

std::string apply_edits(std::string_view body, const std::vector<Edit>& edits) {
  std::string out;
  out.reserve(body.size());
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    out.append(body.substr(at, edit.begin - at)).append(edit.text);
    at = edit.end;
  }
  return out.append(body.substr(at));
}

}  // namespace pg
