// The four steps of the standard: canonical request, string to sign, derived key, signature.
#include "core/base/aws_sign.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/text.h"

namespace pg {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string hash_hex(std::string_view bytes) {
  return to_hex(as_bytes(sha256(bytes)));
}

// "20150830T123600Z"
std::string basic_time(UnixMillis now) {
  std::string text = format_rfc3339(now / 1000 * 1000);  // 2015-08-30T12:36:00.000Z
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '-' || c == ':'; }), text.end());
  return text.substr(0, 15) + "Z";
}

std::string encode_path(std::string_view path) {
  if (path.empty()) return "/";
  std::string out;
  for (const char c : path) out += c == '/' ? std::string("/") : to_percent(std::string_view(&c, 1));
  return out;
}

std::string sorted_query(std::string_view query) {
  std::vector<std::string> pairs;
  if (!query.empty())
    for (const std::string_view pair : split(query, '&'))
      pairs.push_back(std::string(pair) + (pair.find('=') == std::string_view::npos ? "=" : ""));
  std::sort(pairs.begin(), pairs.end());
  return fmt::format("{}", fmt::join(pairs, "&"));
}

// Runs of blanks inside a value count as one.
std::string folded(std::string_view value) {
  std::string out;
  for (const char c : trim(value))
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  return out;
}

struct Canonical {
  std::string fields;  // "host:…\nx-amz-date:…\n"
  std::string names;   // "host;x-amz-date"
};

Canonical canonical_fields(Fields fields) {
  std::sort(fields.begin(), fields.end());
  Canonical out;
  for (const auto& [name, value] : fields) {
    out.fields += fmt::format("{}:{}\n", name, folded(value));
    out.names += (out.names.empty() ? "" : ";") + name;
  }
  return out;
}

std::string hmac_text(std::string_view key, std::string_view text) {
  return std::string(as_bytes(hmac_sha256(key, text)));
}

std::string sign_text(const AwsKeys& keys, std::string_view date, std::string_view service, std::string_view text) {
  std::string start = "AWS4" + std::string(keys.secret.reveal());
  std::string key = hmac_text(start, date);
  wipe(start.data(), start.size());
  for (const std::string_view part : {std::string_view(keys.region), service, std::string_view("aws4_request")})
    key = hmac_text(key, part);
  return to_hex(hmac_text(key, text));
}

Error unreadable() {
  return make_error(Code::bad_request, "the AWS credentials cannot be read",
                    "expected the file of the AWS tools, their JSON, or ID:SECRET");
}

AwsKeys read_ini(std::string_view text) {
  AwsKeys keys;
  bool wanted = true;  // keys in front of any profile count
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (line.starts_with('[')) wanted = line == "[default]";
    const std::size_t equals = line.find('=');
    if (!wanted || equals == std::string_view::npos) continue;
    const std::string_view name = trim(line.substr(0, equals)), value = trim(line.substr(equals + 1));
    if (name == "aws_access_key_id") keys.key_id = value;
    if (name == "aws_secret_access_key") keys.secret = SecretString(value);
    if (name == "aws_session_token") keys.session_token = SecretString(value);
  }
  return keys;
}

AwsKeys read_process_json(std::string_view text) {
  AwsKeys keys;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto find = [&json](const char* name) {
    const auto found = json.is_object() ? json.find(name) : json.end();
    return json.is_object() && found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  keys.key_id = find("AccessKeyId");
  keys.secret = SecretString(find("SecretAccessKey"));
  keys.session_token = SecretString(find("SessionToken"));
  return keys;
}

AwsKeys read_colons(std::string_view text) {
  AwsKeys keys;
  const auto parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return keys;
  keys.key_id = trim(parts[0]);
  keys.secret = SecretString(trim(parts[1]));
  if (parts.size() == 3) keys.session_token = SecretString(trim(parts[2]));
  return keys;
}

bool is_one_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

Fields sign_aws(const AwsRequest& request, const AwsKeys& keys, std::string_view service, UnixMillis now) {
  const std::string time = basic_time(now);
  const std::string date = time.substr(0, 8);
  Fields added{{"x-amz-date", time}};
  if (!keys.session_token.empty()) added.emplace_back("x-amz-security-token", keys.session_token.reveal());
  Fields all = request.fields;
  all.insert(all.end(), added.begin(), added.end());
  const Canonical canonical = canonical_fields(std::move(all));
  const std::size_t question = std::min(request.target.find('?'), request.target.size());
  const std::string_view query = question < request.target.size() ? request.target.substr(question + 1) : std::string_view();
  const std::string asked = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, encode_path(request.target.substr(0, question)),
                                        sorted_query(query), canonical.fields, canonical.names, hash_hex(request.body));
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", date, keys.region, service);
  const std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope, hash_hex(asked));
  added.emplace_back("authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                                                  keys.key_id, scope, canonical.names, sign_text(keys, date, service, to_sign)));
  return added;
}

Result<AwsKeys> read_aws_keys(std::string_view text) {
  text = trim(text);
  AwsKeys keys = text.starts_with('{') ? read_process_json(text)
                 : text.find('=') != std::string_view::npos && text.find("aws_") != std::string_view::npos ? read_ini(text)
                                                                                                           : read_colons(text);
  const bool whole = !keys.key_id.empty() && !keys.secret.empty();
  if (!whole || !is_one_word(keys.key_id) || !is_one_word(keys.secret.reveal()) || !is_one_word(keys.session_token.reveal()))
    return unreadable();
  return keys;
}

}  // namespace pg
