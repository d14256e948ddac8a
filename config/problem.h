// What is wrong with a setting, and where: the three lines a user reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pg {

/// A place in a settings file. Lines and columns count from 1, columns in characters; line 0 = no place in a file.
struct SourcePlace {
  std::string file;  // or "env PG_SERVE_PORT", "flag --port"
  int line = 0;
  int column = 0;
  std::string source;  // the whole line, as in the file
  int width = 1;       // characters to underline

  std::string text() const;  // "pg.toml:12:3"
};

struct Problem {
  SourcePlace place;
  std::string message;  // unknown key "secrts"
  std::string hint;     // did you mean "secrets"?
};

/// Three lines: `pg.toml:12:3: unknown key "secrts"`, the source line (credentials masked), and a caret line that ends in the
/// hint; one line with the hint in brackets when there is no source.
std::string problem_text(const Problem& problem);
std::string problems_text(const std::vector<Problem>& problems);

/// Stars instead of everything in `line` that looks like a credential; same length.
std::string mask_credentials(std::string_view line);
/// True for what looks like a credential: a known prefix, or 20 and more characters of mixed letters and digits.
bool looks_like_credential(std::string_view word);

}  // namespace pg
