// What users read when a settings file is wrong, word for word.
#include <doctest/doctest.h>

#include "config/load.h"
#include "tests/support/settings.h"

using namespace pg;

namespace {

std::string settings_complaint(std::string_view text) {
  return problems_text(read_settings_text(text, "pg.toml").problems);
}

std::string project_complaint(std::string_view text) {
  Settings settings;
  return problems_text(read_project_text(text, "p", "p.toml", settings));
}

const std::string kIdLine = "id = \"" + std::string(test::kProjectId) + "\"\n";

}  // namespace

TEST_CASE("a key that was renamed, with its new name and unit") {
  CHECK(settings_complaint("[limits]\nremembered_texts = 100\n").find("it is now remembered_verdict_bytes, in bytes: \"8MiB\"") !=
        std::string::npos);
}

TEST_CASE("an unknown key, with the one that was meant") {
  CHECK(settings_complaint("[serve]\nport = 1\n[guards]\n  secrts = \"redact\"\n") ==
        "pg.toml:4:3: unknown key \"secrts\"\n"
        "    secrts = \"redact\"\n"
        "    ^~~~~~ did you mean \"secrets\"?");
}

TEST_CASE("guards that are not there yet are no silent nothing") {
  CHECK(settings_complaint("[guards]\ninjection = \"block\"\n") ==
        "pg.toml:2:1: guards.injection is not there yet\n"
        "  injection = \"block\"\n"
        "  ^~~~~~~~~ the name is kept for it; take the line out");
  CHECK(settings_complaint("[guards]\nkeywords = [\"x\"]\n").starts_with("pg.toml:2:1: guards.keywords is not there yet"));
  CHECK(settings_complaint("[guards]\nmax_length = 1\n").starts_with("pg.toml:2:1: guards.max_length is not there yet"));
  CHECK(settings_complaint("[serve]\ninjection = \"block\"\n").starts_with("pg.toml:2:1: unknown key"));
}

TEST_CASE("a value of the wrong type") {
  CHECK(settings_complaint("[serve]\nport = \"x\"\n") ==
        "pg.toml:2:8: port must be a whole number from 0 to 65535\n"
        "  port = \"x\"\n"
        "         ^~~");
}

TEST_CASE("a number out of range") {
  CHECK(settings_complaint("[serve]\nport = 70000 # high\n") ==
        "pg.toml:2:8: port must be a whole number from 0 to 65535\n"
        "  port = 70000 # high\n"
        "         ^~~~~");
}

TEST_CASE("a duration without a unit") {
  CHECK(settings_complaint("[limits]\ndrain = 15\n") ==
        "pg.toml:2:9: drain must be a duration from 0ms to 1d\n"
        "  drain = 15\n"
        "          ^~ such as \"30s\" or \"5m\"");
}

TEST_CASE("an action that is none") {
  CHECK(settings_complaint("[guards]\nemail = \"redcat\"\n") ==
        "pg.toml:2:9: email must be \"off\", \"detect\", \"redact\" or \"block\"\n"
        "  email = \"redcat\"\n"
        "          ^~~~~~~~ did you mean \"redact\"?");
}

TEST_CASE("a key that stands twice") {
  CHECK(settings_complaint("[serve]\nport = 1\nport = 2\n") ==
        "pg.toml:3:1: duplicate key \"port\"\n"
        "  port = 2\n"
        "  ^");
}

TEST_CASE("bytes that are no UTF-8") {
  CHECK(settings_complaint("[serve]\nhost = \"caf\xff\"\n") ==
        "pg.toml:2:12: invalid UTF-8\n"
        "  host = \"caf\\xFF\"\n"
        "             ^");
}

TEST_CASE("a credential in plain text is refused and not repeated") {
  const std::string secret = "sk-" + std::string("proj-abcdefghij1234567890");
  CHECK(settings_complaint("[providers.openai]\ncredential = \"" + secret + "\"\n") ==
        "pg.toml:2:14: a credential must not stand in a settings file\n"
        "  credential = \"****************************\"\n"
        "               ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~ use \"env:NAME\", \"file:PATH\", or \"sealed\" with pg providers login "
        "NAME");
  CHECK(settings_complaint("[providers.openai]\napi_key = \"" + secret + "\"\n") ==
        "pg.toml:2:1: unknown key \"api_key\"\n"
        "  api_key = \"****************************\"\n"
        "  ^~~~~~~ credentials stay out of files: credential = \"env:NAME\"");
  CHECK(settings_complaint("[providers.openai]\nheaders = { Authorization = \"Basic abc\" }\n") ==
        "pg.toml:2:13: a credential must not stand in a settings file\n"
        "  headers = { Authorization = \"***** ***\" }\n"
        "              ^~~~~~~~~~~~~ set credential instead: \"env:NAME\", \"file:PATH\" or \"sealed\"");
}

TEST_CASE("a text that is not closed") {
  CHECK(settings_complaint("[serve]\nhost = \"::1\nport = 1\n") ==
        "pg.toml:2:12: the text is not closed, or holds a control character\n"
        "  host = \"::1\n"
        "             ^");
}

TEST_CASE("a table that is a value") {
  CHECK(settings_complaint("serve = 3\n") ==
        "pg.toml:1:1: serve is a table\n"
        "  serve = 3\n"
        "  ^~~~~ write [serve]");
}

TEST_CASE("settings of a newer program") {
  CHECK(settings_complaint("schema = 2\n") ==
        "pg.toml:1:10: written for settings schema 2, this program knows 1\n"
        "  schema = 2\n"
        "           ^ use a newer pg");
}

TEST_CASE("a project that names an unknown provider") {
  CHECK(project_complaint(kIdLine + "providers = [\"opnai\"]\n") ==
        "p.toml:2:13: unknown provider \"opnai\"\n"
        "  providers = [\"opnai\"]\n"
        "              ^~~~~~~~~ did you mean \"openai\"?");
}

TEST_CASE("a caller's credential that would leave its vendor") {
  CHECK(
      settings_complaint("[providers.anthropic]\nanthropic_base_url = \"https://evil.example/v1\"\ncredential = \"client\"\n") ==
      "pg.toml:3:14: callers' own credentials would go to evil.example\n"
      "  credential = \"client\"\n"
      "               ^~~~~~~~ write vendor = \"…\" to say whose credentials that host may see");
  CHECK(settings_complaint("[providers.anthropic]\ncredential = \"client\"\n") == "");
  CHECK(settings_complaint("[providers.anthropic]\nanthropic_base_url = \"http://127.0.0.1:9/v1\"\ncredential = \"client\"\n") ==
        "");
  CHECK(settings_complaint(
            "[providers.x]\nanthropic_base_url = \"https://x.example/v1\"\nvendor = \"anthropic\"\ncredential = \"client\"\n") ==
        "");
}

TEST_CASE("an open door") {
  CHECK(settings_complaint("[serve]\nhost = \"0.0.0.0\"\nrequire_key = false\n") ==
        "pg.toml:3:15: without keys, everybody who reaches 0.0.0.0 could use your providers\n"
        "  require_key = false\n"
        "                ^~~~~ keep require_key = true, or host = \"127.0.0.1\"");
  CHECK(settings_complaint("[serve]\nhost = \"::1\"\nrequire_key = false\n") == "");
  CHECK(settings_complaint("[serve]\nhost = \"0.0.0.0\"\n") == "");
}

TEST_CASE("all mistakes of a file are told at once, in file order") {
  CHECK(settings_complaint("[serve]\nprot = 1\nthreads = -1\n[limts]\n[providers.x]\n[providers.Y]\n") ==
        "pg.toml:2:1: unknown key \"prot\"\n"
        "  prot = 1\n"
        "  ^~~~ did you mean \"port\"?\n"
        "pg.toml:3:11: threads must be a whole number from 0 to 256\n"
        "  threads = -1\n"
        "            ^~\n"
        "pg.toml:4:2: unknown key \"limts\"\n"
        "  [limts]\n"
        "   ^~~~~ did you mean \"limits\"?\n"
        "pg.toml:6:12: a provider name is lower-case letters, digits, dashes and underscores\n"
        "  [providers.Y]\n"
        "             ^");
}

TEST_CASE("mistakes of a project file") {
  CHECK(project_complaint("providers = [\"echo\"]\n").find("p.toml: the project has no id (such as \"") == 0);
  CHECK(project_complaint(kIdLine).find("the project has no providers") != std::string::npos);
  CHECK(project_complaint(kIdLine + "providers = [\"echo\"]\n[guards]\nprivate_ipv4 = \"redact\"\n") ==
        "p.toml:4:16: private_ipv4 must be true or false\n"
        "  private_ipv4 = \"redact\"\n"
        "                 ^~~~~~~~");
  CHECK(project_complaint(kIdLine + "providers = [\"echo\"]\n[serve]\nport = 1\n").find("unknown key \"serve\"") !=
        std::string::npos);
  CHECK(project_complaint(kIdLine + "providers = [\"echo\"]\n[guards.allow]\nemail = \"x\"\n")
            .find("email must be a list of texts") != std::string::npos);
  CHECK(project_complaint(kIdLine + "providers = [\"echo\"]\n[[guards.custom]]\nname = \"x\"\n")
            .find("a custom rule needs a name and a regex") != std::string::npos);
  CHECK(project_complaint(kIdLine +
                          "providers = [\"echo\"]\n[[guards.custom]]\nname = \"x\"\nregex = \"a\"\n[[guards.custom]]\nname = "
                          "\"x\"\nregex = \"b\"\n")
            .find("two custom rules of this file have the same name") != std::string::npos);
}

TEST_CASE("a file of mistakes ends after fifty of them, quickly") {
  std::string text;
  for (int i = 0; i < 60000; ++i) text += "k" + std::to_string(i) + " = 1\n";
  CHECK(read_settings_text(text, "pg.toml").problems.size() == 50);
}
