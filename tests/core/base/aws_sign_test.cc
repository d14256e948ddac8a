#include "core/base/aws_sign.h"

#include <doctest/doctest.h>

#include "tests/support/result.h"

using namespace pg;

namespace {

// The credentials and the moment of AWS's signature version 4 test suite.
AwsKeys suite_keys() {
  AwsKeys keys;
  keys.key_id = "AKIDEXAMPLE";
  keys.secret = SecretString(std::string("wJalrXUtnFEMI/K7MDENG") + "+bPxRfiCYEXAMPLEKEY");
  keys.region = "us-east-1";
  return keys;
}
constexpr UnixMillis kSuiteTime = 1'440'938'160'000;  // 2015-08-30T12:36:00Z

using SignedFields = std::vector<std::pair<std::string, std::string>>;

std::string find_field(const SignedFields& fields, std::string_view name) {
  for (const auto& [field, value] : fields)
    if (field == name) return value;
  return "";
}

std::string signature_of(std::string_view method, std::string_view target, SignedFields fields, std::string_view body,
                         std::string_view service = "service") {
  if (find_field(fields, "host").empty()) fields.emplace_back("host", "example.amazonaws.com");
  const SignedFields added = sign_aws({method, target, fields, body}, suite_keys(), service, kSuiteTime);
  const std::string text = find_field(added, "authorization");
  return text.substr(text.rfind('=') + 1);
}

}  // namespace

TEST_CASE("aws: the published vectors") {
  CHECK(signature_of("GET", "/", {}, "") == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  CHECK(signature_of("POST", "/", {}, "") == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  CHECK(signature_of("GET", "/\xe1\x88\xb4", {}, "") == "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
  CHECK(signature_of("GET", "/example space/", {}, "") == "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741");
  CHECK(signature_of("GET", "/?Param2=value2&Param1=value1", {}, "") ==
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  CHECK(signature_of("GET", "/", {{"my-header1", " value1"}, {"my-header2", " \"a   b   c\""}}, "") ==
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
  CHECK(signature_of("POST", "/", {{"content-type", "application/x-www-form-urlencoded"}}, "Param1=value1") ==
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
  CHECK(signature_of("GET", "/?Action=ListUsers&Version=2010-05-08",
                     {{"host", "iam.amazonaws.com"}, {"content-type", "application/x-www-form-urlencoded; charset=utf-8"}}, "",
                     "iam") == "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST_CASE("aws: what is added names the scope, the signed fields and a session token") {
  AwsKeys keys = suite_keys();
  const AwsRequest request{"GET", "/", {{"host", "example.amazonaws.com"}}, ""};
  SignedFields added = sign_aws(request, keys, "service", kSuiteTime);
  CHECK(find_field(added, "x-amz-date") == "20150830T123600Z");
  CHECK(find_field(added, "x-amz-security-token").empty());
  CHECK(find_field(added, "authorization")
            .starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                         "SignedHeaders=host;x-amz-date, Signature="));
  keys.session_token = SecretString("session");
  added = sign_aws(request, keys, "service", kSuiteTime);
  CHECK(find_field(added, "x-amz-security-token") == "session");
  CHECK(find_field(added, "authorization").find("SignedHeaders=host;x-amz-date;x-amz-security-token,") != std::string::npos);
  // Everything counts.
  const std::string before = find_field(added, "authorization");
  CHECK(find_field(sign_aws({"GET", "/", request.fields, "x"}, keys, "service", kSuiteTime), "authorization") != before);
  CHECK(find_field(sign_aws(request, keys, "service", kSuiteTime + 1000), "authorization") != before);
  // An escape in the path is escaped once more.
  CHECK(signature_of("POST", "/model/a%3A0/invoke", {}, "") != signature_of("POST", "/model/a:0/invoke", {}, ""));
}

TEST_CASE("aws: keys as AWS's tools keep them, and as three words") {
  const auto same = [](std::string_view text, std::string_view token) {
    const Result<AwsKeys> keys = read_aws_keys(text);
    REQUIRE(keys);
    CHECK(keys.value().key_id == "ID");
    CHECK(keys.value().secret.reveal() == "se/cret+1");
    CHECK(keys.value().session_token.reveal() == token);
  };
  same("ID:se/cret+1\n", "");
  same("ID:se/cret+1:tok", "tok");
  same(
      "[other]\naws_access_key_id = NO\naws_secret_access_key = NO\n[default]\naws_access_key_id=ID\r\n"
      "aws_secret_access_key = se/cret+1\naws_session_token = tok\n[last]\naws_access_key_id = NO\n",
      "tok");
  same(R"({"Version":1,"AccessKeyId":"ID","SecretAccessKey":"se/cret+1","SessionToken":"tok"})", "tok");
  for (const char* bad : {"", "ID", "ID:", ":x", "a:b:c:d", "{}", "{\"AccessKeyId\":1}", "aws_access_key_id = ID", "I D:x",
                          "[x]\naws_access_key_id=ID\naws_secret_access_key=s\n", "{\"AccessKeyId\":\"ID\""}) {
    CAPTURE(bad);
    const Result<AwsKeys> keys = read_aws_keys(bad);
    REQUIRE_FALSE(keys);
    CHECK(keys.error().message == "the AWS credentials cannot be read");
  }
}
