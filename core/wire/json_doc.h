// A JSON text as a tree of places in it: strict like json_walk, one allocation, and what is not understood keeps its bytes
// (number spelling, key order), so that translation can carry it along unread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace pg {

class JsonDoc;

/// One value of a JsonDoc, or an absent one, which answers every question with "no" and "". Copy it freely; the document and its
/// text must outlive it.
class JsonView {
 public:
  JsonView() = default;
  JsonView(const JsonDoc* doc, std::uint32_t node) : doc_(doc), node_(node) {}

  explicit operator bool() const { return doc_ != nullptr; }
  bool is_object() const;
  bool is_array() const;
  bool is_string() const;
  bool is_null() const;
  bool is_number() const;
  bool is_true() const { return raw() == "true"; }
  bool is_false() const { return raw() == "false"; }
  /// There, and not null: how every dialect spells "given".
  bool given() const { return doc_ != nullptr && !is_null(); }

  /// The last member of that name (as most parsers read doubled keys); absent when there is none or this is no object.
  JsonView operator[](std::string_view key) const;
  /// The first element or member, and the one after this; absent at the end.
  JsonView first() const;
  JsonView next() const;
  std::size_t size() const;

  std::string key() const;
  std::string text() const;  // decoded; "" when this is no string
  bool text_is(std::string_view word) const;
  std::string_view raw() const;  // the value's bytes, quotes and all
  std::int64_t number(std::int64_t otherwise) const;

  /// For `for (JsonView v : array)`.
  class Iterator;
  Iterator begin() const;
  Iterator end() const;

 private:
  const JsonDoc* doc_ = nullptr;
  std::uint32_t node_ = 0;
};

class JsonDoc {
 public:
  /// Reads `text`, which must outlive the document. bad_request when it is no JSON, not UTF-8 or nested beyond kMaxJsonDepth.
  Status parse(std::string_view text);
  JsonView root() const { return nodes_.empty() ? JsonView() : JsonView(this, 0); }

  struct Node {
    std::uint32_t begin = 0, end = 0;          // with quotes or brackets
    std::uint32_t key_begin = 0, key_end = 0;  // without quotes
    std::uint32_t next = 0;                    // 0 = last of its siblings
    std::uint32_t count = 0;
    char kind = 0;  // the first byte of the value
    bool escaped = false, key_escaped = false;
  };

 private:
  friend class JsonView;
  class Builder;

  std::string_view text_;
  std::vector<Node> nodes_;
};

class JsonView::Iterator {
 public:
  explicit Iterator(JsonView at) : at_(at) {}
  JsonView operator*() const { return at_; }
  Iterator& operator++() {
    at_ = at_.next();
    return *this;
  }
  bool operator!=(const Iterator& other) const { return static_cast<bool>(at_) != static_cast<bool>(other.at_); }

 private:
  JsonView at_;
};

inline JsonView::Iterator JsonView::begin() const {
  return Iterator(first());
}
inline JsonView::Iterator JsonView::end() const {
  return Iterator(JsonView());
}

/// True when `text` is one JSON object and nothing else.
bool is_json_object(std::string_view text);

/// `json` with each escaped half of a surrogate pair replaced by \ufffd: RFC 8259 allows halves, many parsers do not.
std::string mend_surrogates(std::string_view json);

}  // namespace pg
