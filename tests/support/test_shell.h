// A Shell whose streams are in memory, for tests that look at what a command says.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>

#include "cmd/command.h"
#include "core/base/text.h"

namespace pg::test {

/// Standard output and error collect in memory; standard input is empty; nothing is a terminal.
class TestShell {
 public:
  TestShell() {
    shell.in = std::fopen("/dev/null", "r");
    shell.out = ::open_memstream(&out_, &out_size_);
    shell.err = ::open_memstream(&err_, &err_size_);
  }
  ~TestShell() {
    for (std::FILE* stream : {shell.in, shell.out, shell.err}) std::fclose(stream);
    std::free(out_);
    std::free(err_);
  }
  TestShell(const TestShell&) = delete;
  TestShell& operator=(const TestShell&) = delete;

  std::string out() {
    std::fflush(shell.out);
    return {out_, out_size_};
  }
  std::string err() {
    std::fflush(shell.err);
    return {err_, err_size_};
  }

  Shell shell;

 private:
  char* out_ = nullptr;
  char* err_ = nullptr;
  std::size_t out_size_ = 0, err_size_ = 0;
};

/// Cells of the widest line.
inline int widest_line(const std::string& text) {
  int widest = 0;
  for (const auto line : split(text, '\n')) widest = std::max(widest, display_width(line));
  return widest;
}

}  // namespace pg::test
