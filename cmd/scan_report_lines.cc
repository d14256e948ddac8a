// The reports that are lines or cells: NDJSON, GitHub's workflow commands, CSV and JUnit XML. Each escapes what its reader would
// obey.
#include <fmt/format.h>

#include <algorithm>

#include "cmd/scan_reports.h"
#include "core/base/encode.h"
#include "core/base/text.h"

namespace pg {
namespace {

bool is_listed(const ScanFinding& finding, const ReportStyle& style) {
  return style.show_suppressed || !finding.allowed;
}

/// Workflow commands end at a line's end, their properties at ',' and ':'. Other controls, and bytes that are no text, would
/// stand in the log of the build as they are.
std::string for_workflow(std::string_view text, bool property) {
  const std::size_t line = text.find_first_of("\r\n");
  if (line != std::string_view::npos)
    return for_workflow(text.substr(0, line), property) + (text[line] == '\r' ? "%0D" : "%0A") +
           for_workflow(text.substr(line + 1), property);
  std::string out;
  for (const char c : escape_controls(text)) {
    const bool special = c == '%' || (property && (c == ':' || c == ','));
    if (special)
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    else
      out += c;
  }
  return out;
}

/// A cell that a spreadsheet shows and never runs: what it would take for a formula gets an apostrophe in front.
std::string cell(std::string_view text) {
  std::string shown = escape_controls(text);
  if (!shown.empty() && std::string_view("=+-@|%").find(shown.front()) != std::string_view::npos) shown.insert(0, "'");
  std::string out = "\"";
  for (const char c : shown) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string for_xml(std::string_view text) {
  std::string out;
  for (const char c : escape_controls(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string report_ndjson(const ScanResult& result, const Guards& guards, const ReportStyle& style) {
  std::string out;
  for (const ScanFinding& finding : result.findings)
    if (is_listed(finding, style)) out += finding_line(finding, guards) + "\n";
  return out;
}

std::string report_github(const ScanResult& result, const Guards& guards, const ReportStyle& style) {
  std::string out;
  for (const ScanFinding& finding : result.findings) {
    if (!is_listed(finding, style)) continue;
    const std::string_view level = finding.allowed ? "notice" : finding.weak ? "warning" : "error";
    out += fmt::format("::{} file={},line={},col={},endLine={}", level, for_workflow(finding.path, true), finding.line,
                       finding.column, finding.end_line);
    if (finding.line == finding.end_line) out += fmt::format(",endColumn={}", finding.end_column);
    out += fmt::format(",title={}::{}\n", guards.rule(finding.rule).id,
                       for_workflow(finding_message(finding, guards.rule(finding.rule)), false));
  }
  for (const std::string& error : result.errors) out += "::error title=pg scan::" + for_workflow(error, false) + "\n";
  return out;
}

std::string report_csv(const ScanResult& result, const Guards& guards, const ReportStyle& style) {
  std::string out =
      "path,line,column,end_line,end_column,rule,description,masked,length,encoding,checksum_invalid,allowed,hash,"
      "fingerprint,commit,author_date\r\n";
  for (const ScanFinding& f : result.findings) {
    if (!is_listed(f, style)) continue;
    const Rule& rule = guards.rule(f.rule);
    out +=
        fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", cell(f.path), f.line, f.column, f.end_line,
                    f.end_column, cell(rule.id), cell(rule.description), cell(f.mask), f.length, cell(encoding_name(f.encoding)),
                    f.weak, cell(f.allowed_by), cell(f.hash), cell(f.fingerprint), cell(f.commit), cell(f.author_date));
  }
  return out;
}

std::string report_junit(const ScanResult& result, const Guards& guards, const ReportStyle& style) {
  std::string cases;
  std::size_t tests = 0, failures = 0;
  for (const ScanFinding& finding : result.findings) {
    if (!is_listed(finding, style)) continue;
    const std::string& rule = guards.rule(finding.rule).id;
    const std::string message = for_xml(finding_message(finding, guards.rule(finding.rule)));
    const std::string place = for_xml(fmt::format("{}:{}:{}", finding.path, finding.line, finding.column));
    cases += fmt::format("    <testcase classname=\"{}\" name=\"{} at {}:{}\" file=\"{}\" line=\"{}\">\n", for_xml(finding.path),
                         rule, finding.line, finding.column, for_xml(finding.path), finding.line);
    cases += finding.allowed ? fmt::format("      <skipped message=\"allowed by {}\"/>\n", finding.allowed_by)
                             : fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n", rule, message, place);
    cases += "    </testcase>\n";
    ++tests;
    failures += finding.allowed ? 0 : 1;
  }
  for (const std::string& error : result.errors) {
    cases +=
        fmt::format("    <testcase classname=\"pg scan\" name=\"read\"><error message=\"{}\"/></testcase>\n", for_xml(error));
    ++tests;
  }
  if (tests == 0) {
    cases = "    <testcase classname=\"pg scan\" name=\"no findings\"/>\n";
    tests = 1;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"pg scan\" tests=\"{}\" failures=\"{}\" "
      "errors=\"{}\">\n{}  </testsuite>\n</testsuites>\n",
      tests, failures, result.errors.size(), cases);
}

}  // namespace pg
