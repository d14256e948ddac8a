# Which libraries a release takes in. Each shared one costs every start of the program some tenths of a millisecond, and the C++
# runtime the most; so those that are there as archives become part of it. OpenSSL stays shared: its fixes come with the system.
set(PG_FMT fmt::fmt)
set(PG_RE2 PkgConfig::RE2)
set(PG_SQLITE SQLite::SQLite3)
set(PG_ZLIB ZLIB::ZLIB)
set(PG_ZSTD PkgConfig::ZSTD)
set(PG_XXHASH PkgConfig::XXHASH)
if(NOT CMAKE_BUILD_TYPE STREQUAL "Release" OR APPLE OR PG_SANITIZE OR PG_TSAN OR PG_FUZZ)
  return()
endif()

foreach(name re2 sqlite3 z zstd xxhash)
  find_library(PG_ARCHIVE_${name} lib${name}.a)
endforeach()
# All of them or none: one that is shared brings the shared C++ runtime back. fmt's archive is not in every distribution, its parts
# that are not templates are one file of it.
if(fmt_VERSION VERSION_GREATER_EQUAL 10 OR NOT (PG_ARCHIVE_re2 AND PG_ARCHIVE_sqlite3 AND PG_ARCHIVE_z AND PG_ARCHIVE_zstd AND PG_ARCHIVE_xxhash))
  message(STATUS "Linking shared libraries: no archives of all that are needed")
  return()
endif()
add_library(pg_fmt STATIC packaging/fmt.cc)
target_compile_definitions(pg_fmt PUBLIC FMT_SHARED)  # as fmt::fmt has it, so that objects are the same for both ways
set(PG_FMT pg_fmt)
add_library(pg_re2 INTERFACE)
target_compile_options(pg_re2 INTERFACE -pthread)
target_link_libraries(pg_re2 INTERFACE "${PG_ARCHIVE_re2}" Threads::Threads)
set(PG_RE2 pg_re2)
set(PG_SQLITE "${PG_ARCHIVE_sqlite3}" m ${CMAKE_DL_LIBS} Threads::Threads)
set(PG_ZLIB "${PG_ARCHIVE_z}")
set(PG_ZSTD "${PG_ARCHIVE_zstd}")
set(PG_XXHASH "${PG_ARCHIVE_xxhash}")
add_link_options(-static-libstdc++ -static-libgcc)
