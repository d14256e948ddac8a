// The handler runs while the process ends: it may allocate (nothing is broken yet), and it may not throw.
#include "core/base/last_words.h"

#include <cxxabi.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <typeinfo>

#if defined(__linux__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <ucontext.h>
#define PG_TELLS_FAULTS  // sanitizers tell of them better
extern "C" char __executable_start, etext;
#endif

namespace pg {
namespace {

rlimit given_core_limit{};
bool core_limit_known = false;

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 && text ? text.get() : type.name();
}

[[noreturn]] void end_with_last_words() noexcept {
  std::string text = "pg: internal error: ";
  if (const std::exception_ptr bug = std::current_exception()) {
    try {
      std::rethrow_exception(bug);
    } catch (const std::exception& known) {
      text += name_bug(known);
    } catch (...) {
      const std::type_info* type = abi::__cxa_current_exception_type();
      text += type == nullptr ? "unknown" : type_name(*type);
    }
  } else {
    text += "terminated";
  }
  text += '\n';
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) std::abort();
  std::abort();
}

#ifdef PG_TELLS_FAULTS
struct Fault {
  int signal;
  std::string_view name;
};
constexpr std::array<Fault, 4> kFaults = {{{SIGSEGV, "invalid memory access"},
                                           {SIGBUS, "memory that is not there"},
                                           {SIGILL, "invalid instruction"},
                                           {SIGFPE, "invalid arithmetic"}}};

// Everything may be broken here: nothing is allocated, formatted or locked. The place is an offset into the program's file, which
// addr2line understands whatever the address it was loaded at.
void tell_fault(int signal, siginfo_t*, void* context) {
  std::array<char, 160> text;
  std::size_t size = 0;
  const auto add = [&text, &size](std::string_view words) {
    for (const char c : words)
      if (size < text.size()) text[size++] = c;
  };
  add("pg: internal error: ");
  for (const Fault& fault : kFaults)
    if (fault.signal == signal) add(fault.name);
  add(" in pg " PG_VERSION);
  const auto at = static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
  const auto begin = reinterpret_cast<std::uintptr_t>(&__executable_start);
  if (at >= begin && at < reinterpret_cast<std::uintptr_t>(&etext)) {
    add(" at 0x");
    int digits = 1;
    while ((at - begin) >> (4 * digits) != 0) ++digits;
    while (digits-- > 0) add(std::string_view("0123456789abcdef").substr((at - begin) >> (4 * digits) & 15, 1));
  }
  add("\n");
  if (::write(STDERR_FILENO, text.data(), size) < 0) std::abort();
  ::raise(signal);  // the default action has been put back
}

void tell_faults() {
  struct sigaction action {};
  action.sa_sigaction = tell_fault;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_RESETHAND | SA_NODEFER);
  for (const Fault& fault : kFaults) ::sigaction(fault.signal, &action, nullptr);
}
#else
void tell_faults() {}
#endif

}  // namespace

std::string name_bug(const std::exception& bug) {
  std::string text = type_name(typeid(bug));
  if (const auto* system = dynamic_cast<const std::system_error*>(&bug)) text += " (" + system->code().message() + ")";
  return text;
}

void guard_last_words() {
  std::set_terminate(end_with_last_words);
  tell_faults();
  if (::getrlimit(RLIMIT_CORE, &given_core_limit) != 0) return;
  core_limit_known = true;
  // One byte, not none: a pattern that pipes cores to a program ignores 0 and heeds 1 (core(5)); a file of one byte is not
  // written.
  const rlimit none{std::min<rlim_t>(1, given_core_limit.rlim_max), given_core_limit.rlim_max};
  ::setrlimit(RLIMIT_CORE, &none);
}

void give_back_core_limit() {
  if (core_limit_known) ::setrlimit(RLIMIT_CORE, &given_core_limit);
}

}  // namespace pg
