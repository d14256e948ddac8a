# Targets `format` and `check-format` over our own files. Version 14 (Debian 12's): others break lines elsewhere.
find_program(PG_CLANG_FORMAT NAMES clang-format-14 clang-format)
file(GLOB_RECURSE PG_FORMATTED CONFIGURE_DEPENDS cmd/*.h cmd/*.cc core/*.h core/*.cc proxy/*.h proxy/*.cc config/*.h config/*.cc
  tests/core/*.h tests/core/*.cc tests/config/*.cc tests/proxy/*.cc tests/cmd/*.cc tests/support/*.h tests/support/*.cc)
file(GLOB PG_FORMATTED_FLAT CONFIGURE_DEPENDS tests/*.cc tests/*.h tests/e2e/*.cc tests/e2e/*.h tests/fuzz/*.cc tests/fuzz/*.h tests/bench/*.cc tests/bench/*.h)
list(APPEND PG_FORMATTED ${PG_FORMATTED_FLAT})  # not recursive: tests/e2e may hold node_modules

if(PG_CLANG_FORMAT)
  set(PG_FORMAT_LIST "${CMAKE_BINARY_DIR}/generated/formatted_files.txt")
  list(JOIN PG_FORMATTED "\n" PG_FORMATTED_LINES)
  file(WRITE "${PG_FORMAT_LIST}" "${PG_FORMATTED_LINES}\n")
  add_custom_target(format COMMAND xargs -n 50 "${PG_CLANG_FORMAT}" -i < "${PG_FORMAT_LIST}" COMMENT "Formatting")
  add_custom_target(check-format COMMAND xargs -n 50 "${PG_CLANG_FORMAT}" --dry-run --Werror < "${PG_FORMAT_LIST}"
    COMMENT "Checking the format")
endif()
