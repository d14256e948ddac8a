// What users read when a project of type "mcp" is wrong, and what becomes of one that is right.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "config/build_mcp.h"
#include "config/load.h"
#include "config/mcp_knobs.h"
#include "config/mcp_project.h"
#include "config/settings_diff.h"
#include "config/show.h"
#include "core/guard/secrets.h"
#include "core/route/service.h"
#include "tests/support/result.h"
#include "tests/support/settings.h"

using namespace pg;
using pg::test::SettingsHome;

namespace {

const std::string kMcpHead = "id = \"" + std::string(test::kProjectId) + "\"\ntype = \"mcp\"\n";
const std::string kMcpProgram = "[servers.s]\ncommand = [\"npx\", \"-y\", \"some-mcp-server\"]\n";
const std::string kMcpPlace = "[servers.s]\nurl = \"https://api.example.com/mcp/\"\n";

std::string mcp_problems(const std::string& lines, const std::string& head = kMcpHead) {
  const SettingsHome home;
  home.project("tools", head + lines);
  return problems_text(read_settings(home.options).problems);
}

std::string mcp_warnings(const std::string& lines) {
  const SettingsHome home;
  home.project("tools", kMcpHead + lines);
  std::string all;
  for (const std::string& warning : load_settings(home.options).value().warnings) all += warning + "\n";
  return all;
}

bool mcp_says(const std::string& all, std::string_view part) {
  if (all.find(part) != std::string::npos) return true;
  MESSAGE(all);
  return false;
}

/// The shape of a key, and nobody's.
std::string mcp_token() {
  return std::string("gh") + "p_" + std::string(18, 'a') + "1234567890" + std::string(8, 'Z');
}

struct McpFixture {
  SettingsHome home;
  PolicyParts parts;

  McpFixture() {
    parts.secrets = shipped_secret_rules();
    parts.open_sealed = [](std::string_view name) -> Result<SecretString> { return SecretString(std::string(name) + "-sealed"); };
  }
  std::shared_ptr<const Policy> policy(const std::string& lines) {
    home.project("tools", kMcpHead + lines);
    parts.environment = *home.options.environment;
    std::vector<Problem> problems;
    auto built = build_policy(load_settings(home.options).value(), parts, problems);
    CHECK(problems_text(problems) == "");
    REQUIRE(built != nullptr);
    return built;
  }
  std::shared_ptr<const McpServer> server(const std::string& lines, const std::string& name = "s") {
    return policy(lines)->find_project("tools")->mcp_servers.at(name);
  }
};

Action guard_action_of(const Guards& guards, std::string_view id) {
  for (std::size_t i = 0; i < guards.rules().size(); ++i)
    if (guards.rules()[i].id == id) return guards.action(static_cast<RuleIndex>(i));
  FAIL("no such rule");
  return Action::off;
}

}  // namespace

TEST_CASE("mcp servers: what is right has no problems") {
  CHECK(mcp_problems("") == "");
  CHECK(mcp_problems(kMcpProgram) == "");
  CHECK(mcp_problems(kMcpPlace) == "");
  CHECK(mcp_problems(kMcpProgram +
                     "env = { LOG_LEVEL = \"info\", A = \"env:X\", B = \"file:token\", C = \"sealed:files\", PAIR = \"a b\" }\n"
                     "directory = \"~/work\"\nidle_stop = \"0s\"\ntools = [\"search_*\", \"read\"]\ndeny_tools = [\"delete_*\"]\n"
                     "start_timeout = \"10s\"\ncall_timeout = \"1h\"\nmax_reply = \"1MiB\"\nguards = \"off\"\n") == "");
  CHECK(mcp_problems(kMcpPlace +
                     "credential = \"env:X\"\nauth = \"header:X-Key\"\nheaders = { x-mcp-toolsets = \"repos\" }\nprivate = true\n"
                     "connect_timeout = \"5s\"\n[servers.s.guards]\nemail = \"off\"\n") == "");
  CHECK(mcp_problems(kMcpPlace + "auth = \"oauth\"\n[servers.s.oauth]\ntoken_url = \"https://login.example.com/t\"\n"
                                 "client_id = \"me\"\nclient_secret = \"env:S\"\n") == "");
  CHECK(mcp_problems("[servers.s]\nurl = \"https://mcp.example.com/mcp?project_ref=abc&read_only=true\"\n") == "");
  for (const char* name : {"a", "a0", "a-b-c", "git-hub", "abcdefghijklmnopqrstuvwxyz012345"})
    CHECK(mcp_problems(fmt::format("[servers.{}]\ncommand = [\"x\"]\n", name)) == "");
}

TEST_CASE("mcp servers: a name is what may stand before two underscores, and begin an address") {
  for (const char* name :
       {"key", "a__b", "a_b", "0", "1a", "a_", "a-", "-a", "_a", "A", "\"\"", "\"a.b\"", "abcdefghijklmnopqrstuvwxyz0123456"})
    CHECK_MESSAGE(
        mcp_says(mcp_problems(fmt::format("[servers.{}]\ncommand = [\"x\"]\n", name)), "a server's name is a lower-case letter"),
        name);
}

TEST_CASE("mcp servers: a program or a place") {
  CHECK(mcp_says(mcp_problems("[servers.s]\ntools = [\"a\"]\n"),
                 "tools.toml:3:10: server \"s\": there is neither a command nor a url"));
  CHECK(mcp_says(mcp_problems(kMcpProgram + "url = \"https://x.example/mcp\"\n"),
                 "tools.toml:5:7: server \"s\": it is a program (command) or a place (url), and not both"));
  CHECK(mcp_says(mcp_problems("[servers.s]\ncommand = \"npx -y foo\"\n"),
                 "command is a list: the program and its arguments, and no shell reads it"));
  CHECK(mcp_says(mcp_problems("[servers.s]\ncommand = \"npx -y  foo\"\n"), "write command = [\"npx\", \"-y\", \"foo\"]"));
  CHECK(mcp_says(mcp_problems("[servers.s]\ncommand = \"sh -c 'a b'\"\n"), "such as command = ["));
  CHECK(mcp_problems("[servers.s]\ncommand = \"npx -y foo\"\n").find("neither") == std::string::npos);
  CHECK(mcp_says(mcp_problems("[servers.s]\ncommand = []\n"), "command is empty"));
  CHECK(mcp_says(mcp_problems("[servers.s]\ncommand = [\"x\", 1]\n"), "command must be a list of texts"));
  CHECK(mcp_says(mcp_problems("[servers.s]\ncommand = [\"\"]\n"), "must not be empty"));
}

TEST_CASE("mcp servers: a kind has its own keys, and is told what to write instead") {
  CHECK(mcp_says(mcp_problems(kMcpProgram + "credential = \"env:X\"\n"),
                 "tools.toml:5:14: server \"s\": credential is for a server with a url, and this one is a program"));
  CHECK(mcp_says(mcp_problems(kMcpProgram + "credential = \"env:X\"\n"), "env = { API_TOKEN = \"env:API_TOKEN\" }"));
  CHECK(mcp_says(mcp_problems(kMcpProgram + "connect_timeout = \"5s\"\n"), "did you mean \"start_timeout\"?"));
  for (const char* line :
       {"auth = \"bearer\"", "headers = { a = \"b\" }", "private = true", "ca_file = \"x\"", "oauth = { client_id = \"x\" }"})
    CHECK(mcp_says(mcp_problems(kMcpProgram + line + "\n"), "is for a server with a url"));
  for (const char* line : {"env = { A = \"b\" }", "directory = \"x\"", "idle_stop = \"1m\""})
    CHECK(mcp_says(mcp_problems(kMcpPlace + line + "\n"), "is for a program that pg starts"));
  CHECK(mcp_says(mcp_problems(kMcpProgram + "idle_stopp = \"1m\"\n"), "did you mean \"idle_stop\"?"));
  CHECK(mcp_says(mcp_problems(kMcpProgram + "args = [\"a\"]\n"), "unknown key \"args\""));
}

TEST_CASE("mcp servers: what is wrong is said where it stands") {
  CHECK(mcp_says(mcp_problems("[servers.s]\nurl = \"ftp://x.example\"\n"), "http:// or https://"));
  CHECK(mcp_problems("[servers.s]\nurl = \"ftp://x.example\"\n").find("url is missing") == std::string::npos);
  CHECK(mcp_says(mcp_problems("[servers.s]\nurl = \"https://x.example/mcp?api_key=hello\"\n"),
                 "must not stand in a settings file"));
  CHECK(mcp_says(mcp_problems(kMcpPlace + "auth = \"query:key\"\ncredential = \"env:X\"\n"), "such as \"header:key\""));
  CHECK(mcp_says(mcp_problems(kMcpPlace + "auth = \"berer\"\ncredential = \"env:X\"\n"), "did you mean \"bearer\"?"));
  CHECK(mcp_says(mcp_problems(kMcpPlace + "auth = \"header:Mcp-Session-Id\"\ncredential = \"env:X\"\n"), "under this name"));
  CHECK(mcp_says(mcp_problems(kMcpPlace + "auth = \"header:Host\"\ncredential = \"env:X\"\n"), "such as \"header:X-API-Key\""));
  CHECK(mcp_says(mcp_problems(kMcpPlace + "auth = \"header:X-Key\"\ncredential = \"env:X\"\nheaders = { x-key = \"a\" }\n"),
                 "where the credential goes"));
  CHECK(mcp_says(mcp_problems(kMcpPlace + "auth = \"bearer\"\n"), "needs a credential"));
  CHECK(mcp_says(mcp_problems(kMcpPlace + "auth = \"oauth\"\n"), "add [servers.s.oauth]"));
  CHECK(mcp_says(mcp_problems(kMcpPlace + "credential = \"client\"\n"), "never goes to a server"));
  CHECK(mcp_says(mcp_problems(kMcpPlace + "credential = \"" + mcp_token() + "\"\n"), "must not stand in a settings file"));
  CHECK(mcp_says(mcp_problems(kMcpPlace + "headers = { MCP-Protocol-Version = \"x\" }\n"), "is set by pg itself"));
  CHECK(mcp_says(mcp_problems(kMcpProgram + "tools = []\n"), "nothing could be called"));
  CHECK(mcp_says(mcp_problems(kMcpProgram + "tools = [\"a b\"]\n"), "no blanks"));
  CHECK(mcp_says(mcp_problems(kMcpProgram + "max_reply = 0\n"), "max_reply must be a size"));
  CHECK(mcp_says(mcp_problems(kMcpProgram + "guards = \"of\"\n"), "did you mean \"off\"?"));
  CHECK(mcp_says(mcp_problems(kMcpProgram + "[servers.s.guards]\ninjection = \"block\"\n"), "guards.injection is not there yet"));
}

TEST_CASE("mcp servers: addresses of this network are allowed by name, this machine always") {
  CHECK(mcp_says(mcp_problems("[servers.s]\nurl = \"http://192.168.0.1/mcp\"\n"), "is not an address of the public internet"));
  CHECK(mcp_problems("[servers.s]\nurl = \"http://192.168.0.1/mcp\"\nprivate = true\n") == "");
  for (const char* host : {"localhost:3000", "127.0.0.1", "[::1]:3000"})
    CHECK(mcp_problems(fmt::format("[servers.s]\nurl = \"http://{}/mcp\"\n", host)) == "");
}

TEST_CASE("mcp servers: variables are text, or say where a credential is") {
  CHECK(mcp_says(mcp_problems(kMcpProgram + "env = { TOKEN = \"env:\" }\n"), "takes the name of a variable"));
  CHECK(mcp_says(mcp_problems(kMcpProgram + "env = { \"A B\" = \"x\" }\n"), "not the name of a variable"));
  CHECK(mcp_says(mcp_problems(kMcpProgram + "env = { A = 1 }\n"), "must be a text"));
  CHECK(mcp_says(mcp_problems(kMcpProgram + "env = \"A=b\"\n"), "env is a table"));
  const std::string plain = mcp_problems(kMcpProgram + "env = { TOKEN = \"" + mcp_token() + "\" }\n");
  CHECK(mcp_says(plain, "a credential must not stand in a settings file"));
  CHECK(mcp_says(plain, "such as TOKEN = \"env:TOKEN\""));
  CHECK(plain.find(mcp_token()) == std::string::npos);
  CHECK(mcp_says(mcp_problems(kMcpProgram + "env = { DB = \"postgres://me:hunter@db/x\" }\n"), "must not stand"));
  CHECK(mcp_problems(kMcpProgram + "env = { DB = \"postgres://db/x\", PATH = \"/usr/bin:/opt/x1/bin\" }\n") == "");
}

TEST_CASE("mcp servers: a type has what is its own") {
  const std::string agent = "id = \"" + std::string(test::kProjectId) + "\"\nproviders = [\"echo\"]\n";
  CHECK(mcp_says(mcp_problems(kMcpProgram, agent), "tools.toml:3:10: a project of type \"agent\" has no servers"));
  CHECK(mcp_says(mcp_problems("providers = [\"echo\"]\n" + kMcpProgram), "a project of type \"mcp\" has no providers"));
  CHECK(mcp_says(mcp_problems("[services.s]\nbase_url = \"https://x.example\"\n"), "a project of type \"mcp\" has no services"));
  CHECK(mcp_says(mcp_problems("[endpoints.e]\nmodel = \"m\"\nprompt = \"p\"\n"),
                 "endpoints stand in a project of type \"gateway\""));
  CHECK(mcp_says(mcp_problems("", "id = \"" + std::string(test::kProjectId) + "\"\ntype = \"mpc\"\n"), "did you mean \"mcp\"?"));
}

TEST_CASE("mcp servers: warnings for what is missing outside of the file, and for slips") {
  CHECK(mcp_says(mcp_warnings(""), "has no servers yet"));
  CHECK(mcp_says(mcp_warnings(kMcpProgram + "env = { A = \"env:NOT_THERE\" }\n"), "environment variable NOT_THERE is not set"));
  CHECK(mcp_says(mcp_warnings(kMcpProgram + "env = { A = \"file:/not/there\" }\n"), "/not/there: no such file"));
  CHECK(mcp_says(mcp_warnings(kMcpProgram + "directory = \"/not/there\"\n"), "/not/there: no such directory"));
  CHECK(mcp_says(mcp_warnings(kMcpProgram + "env = { API_KEY = \"hunter2!\" }\n"), "env.API_KEY looks like a credential"));
  CHECK(mcp_says(mcp_warnings(kMcpProgram + "tools = [\"s__search\"]\n"), "did you mean \"search\"?"));
  CHECK(mcp_says(mcp_warnings("[servers.s]\nurl = \"http://x.example/mcp\"\ncredential = \"env:X\"\n"), "unencrypted"));
  CHECK(mcp_says(mcp_warnings("[servers.s]\ncommand = [\"x\", \"--token=" + mcp_token() + "\"]\n"),
                 "command holds what looks like a credential"));
  CHECK(mcp_says(mcp_warnings("[servers.s]\ncommand = [\"x\", \"~/work\"]\n"), "~/work is passed on as it is"));
  CHECK(mcp_warnings("[servers.s]\ncommand = [\"docker\", \"run\", \"mcp/x@sha256:" + std::string(32, 'a') +
                     std::string(32, '7') + "\"]\nenv = { LOG_LEVEL = \"info\" }\n") == "");
}

TEST_CASE("mcp servers: a program is built with its variables, or with why there are none") {
  McpFixture f;
  f.home.config("");
  f.home.set("TOKEN", " abcdefgh-value \n");
  const auto built = f.policy(kMcpProgram +
                              "env = { LEVEL = \"info\", TOKEN = \"env:TOKEN\", SEALED = \"sealed:files\" }\n"
                              "directory = \"work\"\ntools = [\"a*\"]\ndeny_tools = [\"ab\"]\nidle_stop = \"1m\"\n"
                              "start_timeout = \"2s\"\ncall_timeout = \"3s\"\nmax_reply = 4096\n"
                              "[servers.b]\ncommand = [\"~/bin/b\"]\nenv = { B = \"env:MISSING\" }\n");
  CHECK_FALSE(built->has_services);
  const auto& servers = built->find_project("tools")->mcp_servers;
  REQUIRE(servers.size() == 2);
  const McpServer& s = *servers.at("s");
  CHECK(s.name == "s");
  CHECK(s.service == nullptr);
  CHECK(s.command == std::vector<std::string>{"npx", "-y", "some-mcp-server"});
  CHECK(s.directory == f.home.dir.file(".config/promptgate/work"));
  CHECK(s.problem == "");
  CHECK(s.tools == std::vector<std::string>{"a*"});
  CHECK(s.deny_tools == std::vector<std::string>{"ab"});
  CHECK(s.idle_stop == Millis(60'000));
  CHECK(s.start_timeout == Millis(2'000));
  CHECK(s.call_timeout == Millis(3'000));
  CHECK(s.max_reply == 4096);
  REQUIRE(s.environment.size() == 3);
  std::map<std::string, std::string> environment;
  for (const auto& [name, value] : s.environment) environment[name] = value.reveal();
  CHECK(environment ==
        std::map<std::string, std::string>{{"LEVEL", "info"}, {"TOKEN", "abcdefgh-value"}, {"SEALED", "files-sealed"}});
  std::vector<std::pair<std::size_t, std::size_t>> found;
  s.credentials->find("info, abcdefgh-value and files-sealed", found);
  CHECK(found.size() >= 2);
  found.clear();
  s.credentials->find("LEVEL=info", found);
  CHECK(found.empty());
  CHECK(servers.at("b")->problem == "B: environment variable MISSING is not set");
  CHECK(servers.at("b")->command.front() == f.home.dir.file("bin/b"));
}

TEST_CASE("mcp servers: a place is a service of which every byte counts") {
  McpFixture f;
  f.home.set("TOKEN", "abcdefgh-value");
  const auto s = f.server(kMcpPlace + "credential = \"env:TOKEN\"\ncall_timeout = \"9s\"\n");
  REQUIRE(s->service != nullptr);
  CHECK(s->command.empty());
  CHECK(s->service->auth == ServiceAuth::bearer);
  CHECK(s->service->methods == std::vector<std::string>{"POST", "GET", "DELETE"});
  CHECK(s->service->paths.empty());
  const Provider& place = *s->service->provider;
  CHECK(place.outlets.front().base.text() == "https://api.example.com/mcp/");
  CHECK(place.credential.reveal() == "abcdefgh-value");
  CHECK(place.public_only);
  CHECK(place.first_byte_timeout == Millis(9'000));
  CHECK(place.idle_timeout == Millis(9'000));
  CHECK(s->credentials == s->service->credentials);
  CHECK(s->problem == "");
  const auto base = [&](const char* url) {
    return f.server(fmt::format("[servers.s]\nurl = \"{}\"\n", url))->service->provider->outlets.front().base.text();
  };
  CHECK(base("https://x.example/mcp") == "https://x.example/mcp");
  CHECK(base("https://x.example/") == "https://x.example/");
  CHECK(base("https://x.example/mcp/?a=b/") == "https://x.example/mcp/?a=b/");
  CHECK(base("https://x.example/mcp?a=b/") == "https://x.example/mcp?a=b/");
  CHECK_FALSE(f.server("[servers.s]\nurl = \"http://localhost:9/mcp\"\n")->service->provider->public_only);
  CHECK_FALSE(f.server("[servers.s]\nurl = \"http://10.0.0.1/mcp\"\nprivate = true\n")->service->provider->public_only);
  CHECK(f.server(kMcpPlace + "credential = \"env:GONE\"\n")->problem == "environment variable GONE is not set");
}

TEST_CASE("mcp servers: guards by what a server is, and by what its row says") {
  McpFixture f;
  const std::string own =
      "[guards]\nsecrets = \"block\"\nphone = \"redact\"\n[guards.rules]\nemail = \"detect\"\n"
      "[[guards.custom]]\nname = \"staff\"\nregex = \"ZZ[0-9]{4}\"\n"
      "[[guards.custom]]\nname = \"board\"\nregex = \"QQ[0-9]{4}\"\naction = \"block\"\n";
  for (const std::string& local : {kMcpProgram, std::string("[servers.s]\nurl = \"http://localhost:9/mcp\"\n")}) {
    const auto s = f.server(local + own);
    for (const char* id : {"email", "iban", "card", "ssn", "phone", "ipv4", "custom:staff"})
      CHECK_MESSAGE(guard_action_of(*s->guards, id) == Action::off, id);
    CHECK(guard_action_of(*s->guards, "github-token") == Action::block);
    CHECK(guard_action_of(*s->guards, "custom:board") == Action::block);
  }
  const auto far = f.policy(kMcpPlace + own);
  const Project& project = *far->find_project("tools");
  CHECK(project.mcp_servers.at("s")->guards->fingerprint() == project.guards->fingerprint());
  const auto told = f.server(kMcpProgram + "guards = { email = \"block\" }\n" + own);
  CHECK(guard_action_of(*told->guards, "phone") == Action::redact);
  CHECK(guard_action_of(*told->guards, "custom:staff") == Action::redact);
  CHECK(guard_action_of(*f.server(kMcpPlace + "guards = \"off\"\n")->guards, "github-token") == Action::off);
}

TEST_CASE("mcp servers: a guard of a server's own that cannot be is told of where it stands") {
  const SettingsHome home;
  home.project("tools", kMcpHead + kMcpProgram + "[servers.s.guards.rules]\nnot-a-rule = \"off\"\n");
  std::vector<Problem> problems;
  check_guards(load_settings(home.options).value(), problems);
  REQUIRE(problems.size() == 1);
  CHECK(mcp_says(problem_text(problems.front()), "tools.toml:6:1: unknown rule \"not-a-rule\""));
}

TEST_CASE("mcp servers: an identity changes with whom one talks to, and with nothing else") {
  McpFixture f;
  f.home.set("TOKEN", "abcdefgh-1");
  const std::string program = kMcpProgram + "env = { A = \"b\", TOKEN = \"env:TOKEN\" }\ndirectory = \"/x\"\n";
  const std::string id = f.server(program)->id;
  CHECK(id.size() == 32);
  CHECK(f.server(program)->id == id);
  CHECK(f.server(program + "tools = [\"a\"]\ndeny_tools = [\"b\"]\nguards = \"off\"\n")->id == id);
  for (const char* patience : {"idle_stop = \"1m\"", "call_timeout = \"1m\"", "start_timeout = \"1m\"", "max_reply = 4096"})
    CHECK_MESSAGE(f.server(program + patience + "\n")->id != id, patience);
  const auto other = [&](std::string_view from, std::string_view to) {
    std::string changed = program;
    changed.replace(changed.find(from), from.size(), to);
    return f.server(changed)->id;
  };
  CHECK(other("\"-y\", ", "") != id);
  CHECK(other("\"-y\", \"some-mcp-server\"", "\"-y\", \"some-mcp-\", \"server\"") != id);
  CHECK(other("A = \"b\"", "A = \"c\"") != id);
  CHECK(other("A = \"b\"", "B = \"b\"") != id);
  CHECK(other("directory = \"/x\"\n", "") != id);
  f.home.set("TOKEN", "abcdefgh-2");
  CHECK(f.server(program)->id != id);
  const std::string place = kMcpPlace + "credential = \"env:TOKEN\"\nheaders = { a = \"b\" }\n";
  const std::string there = f.server(place)->id;
  CHECK(f.server(place + "deny_tools = [\"a\"]\n")->id == there);
  CHECK(f.server(place + "auth = \"header:x-key\"\n")->id != there);
  CHECK(f.server(place + "private = true\n")->id != there);
  CHECK(
      f.server("[servers.s]\nurl = \"https://api.example.com/mcp\"\ncredential = \"env:TOKEN\"\nheaders = { a = \"b\" }\n")->id !=
      there);
  f.home.set("TOKEN", "abcdefgh-3");
  CHECK(f.server(place)->id != there);
}

TEST_CASE("mcp servers: arguments are shown without credentials, and digests as they are") {
  CHECK(shown_argument("--token=" + mcp_token()).find(mcp_token()) == std::string::npos);
  CHECK(shown_argument("--token=abc") == "--token=***");
  CHECK(shown_argument("/home/me/work") == "/home/me/work");
  CHECK(shown_argument("https://x.example/mcp?read_only=true&api_key=abc") == "https://x.example/mcp?read_only=true&api_key=***");
  const std::string image = "mcp/x@sha256:" + std::string(32, 'a') + std::string(32, '7');
  CHECK(shown_argument(image) == image);
}

TEST_CASE("mcp servers: shown by kind, and changed variables without their values") {
  SettingsHome home;
  home.project("tools", kMcpHead + kMcpProgram + "env = { MODE = \"one\" }\n[servers.p]\nurl = \"https://x.example/mcp\"\n");
  const Settings before = load_settings(home.options).value();
  std::map<std::string, std::string> rows;
  for (const ShownSetting& row : show_settings(before)) rows[row.key] = row.value;
  CHECK(rows.at("projects.tools.servers.s.command") == "[\"npx\", \"-y\", \"some-mcp-server\"]");
  CHECK(rows.at("projects.tools.servers.s.env.MODE") == "\"one\"");
  CHECK(rows.at("projects.tools.servers.s.idle_stop") == "\"15m\"");
  CHECK(rows.count("projects.tools.servers.s.url") == 0);
  CHECK(rows.count("projects.tools.servers.s.private") == 0);
  CHECK(rows.at("projects.tools.servers.p.url") == "\"https://x.example/mcp\"");
  CHECK(rows.at("projects.tools.servers.p.max_reply") == "\"16MiB\"");
  CHECK(rows.count("projects.tools.servers.p.idle_stop") == 0);
  home.project("tools", kMcpHead + kMcpProgram + "env = { MODE = \"two\" }\n[servers.p]\nurl = \"https://x.example/mcp\"\n");
  const SettingsDiff diff = diff_settings(before, load_settings(home.options).value());
  CHECK(diff.target == "project tools");
  CHECK(diff.detail == "projects.tools.servers.s.env.MODE changed");
}

TEST_CASE("mcp servers: a file that a server's credential comes from is watched") {
  SettingsHome home;
  const std::string file = home.dir.write("token", "x\n");
  home.project("tools", kMcpHead + kMcpProgram + "env = { A = \"file:" + file + "\" }\n");
  const Settings settings = load_settings(home.options).value();
  CHECK(std::any_of(settings.stamps.begin(), settings.stamps.end(), [&](const auto& row) { return row.first == file; }));
}

TEST_CASE("mcp servers: the text of a new project is valid as it is, and with its examples uncommented") {
  std::string text = mcp_project_text({"tools", std::string(test::kProjectId), {}, "mcp"});
  SettingsHome home;
  home.project("tools", text);
  CHECK(problems_text(read_settings(home.options).problems) == "");
  for (const char* line : {"#[servers.files]",
                           "#command",
                           "#env",
                           "#directory",
                           "#idle_stop",
                           "#tools",
                           "#deny_tools",
                           "#start_timeout",
                           "#call_timeout",
                           "#max_reply",
                           "#[servers.github]",
                           "#url",
                           "#credential",
                           "#auth = \"bearer\"",
                           "#headers",
                           "#private",
                           "#ca_file",
                           "#connect_timeout",
                           "#[servers.github.guards]",
                           "#email",
                           "#[limits]",
                           "#rpm"}) {
    const std::size_t at = text.find(std::string("\n") + line);
    REQUIRE_MESSAGE(at != std::string::npos, line);
    text.erase(at + 1, 1);
  }
  home.project("tools", text);
  CHECK(problems_text(read_settings(home.options).problems) == "");
  const ProjectSettings project = read_settings(home.options).settings.projects.at("tools");
  REQUIRE(project.servers.size() == 2);
  // What the text says the defaults are.
  const McpServerSettings bare;
  const McpServerSettings& files = project.servers.at("files");
  CHECK(files.idle_stop == bare.idle_stop);
  CHECK(files.start_timeout == bare.start_timeout);
  CHECK(files.call_timeout == bare.call_timeout);
  CHECK(files.max_reply == bare.max_reply);
  CHECK(project.servers.at("github").http.connect_timeout == bare.http.connect_timeout);
  CHECK(project.servers.at("github").guards.own.email == Action::off);
}
