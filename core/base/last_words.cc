// The handler runs while the process ends: it may allocate (nothing is broken yet), and it may not throw.
#include "core/base/last_words.h"

#include <cxxabi.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <typeinfo>

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

}  // namespace

std::string name_bug(const std::exception& bug) {
  std::string text = type_name(typeid(bug));
  if (const auto* system = dynamic_cast<const std::system_error*>(&bug)) text += " (" + system->code().message() + ")";
  return text;
}

void guard_last_words() {
  std::set_terminate(end_with_last_words);
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
