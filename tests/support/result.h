// How doctest prints a Result, so that CHECK(result) compiles and a failure shows the refusal.
#pragma once

#include <doctest/doctest.h>

#include "core/base/error.h"
#include "core/base/result.h"

namespace doctest {

template <class T>
struct StringMaker<pg::Result<T>> {
  static String convert(const pg::Result<T>& result) {
    if (result) return "a value";
    const pg::Error error = result.error();
    return String(pg::code_name(error.code).data()) + ": " + error.message.c_str();
  }
};

}  // namespace doctest
