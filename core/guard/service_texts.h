// What of a call to an API service is read by the guards. A JSON body is read where it stands; everything else (the path, the
// query, fields, a form, a plain text) is gathered into one small JSON text, so that one engine reads, numbers and names it all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/http.h"
#include "core/base/result.h"
#include "core/guard/guard_call.h"
#include "core/wire/spans.h"

namespace pg {

enum class BodyKind : std::uint8_t { none, json, form, text, unreadable };

/// What kind of body a content type names; of one without a type, as it looks.
BodyKind find_body_kind(std::string_view content_type, std::string_view body);

/// Every string and every key of any JSON text: an API's keys may be names of people. bad_request when it is not UTF-8 JSON.
Status read_json_texts(std::string_view body, RequestView& view);

class ServiceTexts {
 public:
  /// In this order, each at most once; what is given outlives this.
  void add_target(std::string_view path, std::string_view query);  // `path` decoded, `query` raw, without "?"
  void add_fields(const std::vector<Field>& fields);
  void add_form(std::string_view body);
  void add_text(std::string_view body);
  void finish();

  /// What guard_call() is to read.
  const std::string& json() const { return json_; }
  const RequestView& view() const { return view_; }

  /// Makes of the edits that guard_call() wants those of the body. What it would replace in a path, a query or a field blocks
  /// the call instead: a placeholder there would ask for something else.
  void settle(GuardedCall& call) const;

 private:
  /// Where a string of json_ comes from.
  struct Source {
    std::uint32_t begin, end;  // in json_
    std::string_view raw;      // of the body; empty: not of the body
    std::uint32_t at;          // of `raw` in the body
    bool encoded;              // as forms are
  };
  void open(std::string_view name, char bracket);
  void close(char bracket);
  std::pair<std::uint32_t, std::uint32_t> add_string(std::string_view text);
  void add_span(std::pair<std::uint32_t, std::uint32_t> place, SpanRole role);
  void add_pairs(std::string_view name, std::string_view text, bool of_body);
  const Source* source_of(const Edit& edit) const;
  /// How far the edits of one source were followed: they come in order, and none is counted from the beginning again.
  struct Cursor {
    const Source* source = nullptr;
    std::uint32_t at = 0;  // in json_
    std::size_t raw = 0;   // in source->raw
  };
  /// Of the place `at` in json_, in the body.
  std::uint32_t body_offset(const Source& source, std::uint32_t at, Cursor& cursor) const;

  std::string json_ = "{";
  RequestView view_;
  std::vector<Source> sources_;  // of the body alone
};

/// Makes `edits`, of `json`, what blocks the call: where a placeholder would ask for something else.
void block_instead(GuardedCall& call, std::string_view json, const std::vector<const Edit*>& edits);

/// The 422 for what blocked it, with the way out of somebody who calls an API.
Error service_block_error(const GuardedCall& call);

}  // namespace pg
