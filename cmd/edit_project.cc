// Editing a project file: the copy lives in a private directory and is gone afterwards.
#include "cmd/edit_project.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cmd/open.h"
#include "core/store/files.h"

namespace pg {
namespace {

constexpr std::uint64_t kLargestProjectFile = 1u << 20;

/// A private directory that is removed with everything in it.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    const char* base = std::getenv("TMPDIR");
    std::string path = fmt::format("{}/pg-edit-XXXXXX", base != nullptr && *base != '\0' ? base : "/tmp");
    if (::mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string editor_command() {
  for (const char* name : {"VISUAL", "EDITOR"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return "vi";
}

/// Runs the editor as a shell would, because EDITOR may hold arguments; the file's name is passed apart from the command.
Status run_editor(const std::string& file) {
  const auto editor = editor_command();
  const auto script = editor + " \"$1\"";
  const pid_t child = ::fork();
  if (child < 0) return make_error(Code::io_failed, fmt::format("cannot start an editor: {}", std::strerror(errno)));
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", script.c_str(), "sh", file.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return make_error(Code::io_failed, fmt::format("the editor '{}' failed; nothing was changed", editor));
}

Result<std::string> read_project_text(Shell& shell) {
  std::string text;
  char block[4096];
  for (std::size_t got = 0; (got = std::fread(block, 1, sizeof block, shell.in)) > 0;) {
    text.append(block, got);
    if (text.size() > kLargestProjectFile) return make_error(Code::too_large, "a project file has at most 1 MiB");
  }
  return text;
}

int replace(Shell& shell, const Settings& settings, const ProjectSettings& project, const std::string& text,
            const ProjectAct& act) {
  edit_project(settings, project.name, text, act).value();
  shell.note(fmt::format("saved {}; a running serve takes it within a second", project.file));
  return exit_ok;
}

}  // namespace

int edit_project_file(Shell& shell, const Settings& settings, const ProjectSettings& project, const std::string& from_file,
                      const ProjectAct& act) {
  if (from_file == "-") return replace(shell, settings, project, read_project_text(shell).value(), act);
  if (!from_file.empty())
    return replace(shell, settings, project, read_file(from_file, kLargestProjectFile, FileTrust::shared).value(), act);
  if (!shell.may_ask())
    return shell.fail(
        {.what = "an editor needs a terminal", .hint = fmt::format("pg projects edit {} --from-file FILE", project.name)});
  const auto before = read_file(project.file, kLargestProjectFile, FileTrust::shared).value();
  ScratchDirectory scratch;
  const auto copy = scratch.path() + "/" + project.name + ".toml";
  write_file(copy, before).value();
  while (true) {
    run_editor(copy).value();
    const auto after = read_file(copy, kLargestProjectFile, FileTrust::shared).value();
    if (after == before) {
      shell.note("nothing changed");
      return exit_ok;
    }
    auto saved = edit_project(settings, project.name, after, act);
    if (saved) break;
    shell.fail(saved.error());
    if (!shell.confirm("Edit again?").value()) return exit_status(saved.error().code);
  }
  shell.note(fmt::format("saved {}; a running serve takes it within a second", project.file));
  return exit_ok;
}

}  // namespace pg
