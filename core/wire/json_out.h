// Writes JSON text front to back: commas by itself, strings escaped, and raw JSON carried along as it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/encode.h"

namespace pg {

class JsonOut {
 public:
  /// Appends to `out`, which must outlive the writer.
  explicit JsonOut(std::string& out) : out_(out), begin_(out.size()) {}

  JsonOut& open_object() { return put("{"); }
  JsonOut& open_array() { return put("["); }
  JsonOut& close_object() {
    out_ += '}';
    return *this;
  }
  JsonOut& close_array() {
    out_ += ']';
    return *this;
  }
  /// `name` is one of our own words and needs no escaping.
  JsonOut& key(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return *this;
  }
  /// A key that somebody else chose.
  JsonOut& any_key(std::string_view name) {
    string(name);
    out_ += ':';
    return *this;
  }
  JsonOut& string(std::string_view text) {
    separate();
    out_ += '"';
    append_json_escaped(out_, text);
    out_ += '"';
    return *this;
  }
  JsonOut& raw(std::string_view json) { return put(json); }
  JsonOut& number(std::int64_t value) { return put(std::to_string(value)); }

  JsonOut& open_object(std::string_view name) { return key(name).open_object(); }
  JsonOut& open_array(std::string_view name) { return key(name).open_array(); }
  JsonOut& field(std::string_view name, std::string_view text) { return key(name).string(text); }
  JsonOut& field(std::string_view name, const char* text) { return key(name).string(text); }
  JsonOut& field(std::string_view name, bool value) { return key(name).put(value ? "true" : "false"); }
  JsonOut& field(std::string_view name, std::int64_t value) { return key(name).number(value); }
  JsonOut& null(std::string_view name) { return key(name).put("null"); }
  JsonOut& raw(std::string_view name, std::string_view json) { return key(name).put(json); }
  /// Nothing when `text`, `json` or `list` is empty.
  JsonOut& field_if(std::string_view name, std::string_view text) { return text.empty() ? *this : field(name, text); }
  JsonOut& strings_if(std::string_view name, const std::vector<std::string>& list) {
    if (list.empty()) return *this;
    open_array(name);
    for (const std::string& text : list) string(text);
    return close_array();
  }
  JsonOut& raw_if(std::string_view name, std::string_view json) { return json.empty() ? *this : raw(name, json); }

 private:
  JsonOut& put(std::string_view token) {
    separate();
    out_ += token;
    return *this;
  }
  /// A value never ends in an opening bracket, a colon or a comma: even a string ends in its quote.
  void separate() {
    if (out_.size() == begin_) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':') out_ += ',';
  }

  std::string& out_;
  std::size_t begin_;
};

}  // namespace pg
