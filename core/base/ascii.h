// Letters and digits as protocols mean them: those of ASCII, whatever the locale says.
#pragma once

namespace pg {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_letter(char c) {
  return is_lower(c) || is_upper(c);
}
constexpr bool is_alnum(char c) {
  return is_letter(c) || is_digit(c);
}
/// A letter, a digit or an underscore.
constexpr bool is_word(char c) {
  return is_alnum(c) || c == '_';
}
/// What stands between words and at the ends of lines: space, tab, CR, LF.
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

constexpr char to_lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr char to_upper(char c) {
  return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
}

/// 0 to 15 for a hex digit of either case, else -1.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char digit = to_lower(c);
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}
constexpr bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace pg
