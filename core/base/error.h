// The only table from our error codes to HTTP statuses and to each vendor's error words.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace pg {

struct CodeRow {
  Code code;
  int status;                  // HTTP status
  std::string_view name;       // pg's own stable word, in logs and as OpenAI's `code` when no better one exists
  std::string_view anthropic;  // error.type of Anthropic Messages
  std::string_view openai_type;
  std::string_view openai_code;
};

/// The row of `code`; every Code has one (a test proves it).
const CodeRow& code_row(Code code);
inline int http_status(Code code) {
  return code_row(code).status;
}
inline std::string_view code_name(Code code) {
  return code_row(code).name;
}
std::span<const CodeRow> code_rows();

/// The standard reason phrase of an HTTP status ("Unprocessable Entity"), or "Unknown".
std::string_view reason_phrase(int status);

}  // namespace pg
