// Tokens end with NUL: a commit's head, then for each change a line with modes and ids and a token that is the path. Merges have
// a colon, a mode and an id for each parent.
#include "cmd/git_history.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "core/base/text.h"

namespace pg {
namespace {

constexpr std::string_view kSubmodule = "160000";

Error bad_output() {
  return make_error(Code::bad_request, "git printed what was not expected");
}

std::int64_t number_in(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// ":100644 100644 ID ID M" of one parent, or "::100644 100644 100644 ID ID ID MM" of two.
struct RawLine {
  std::size_t parents = 0;
  std::string_view mode;    // after
  std::string_view before;  // the ids of the parents' blobs, a blank behind each
  ObjectId after;
  std::string_view status;
};

std::optional<RawLine> parse_raw_line(std::string_view line, std::size_t id_size) {
  RawLine raw;
  raw.parents = line.find_first_not_of(':');
  if (raw.parents == 0 || raw.parents == std::string_view::npos) return std::nullopt;
  // Modes have six digits and ids are of one length, so every word has its place.
  constexpr std::size_t kMode = 7;
  const std::size_t each = 2 * id_size + 1;
  const std::size_t ids = raw.parents + (raw.parents + 1) * kMode, status = ids + (raw.parents + 1) * each;
  if (status >= line.size() || line[ids - 1] != ' ' || line[status - 1] != ' ') return std::nullopt;
  raw.mode = line.substr(ids - kMode, kMode - 1);
  raw.status = line.substr(status);
  raw.before = line.substr(ids, raw.parents * each);
  const auto after = ObjectId::parse(line.substr(status - each, each - 1), id_size);
  if (!after) return std::nullopt;
  raw.after = *after;
  return raw;
}

std::optional<ObjectId> before_in(const RawLine& raw, std::size_t parent, std::size_t id_size) {
  return ObjectId::parse(raw.before.substr(parent * (2 * id_size + 1), 2 * id_size), id_size);
}

}  // namespace

std::vector<std::string> GitHistory::log_arguments() {
  return {"log",
          "--raw",
          "-c",
          "-z",
          "--root",
          "--no-renames",
          "--no-abbrev",
          "--no-ext-diff",
          "--no-textconv",
          "--no-color",
          "--no-relative",
          "--no-notes",
          "--date=raw",
          "--format=tformat:%H %ct %ad"};
}

Status GitHistory::push(std::string_view bytes) {
  for (;;) {
    const std::size_t end = bytes.find('\0');
    if (end == std::string_view::npos) break;
    if (cut_.empty()) {
      PG_TRY_STATUS(take(bytes.substr(0, end)));
    } else {
      cut_ += bytes.substr(0, end);
      PG_TRY_STATUS(take(cut_));
      cut_.clear();
    }
    bytes.remove_prefix(end + 1);
  }
  cut_ += bytes;
  return {};
}

Status GitHistory::finish() {
  if (!cut_.empty() || awaits_path_) return bad_output();
  return {};
}

Status GitHistory::take(std::string_view token) {
  if (awaits_path_) {
    awaits_path_ = false;
    take_path(token);
    return {};
  }
  if (token.starts_with('\n')) token.remove_prefix(1);
  if (token.empty()) return {};
  return token.front() == ':' ? take_change(token) : take_head(token);
}

Status GitHistory::take_head(std::string_view token) {
  const std::vector<std::string_view> words = split(token, ' ');
  const auto id = ObjectId::parse(words[0], id_size_);
  if (!id || words.size() < 2) return bad_output();
  commits_.push_back({*id, words.size() > 2 ? number_in(words[2]) : 0, number_in(words[1])});
  return {};
}

Status GitHistory::take_change(std::string_view token) {
  const std::optional<RawLine> raw = parse_raw_line(token, id_size_);
  if (!raw || commits_.empty()) return bad_output();
  blob_ = raw->after;
  replaced_.clear();
  for (std::size_t parent = 0; keeps_before_ && parent < raw->parents; ++parent) {
    const auto before = before_in(*raw, parent, id_size_);
    if (!before) return bad_output();
    if (!before->is_null()) replaced_.push_back(*before);
  }
  is_submodule_ = raw->mode == kSubmodule;
  awaits_path_ = true;
  return {};
}

void GitHistory::take_path(std::string_view path) {
  if (blob_.is_null() || (is_in_ && !is_in_(path))) return;
  if (is_submodule_) {
    submodules_.emplace(path);
    return;
  }
  const auto [entry, is_new] = numbers_.try_emplace(std::string(path), static_cast<std::uint32_t>(paths_.size()));
  if (is_new) paths_.push_back(&entry->first);
  changes_.push_back({blob_, {entry->second, static_cast<std::uint32_t>(commits_.size() - 1), keep_before()}});
}

std::uint32_t GitHistory::keep_before() {
  if (replaced_.empty()) return 0;
  before_.push_back(std::move(replaced_));
  return static_cast<std::uint32_t>(before_.size() - 1);
}

/// By author's date, then the committer's, then the place in the log, where what came later is older.
bool GitHistory::is_older(std::uint32_t a, std::uint32_t b) const {
  const GitCommit &one = commits_[a], &other = commits_[b];
  return std::tie(one.author_time, one.commit_time, b) < std::tie(other.author_time, other.commit_time, a);
}

ObjectIds GitHistory::blobs() const {
  ObjectIds ids;
  for (const Change& change : changes_) ids.insert(change.blob);
  return ids;
}

std::unordered_map<ObjectId, std::vector<GitHistory::Origin>, ObjectIdHash> GitHistory::origins(const ObjectIds& wanted) const {
  std::unordered_map<ObjectId, std::vector<Origin>, ObjectIdHash> found;
  std::unordered_map<ObjectId, std::unordered_map<std::uint32_t, std::uint32_t>, ObjectIdHash> oldest;  // blob, path -> commit
  for (const auto& [blob, origin] : changes_) {
    if (!wanted.contains(blob)) continue;
    if (keeps_before_) {
      found[blob].push_back(origin);
      continue;
    }
    const auto [at, is_new] = oldest[blob].try_emplace(origin.path, origin.commit);
    if (!is_new && is_older(origin.commit, at->second)) at->second = origin.commit;
  }
  for (const auto& [blob, paths] : oldest)
    for (const auto& [path, commit] : paths) found[blob].push_back({path, commit});
  return found;
}

Result<std::vector<GitChange>> parse_raw_diff(std::string_view text, std::size_t id_size) {
  std::vector<std::string_view> tokens = split(text, '\0');
  if (!tokens.back().empty()) return bad_output();
  tokens.pop_back();
  std::vector<GitChange> changes;
  for (std::size_t i = 0; i < tokens.size();) {
    const std::optional<RawLine> raw = parse_raw_line(tokens[i++], id_size);
    const auto before = raw && raw->parents == 1 ? before_in(*raw, 0, id_size) : std::nullopt;
    if (!before) return bad_output();
    const bool has_two_paths = raw->status.front() == 'R' || raw->status.front() == 'C';
    if (i + (has_two_paths ? 2 : 1) > tokens.size()) return bad_output();
    if (has_two_paths) ++i;
    changes.push_back({*before, raw->after, std::string(tokens[i++]), raw->status.front(), raw->mode == kSubmodule});
  }
  return changes;
}

}  // namespace pg
