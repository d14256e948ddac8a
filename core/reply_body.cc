// The same tables as for events, on one document.
#include "core/reply_body.h"

#include <algorithm>

namespace pg {
namespace {

ReplyPlace root_of(const ReplyOptions& options) {
  return options.status >= 400 ? ReplyPlace::error_body : body_root(options.dialect);
}

constexpr std::string_view kIdKey = "\"id\"";

// One past the value that begins at text[at]: a string without escapes, or an object; npos when it does not end.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  if (text.substr(at, 1) == "\"") {
    const std::size_t end = text.find('"', at + 1);
    return end == std::string_view::npos ? end : end + 1;
  }
  int depth = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth <= 0) return i + 1;
  }
  return std::string_view::npos;
}

// `"key":value` at the last place where `key` stands in an end of a large body, or "". Its id stands first: what it holds has
// ids.
std::string find_member(std::string_view text, std::string_view key) {
  const std::size_t begin = key == kIdKey ? text.find(key) : text.rfind(key);
  if (begin == std::string_view::npos) return {};
  const std::size_t value = text.find_first_not_of(" \t\r\n:", begin + key.size());
  if (value == std::string_view::npos || (text[value] != '{' && text[value] != '"')) return {};
  const std::size_t end = end_of_value(text, value);
  if (end == std::string_view::npos) return {};
  return std::string(key) + ":" + std::string(text.substr(value, end - value));
}

}  // namespace

bool is_event_text(std::string_view body) {
  for (const std::string_view field : {"data:", "event:", ":"})
    if (body.starts_with(field)) return true;
  return false;
}

bool restore_body(const ReplyOptions& options, std::string_view body, RestoreWork& work, FactReader& facts, std::string& out) {
  std::vector<PlaceField> fields;
  if (!read_places(root_of(options), body, fields)) return false;
  facts.read_body(body, fields);
  JsonEdits edits;
  CitedTexts cited(work, body, fields);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (is_cited_place(fields[i])) {
      cited.move(fields[i], edits);
    } else {
      restore_field(work, body, fields, i, work.copies, edits);
    }
  }
  edits.apply(body, out);
  return true;
}

void BodySample::add(std::string_view bytes) {
  if (!large_) {
    head_.append(bytes.substr(0, kWhole + 1 - std::min(head_.size(), kWhole + 1)));
    if (head_.size() <= kWhole) return;
    large_ = true;
    head_.resize(kEnd);
    head_.shrink_to_fit();
  }
  tail_.append(bytes.substr(bytes.size() - std::min(bytes.size(), kEnd)));
  if (tail_.size() > kEnd) tail_.erase(0, tail_.size() - kEnd);
}

void BodySample::read(const ReplyOptions& options, FactReader& facts) const {
  std::string ends;
  if (large_) {
    for (std::string_view end : {std::string_view(head_), std::string_view(tail_)}) {
      for (std::string_view key : {kIdKey, std::string_view("\"model\""), std::string_view("\"usage\"")}) {
        if (key == kIdKey && end.data() != head_.data()) continue;
        const std::string member = find_member(end, key);
        if (!member.empty()) ends.append(ends.empty() ? "{" : ",").append(member);
      }
    }
    ends.push_back('}');
  }
  const std::string_view json = large_ ? std::string_view(ends) : std::string_view(head_);
  std::vector<PlaceField> fields;
  if (read_places(root_of(options), json, fields)) facts.read_body(json, fields);
}

}  // namespace pg
