// The rules of the house as functions over one source file: each gives back its complaints, none when all is well.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pg::test {

/// A file of the tree: `path` from the top, with forward slashes.
struct SourceFile {
  std::string path;
  std::string text;
};

using Complaints = std::vector<std::string>;  // "path:line: what is wrong"

Complaints check_include_direction(const SourceFile& file);     // cmd -> proxy -> config -> core, and inside core
Complaints check_doors(const SourceFile& file);                 // each third-party header from its one place
Complaints check_length(const SourceFile& file);                // at most 400 lines
Complaints check_opening(const SourceFile& file);               // a comment comes first; a unit test's place says enough
Complaints check_words(const SourceFile& file);                 // no tabs, unfinished notes, machine paths
Complaints check_coroutine_place(const SourceFile& file);       // only where the proxy waits
Complaints check_co_await(const SourceFile& file);              // opens a statement or stands alone right of `=`
Complaints check_coroutine_lambdas(const SourceFile& file);     // capture nothing
Complaints check_coroutine_parameters(const SourceFile& file);  // no string_view
Complaints check_top_level(const std::vector<std::string>& names);

/// Every rule over one file.
Complaints check_file(const SourceFile& file);

}  // namespace pg::test
