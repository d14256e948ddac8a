// What stands around a value is looked at within some hundred bytes on either side, so that a hit costs the same in any text. The
// expressions find where a value begins; where it ends is said by the quote that it stands in, or by what separates it.
#include "core/guard/login_forms.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/guard/byte_set.h"
#include "core/guard/edges.h"
#include "core/guard/stand_ins.h"

namespace pg {
namespace {

constexpr std::size_t kShortestValue = 6, kLongestValue = 256;

/// The line up to `at`, of its last `reach` bytes; a backslash at its end continues it.
std::string_view line_before(std::string_view text, std::size_t at, std::size_t reach) {
  std::size_t begin = at;
  const std::size_t stop = at > reach ? at - reach : 0;
  while (begin > stop && (text[begin - 1] != '\n' || (begin >= 2 && text[begin - 2] == '\\'))) --begin;
  return text.substr(begin, at - begin);
}

/// The line from `at` on, of its next `reach` bytes.
std::string_view line_behind(std::string_view text, std::size_t at, std::size_t reach) {
  const std::string_view near = text.substr(std::min(at, text.size()), reach);
  return near.substr(0, near.find('\n'));
}

template <std::size_t N>
bool names_any(std::string_view before, std::string_view behind, const std::array<std::string_view, N>& names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return contains_ignore_case(before, name) || contains_ignore_case(behind, name);
  });
}

bool is_password_of(const Login& login) {
  return !is_filled_in_later(login.password) && !is_stand_in(login) && is_no_word(login.password);
}

/// The quote that the end of `before` stands in, and what follows it there.
struct Quoted {
  char quote = '\0';
  std::string_view before;
};
/// From the back, since what a line begins with may be cut: a quote opens where nothing but a sign stands before it and something
/// behind, and those that close were opened before.
Quoted quote_around(std::string_view before) {
  static constexpr std::string_view kQuotes = "\"'`";
  static constexpr ByteSet kNeverOpened(" \t,;)]}");
  std::array<int, kQuotes.size()> closed{};
  for (std::size_t at = before.size(); at-- > 0;) {
    const std::size_t kind = kQuotes.find(before[at]);
    if (kind == std::string_view::npos) continue;
    const bool opens = (at == 0 || !kAlnum.has(before[at - 1])) && (at + 1 == before.size() || !kNeverOpened.has(before[at + 1]));
    if (opens && closed[kind] == 0) return {before[at], before.substr(at + 1)};
    closed[kind] += opens ? -1 : 1;
  }
  return {'\0', before};
}

/// True for the ';' that ends "&amp;".
bool ends_entity(std::string_view text, std::size_t at) {
  constexpr std::size_t kLongest = 6, kShortest = 3;
  const std::string_view near = text.substr(at - std::min(at, kLongest), std::min(at, kLongest));
  const std::size_t begin = near.rfind('&');
  if (begin == std::string_view::npos || near.size() - begin < kShortest) return false;
  const std::string_view name = near.substr(begin + 1);
  return std::all_of(name.begin(), name.end(), [](char byte) { return kAlnum.has(byte) || byte == '#'; });
}

/// From `begin` to the first of `separators`, blank, `quote` or escaped end of a line; empty when that is too far.
Place value_from(std::string_view text, std::size_t begin, std::string_view separators, char quote) {
  std::size_t end = begin;
  for (; end < text.size() && end - begin <= kLongestValue; ++end) {
    const char byte = text[end];
    if (kSpace.has(byte) || (quote != '\0' && byte == quote) || (byte == '\\' && escaped_end_at(text, end))) break;
    if (separators.find(byte) != std::string_view::npos && (byte != ';' || !ends_entity(text, end))) return {begin, end};
  }
  if (end - begin > kLongestValue) return {begin, begin};
  // Without a quote, what closes a sentence or a bracket is no part of it.
  static constexpr std::string_view kClosing = "`)]>.,:;'\"";
  while (quote == '\0' && end > begin && kClosing.find(text[end - 1]) != std::string_view::npos) --end;
  return {begin, end};
}

/// A value in quotes or braces of its own; empty when they do not close.
Place quoted_value(std::string_view text, std::size_t begin, char close) {
  const std::string_view near = text.substr(begin, kLongestValue + 1);
  const std::size_t end = near.find_first_of(std::string{close, '\n'});
  if (end == std::string_view::npos || near[end] != close) return {begin, begin};
  return {begin, begin + end};
}

/// What "name = value" in `line`, which is in lower case, says; empty when it says nothing.
template <std::size_t N>
std::string_view named_in(std::string_view line, const std::array<std::string_view, N>& names) {
  for (const std::string_view name : names) {
    for (std::size_t at = line.find(name); at != std::string_view::npos; at = line.find(name, at + 1)) {
      if (at > 0 && kAlnum.has(line[at - 1])) continue;
      std::size_t sign = at + name.size();
      while (sign < line.size() && line[sign] == ' ') ++sign;
      if (sign >= line.size() || line[sign] != '=') continue;
      std::string_view value = trim(line.substr(sign + 1, 128));
      if (value.starts_with("tcp:")) value.remove_prefix(4);
      if (value.starts_with('\'') || value.starts_with('"')) value.remove_prefix(1);
      return value.substr(0, value.find_first_of(";&\"'`, \t\r)"));
    }
  }
  return {};
}

/// What separates the parts of a connection string: "a=b;", "?a=b&", "a=b a=b", "host:port,a=b,".
enum class ConnectionForm { none, semicolons, query, blanks, commas };

struct ConnectionPlace {
  ConnectionForm form = ConnectionForm::none;
  std::string_view before;  // of the string or line, up to the name
  char quote = '\0';        // around the string
};

ConnectionPlace connection_at(std::string_view text, std::size_t begin) {
  constexpr std::size_t kBefore = 256;
  const Quoted quoted = quote_around(line_before(text, begin, kBefore));
  ConnectionPlace place{ConnectionForm::blanks, quoted.before, quoted.quote};
  std::string_view before = quoted.before;
  while (!before.empty() && before.back() == ' ') before.remove_suffix(1);
  const bool blank = before.size() < quoted.before.size();
  const char sign = text[begin] == ';' ? ';' : before.empty() ? '\0' : before.back();
  if (before.ends_with("&amp;") && text[begin] != ';') {
    place.form = ConnectionForm::query;  // of a URL in XML
  } else if (sign == ';' || sign == '\0') {
    place.form = ConnectionForm::semicolons;
  } else if (!blank) {
    place.form = sign == '?' || sign == '&' ? ConnectionForm::query : sign == ',' ? ConnectionForm::commas : ConnectionForm::none;
  } else if (quoted.before.find('(') != std::string_view::npos || quoted.before.find(", ") != std::string_view::npos) {
    place.form = ConnectionForm::none;  // a call with arguments of these names
  }
  return place;
}

/// Where the password stands that begins behind the match; empty where code or a name is meant.
Place connection_value(const Candidate& c, const ConnectionPlace& place) {
  static constexpr ByteSet kOwnQuotes("'\"{");
  std::size_t begin = c.whole.end;
  const std::size_t escape = c.text.find_first_not_of('\\', begin);
  if (escape != std::string_view::npos && escape - begin <= 3 && c.text[escape] == '"') begin = escape;
  const char open = begin < c.text.size() ? c.text[begin] : '\0';
  if (!kOwnQuotes.has(open) || open == place.quote) {
    const std::string_view separators = place.form == ConnectionForm::semicolons ? ";"
                                        : place.form == ConnectionForm::query    ? "&;"
                                        : place.form == ConnectionForm::commas   ? ","
                                                                                 : "";
    return value_from(c.text, begin, separators, place.quote);
  }
  Place value = quoted_value(c.text, begin + 1, open == '{' ? '}' : open);
  while (begin != c.whole.end && value.size() > 0 && c.text[value.end - 1] == '\\') --value.end;
  // Braces are for values with signs in them; a name in braces is filled in later.
  static constexpr ByteSet kOfName("A-Za-z0-9_.:()[]'\" ");
  const std::string_view inside = c.text.substr(value.begin, value.size());
  const bool is_name = open == '{' && std::all_of(inside.begin(), inside.end(), [](char byte) { return kOfName.has(byte); });
  const bool is_joined = inside.starts_with(' ') && inside.ends_with(' ');  // ' . $password . '
  return is_name || is_joined ? Place{begin, begin} : value;
}

/// settings.get_password() and the like.
bool is_called(std::string_view value) {
  static constexpr ByteSet kName("A-Za-z0-9_.@");
  const std::size_t open = value.find('(');
  if (open == std::string_view::npos) return false;
  return (open + 1 == value.size() || value.find(')', open) != std::string_view::npos) &&
         std::all_of(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(open), [](char byte) { return kName.has(byte); });
}

/// The password that the candidate is to be, unless it is none.
Judgement judge_login(Candidate& c, const Place& value, std::string_view user, std::string_view host) {
  if (value.size() < kShortestValue || value.size() > kLongestValue) return Judgement::no;
  const std::string_view password = c.text.substr(value.begin, value.size());
  if (!is_password_of({user, password, host})) return Judgement::no;
  c.value = value;
  c.whole.end = std::max(c.whole.end, value.end);
  return Judgement::possible;
}

/// The host of the first URL in `text`, or what stands there where one is.
std::string_view host_of_url(std::string_view text) {
  const std::size_t at = text.find("//");
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + 2);
  return rest.substr(0, rest.find_first_of("/:?;#& \"'`\t\r\n\\)"));
}

/// The field of `text` that ends at its end, behind one of `signs`.
std::string_view last_field(std::string_view text, std::string_view signs) {
  const std::size_t at = text.find_last_of(signs);
  return at == std::string_view::npos ? text : text.substr(at + 1);
}

}  // namespace

Judgement check_connection_password(Candidate& c) {
  constexpr std::size_t kBehind = 200;
  constexpr std::array<std::string_view, 7> kServers = {"server", "data source", "host", "hostname", "address", "addr", "dsn"};
  constexpr std::array<std::string_view, 5> kUsers = {"user id", "userid", "user", "uid", "username"};
  constexpr std::array<std::string_view, 1> kDatabase = {"dbname"}, kDriver = {"driver"};
  constexpr std::array<std::string_view, 2> kRedis = {"ssl", "abortconnect"};
  const ConnectionPlace place = connection_at(c.text, c.whole.begin);
  if (place.form == ConnectionForm::none) return Judgement::no;
  const Place value = connection_value(c, place);
  const std::string_view password = c.text.substr(value.begin, value.size());
  // First what costs nothing: most of what is called a password is none.
  if (value.size() < kShortestValue || is_called(password) || !is_no_word(password)) return Judgement::no;
  std::string_view behind = line_behind(c.text, value.end, kBehind);
  if (place.quote != '\0') behind = behind.substr(0, behind.find(place.quote));
  const std::string line = to_lower(place.before) + "\n" + to_lower(behind);
  const bool is_jdbc = line.find("jdbc:") != std::string::npos;
  std::string_view host = named_in(line, kServers);
  const std::string_view user = named_in(line, kUsers);
  const bool has_server = !host.empty() || !named_in(line, kDriver).empty();
  bool is_string = is_jdbc && place.form != ConnectionForm::blanks;
  if (is_jdbc && host.empty()) host = host_of_url(line);
  if (place.form == ConnectionForm::semicolons) is_string = is_string || (has_server && !user.empty());
  if (place.form == ConnectionForm::blanks) is_string = !host.empty() && !(user.empty() && named_in(line, kDatabase).empty());
  if (place.form == ConnectionForm::commas) {
    is_string = !named_in(line, kRedis).empty();
    host = last_field(std::string_view(line).substr(0, line.find_first_of(":\n")), "\"'`= \t");
  }
  return is_string ? judge_login(c, value, user, host) : Judgement::no;
}

Judgement check_dsn_password(Candidate& c) {
  const std::string_view head = c.text.substr(c.whole.begin, c.value.begin - 1 - c.whole.begin);
  const std::string_view near = c.text.substr(c.whole.end, 128);
  return judge_login(c, c.value, last_field(head, "=/,;|>"), near.substr(0, near.find_first_of("):\"' \n")));
}

Judgement check_pgpass_password(Candidate& c) {
  // host:port:database:user: of the whole line, or of a string that is one
  const char before = c.whole.begin == 0 ? '\n' : c.text[c.whole.begin - 1];
  if (before != '\n' && before != '"' && before != '\'') return Judgement::no;
  const std::vector<std::string_view> fields = split(c.text.substr(c.whole.begin, c.whole.size()), ':');
  if (fields.size() < 5) return Judgement::no;
  if (std::all_of(fields[2].begin(), fields[2].end(), [](char byte) { return kDigits.has(byte); })) return Judgement::no;
  const Place value = value_from(c.text, c.whole.end, "", before == '\n' ? '\0' : before);
  const std::size_t stop = value.end;
  const bool ends_line = stop >= c.text.size() || kSpace.has(c.text[stop]) || c.text[stop] == '\\' || c.text[stop] == before;
  return ends_line ? judge_login(c, value, fields[3], fields[0]) : Judgement::no;
}

Judgement check_netrc_password(Candidate& c) {
  const std::string head = to_lower(c.text.substr(c.whole.begin, c.whole.size()));
  const auto word_behind = [&head](std::string_view name) {
    const std::size_t at = head.find(name);
    if (at == std::string::npos) return std::string_view();
    const std::string_view rest = trim(std::string_view(head).substr(at + name.size()));
    return rest.substr(0, rest.find_first_of(" \t\r\n\\"));
  };
  const char open = c.whole.end < c.text.size() ? c.text[c.whole.end] : '\0';
  const char before = c.whole.begin == 0 ? '\n' : c.text[c.whole.begin - 1];
  const char around = before == '"' || before == '\'' ? before : '\n';
  const Place value =
      open == '"' && around != '"' ? quoted_value(c.text, c.whole.end + 1, '"') : value_from(c.text, c.whole.end, "", around);
  return judge_login(c, value, word_behind("login"), word_behind("machine"));
}

Judgement check_curl_password(Candidate& c) {
  constexpr std::size_t kReach = 400;
  // The command that has the option: others may stand on the same line.
  const std::string_view line = line_before(c.text, c.whole.begin + 1, kReach);
  const std::string_view command = last_field(line, "|;&`(");
  if (!contains_ignore_case(command, "curl")) return Judgement::no;
  const std::string_view option = c.text.substr(c.whole.begin, c.whole.size());
  const std::size_t name = option.find_last_of(" ='\"\\", option.size() - 2) + 1;
  const char quote = name > 0 && (option[name - 1] == '\'' || option[name - 1] == '"') ? option[name - 1] : '\0';
  Place value{c.whole.end, c.whole.end};
  if (quote != '\0') {
    value = quoted_value(c.text, c.whole.end, quote);
    if (value.size() > 0 && c.text[value.end - 1] == '\\') --value.end;  // of a string inside a string
  } else {
    value = value_from(c.text, c.whole.end, "|;&)<>`\"'", '\0');
  }
  std::string_view host = host_of_url(line_behind(c.text, value.end, kReach));
  if (host.empty()) host = host_of_url(command);
  return judge_login(c, value, option.substr(name, option.size() - 1 - name), host);
}

Judgement check_azure_sas(Candidate& c) {
  constexpr std::size_t kReach = 400;
  const std::string_view before = line_before(c.text, c.whole.begin, kReach), behind = line_behind(c.text, c.whole.end, kReach);
  constexpr std::array<std::string_view, 3> kExpiry = {"?se=", "&se=", ";se="};
  constexpr std::array<std::string_view, 10> kWhat = {
      "?sv=", "&sv=", ";sv=", "?sr=", "&sr=", ";sr=", " sr=", "?sp=", "&sp=", ";sp="};
  return names_any(before, behind, kExpiry) && names_any(before, behind, kWhat) ? Judgement::possible : Judgement::no;
}

Judgement check_jwk(Candidate& c) {
  constexpr std::size_t kReach = 4096;  // of an RSA key of 4096 bits
  const std::size_t stop = c.whole.begin > kReach ? c.whole.begin - kReach : 0;
  const std::string_view before = c.text.substr(stop, c.whole.begin - stop);
  const std::size_t open = before.rfind('{');
  if (open == std::string_view::npos) return Judgement::no;
  const std::string_view behind = c.text.substr(std::min(c.whole.end, c.text.size()), kReach);
  const std::array<std::string_view, 2> members = {before.substr(open), behind.substr(0, behind.find('}'))};
  const auto has = [&](std::string_view name) {
    return std::any_of(members.begin(), members.end(),
                       [name](std::string_view part) { return part.find(name) != std::string_view::npos; });
  };
  // A symmetric key is "k"; keys of curves and RSA name their public part as well.
  const bool symmetric = c.text.substr(c.whole.begin, 2) == "\"k";
  return has("\"kty") && (symmetric ? has("oct") : has("\"x") || has("\"n")) ? Judgement::possible : Judgement::no;
}

}  // namespace pg
