# pg_flags: what every first-party file is compiled with. Third-party headers are SYSTEM and stay quiet.
include(CheckCXXCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)

add_library(pg_flags INTERFACE)
target_compile_options(pg_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wextra-semi $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)  # g++ 12 sees overlaps in string concatenation that are not there (GCC 105651)
if(PG_DEV)
  target_compile_options(pg_flags INTERFACE -Werror)
endif()
# toml++ and Asio are compiled without what pg does not use. FMT_HEADER_ONLY must stay undefined: fmt asks only whether it is defined.
target_compile_definitions(pg_flags INTERFACE PG_VERSION="${PROJECT_VERSION}" BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_DATE_TIME TOML_EXCEPTIONS=0 TOML_HEADER_ONLY=1)
target_include_directories(pg_flags SYSTEM INTERFACE "${PG_TOML_INCLUDE}")
target_include_directories(pg_flags INTERFACE "${CMAKE_SOURCE_DIR}")
# No path of the build machine in asserts or debug information.
target_compile_options(pg_flags INTERFACE "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")

if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(pg_flags INTERFACE -Wno-subobject-linkage)  # meant for headers, which files compiled together look like
endif()
if((PG_SANITIZE OR PG_TSAN) AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(pg_flags INTERFACE -Wno-maybe-uninitialized)  # instrumented code confuses g++ 12's flow analysis
endif()
if(PG_SANITIZE)
  # Checks of every pointer (null, aligned, large enough) cost the compiler a third more: ASan stops at a null pointer that is
  # followed, and the fuzz harnesses, which clang builds, have them all.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,alignment,object-size -fno-sanitize-recover=undefined
    -fno-omit-frame-pointer -O1 -g1)
  add_link_options(-fsanitize=address,undefined)
  # Beast's parser under UBSan takes g++ 12 over a minute a file.
  set_source_files_properties(proxy/net/http_parse.cc PROPERTIES COMPILE_OPTIONS -fno-sanitize=undefined)
elseif(PG_TSAN)
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -O1 -g1)
  # ThreadSanitizer knows no fences, and g++ says so of each: Asio's schedulers are ordered by their mutexes without them.
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  check_cxx_compiler_flag(-Wno-tsan PG_HAS_NO_TSAN_WARNING)
  if(PG_HAS_NO_TSAN_WARNING)
    add_compile_options(-Wno-tsan)
  endif()
  add_link_options(-fsanitize=thread)
elseif(PG_FUZZ)
  # The check of function types: clang 14 cannot assemble what it puts in front of a coroutine.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function -fno-sanitize-recover=undefined -O1 -g1)
  add_link_options(-fsanitize=address,undefined)
elseif(CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
else()
  # Hardening.
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  add_compile_options(-fstack-protector-strong)
  add_compile_definitions(_FORTIFY_SOURCE=2)
  foreach(flag -fstack-clash-protection -fcf-protection)
    string(MAKE_C_IDENTIFIER "PG_HAS${flag}" has)
    check_cxx_compiler_flag(${flag} ${has})
    if(${has})
      add_compile_options(${flag})
    endif()
  endforeach()
  if(NOT APPLE)
    add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
  endif()
endif()

if(PG_LTO)
  include(CheckIPOSupported)
  check_ipo_supported(RESULT PG_HAS_LTO LANGUAGES CXX)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${PG_HAS_LTO})
endif()
