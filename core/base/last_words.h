// What is said of a fault inside pg: its kind, never its words, which may quote what went through.
#pragma once

#include <exception>
#include <string>

namespace pg {

/// The type of what was thrown, and for a system error what the system says of its number. Never what(): a parser's or a
/// library's may quote the text that it stumbled over.
std::string name_bug(const std::exception& bug);

/// From here on an exception that nobody catches ends the process with one line on standard error, "pg: internal error: TYPE";
/// so does a fault of the processor (on Linux, x86-64), with the place in the program's file. Registers and memory are not shown,
/// and no core file is written, by the kernel or through a program that collects them.
void guard_last_words();

/// Undoes what a program that takes this one's place (exec) would inherit: the limit of core files.
void give_back_core_limit();

}  // namespace pg
