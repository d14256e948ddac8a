// How a scan says what it found: text for people, JSON, SARIF 2.1.0. No format holds a value.
#pragma once

#include <string>

#include "cmd/scan_sources.h"

namespace pg {

struct ReportStyle {
  bool color = false;
  bool show_suppressed = false;  // findings that an inline mark allows, with the word "allowed"
};

/// Grouped by file: place, rule, what it is, mask and length.
std::string report_text(const ScanResult& result, const Guards& guards, const ReportStyle& style);
/// One document: {"findings": […], "errors": […], "summary": {…}}.
std::string report_json(const ScanResult& result, const Guards& guards, const ReportStyle& style);
/// SARIF 2.1.0 with partialFingerprints, columns in code points from 1 on, relative URIs percent-encoded.
std::string report_sarif(const ScanResult& result, const Guards& guards, const ReportStyle& style);

/// "2 findings in 1 file (120 files, 3.4 MB read, 7 binary files skipped)".
std::string summary_line(const ScanResult& result);

/// Findings that count: not allowed by an inline mark.
std::size_t count_open(const ScanResult& result);

}  // namespace pg
