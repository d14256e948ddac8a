// JSON is rewritten as a whole, which is safe only where writing what was read gives the same bytes but for blanks.
#include "cmd/settings_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "core/guard/mask_secrets.h"

namespace pg {
namespace {

using Tree = nlohmann::ordered_json;

constexpr int kDeepestJson = 64;

// Without blanks between its words; the deepest nesting in `depth`.
std::string without_blanks(std::string_view text, int& depth) {
  std::string out;
  bool inside = false;
  int now = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (inside && c == '\\' && i + 1 < text.size())
      out += text[i++];
    else if (c == '"')
      inside = !inside;
    else if (!inside && (c == ' ' || c == '\t' || c == '\r' || c == '\n'))
      continue;
    else if (!inside && (c == '{' || c == '['))
      depth = std::max(depth, ++now);
    else if (!inside && (c == '}' || c == ']'))
      --now;
    out += text[i];
  }
  return out;
}

Status read_tree(std::string_view text, Tree& tree) {
  tree = Tree::object();
  if (trim(text).empty()) return {};
  int depth = 0;
  const std::string plain = without_blanks(text, depth);
  if (depth > kDeepestJson) return make_error(Code::bad_request, "is nested too deeply");
  tree = Tree::parse(text, nullptr, false);
  if (!tree.is_object()) return make_error(Code::bad_request, "is no JSON object (comments are none of JSON's)");
  if (tree.dump() != plain)
    return make_error(Code::bad_request, "holds an escape, a number or a key that would be spelled differently afterwards");
  return {};
}

// As `like` is laid out: tabs or so many blanks, and with or without a line's end at the end.
std::string write_tree(const Tree& tree, std::string_view like) {
  const std::size_t line = like.find('\n');
  const std::string_view rest = line == std::string_view::npos ? std::string_view() : like.substr(line + 1);
  const std::size_t blanks = std::min(rest.find_first_not_of(' '), rest.size());
  const std::string text =
      rest.starts_with('\t') ? tree.dump(1, '\t') : tree.dump(blanks == 0 || blanks > 8 ? 2 : static_cast<int>(blanks));
  return text + (like.empty() || like.ends_with('\n') ? "\n" : "");
}

class Merging {
 public:
  explicit Merging(MergedJson& merged) : merged_(merged) {}

  Status merge(Tree& into, const Tree& patch) {
    for (const auto& [name, value] : patch.items()) {
      path_.push_back(name);
      PG_TRY_STATUS(merge_one(into, name, value));
      path_.pop_back();
    }
    return {};
  }

 private:
  Status merge_one(Tree& into, const std::string& name, const Tree& value) {
    const bool there = into.contains(name);
    if (!value.is_object() || value.empty()) {
      merged_.values.push_back({path_, value.dump(), there ? std::optional(into[name].dump()) : std::nullopt});
      into[name] = value;
      return {};
    }
    if (!there) {
      into[name] = Tree::object();
      merged_.made.push_back(path_);
    }
    if (!into[name].is_object())
      return make_error(Code::bad_request, fmt::format("has something else than an object at {}", fmt::join(path_, ".")));
    return merge(into[name], value);
  }

  MergedJson& merged_;
  std::vector<std::string> path_;
};

// The object that holds the last name of `path`; nullptr when there is none.
Tree* holder_of(Tree& tree, const std::vector<std::string>& path) {
  Tree* at = &tree;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    if (!at->is_object() || !at->contains(path[i])) return nullptr;
    at = &(*at)[path[i]];
  }
  return at->is_object() && at->contains(path.back()) ? at : nullptr;
}

struct Block {
  std::size_t begin = 0, end = 0;  // end behind its last line
};

std::size_t find_line(std::string_view text, std::string_view line, std::size_t from) {
  for (std::size_t at = text.find(line, from); at != std::string_view::npos; at = text.find(line, at + 1)) {
    const std::size_t end = at + line.size();
    const bool ends = end == text.size() || text[end] == '\n' || text[end] == '\r';
    if ((at == 0 || text[at - 1] == '\n') && ends) return at;
  }
  return std::string_view::npos;
}

std::optional<Block> find_block(std::string_view text) {
  const std::size_t begin = find_line(text, kBlockBegin, 0);
  const std::size_t last = begin == std::string_view::npos ? begin : find_line(text, kBlockEnd, begin);
  if (last == std::string_view::npos) return std::nullopt;
  return Block{begin, std::min(text.find('\n', last), text.size() - 1) + 1};
}

std::vector<std::string_view> lines_of(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text.empty() ? std::vector<std::string_view>() : split(text, '\n');
}

}  // namespace

Result<MergedJson> merge_json(std::string_view before, std::string_view patch) {
  Tree tree, ours;
  PG_TRY_STATUS(read_tree(before, tree));
  PG_TRY_STATUS(read_tree(patch, ours));
  MergedJson merged;
  PG_TRY_STATUS(Merging(merged).merge(tree, ours));
  merged.text = write_tree(tree, before);
  return merged;
}

bool has_values(std::string_view now, const std::vector<SetValue>& values) {
  Tree tree;
  if (!read_tree(now, tree)) return false;
  return std::all_of(values.begin(), values.end(), [&](const SetValue& value) {
    const Tree* holder = holder_of(tree, value.path);
    return holder != nullptr && (*holder)[value.path.back()].dump() == value.ours;
  });
}

Result<std::string> unmerge_json(std::string_view now, const MergedJson& merged) {
  Tree tree;
  PG_TRY_STATUS(read_tree(now, tree));
  for (const SetValue& value : merged.values) {
    Tree* holder = holder_of(tree, value.path);
    if (holder == nullptr || (*holder)[value.path.back()].dump() != value.ours) continue;
    if (value.was)
      (*holder)[value.path.back()] = Tree::parse(*value.was, nullptr, false);
    else
      holder->erase(value.path.back());
  }
  for (auto path = merged.made.rbegin(); path != merged.made.rend(); ++path)
    if (Tree* holder = holder_of(tree, *path); holder != nullptr && (*holder)[path->back()].empty()) holder->erase(path->back());
  return write_tree(tree, now);
}

Result<std::string> add_block(std::string_view before, std::string_view lines) {
  if (find_line(before, kBlockBegin, 0) != std::string_view::npos || find_line(before, kBlockEnd, 0) != std::string_view::npos)
    return make_error(Code::conflict, fmt::format("has a line \"{}\" already", kBlockBegin));
  return fmt::format("{}\n{}\n{}\n{}{}", kBlockBegin, trim(lines), kBlockEnd, before.empty() ? "" : "\n", before);
}

std::string drop_block(std::string_view now) {
  const auto block = find_block(now);
  if (!block) return std::string(now);
  // The empty line behind it came with it.
  const std::size_t end = now.substr(block->end, 1) == "\n" ? block->end + 1 : block->end;
  return std::string(now.substr(0, block->begin)) + std::string(now.substr(end));
}

std::string line_diff(std::string_view before, std::string_view after, std::string_view name) {
  constexpr std::size_t kAround = 3;
  const std::vector<std::string_view> old_lines = lines_of(before), new_lines = lines_of(after);
  std::size_t same = 0, tail = 0;
  const std::size_t shorter = std::min(old_lines.size(), new_lines.size());
  while (same < shorter && old_lines[same] == new_lines[same]) ++same;
  while (tail < shorter - same && old_lines[old_lines.size() - 1 - tail] == new_lines[new_lines.size() - 1 - tail]) ++tail;
  std::string out = fmt::format("--- {0}\n+++ {0}\n", name);
  const auto say = [&out](char sign, std::string_view line) {
    out += fmt::format("{}{}\n", sign, without_secrets(escape_controls(line)));
  };
  for (std::size_t i = same - std::min(same, kAround); i < same; ++i) say(' ', old_lines[i]);
  for (std::size_t i = same; i < old_lines.size() - tail; ++i) say('-', old_lines[i]);
  for (std::size_t i = same; i < new_lines.size() - tail; ++i) say('+', new_lines[i]);
  for (std::size_t i = old_lines.size() - tail; i < std::min(old_lines.size() - tail + kAround, old_lines.size()); ++i)
    say(' ', old_lines[i]);
  return out;
}

}  // namespace pg
