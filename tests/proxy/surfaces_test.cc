#include "proxy/surfaces.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/wire/error_details.h"
#include "tests/support/gen.h"
#include "tests/support/result.h"

namespace pg {
namespace {

struct Found {
  std::shared_ptr<const std::string> target;  // what the views of `surface` point into
  std::string verdict;                        // "ok", or the name of the refusal
  Surface surface;
  std::string allow;
};

Found find_in_table(std::string_view method, const std::string& target, bool upgrade = false) {
  Found found;
  found.target = std::make_shared<const std::string>(target);
  const Status status = find_surface(method, *found.target, upgrade, found.surface);
  found.verdict = status ? "ok" : std::string(code_name(status.error().code));
  if (!status) found.allow = status.error().detail;
  return found;
}

const std::string kProject = "11111111-2222-4333-8444-555555555555";

TEST_CASE("every path a client builds from either base leads to its surface") {
  struct Row {
    const char *method, *path;
    Operation operation;
    DialectId dialect;
  };
  constexpr Row kRows[] = {
      {"POST", "messages", Operation::model_call, DialectId::anthropic},
      {"POST", "messages/count_tokens", Operation::count_tokens, DialectId::anthropic},
      {"POST", "chat/completions", Operation::model_call, DialectId::openai_chat},
      {"POST", "responses", Operation::model_call, DialectId::openai_responses},
      {"POST", "embeddings", Operation::model_call, DialectId::embeddings},
  };
  for (const Row& row : kRows) {
    for (const std::string version : {"", "v1/", "v1/v1/"}) {
      for (const char* end : {"", "/", "?beta=true", "/?beta=true", "?a=..%2f&b=//"}) {
        const std::string target = "/api/" + kProject + "/" + version + row.path + end;
        CAPTURE(target);
        const Found found = find_in_table(row.method, target);
        CHECK(found.verdict == "ok");
        CHECK(found.surface.operation == row.operation);
        CHECK(found.surface.dialect == row.dialect);
        CHECK(found.surface.project == kProject);
        CHECK(found.surface.key.empty());
        const std::string query = std::string(end).substr(
            std::string(end).find('?') == std::string::npos ? std::string(end).size() : std::string(end).find('?'));
        CHECK(found.surface.query == query);
        CHECK(found.surface.path.find('?') == std::string::npos);
      }
    }
  }
  CHECK(find_in_table("GET", "/api/test/v1/models").surface.operation == Operation::list_models);
  CHECK(find_in_table("GET", "/api/test/models?limit=1000").verdict == "ok");
  CHECK(find_in_table("GET", "/api/test/v1/v1/models").surface.operation == Operation::list_models);
  CHECK(find_in_table("GET", "/api/my-project_1.x/v1/models").surface.project == "my-project_1.x");
}

TEST_CASE("one model: its id may hold colons and slashes, encoded or not, and is compared, never followed") {
  const std::pair<std::string, std::string> rows[] = {{"gpt-4o", "gpt-4o"},
                                                      {"openai:gpt-4o", "openai:gpt-4o"},
                                                      {"openai%3Agpt-4o", "openai:gpt-4o"},
                                                      {"meta/llama:8b", "meta/llama:8b"},
                                                      {"meta%2Fllama%3a8b", "meta/llama:8b"},
                                                      {"models/x", "models/x"},
                                                      {".hidden", ".hidden"},
                                                      {"a%2F..%2Fb", "a/../b"},
                                                      {"gpt-4o/", "gpt-4o"}};
  for (const auto& [written, id] : rows)
    for (const std::string version : {"", "v1/", "v1/v1/"}) {
      const std::string target = "/api/test/" + version + "models/" + written + "?x=%zz";
      CAPTURE(target);
      for (const char* method : {"GET", "HEAD"}) {
        const Found found = find_in_table(method, target);
        CHECK(found.verdict == "ok");
        CHECK(found.surface.operation == Operation::list_models);
        CHECK(found.surface.model == id);
        CHECK(found.surface.project == "test");
      }
      CHECK(find_in_table("DELETE", target).verdict == "method_not_allowed");
      CHECK(find_in_table("DELETE", target).allow == "GET");
      CHECK(find_in_table("TRACE", target).verdict == "method_not_allowed");
    }
  CHECK(find_in_table("GET", "/api/test/v1/models").surface.model.empty());
  CHECK(find_in_table("GET", "/api/test/v1/models/").surface.model.empty());
  for (const char* odd : {"%", "%zz", "a%2", "..", "../x", "x/..", "a;b", "a\\b", "a b"}) {
    CAPTURE(std::string(odd));
    CHECK(find_in_table("GET", "/api/test/v1/models/" + std::string(odd)).verdict == "bad_request");
  }
  CHECK(find_in_table("GET", "/api/te%73t/v1/models/x").verdict == "bad_request");
  CHECK(find_in_table("GET", "/api/models/v1/mess%61ges").verdict == "bad_request");
  CHECK(find_in_table("GET", "/v1/models/x").verdict == "not_found");
  Surface by_host;
  CHECK(find_surface("GET", "/v1/models/a%3Ab", false, by_host, "team"));
  CHECK(by_host.model == "a:b");
  const std::string key = std::string("pg_") + "live_" + std::string(43, 'k');
  CHECK(find_in_table("GET", "/api/test/key/" + key + "/v1/models/x").surface.model == "x");
  CHECK(find_in_table("GET", "/api/test/key/" + key + "/v1/models/x").surface.path == "/api/test/v1/models/x");
}

TEST_CASE("what clients and operators probe") {
  for (const char* method : {"GET", "HEAD"}) {
    CAPTURE(method);
    for (const char* path : {"/", "/api/hello", "/api/test", "/api/test/", "/api/test/api/hello", "/api/test/v1/api/hello"}) {
      CAPTURE(path);
      const Found found = find_in_table(method, path);
      CHECK(found.verdict == "ok");
      CHECK(found.surface.operation == Operation::hello);
    }
    CHECK(find_in_table(method, "/healthz").surface.operation == Operation::health);
    CHECK(find_in_table(method, "/healthz").verdict == "ok");
    CHECK(find_in_table(method, "/readyz").surface.operation == Operation::ready);
    CHECK(find_in_table(method, "/metrics").surface.operation == Operation::metrics);
  }
  CHECK(find_in_table("GET", "/api/hello").surface.project.empty());
  CHECK(find_in_table("GET", "/healthz").surface.project.empty());
}

TEST_CASE("a key in the path is handed over and never logged") {
  const std::string key = std::string("pg_") + "live_" + std::string(43, 'k');
  for (const std::string rest :
       {"/v1/messages", "/messages?beta=true", "/v1/v1/messages/", "/v1/nothing", "/v1/..", "/%2f", "/a\\b", ""}) {
    for (const char* method : {"POST", "GET", "TRACE"}) {
      const Found found = find_in_table(method, "/api/test/key/" + key + rest);
      CAPTURE(rest);
      CHECK(found.surface.path.find(key.substr(0, 16)) == std::string::npos);
      CHECK(found.surface.query.find(key) == std::string::npos);
      CHECK(found.allow.find(key) == std::string::npos);
    }
  }
  for (const std::string& misplaced : {"/api/test/v1/key/" + key, "/api/test/%6bey/" + key, "/key/" + key + "/v1/messages",
                                       "/api/test//key/" + key, "\\" + key}) {
    CHECK(find_in_table("POST", misplaced).surface.path.find(key.substr(0, 16)) == std::string::npos);
  }
  const Found found = find_in_table("POST", "/api/test/key/" + key + "/v1/messages?beta=true");
  CHECK(found.verdict == "ok");
  CHECK(found.surface.key == key);
  CHECK(found.surface.project == "test");
  CHECK(found.surface.query == "?beta=true");
  CHECK(find_in_table("POST", "/api/test/v1/messages").surface.path == "/api/test/v1/messages");
  Surface surface;
  const Status status = find_surface("POST", "/api/test/key/" + key + "/nothing", false, surface);
  REQUIRE_FALSE(status);
  CHECK((status.error().message + status.error().detail).find(key) == std::string::npos);
}

TEST_CASE("a host name that stands for a project needs no /api in front, and hides keys as well") {
  const std::string key = "pg_live_" + std::string(32, 'a');
  const auto by_host = [](std::string_view method, std::string_view target, Surface& surface) {
    const Status status = find_surface(method, target, false, surface, "team");
    return status ? "ok" : std::string(code_name(status.error().code));
  };
  for (const std::string path : {"/v1/messages", "/messages", "/v1/v1/messages", "/v1/messages/"}) {
    Surface surface;
    CHECK_MESSAGE(by_host("POST", path, surface) == "ok", path);
    CHECK(surface.project == "team");
    CHECK(surface.dialect == DialectId::anthropic);
    CHECK(surface.operation == Operation::model_call);
  }
  Surface keyed;
  const std::string with_key = "/key/" + key + "/v1/messages";
  CHECK(by_host("POST", with_key, keyed) == "ok");
  CHECK(keyed.key == key);
  CHECK(keyed.path == "/v1/messages");
  Surface other, probe, list, odd;
  CHECK(by_host("POST", "/api/other/v1/messages", other) == "ok");
  CHECK(other.project == "other");
  CHECK(by_host("GET", "/healthz", probe) == "ok");
  CHECK(probe.operation == Operation::health);
  CHECK(probe.project.empty());
  CHECK(by_host("GET", "/v1/models", list) == "ok");
  CHECK(list.operation == Operation::list_models);
  CHECK(by_host("POST", "/v1/nothing", odd) == "not_found");
  CHECK(by_host("POST", "/v1/../messages", odd) == "bad_request");
}

TEST_CASE("unknown paths are not_found") {
  for (const char* path :
       {"/api/test/v1/foo", "/api/test/v1/messagesx", "/api/test/v1/messages/x", "/api/test/v2/messages", "/v1/messages",
        "/apix/test/v1/messages", "/API/test/v1/messages", "/api/test/V1/messages", "/api/test/v1/Messages", "/healthz/x",
        "/readyzz", "/favicon.ico", "/api/test/v1/chat", "/api/test/chat/completions/x", "/api//v1/messages"}) {
    CAPTURE(std::string(path));
    const std::string verdict = find_in_table("POST", path).verdict;
    CHECK((verdict == "not_found" || (verdict == "bad_request" && std::string(path).find("//") != std::string::npos)));
  }
}

TEST_CASE("who takes a wrong path is told the right one, in the dialect that the path speaks") {
  struct Row {
    const char* path;
    const char* said;
    DialectId dialect;
  };
  for (const Row& row : {Row{"/v1/messages", "a project has it at /api/PROJECT/v1/messages", DialectId::anthropic},
                         Row{"/messages?beta=true", "a project has it at /api/PROJECT/v1/messages", DialectId::anthropic},
                         Row{"/v1/responses", "a project has it at /api/PROJECT/v1/responses", DialectId::openai_responses},
                         Row{"/v1/models", "a project has it at /api/PROJECT/v1/models", DialectId::openai_chat},
                         Row{"/api/test/v1/mesages", "did you mean /v1/messages", DialectId::openai_chat},
                         Row{"/favicon.ico", "a project answers at /api/PROJECT/v1/messages, /v1/chat", DialectId::openai_chat},
                         Row{"/api", "a project answers at /api/PROJECT/v1/messages, /v1/chat", DialectId::openai_chat}}) {
    CAPTURE(std::string(row.path));
    for (const bool upgrade : {false, true}) {
      Surface surface;
      const Status status = find_surface("POST", row.path, upgrade, surface);
      REQUIRE_FALSE(status);
      CHECK(status.error().code == Code::not_found);
      CHECK(status.error().message.find(row.said) != std::string::npos);
      CHECK(status.error().detail == kUnknownUrl);
      CHECK(surface.dialect == row.dialect);
    }
  }
}

TEST_CASE("faults A18: other methods are method_not_allowed and say what is") {
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "post", "BREW"}) {
    for (const char* path :
         {"/api/test/v1/messages", "/api/test/v1/responses", "/api/test/v1/chat/completions", "/api/test/v1/embeddings"}) {
      CAPTURE(method);
      const Found found = find_in_table(method, path);
      CHECK(found.verdict == "method_not_allowed");
      CHECK(found.allow.find("POST") != std::string::npos);
    }
  }
  for (const char* method : {"POST", "PUT", "OPTIONS", "TRACE"}) {
    CHECK(find_in_table(method, "/api/test/v1/models").verdict == "method_not_allowed");
    CHECK(find_in_table(method, "/api/test/v1/models").allow.find("GET") != std::string::npos);
    CHECK(find_in_table(method, "/healthz").verdict == "method_not_allowed");
  }
  CHECK(find_in_table("CONNECT", "evil.example:443").verdict == "method_not_allowed");
  CHECK_FALSE(find_in_table("CONNECT", "evil.example:443").allow.empty());
  CHECK(find_in_table("TRACE", "/").verdict == "method_not_allowed");
  CHECK(find_in_table("OPTIONS", "*").verdict != "ok");
  CHECK(find_in_table("TRACE", "*").verdict != "ok");
}

TEST_CASE("a WebSocket is upgrade_required; Codex then falls back at once") {
  const Found found = find_in_table("GET", "/api/test/v1/responses", true);
  CHECK(found.verdict == "upgrade_required");
  CHECK(found.surface.dialect == DialectId::openai_responses);
  CHECK(found.surface.project == "test");
  CHECK(find_in_table("GET", "/api/test/responses?x=y", true).verdict == "upgrade_required");
  CHECK(find_in_table("GET", "/api/test/v1/responses", false).verdict == "method_not_allowed");
}

TEST_CASE("faults A26: no path that two readers could read differently") {
  for (const char* path :
       {"/api/test%2fv1/messages", "/api/test/v1%2Fmessages", "/api/test/../admin", "/api/../healthz",
        "/api/test/v1/../v1/messages", "/api/test/./v1/messages", "/api/test/v1/messages/..", "/api/test/v1/messages/.", "/..",
        "/api/test/%2e%2e/v1/messages", "/api/test/%2E/v1/messages", "/api/test/.%2e/v1/messages", "/api/test\\v1\\messages",
        "/api/test/v1/messages%5c", "/api/test/v1/messages%5C..", "/api/test/%252e%252e/v1/messages"}) {
    CAPTURE(std::string(path));
    const std::string verdict = find_in_table("POST", path).verdict;
    CHECK((verdict == "bad_request" || (verdict == "not_found" && std::string(path).find("%25") != std::string::npos)));
  }
  for (const char* path : {"/api/test/v1/messages%00", "/api/te%00st/v1/messages", "/api/test/v1/messages%0d%0aX: y",
                           "/api/test/v1/%c0%af/messages", "/api/test/v1/mess%61ges", "//api/test/v1/messages",
                           "/api/test//v1/messages", "/api/test/v1//messages", "/api/test/v1/messages//",
                           "/api/test/v1/messages;a=b", "/api/%zz/v1/messages", "/api/test/v1/%", "/api/\xC0\xAF/v1/messages"}) {
    CAPTURE(std::string(path));
    const Found found = find_in_table("POST", path);
    CHECK((found.verdict == "bad_request" || found.verdict == "not_found"));
    CHECK(found.surface.path.find_first_of("\r\n") == std::string::npos);
  }
}

TEST_CASE("a refusal still says whose it is and in which dialect to answer") {
  const Found method = find_in_table("GET", "/api/test/v1/messages?x=y");
  CHECK(method.surface.project == "test");
  CHECK(method.surface.dialect == DialectId::anthropic);
  CHECK(method.surface.path == "/api/test/v1/messages");
  CHECK(find_in_table("DELETE", "/api/test/v1/responses").surface.dialect == DialectId::openai_responses);
  CHECK(find_in_table("POST", "/api/test/v1/messages/batches").surface.project == "test");
  CHECK(find_in_table("POST", "/api/test/v1/messages/batches").surface.dialect == DialectId::anthropic);
  CHECK(find_in_table("POST", "/api/test/v1/foo").surface.path == "/api/test/v1/foo");
}

TEST_CASE("property: no target breaks it, none that holds a dot segment or a backslash passes") {
  PG_GEN(gen);
  for (int round = 0; round < 20000; ++round) {
    std::string target = "/api/test/key/SECRETKEY/v1/messages";
    for (std::size_t faults = gen.number(0, 4); faults > 0; --faults) {
      target.insert(gen.number(0, target.size()), gen.coin() ? gen.text(gen.number(1, 3), "/.\\%?2fFeE0") : gen.bytes(1));
    }
    CAPTURE(target);
    const Found found = find_in_table(gen.coin() ? "POST" : "GET", target, gen.coin());
    const std::string path = target.substr(0, target.find('?'));
    if (path.find("/../") != std::string::npos || path.find('\\') != std::string::npos) REQUIRE(found.verdict != "ok");
    if (found.verdict == "ok" && found.surface.key.size() > 6)
      REQUIRE(found.surface.path.find(found.surface.key) == std::string::npos);
  }
}

TEST_CASE("paths of a project of type api are a service's name and what follows, raw") {
  const auto find = [](const std::string& target, bool by_host, Surface& surface) {
    return find_service_surface(target, by_host, surface);
  };
  const std::string plain = "/api/web/github/repos/a%20b/?x=1";
  Surface surface;
  REQUIRE(find(plain, false, surface));
  CHECK(surface.operation == Operation::service_call);
  CHECK(surface.project == "web");
  CHECK(surface.service == "github");
  CHECK(surface.rest == "/repos/a%20b/");
  CHECK(surface.query == "?x=1");
  CHECK(surface.gateway == "/api/web/github");
  CHECK(surface.path == "/api/web/github/repos/a%20b/");
  const std::string key = "pg_live_" + std::string(43, 'k'), keyed = "/api/web/key/" + key + "/github";
  Surface with_key;
  REQUIRE(find(keyed, false, with_key));
  CHECK(with_key.key == key);
  CHECK(with_key.service == "github");
  CHECK(with_key.rest == "");
  CHECK(with_key.gateway == "/api/web/key/" + key + "/github");
  CHECK(with_key.path == "/api/web/github");
  const std::string hosted = "/github/user";
  Surface by_host;
  REQUIRE(find(hosted, true, by_host));
  CHECK(by_host.service == "github");
  CHECK(by_host.rest == "/user");
  CHECK(by_host.gateway == "/github");
  for (const std::string target : {"/api/web", "/api/web/", "/api/web?x"}) {
    Surface none;
    CHECK_FALSE(find(target, false, none));
  }
  for (const std::string target : {"/healthz", "/readyz", "/"}) {
    Surface none;
    CHECK_FALSE(find(target, true, none));
  }
  CHECK(project_of_target("/api/web/x") == "web");
  CHECK(project_of_target("/api/web?x") == "web");
  CHECK(project_of_target("/api/") == "");
  CHECK(project_of_target("/v1/x") == "");
}

}  // namespace
}  // namespace pg
