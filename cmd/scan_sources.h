// Where a scan's bytes come from: files, trees and standard input, read by several threads into one reused buffer each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cmd/scan_findings.h"
#include "cmd/scan_reader.h"

namespace pg {

struct ScanOptions {
  std::vector<std::string> paths;  // as given; "-" is standard input
  std::string stdin_name = "<stdin>";
  bool no_ignore = false;            // do not read .gitignore and .ignore
  unsigned threads = 0;              // 0: min(8, max(4, 2 x cores))
  std::vector<std::string> exclude;  // patterns as in .gitignore; what they match is left out even when it is named
  std::string exclude_top;           // the directory that they are relative to; see IgnoreLevels
  std::uint64_t max_file_size = 0;   // larger files of a tree are left out; 0: none is
  bool name_skipped = false;         // fill ScanResult::skipped
  bool archives = false;             // look into zip, tar and gzip files
  ScanProgress* progress = nullptr;  // told how far it is; may be null
};

struct ScanTotals {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t binary = 0;    // a NUL in the first 8 KiB: searched for tokens alone; of a history: skipped
  std::uint64_t archives = 0;  // skipped: zip, tar or gzip
  std::uint64_t too_big = 0;   // skipped: larger than max_file_size
  std::uint64_t symlinks = 0;  // skipped
  std::uint64_t ignored = 0;   // left out by ignore rules (a directory counts once)
  std::uint64_t commits = 0;   // whose blobs these are, when a history was scanned
};

/// Where a scan looks, and so where a finding stands; bits of a set.
enum class SeenIn : std::uint8_t { nowhere = 0, tree = 1, history = 2, both = 3 };

struct ScanResult {
  std::vector<ScanFinding> findings;  // by path, then place
  std::vector<std::string> errors;    // "path: why", for what could not be read
  std::vector<std::string> skipped;   // "path: why", for files of the tree, when that was asked for
  std::vector<std::string> notes;     // what else is to be known: a shallow clone, submodules
  ScanTotals totals;
  std::string base;                  // the directory that paths are relative to
  std::vector<std::string> scanned;  // the paths that were given, as findings name them
  SeenIn seen_in = SeenIn::tree;     // where all this was seen
};

unsigned core_count();

/// How many threads scan when `wanted` (0: not said) are asked for.
unsigned thread_count(unsigned wanted);

/// By path, then place.
void sort_findings(std::vector<ScanFinding>& findings);

/// Scans everything; never fails as a whole, since what cannot be read is listed in `errors`. Memory is bounded by the threads
/// (some 8 MiB each for big files), the findings and the names of one directory at a time.
ScanResult scan_sources(const ScanOptions& options, const Guards& guards, const SecretRules* secrets);

/// Scans what is read from `file`, as scan_sources() does for "-".
void scan_descriptor(int file, const std::string& name, const Guards& guards, const SecretRules* secrets, ScanResult& result,
                     bool archives = false);

}  // namespace pg
