// The single pass over a text in pieces: find, look up, insert, never look at what was inserted.
#include "core/guard/stream_restore.h"

#include <algorithm>
#include <utility>

#include "core/base/ascii.h"

namespace pg {

void StreamRestorer::pass(std::string_view text, std::string& out) {
  depth_.pass(text);
  literals_.pass(text);
  if (shifts_ != nullptr) shifts_->pass(text);
  out.append(text);
}

void StreamRestorer::insert(std::string_view token, const TokenMatch& match, std::string& out) {
  if (shifts_ != nullptr) shifts_->replace(token, match.entry->original.reveal());
  const std::string_view original = match.entry->original.reveal();
  const bool breaks_out = checked_ && !fits_json_string(original);
  append_escaped_times(out, original, breaks_out ? depth_.level() : depth_.level_for(match.entry->depths));
  depth_.pass_token();
  literals_.reset();
  ++(match.exact ? counts_->exact : counts_->lenient);
}

// Returns where the held-back rest begins.
std::size_t StreamRestorer::restore(std::string_view text, TextEnd end, std::string& out, bool& changed) {
  std::size_t done = 0;
  std::size_t at = index_->next_candidate(text, 0);
  while (at < text.size()) {
    TokenMatch match = index_->match_at(text, at, word_before(text, at), end);
    if (match.kind == TokenMatch::Kind::partial) break;
    if (match.kind == TokenMatch::Kind::whole) {
      pass(text.substr(done, at - done), out);
      insert(text.substr(at, match.length), match, out);
      done = at += match.length;
      changed = true;
    } else {
      at += text[at] == '\\' ? 2 : 1;  // never from inside an escape: what is held must be whole escapes too
    }
    at = index_->next_candidate(text, std::min(at, text.size()));
  }
  pass(text.substr(done, at - done), out);
  word_before_ = word_before(text, at);
  return at;
}

bool StreamRestorer::push(std::string_view raw, std::string& out) {
  const std::uint32_t known = literals_.count();
  bool changed = !held_.empty();
  std::string joined;
  if (changed) {
    joined = std::exchange(held_, {});
    joined.append(raw);
  }
  std::string_view text = changed ? std::string_view(joined) : raw;
  const std::size_t rest = restore(text, TextEnd::open, out, changed);
  held_.assign(text.substr(rest));
  counts_->unknown += literals_.count() - known;
  return changed || !held_.empty();
}

void StreamRestorer::flush(bool cut, std::string& out) {
  if (held_.empty()) return;
  const std::uint32_t known = literals_.count();
  const std::string text = std::exchange(held_, {});
  bool changed = false;
  const std::size_t rest = restore(text, cut ? TextEnd::cut : TextEnd::whole, out, changed);
  const std::string_view tail = std::string_view(text).substr(rest);
  if (tail.size() > 2 && std::any_of(tail.begin(), tail.end(), is_letter)) ++counts_->cut;
  pass(tail, out);
  counts_->unknown += literals_.count() - known;
}

bool restore_whole(const TokenIndex& index, TextForm form, std::string_view raw, RestoreCounts& counts, std::string& out,
                   TextShifts* shifts) {
  StreamRestorer restorer(index, form, counts);
  restorer.watch(shifts);
  const std::size_t size = out.size();
  const bool held_or_changed = restorer.push(raw, out);
  if (!held_or_changed) {
    out.resize(size);
    return false;
  }
  restorer.flush(false, out);
  if (std::string_view(out).substr(size) != raw) return true;
  out.resize(size);
  return false;
}

}  // namespace pg
