// How a scan says what it found: text for people, JSON, SARIF 2.1.0, and lines for CI services. No format holds a value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cmd/scan_sources.h"

namespace pg {

struct ReportStyle {
  bool color = false;
  bool show_suppressed = false;  // findings that are allowed, with the word who allows them
};

/// Grouped by file: place, rule, what it is, mask and length.
std::string report_text(const ScanResult& result, const Guards& guards, const ReportStyle& style);
/// One document: {"findings": […], "errors": […], "summary": {…}}.
std::string report_json(const ScanResult& result, const Guards& guards, const ReportStyle& style);
/// One finding a line, each as in report_json().
std::string report_ndjson(const ScanResult& result, const Guards& guards, const ReportStyle& style);
/// Workflow commands that become annotations: ::error file=…,line=…::…
std::string report_github(const ScanResult& result, const Guards& guards, const ReportStyle& style);
/// RFC 4180; no cell is a formula.
std::string report_csv(const ScanResult& result, const Guards& guards, const ReportStyle& style);
/// JUnit XML: a failed test for each finding, one passed test when there is none.
std::string report_junit(const ScanResult& result, const Guards& guards, const ReportStyle& style);
/// SARIF 2.1.0 with partialFingerprints, columns in code points from 1 on, relative URIs percent-encoded. At most
/// kMaxSarifResults, with a note that says how many are left out: GitHub shows no more of a run.
inline constexpr std::size_t kMaxSarifResults = 5000;
std::string report_sarif(const ScanResult& result, const Guards& guards, const ReportStyle& style);

/// "GitHub token: ghp_… (40 bytes), in base64, checksum: invalid".
std::string finding_message(const ScanFinding& finding, const Rule& rule);
/// A finding as one line of JSON.
std::string finding_line(const ScanFinding& finding, const Guards& guards);

/// The report of that name: "text", "json", "ndjson", "sarif", "github", "csv", "junit".
std::string report_as(std::string_view format, const ScanResult& result, const Guards& guards, const ReportStyle& style);

/// "2 findings in 1 file (120 files, 3.4 MB read, 7 binary files skipped)".
std::string summary_line(const ScanResult& result);

/// Findings that count: not allowed by mark, settings or baseline.
std::size_t count_open(const ScanResult& result);

}  // namespace pg
