// Where in a body an offset stands, as people write it: messages[3].content[0].text.
#include <algorithm>

#include "core/wire/json_walk.h"
#include "core/wire/spans.h"

namespace pg {
namespace {

// A place is shown to people and kept in rows; a key of free JSON may itself be a secret.
std::string_view shown_name(std::string_view key) {
  const bool is_plain = key.size() <= 24 && key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos;
  return is_plain || key == "systemInstruction" ? key : std::string_view("*");
}

// Follows the walk with a stack of path pieces and notes the path of each wanted offset.
class PathVisitor {
 public:
  using Ctx = std::size_t;  // length of path_ for this value
  PathVisitor(std::string_view body, const std::vector<std::uint32_t>& offsets) : body_(body), offsets_(offsets) {}

  Ctx root() { return 0; }
  Ctx member(Ctx parent, std::string_view key) {
    path_.resize(parent);
    if (parent != 0) path_ += '.';
    path_ += shown_name(key);
    return path_.size();
  }
  Ctx element(Ctx parent, std::uint32_t index) {
    path_.resize(parent);
    path_ += '[' + std::to_string(index) + ']';
    return path_.size();
  }
  void open(Ctx, bool) {}
  void close(Ctx, bool) {}
  void scalar(Ctx, std::size_t, std::size_t) {}
  void key(Ctx parent, std::size_t, std::size_t end, bool) { note(parent, end, " (a key)"); }
  void string(Ctx ctx, std::size_t, std::size_t end, bool) { note(ctx, end, ""); }
  std::vector<std::string> take() && { return std::move(found_); }

 private:
  void note(Ctx ctx, std::size_t end, std::string_view suffix) {
    for (; found_.size() < offsets_.size() && offsets_[found_.size()] < end; path_.resize(ctx))
      found_.push_back(path_.substr(0, ctx).append(suffix));
  }

  std::string_view body_;
  const std::vector<std::uint32_t>& offsets_;
  std::string path_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> find_paths(std::string_view body, const std::vector<std::uint32_t>& offsets) {
  PathVisitor visitor(body, offsets);
  if (!walk_json(body, visitor)) return {};
  return std::move(visitor).take();
}

std::string find_root_place(std::string_view body, const RequestView& view, const Span& span) {
  const auto next = std::upper_bound(view.root_keys.begin(), view.root_keys.end(), span.begin,
                                     [](std::uint32_t at, const RootKey& key) { return at < key.begin; });
  std::string_view name = "*";
  if (next != view.root_keys.begin()) name = shown_name(body.substr((next - 1)->begin, (next - 1)->end - (next - 1)->begin));
  if (span.message < 0) return std::string(name);
  return std::string(name).append("[").append(std::to_string(span.message)).append("]");
}

}  // namespace pg
