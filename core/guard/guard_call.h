// guard_call(): every text of a request through the guards; what must go is replaced by placeholders, or the call is refused.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/guard/guard.h"
#include "core/guard/known_parts.h"
#include "core/guard/vault.h"
#include "core/guard/verdict_cache.h"
#include "core/wire/prompt_digest.h"
#include "core/wire/spans.h"

namespace pg {

/// Replace body[begin, end) by `text`. Edits are sorted and do not overlap.
struct Edit {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::string text;
};

struct GuardedCall {
  std::vector<Edit> edits;
  std::map<std::string, std::uint32_t> redacted;  // kind -> how often
  std::map<std::string, std::uint32_t> detected;  // found and left in place
  std::vector<std::string> blocked;               // rule ids; not empty: the call is refused with block_error()
  std::string places;                             // "messages[3]: email; …", at most 1 KB, without values
  PromptDigest prompt;                            // of the texts as they came, and of what replaces parts of them
};

/// Reads every span of `body` and decides. With nothing blocked, `edits` are what makes the body safe to send and `vault` holds
/// the originals; placeholders are numbered in document order, settings and system first. `cache` and `parts` may be null and
/// change nothing but the time taken.
GuardedCall guard_call(std::string_view body, const RequestView& view, const Guards& guards, Vault& vault, VerdictCache* cache,
                       KnownParts* parts = nullptr);

/// guard_call() in three steps, for a body whose reading would keep the thread's other work waiting. All that is given must
/// outlive it.
class SlowGuardCall {
 public:
  /// Looks up what is known; on the thread that `cache` and `parts` belong to.
  SlowGuardCall(std::string_view body, const RequestView& view, const Guards& guards, VerdictCache* cache,
                KnownParts* parts = nullptr);

  /// What nobody has read yet, bytes.
  std::size_t unread() const { return unread_; }
  /// Reads that, on any thread; ends early when `stop` turns true, and decide() must not be called then.
  void read(const std::atomic<bool>& stop);
  /// Remembers what was read, and decides; on the first thread again, once.
  GuardedCall decide(Vault& vault);

 private:
  struct Text {
    const Span* span;
    VerdictKey key;
    bool is_new;     // to be read
    bool is_cached;  // long enough for the cache to keep what is found
    Verdict verdict;
  };
  void look_up_all(std::size_t begin, std::size_t end);  // spans, by index
  void take_known(const ReadPart& part);
  void look_up(const Span& span, const VerdictKey& key);
  void remember_parts();
  std::string_view raw(const Span& span) const { return body_.substr(span.begin, span.end - span.begin); }

  std::string_view body_;
  const RequestView& view_;
  const Guards& guards_;
  VerdictCache* cache_;
  KnownParts* parts_;
  std::vector<Text> texts_;             // in document order
  std::vector<std::uint32_t> digests_;  // by span, where there are parts
  PromptDigest prompt_;
  std::size_t unread_ = 0;
};

/// The 422 for `blocked`: rule ids and places, never a value, and the way out.
Error block_error(const GuardedCall& call);

/// `body` with `edits` made.
std::string apply_edits(std::string_view body, const std::vector<Edit>& edits);

}  // namespace pg
