// Whether a JSON text that comes in pieces is over: its brackets are counted, nothing is kept.
#pragma once

#include <cstdint>
#include <string_view>

namespace pg {

class JsonBalance {
 public:
  void pass(std::string_view text) {
    for (const char c : text) see(c);
  }
  /// What came so far begins an object.
  bool is_object() const { return first_ == '{'; }
  /// The object that it begins is closed; whether what stands in it is JSON is not looked at.
  bool is_closed_object() const { return is_object() && depth_ == 0; }

 private:
  void see(char c) {
    if (first_ == '\0' && c != ' ' && c != '\t' && c != '\r' && c != '\n') first_ = c;
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      return;
    }
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if ((c == '}' || c == ']') && depth_ > 0) --depth_;
  }

  std::uint32_t depth_ = 0;
  char first_ = '\0';
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace pg
