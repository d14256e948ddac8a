// The tree is a list of nodes in document order: a container's first child is the node after it.
#include "core/wire/json_doc.h"

#include <charconv>
#include <limits>
#include <utility>

#include "core/base/ascii.h"
#include "core/wire/json_walk.h"

namespace pg {

/// The walker's visitor. Its context is nothing: a stack of open containers says where a value belongs.
class JsonDoc::Builder {
 public:
  struct Ctx {};
  static constexpr bool kAsksUtf8 = true;
  explicit Builder(JsonDoc& doc) : doc_(doc) {}

  Ctx root() { return {}; }
  Ctx member(Ctx, std::string_view) { return {}; }
  Ctx element(Ctx, std::uint32_t) { return {}; }
  void key(Ctx, std::size_t begin, std::size_t end, bool escaped) {
    key_.key_begin = static_cast<std::uint32_t>(begin);
    key_.key_end = static_cast<std::uint32_t>(end);
    key_.key_escaped = escaped;
  }
  void string(Ctx, std::size_t begin, std::size_t end, bool escaped) { add('"', begin - 1, end + 1, escaped); }
  void scalar(Ctx, std::size_t begin, std::size_t end) { add(doc_.text_[begin], begin, end, false); }
  void bracket(std::size_t at) { bracket_ = at; }
  void open(Ctx, bool is_object) {
    add(is_object ? '{' : '[', bracket_, 0, false);
    open_.push_back({static_cast<std::uint32_t>(doc_.nodes_.size() - 1), 0});
  }
  void close(Ctx, bool) {
    doc_.nodes_[open_.back().first].end = static_cast<std::uint32_t>(bracket_);
    open_.pop_back();
  }

 private:
  void add(char kind, std::size_t begin, std::size_t end, bool escaped) {
    const auto self = static_cast<std::uint32_t>(doc_.nodes_.size());
    if (!open_.empty()) {
      auto& [parent, last] = open_.back();
      if (last != 0) doc_.nodes_[last].next = self;
      last = self;
      ++doc_.nodes_[parent].count;
    }
    Node node = std::exchange(key_, Node{});
    node.kind = kind;
    node.escaped = escaped;
    node.begin = static_cast<std::uint32_t>(begin);
    node.end = static_cast<std::uint32_t>(end);
    doc_.nodes_.push_back(node);
  }

  JsonDoc& doc_;
  Node key_;
  std::size_t bracket_ = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> open_;  // node, its last child so far
};

Status JsonDoc::parse(std::string_view text) {
  nodes_.clear();
  text_ = text;
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) return make_error(Code::too_large, "the JSON is too large");
  Builder builder(*this);
  Status status = walk_json(text, builder);
  if (!status) nodes_.clear();
  return status;
}

bool JsonView::is_object() const {
  return doc_ != nullptr && doc_->nodes_[node_].kind == '{';
}
bool JsonView::is_array() const {
  return doc_ != nullptr && doc_->nodes_[node_].kind == '[';
}
bool JsonView::is_string() const {
  return doc_ != nullptr && doc_->nodes_[node_].kind == '"';
}
bool JsonView::is_null() const {
  return doc_ != nullptr && doc_->nodes_[node_].kind == 'n';
}
bool JsonView::is_number() const {
  const char kind = doc_ == nullptr ? '\0' : doc_->nodes_[node_].kind;
  return kind == '-' || is_digit(kind);
}

JsonView JsonView::operator[](std::string_view key) const {
  if (!is_object()) return {};
  JsonView found;
  for (JsonView member = first(); member; member = member.next()) {
    const JsonDoc::Node& node = doc_->nodes_[member.node_];
    const bool same =
        node.key_escaped ? member.key() == key : doc_->text_.substr(node.key_begin, node.key_end - node.key_begin) == key;
    if (same) found = member;
  }
  return found;
}

JsonView JsonView::first() const {
  if (doc_ == nullptr || doc_->nodes_[node_].count == 0) return {};
  return {doc_, node_ + 1};
}
JsonView JsonView::next() const {
  if (doc_ == nullptr || doc_->nodes_[node_].next == 0) return {};
  return {doc_, doc_->nodes_[node_].next};
}
std::size_t JsonView::size() const {
  return doc_ == nullptr ? 0 : doc_->nodes_[node_].count;
}

std::string JsonView::key() const {
  if (doc_ == nullptr) return {};
  const JsonDoc::Node& node = doc_->nodes_[node_];
  const std::string_view raw = doc_->text_.substr(node.key_begin, node.key_end - node.key_begin);
  return node.key_escaped ? unescape_json(raw) : std::string(raw);
}

std::string JsonView::text() const {
  if (!is_string()) return {};
  const JsonDoc::Node& node = doc_->nodes_[node_];
  const std::string_view inside = doc_->text_.substr(node.begin + 1, node.end - node.begin - 2);
  return node.escaped ? unescape_json_piece(inside) : std::string(inside);
}

bool JsonView::text_is(std::string_view word) const {
  if (!is_string()) return false;
  const JsonDoc::Node& node = doc_->nodes_[node_];
  if (node.escaped) return text() == word;
  return doc_->text_.substr(node.begin + 1, node.end - node.begin - 2) == word;
}

std::string_view JsonView::raw() const {
  if (doc_ == nullptr) return {};
  const JsonDoc::Node& node = doc_->nodes_[node_];
  return doc_->text_.substr(node.begin, node.end - node.begin);
}

std::int64_t JsonView::number(std::int64_t otherwise) const {
  if (!is_number()) return otherwise;
  std::int64_t value = otherwise;
  const std::string_view digits = raw();
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return fault == std::errc() && (end == digits.data() + digits.size() || *end == '.') ? value : otherwise;
}

bool is_json_object(std::string_view text) {
  JsonDoc doc;
  return doc.parse(text).has_value() && doc.root().is_object();
}

namespace {

/// 'h' and 'l' for the escapes of high and low halves, else 0. `at` is at a backslash.
char half_of(std::string_view json, std::size_t at) {
  if (at + 6 > json.size() || json[at] != '\\' || json[at + 1] != 'u' || (json[at + 2] | 0x20) != 'd') return 0;
  const char c = static_cast<char>(json[at + 3] | 0x20);
  if (json[at + 3] == '8' || json[at + 3] == '9' || c == 'a' || c == 'b') return 'h';
  return c >= 'c' && c <= 'f' ? 'l' : static_cast<char>(0);
}

}  // namespace

std::string mend_surrogates(std::string_view json) {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = json.find('\\'); at != std::string_view::npos;) {
    const char half = half_of(json, at);
    if (half == 'h' && half_of(json, at + 6) == 'l') {
      at = json.find('\\', at + 12);
      continue;
    }
    if (half != 0) {
      out.append(json.substr(copied, at - copied)).append("\\ufffd");
      copied = at + 6;
    }
    at = at + 2 > json.size() ? std::string_view::npos : json.find('\\', at + 2);
  }
  return out.append(json.substr(copied));
}

}  // namespace pg
