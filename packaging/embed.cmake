# Writes OUT, a C++ file that holds each of FILES as bytes, found by name through pg::shipped(). Run at build time.
set(text "// Generated from the shipped data files.\n#include \"core/base/shipped.h\"\n\nnamespace pg {\nnamespace {\n")
set(rows "")
set(n 0)
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND text "constexpr unsigned char kFile${n}[] = {${bytes}0};\n")
  string(APPEND rows "  {\"${name}\", {reinterpret_cast<const char*>(kFile${n}), sizeof kFile${n} - 1}},\n")
  math(EXPR n "${n} + 1")
endforeach()
string(APPEND text "const ShippedFile kShipped[] = {\n${rows}};\n}  // namespace\n\n"
  "std::string_view shipped(std::string_view name) {\n  for (const ShippedFile& file : kShipped)\n"
  "    if (file.name == name) return file.bytes;\n  return {};\n}\n\n}  // namespace pg\n")
file(WRITE "${OUT}" "${text}")
