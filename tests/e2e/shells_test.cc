// The completions in the shells they are for: bash and fish as they are, zsh with its builtins for completion replaced by ones
// that print. A shell that is not installed is left out.
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <optional>

#include "tests/support/priced.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {
namespace {

/// A directory with files in it, a server that has answered one call of Claude Code, and pg in the PATH.
struct Desk {
  World w;

  Desk() {
    w.upstream.respond([](const SeenRequest&) { return priced_answer(100); });
    CHECK(w.post("v1/messages", R"({"model":"claude-x","max_tokens":10,"messages":[{"role":"user","content":"hi"}]})",
                 {{"user-agent", "claude-cli/2.0.0 (external, cli)"}})
              .status == 200);
    CHECK(soon([this] { return !w.home.rows().empty(); }));
    std::filesystem::create_directories(root() / "bin");
    std::filesystem::create_directories(root() / "desk/some dir");
    std::filesystem::create_symlink(pg_binary(), root() / "bin/pg");
    w.home.write(root() / "desk/notes.txt", "x");
    for (const char* shell : {"bash", "zsh", "fish"})
      w.home.write(root() / ("pg." + std::string(shell)), w.home.run({"completions", shell}).out);
  }

  const std::filesystem::path& root() const { return w.home.root(); }

  /// What the shell prints for a script that is run on the desk; nullopt without that shell.
  std::optional<std::string> run(const std::string& shell, const std::string& script) const {
    const std::string program = "/usr/bin/" + shell;
    if (!std::filesystem::exists(program)) return std::nullopt;
    w.home.write(root() / "script", script);
    std::string line = "cd '" + (root() / "desk").string() + "' && env -i";
    for (const std::string& variable : w.home.environment())
      if (!variable.starts_with("PATH=")) line += " '" + variable + "'";
    line += " PATH='" + (root() / "bin").string() + ":/usr/bin:/bin' " + program;
    line += shell == "bash" ? " --norc" : shell == "zsh" ? " -f" : " --no-config";
    std::FILE* pipe = ::popen((line + " ../script 2>&1").c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string out;
    char part[4096];
    while (const std::size_t size = std::fread(part, 1, sizeof part, pipe)) out.append(part, size);
    ::pclose(pipe);
    return out;
  }
};

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

struct Tab {
  std::string bash_words;  // the line, cut where readline cuts it
  std::string line;
  std::vector<std::string> offers;
  std::vector<std::string> offers_not;
};

const std::vector<Tab>& tabs() {
  static const std::vector<Tab> kTabs = {
      {"pg ''", "pg ", {"logs", "scan"}, {}},
      {"pg scan no", "pg scan no", {"notes.txt"}, {}},
      {"pg explain ''", "pg explain ", {"last", "notes.txt"}, {"FILE", "ID"}},
      {"pg help logs ''", "pg help logs ", {"tail", "search"}, {"logs", "filters"}},
      {"pg help ''", "pg help ", {"logs", "filters"}, {}},
      {"pg run claude-code -- no", "pg run claude-code -- no", {"notes.txt"}, {"codex"}},
      {"pg setup claude-code ''", "pg setup claude-code ", {}, {"codex"}},
      {"pg scan --format = s", "pg scan --format=s", {"sarif"}, {"json"}},
      {"pg scan --format s", "pg scan --format s", {"sarif"}, {"json"}},
      {"pg keys list --project = ''", "pg keys list --project=", {"test"}, {"warnings:"}},
      {"pg logs search ag", "pg logs search ag", {"agent:"}, {"class:"}},
      {"pg logs search agent : cl", "pg logs search agent:cl", {"agent:claude-code"}, {"agent:class:", "class:"}},
      {"pg logs search model : cl", "pg logs search model:cl", {"model:claude-x"}, {}},
      {"pg logs search status : ''", "pg logs search status:", {"status:200", "status:4xx"}, {}},
      {"pg logs search class : ok,bl", "pg logs search class:ok,bl", {"class:ok,blocked"}, {}},
      {"pg logs search stream:true agent : cl", "pg logs search stream:true agent:cl", {"agent:claude-code"}, {}},
  };
  return kTabs;
}

}  // namespace

TEST_CASE("completions in bash: files, values behind ':' and '=', and nothing of pg's behind --") {
  const Desk desk;
  for (const Tab& tab : tabs()) {
    const auto said = desk.run("bash", "source ../pg.bash\nCOMP_WORDS=(" + tab.bash_words +
                                           ")\nCOMP_CWORD=$((${#COMP_WORDS[@]}-1))\nCOMP_LINE='" + tab.line +
                                           "'\nCOMP_POINT=${#COMP_LINE}\nCOMP_WORDBREAKS=$' \\t\\n\"><=;|&(:'\n_pg\n"
                                           "printf '%s\\n' \"${COMPREPLY[@]}\"\n");
    REQUIRE(said);
    CAPTURE(tab.line);
    CAPTURE(*said);
    // Readline puts what is said behind its last cut.
    const std::size_t cut = tab.line.find_last_of(" ") + 1, colon = tab.line.find_last_of(":");
    const std::size_t before = colon != std::string::npos && colon >= cut ? colon + 1 - cut : 0;
    for (const std::string& offer : tab.offers) CHECK(has_line(*said, offer.substr(before)));
    for (const std::string& offer : tab.offers_not) CHECK_FALSE(has_line(*said, offer));
  }
}

TEST_CASE("completions in zsh: the same") {
  const Desk desk;
  for (const Tab& tab : tabs()) {
    const auto said = desk.run("zsh", R"(compdef() { : }
compset() { : }
compadd() { while [[ $1 != -- ]]; do shift; done; shift; local w; for w; do [[ $w == ${cur}* ]] && print -r -- $w; done }
_files() { local w; for w in *; do [[ $w == ${cur}* ]] && print -r -- $w; done }
_describe() { local w; for w in ${(P)2}; do w=${w%%:*}; [[ $w == ${cur}* ]] && print -r -- $w; done }
source ../pg.zsh
line=')" + tab.line + R"('
words=("${(@s: :)line}")
CURRENT=${#words}
_pg
)");
    if (!said) {
      MESSAGE("not run: there is no zsh");
      return;
    }
    CAPTURE(tab.line);
    CAPTURE(*said);
    for (const std::string& offer : tab.offers) CHECK(has_line(*said, offer));
    for (const std::string& offer : tab.offers_not) CHECK_FALSE(has_line(*said, offer));
  }
}

TEST_CASE("completions in fish: the same") {
  const Desk desk;
  for (const Tab& tab : tabs()) {
    const auto said = desk.run("fish", "source ../pg.fish\ncomplete -C '" + tab.line + "' | string replace -r '\\t.*' ''\n");
    if (!said) {
      MESSAGE("not run: there is no fish");
      return;
    }
    CAPTURE(tab.line);
    CAPTURE(*said);
    const std::size_t equals = tab.line.find("=");
    const std::string option =
        equals == std::string::npos ? "" : tab.line.substr(tab.line.rfind(' ') + 1, equals - tab.line.rfind(' '));
    for (const std::string& offer : tab.offers) CHECK((has_line(*said, offer) || has_line(*said, option + offer)));
    for (const std::string& offer : tab.offers_not) CHECK_FALSE(has_line(*said, offer));
  }
}

}  // namespace pg::test
