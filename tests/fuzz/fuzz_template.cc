// libFuzzer over what prints rows: any text is a template, a list of fields, an amount and a moment, or a refusal; a line made of
// traffic's bytes is one line that no terminal obeys and no spreadsheet runs.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cmd/log_lines.h"
#include "cmd/log_values.h"
#include "core/access/prices.h"
#include "core/base/text.h"
#include "core/store/log_query.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

// A row in which traffic said `text` wherever it may say something.
LogRow template_row(std::string_view text) {
  LogRow row;
  row.id = "T1";
  row.time = kFuzzNow;
  for (std::string* word : {&row.agent, &row.session, &row.ua, &row.ip, &row.route, &row.model, &row.model_served, &row.path,
                            &row.error, &row.places, &row.redactions, &row.blocked, &row.attempts, &row.cache_break})
    *word = text;
  return row;
}

void check_line(const std::string& line) {
  expect(!line.empty() && line.back() == '\n');
  const std::string_view body(line.data(), line.size() - 1);
  for (const char c : body) expect(c == '\t' || c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

void print(std::string_view text) {
  const LogRow row = template_row(text);
  const auto refused = [](const auto& made) { expect(made.error().code == Code::bad_request && is_utf8(made.error().message)); };
  const auto ready = LogTemplate::make("{model} {flags} {error}");
  check_line(ready.value().line(row));
  expect(ready.value().line(row).find('\n') + 1 == ready.value().line(row).size());
  // What the user wrote is printed as it stands: its own control bytes are not traffic's.
  if (const auto made = LogTemplate::make(text); made)
    expect(made.value().line(LogRow()).ends_with('\n'));
  else
    refused(made);
  if (const auto fields = parse_fields(text); !fields) refused(fields);
  (void)parse_moment(text, kFuzzNow);
  if (const auto amount = parse_amount(text); amount) expect(parse_usd(spell_usd(*amount)) == *amount);
  check_line(log_json(row) + "\n");
  const std::string cell = csv_cell(text);
  expect(cell.empty() || std::string_view("=+-@").find(cell.front()) == std::string_view::npos);
}

}  // namespace
}  // namespace pg

int fuzz_template_one(const std::uint8_t* data, std::size_t size) {
  pg::print({reinterpret_cast<const char*>(data), size});
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_template_one(data, size);
}
#endif
