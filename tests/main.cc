// The doctest runner of every test binary: UTC, the C locale, no colours that a log would have to strip.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <clocale>
#include <cstdlib>

int main(int argc, char** argv) {
  ::setenv("TZ", "UTC", 1);
  std::setlocale(LC_ALL, "C");
  doctest::Context context(argc, argv);
  return context.run();
}
