// The doctest runner of every test binary: UTC, the C locale, no colours that a log would have to strip.
#define DOCTEST_CONFIG_IMPLEMENT
#include <clocale>
#include <cstdlib>

#include <doctest/doctest.h>

int main(int argc, char** argv) {
  ::setenv("TZ", "UTC", 1);
  std::setlocale(LC_ALL, "C");
  doctest::Context context(argc, argv);
  return context.run();
}
