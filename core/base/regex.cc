// RE2 with a small memory limit: a question about the log is never worth more.
#include "core/base/regex.h"

#include <re2/re2.h>

#include "core/base/text.h"

namespace pg {

Result<Regex> Regex::make(std::string_view expression, CaseMatters matters) {
  RE2::Options options(RE2::Quiet);
  options.set_case_sensitive(matters == CaseMatters::yes);
  options.set_max_mem(1 << 20);
  options.set_encoding(is_utf8(expression) ? RE2::Options::EncodingUTF8 : RE2::Options::EncodingLatin1);
  auto compiled = std::make_shared<RE2>(re2::StringPiece(expression.data(), expression.size()), options);
  if (!compiled->ok()) return make_error(Code::bad_request, "regular expression: " + escape_controls(compiled->error()));
  return Regex(std::move(compiled));
}

bool Regex::is_in(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

}  // namespace pg
