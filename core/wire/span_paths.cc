// Where in a body an offset stands, as people write it: messages[3].content[0].text.
#include "core/wire/json_walk.h"
#include "core/wire/spans.h"

namespace pg {
namespace {

// Follows the walk with a stack of path pieces and notes the path of each wanted offset.
class PathVisitor {
 public:
  using Ctx = std::size_t;  // length of path_ for this value
  PathVisitor(std::string_view body, const std::vector<std::uint32_t>& offsets) : body_(body), offsets_(offsets) {}

  Ctx root() { return 0; }
  Ctx member(Ctx parent, std::string_view key) {
    path_.resize(parent);
    if (parent != 0) path_ += '.';
    path_ += is_plain_name(key) ? key : std::string_view("*");
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
  // A place is shown to people and kept in rows; a key of free JSON may itself be a secret.
  static bool is_plain_name(std::string_view key) {
    return key.size() <= 24 && key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos;
  }
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

}  // namespace pg
