// The reports of a scan. Paths are a stranger's bytes: escaped for terminals, percent-encoded in URIs, made UTF-8 for JSON.
#include "cmd/scan_reports.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "core/base/encode.h"
#include "core/base/text.h"

namespace pg {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool is_shown(const ScanFinding& finding, const ReportStyle& style) {
  return style.show_suppressed || !finding.allowed;
}

/// RFC 3986: every part of the path percent-encoded, the slashes kept; relative unless it was given from the root.
std::string uri_of(const std::string& path) {
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const std::string_view part : split(path, '/')) {
    if (part.data() != path.data()) uri += '/';
    uri += to_percent(part);
  }
  return uri;
}

std::string bytes_for_people(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  if (bytes < 1'000'000) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
  if (bytes < 1'000'000'000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

std::string counted(std::uint64_t n, std::string_view word) {
  return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s");
}

/// " by a mark", " by the settings and the baseline".
std::string who_allows(const ScanResult& result) {
  std::set<std::string_view> who;
  for (const ScanFinding& finding : result.findings)
    if (finding.allowed) who.insert(finding.allowed_by);
  return fmt::format(" by {}", fmt::join(who, " and "));
}

Json scan_finding_json(const ScanFinding& finding, const Guards& guards) {
  const Rule& rule = guards.rule(finding.rule);
  Json json = {{"path", finding.path},
               {"line", finding.line},
               {"column", finding.column},
               {"end_line", finding.end_line},
               {"end_column", finding.end_column},
               {"rule", rule.id},
               {"kind", rule.kind},
               {"description", rule.description},
               {"checksum_invalid", finding.weak},
               {"masked", finding.mask},
               {"length", finding.length},
               {"fingerprint", finding.fingerprint}};
  if (finding.encoding != Encoding::plain) json["encoding"] = encoding_name(finding.encoding);
  if (!finding.hash.empty()) json["hash"] = finding.hash;
  if (finding.allowed) json["allowed"] = true, json["allowed_by"] = finding.allowed_by;
  if (!finding.commit.empty()) json["commit"] = finding.commit;
  if (!finding.author_date.empty()) json["author_date"] = finding.author_date;
  return json;
}

Json sarif_rule(const Rule& rule) {
  return {{"id", rule.id},
          {"name", rule.kind},
          {"shortDescription", {{"text", rule.description}}},
          {"defaultConfiguration", {{"level", "error"}}},
          {"properties",
           {{"tags", {"security", rule.category == Category::pii ? "personal-data" : "secret"}}, {"security-severity", "8.0"}}}};
}

Json sarif_result(const ScanFinding& finding, const Rule& rule, std::size_t index) {
  Json region = {{"startLine", finding.line},
                 {"startColumn", finding.column},
                 {"endLine", finding.end_line},
                 {"endColumn", finding.end_column}};
  Json json = {{"ruleId", rule.id},
               {"ruleIndex", index},
               {"level", finding.weak ? "note" : "error"},
               {"message", {{"text", finding_message(finding, rule)}}},
               {"locations",
                {{{"physicalLocation", {{"artifactLocation", {{"uri", uri_of(finding.path)}}}, {"region", std::move(region)}}}}}},
               {"partialFingerprints", {{"promptgate/v1", finding.fingerprint}}}};
  if (!finding.commit.empty()) json["properties"] = {{"commit", finding.commit}, {"authorDate", finding.author_date}};
  if (finding.allowed) json["suppressions"] = Json::array({{{"kind", finding.allowed_by == kByMark ? "inSource" : "external"}}});
  return json;
}

}  // namespace

std::size_t count_open(const ScanResult& result) {
  return static_cast<std::size_t>(
      std::count_if(result.findings.begin(), result.findings.end(), [](const ScanFinding& f) { return !f.allowed; }));
}

std::string finding_message(const ScanFinding& finding, const Rule& rule) {
  std::string text = fmt::format("{}: {} ({} bytes)", rule.description, finding.mask, finding.length);
  if (finding.encoding != Encoding::plain) text += fmt::format(", in {}", encoding_name(finding.encoding));
  if (finding.weak) text += ", checksum: invalid";
  if (!finding.commit.empty()) text += fmt::format(", commit {:.12} of {:.10}", finding.commit, finding.author_date);
  return text;
}

std::string finding_line(const ScanFinding& finding, const Guards& guards) {
  return scan_finding_json(finding, guards).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string report_as(std::string_view format, const ScanResult& result, const Guards& guards, const ReportStyle& style) {
  if (format == "json") return report_json(result, guards, style);
  if (format == "ndjson") return report_ndjson(result, guards, style);
  if (format == "sarif") return report_sarif(result, guards, style);
  if (format == "github") return report_github(result, guards, style);
  if (format == "csv") return report_csv(result, guards, style);
  if (format == "junit") return report_junit(result, guards, style);
  return report_text(result, guards, style);
}

std::string summary_line(const ScanResult& result) {
  std::set<std::string_view> files;
  for (const ScanFinding& finding : result.findings)
    if (!finding.allowed) files.insert(finding.path);
  const std::size_t open = count_open(result);
  const std::size_t allowed = result.findings.size() - open;
  std::string line = open == 0 ? std::string(result.errors.empty() ? "no findings" : "no findings in what could be read")
                               : counted(open, "finding") + " in " + counted(files.size(), "file");
  line += " (" + counted(result.totals.files, result.totals.commits > 0 ? "blob" : "file");
  if (result.totals.commits > 0) line += " of " + counted(result.totals.commits, "commit");
  line += fmt::format(", {} read", bytes_for_people(result.totals.bytes));
  if (result.totals.binary > 0)
    line += fmt::format(", {} {}", counted(result.totals.binary, "binary file"),
                        result.seen_in == SeenIn::history ? "skipped" : "searched for tokens alone");
  if (result.totals.symlinks > 0) line += fmt::format(", {} not followed", counted(result.totals.symlinks, "link"));
  if (result.totals.ignored > 0) line += fmt::format(", {} ignored", result.totals.ignored);
  if (result.totals.archives > 0) line += fmt::format(", {} not opened", counted(result.totals.archives, "archive"));
  if (result.totals.too_big > 0) line += fmt::format(", {} too large", counted(result.totals.too_big, "file"));
  if (allowed > 0) line += fmt::format(", {} allowed{}", allowed, who_allows(result));
  return line + ")";
}

std::string report_text(const ScanResult& result, const Guards& guards, const ReportStyle& style) {
  std::string out;
  const std::string* path = nullptr;
  for (const ScanFinding& finding : result.findings) {
    if (!is_shown(finding, style)) continue;
    if (path == nullptr || *path != finding.path) {
      if (path != nullptr) out += '\n';
      const std::string shown = escape_controls(finding.path);
      out += style.color ? "\x1b[1m" + shown + "\x1b[0m\n" : shown + "\n";
      path = &finding.path;
    }
    const Rule& rule = guards.rule(finding.rule);
    out += fmt::format("  {:<9} {:<26} {} ({} bytes)", fmt::format("{}:{}", finding.line, finding.column), rule.id, finding.mask,
                       finding.length);
    if (finding.encoding != Encoding::plain) out += fmt::format("  in {}", encoding_name(finding.encoding));
    if (finding.weak) out += "  checksum: invalid";
    if (finding.allowed) out += fmt::format("  allowed by {}", finding.allowed_by);
    if (!finding.hash.empty()) out += "  #" + finding.hash;
    if (!finding.commit.empty()) out += fmt::format("  {:.12} {:.10}", finding.commit, finding.author_date);
    out += '\n';
  }
  return out;
}

std::string report_json(const ScanResult& result, const Guards& guards, const ReportStyle& style) {
  Json findings = Json::array();
  for (const ScanFinding& finding : result.findings)
    if (is_shown(finding, style)) findings.push_back(scan_finding_json(finding, guards));
  const std::size_t open = count_open(result);
  Json summary = {{"findings", open},
                  {"allowed", result.findings.size() - open},
                  {"files", result.totals.files},
                  {"bytes", result.totals.bytes},
                  {"binary_files", result.totals.binary},
                  {"archives", result.totals.archives},
                  {"too_large", result.totals.too_big},
                  {"symlinks", result.totals.symlinks},
                  {"ignored", result.totals.ignored}};
  if (result.totals.commits > 0) summary["commits"] = result.totals.commits;
  Json json = {{"findings", std::move(findings)}, {"errors", result.errors}, {"summary", std::move(summary)}};
  if (!result.notes.empty()) json["notes"] = result.notes;
  return dump(json);
}

std::string report_sarif(const ScanResult& result, const Guards& guards, const ReportStyle& style) {
  std::vector<std::size_t> places(guards.rules().size(), guards.rules().size());
  Json rules = Json::array();
  Json results = Json::array();
  std::size_t left_out = 0;
  for (const ScanFinding& finding : result.findings) {
    if (!is_shown(finding, style)) continue;
    if (results.size() == kMaxSarifResults) {
      ++left_out;
      continue;
    }
    const Rule& rule = guards.rule(finding.rule);
    if (places[finding.rule] == guards.rules().size()) {
      places[finding.rule] = rules.size();
      rules.push_back(sarif_rule(rule));
    }
    results.push_back(sarif_result(finding, rule, places[finding.rule]));
  }
  Json notes = Json::array();
  for (const std::string& error : result.errors) notes.push_back({{"level", "error"}, {"message", {{"text", error}}}});
  if (left_out > 0)
    notes.push_back({{"level", "warning"}, {"message", {{"text", fmt::format("{} more results are left out", left_out)}}}});
  for (const std::string& note : result.notes) notes.push_back({{"level", "note"}, {"message", {{"text", note}}}});
  Json run = {{"tool", {{"driver", {{"name", "pg"}, {"semanticVersion", PG_VERSION}, {"rules", std::move(rules)}}}}},
              {"columnKind", "unicodeCodePoints"},
              {"invocations",
               Json::array({{{"executionSuccessful", result.errors.empty()}, {"toolExecutionNotifications", std::move(notes)}}})},
              {"results", std::move(results)}};
  return dump({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
               {"version", "2.1.0"},
               {"runs", Json::array({std::move(run)})}});
}

}  // namespace pg
