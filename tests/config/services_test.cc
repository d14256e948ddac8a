// What users read when a project of type "api" is wrong, and what becomes of one that is right.
#include <doctest/doctest.h>

#include "config/api_project.h"
#include "config/build_policy.h"
#include "config/build_services.h"
#include "config/load.h"
#include "config/read_credential.h"
#include "config/service_knobs.h"
#include "config/show.h"
#include "config/validate_services.h"
#include "core/guard/secrets.h"
#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

const std::string kApiHead = "id = \"" + std::string(test::kProjectId) + "\"\ntype = \"api\"\n";

std::string service_problems(const std::string& lines, const std::string& head = kApiHead) {
  const SettingsHome home;
  home.project("web", head + lines);
  return problems_text(read_settings(home.options).problems);
}

std::string service_warnings(const std::string& lines) {
  const SettingsHome home;
  home.project("web", kApiHead + lines);
  std::string all;
  for (const std::string& warning : load_settings(home.options).value().warnings) all += warning + "\n";
  return all;
}

bool has_words(const std::string& all, std::string_view part) {
  return all.find(part) != std::string::npos;
}

std::map<std::string, std::shared_ptr<const Service>, std::less<>> built(const SettingsHome& home, PolicyParts parts = {}) {
  parts.environment = *home.options.environment;
  const Settings settings = load_settings(home.options).value();
  return build_services(settings.projects.at("web"), settings, parts);
}

const std::string kPlace = "[services.s]\nbase_url = \"https://api.example.com/v1\"\n";
const std::string kOAuth = kPlace + "auth = \"oauth\"\n[services.s.oauth]\ntoken_url = \"https://login.example.com/t\"\n";

}  // namespace

TEST_CASE("services: what is right has no problems") {
  CHECK(service_problems("") == "");
  CHECK(service_problems(kPlace) == "");
  CHECK(service_problems(kPlace +
                         "methods = [\"GET\", \"PATCH\"]\npaths = [\"/a/**\"]\ncredential = \"env:X\"\nauth = \"header:X-Key\"\n"
                         "headers = { accept = \"a/b\" }\nmax_reply = \"1MiB\"\n") == "");
  CHECK(service_problems(kOAuth + "client_id = \"me\"\nclient_secret = \"env:S\"\n") == "");
  CHECK(service_problems(kOAuth + "client_id = \"me\"\nrefresh_token = \"sealed:r\"\n") == "");
  CHECK(service_problems("[services.s]\nbase_url = \"http://10.0.0.8:9000\"\nprivate = true\n") == "");
}

TEST_CASE("services: what is wrong is said where it stands") {
  CHECK(has_words(service_problems(kPlace + "base_ur = \"x\"\n"), "web.toml:5:1: unknown key \"base_ur\""));
  CHECK(has_words(service_problems(kPlace + "methods = [\"get\"]\n"), "methods must be one of"));
  CHECK(has_words(service_problems(kPlace + "methods = []\n"), "nothing could be asked for"));
  CHECK(has_words(service_problems(kPlace + "paths = [\"repos\"]\n"), "a path begins with /"));
  CHECK(has_words(service_problems(kPlace + "deny_paths = [\"/a%2fb\"]\n"), "without escapes"));
  CHECK(has_words(service_problems(kPlace + "auth = \"bearer\"\n"), "needs a credential"));
  CHECK(has_words(service_problems(kPlace + "auth = \"none\"\ncredential = \"env:X\"\n"), "sends none"));
  CHECK(has_words(service_problems(kPlace + "auth = \"berer\"\ncredential = \"env:X\"\n"), "did you mean \"bearer\"?"));
  CHECK(has_words(service_problems(kPlace + "auth = \"header:Host\"\ncredential = \"env:X\"\n"), "under this name"));
  CHECK(has_words(service_problems(kPlace + "credential = \"client\"\n"), "never goes to a service"));
  CHECK(has_words(service_problems(kPlace + "unreadable = \"allow\"\n"), "\"refuse\" or \"pass\""));
  CHECK(has_words(service_problems("[services.s]\nmethods = [\"GET\"]\n"), "base_url is missing"));
  CHECK(has_words(service_problems("[services.key]\nbase_url = \"https://x.example\"\n"), "a service's name"));
  CHECK(has_words(service_problems("[services.s]\nbase_url = \"https://192.168.0.1\"\n"),
                  "is not an address of the public internet"));
  CHECK(has_words(service_problems("providers = [\"echo\"]\n" + kPlace), "has no providers"));
  CHECK(has_words(service_problems(kPlace, "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"echo\"]\n"),
                  "has no services"));
}

TEST_CASE("services: an oauth table is whole, and its refresh token is one that can be replaced") {
  CHECK(has_words(service_problems(kPlace + "auth = \"oauth\"\n"), "needs a table"));
  CHECK(has_words(service_problems(kPlace + "[services.s.oauth]\ntoken_url = \"https://x.example\"\n"), "auth is not \"oauth\""));
  CHECK(has_words(service_problems(kOAuth + "client_secret = \"env:S\"\n"), "client_id is missing"));
  CHECK(has_words(service_problems(kOAuth + "client_id = \"me\"\n"), "neither a client_secret nor a refresh_token"));
  CHECK(has_words(service_problems(kOAuth + "client_id = \"me\"\nrefresh_token = \"env:R\"\n"), "kept in the database alone"));
  CHECK(has_words(service_problems(kOAuth + "client_id = \"me\"\nclient_secret = \"sealed\"\n"), "sealed:NAME"));
}

TEST_CASE("services: warnings for what is missing outside of the file") {
  CHECK(has_words(service_warnings(""), "has no services yet"));
  CHECK(has_words(service_warnings(kPlace + "credential = \"env:NOT_THERE\"\n"), "environment variable NOT_THERE is not set"));
  CHECK(has_words(service_warnings(kPlace + "credential = \"file:/not/there\"\n"), "no such file"));
  CHECK(has_words(service_warnings("[services.s]\nbase_url = \"http://api.example.com\"\ncredential = \"env:X\"\n"),
                  "unencrypted"));
}

TEST_CASE("services: built with their credentials, or with why there is none") {
  SettingsHome home;
  home.set("TOKEN", " abc \n");
  home.set("PAIR", "no colon");
  home.project("web", kApiHead + kPlace +
                          "credential = \"env:TOKEN\"\n[services.b]\nbase_url = \"https://x.example\"\ncredential = "
                          "\"env:PAIR\"\nauth = \"basic\"\n"
                          "[services.c]\nbase_url = \"https://x.example\"\ncredential = \"sealed\"\nauth = \"query:key\"\n");
  PolicyParts parts;
  parts.open_sealed = [](std::string_view name) -> Result<SecretString> { return SecretString(std::string(name) + "-sealed"); };
  const auto services = built(home, parts);
  REQUIRE(services.size() == 3);
  const Service& s = *services.at("s");
  CHECK(s.auth == ServiceAuth::bearer);
  CHECK(s.methods == std::vector<std::string>{"GET", "HEAD"});
  CHECK(s.provider->credential.reveal() == "abc");
  CHECK(s.provider->public_only);
  CHECK(s.provider->outlets.front().base.text() == "https://api.example.com/v1");
  CHECK(services.at("b")->provider->credential.empty());
  CHECK(has_words(services.at("b")->provider->credential_problem, "USER:PASSWORD"));
  CHECK(services.at("c")->provider->credential.reveal() == "c-sealed");
  CHECK(services.at("c")->auth_name == "key");
}

TEST_CASE("services: an oauth client's identity changes with its secret, and not with its refresh token") {
  SettingsHome home;
  home.set("S", "secret-1");
  home.project("web", kApiHead + kOAuth + "client_id = \"me\"\nclient_secret = \"env:S\"\nrefresh_token = \"sealed:r\"\n");
  std::string refresh = "r1";
  PolicyParts parts;
  parts.open_sealed = [&](std::string_view) -> Result<SecretString> { return SecretString(refresh); };
  const auto before = built(home, parts).at("s")->oauth;
  CHECK(before->sealed_as == "r");
  CHECK(before->refresh_token.reveal() == "r1");
  refresh = "r2";
  CHECK(built(home, parts).at("s")->oauth->id == before->id);
  home.set("S", "secret-2");
  CHECK(built(home, parts).at("s")->oauth->id != before->id);
}

TEST_CASE("services: the text of a new project is valid as it is, and with its examples uncommented") {
  const NewProject wanted{"web", std::string(test::kProjectId), {}, "api"};
  std::string text = api_project_text(wanted);
  SettingsHome home;
  home.project("web", text);
  CHECK(problems_text(read_settings(home.options).problems) == "");
  for (const char* line :
       {"#[services.github]", "#base_url", "#methods", "#paths", "#deny_paths", "#credential", "#auth = \"bearer\"", "#headers",
        "#private", "#unreadable", "#connect_timeout", "#first_byte_timeout", "#idle_timeout", "#max_reply"}) {
    const std::size_t at = text.find(std::string("\n") + line);
    REQUIRE_MESSAGE(at != std::string::npos, line);
    text.erase(at + 1, 1);
  }
  home.project("web", text);
  CHECK(problems_text(read_settings(home.options).problems) == "");
  const Settings settings = read_settings(home.options).settings;
  CHECK(settings.projects.at("web").services.at("github").deny_paths.size() == 1);
  bool shown = false;
  for (const ShownSetting& row : show_settings(settings)) shown = shown || row.key == "projects.web.services.github.base_url";
  CHECK(shown);
}

TEST_CASE("credentials come from variables, files and the database") {
  SettingsHome home;
  home.set("V", "from-variable");
  home.project("web", kApiHead);
  const Settings settings = load_settings(home.options).value();
  PolicyParts parts;
  parts.environment = *home.options.environment;
  CHECK(read_credential("env:V", "n", false, settings, parts).value().reveal() == "from-variable");
  CHECK(read_credential("env:W", "n", false, settings, parts).error().code == Code::not_found);
  CHECK(read_credential("sealed", "n", false, settings, parts).error().message == "no sealed credentials here");
  parts.open_sealed = [](std::string_view name) -> Result<SecretString> {
    return SecretString("sealed as " + std::string(name));
  };
  CHECK(read_credential("sealed", "n", false, settings, parts).value().reveal() == "sealed as n");
  CHECK(read_credential("sealed:other", "n", false, settings, parts).value().reveal() == "sealed as other");
  CHECK(read_credential("env:W", "n", true, settings, parts).value().reveal() == "sealed as n");
  CHECK_FALSE(read_credential("env:W", "n", false, settings, parts));
  const std::string file = home.dir.write("token", "from-file\n");
  CHECK(read_credential("file:" + file, "n", false, settings, parts).value().reveal() == "from-file\n");
}
