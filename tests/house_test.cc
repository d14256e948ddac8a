// The house checks itself: every rule over every file, and every rule against a snippet that breaks it.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "tests/support/cpp_text.h"
#include "tests/support/house_rules.h"

namespace pg::test {
namespace {

namespace fs = std::filesystem;

bool is_text_of_ours(const fs::path& path) {
  static const std::set<std::string> kKinds = {".h", ".cc", ".cmake", ".toml", ".sql", ".sh"};
  return kKinds.contains(path.extension().string());
}

/// Every file that the rules speak of; data under golden/, cases/ and corpora is bytes, not text.
std::vector<SourceFile> read_tree() {
  std::vector<SourceFile> files;
  const fs::path top = PG_SOURCE_DIR;
  for (const char* folder : {"cmd", "core", "proxy", "config", "packaging", "tests"}) {
    if (!fs::exists(top / folder)) continue;
    for (auto entry = fs::recursive_directory_iterator(top / folder); entry != fs::recursive_directory_iterator(); ++entry) {
      const std::string name = entry->path().filename().string();
      if (name == "node_modules" || name == "golden" || name == "cases" || name == "corpus" || name == "fixtures") {
        entry.disable_recursion_pending();
      } else if (entry->is_regular_file() && is_text_of_ours(entry->path())) {
        std::ifstream in(entry->path(), std::ios::binary);
        files.push_back({fs::relative(entry->path(), top).generic_string(), {std::istreambuf_iterator<char>(in), {}}});
      }
    }
  }
  return files;
}

std::size_t complaints(Complaints (*rule)(const SourceFile&), const char* path, const std::string& text) {
  return rule({path, text}).size();
}

}  // namespace

TEST_CASE("every file keeps the rules of the house") {
  const auto files = read_tree();
  CHECK(files.size() > 50);  // a wrong PG_SOURCE_DIR would pass everything
  for (const SourceFile& file : files) {
    for (const std::string& text : check_file(file)) FAIL_CHECK(text);
  }
}

TEST_CASE("the top level holds what it should and nothing else") {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(PG_SOURCE_DIR)) names.push_back(entry.path().filename().string());
  for (const std::string& text : check_top_level(names)) FAIL_CHECK(text);
  CHECK(check_top_level({"core", "LICENSE"}).empty());
  CHECK(check_top_level({"core", "docs", "CHANGELOG.md"}).size() == 2);
}

TEST_CASE("rule: includes go right along cmd -> proxy -> config -> core") {
  const auto bad = [](const char* path, const std::string& included) {
    return complaints(check_include_direction, path, "// x\n#include \"" + included + "\"\n");
  };
  CHECK(bad("core/base/a.cc", "config/settings.h") == 1);
  CHECK(bad("config/a.h", "proxy/gateway.h") == 1);
  CHECK(bad("proxy/a.cc", "cmd/command.h") == 1);
  CHECK(bad("core/base/a.cc", "core/wire/dialect.h") == 1);
  CHECK(bad("core/wire/a.cc", "core/guard/guard.h") == 1);
  CHECK(bad("core/access/a.cc", "core/guard/guard.h") == 1);
  CHECK(bad("core/guard/a.cc", "core/access/keys.h") == 1);
  CHECK(bad("core/guard/a.cc", "core/policy.h") == 1);
  CHECK(bad("cmd/a.cc", "proxy/net/tls.h") == 1);
  CHECK(bad("cmd/a.cc", "tests/support/gen.h") == 1);
  CHECK(bad("cmd/a.cc", "command.h") == 1);
  CHECK(bad("cmd/a.cc", "proxy/gateway.h") == 0);
  CHECK(bad("proxy/a.cc", "proxy/net/tls.h") == 0);
  CHECK(bad("core/guard/a.cc", "core/wire/dialect.h") == 0);
  CHECK(bad("core/reply_path.cc", "core/guard/vault.h") == 0);
  CHECK(bad("tests/a_test.cc", "proxy/net/tls.h") == 0);
}

TEST_CASE("rule: each third-party header has one door") {
  const auto bad = [](const char* path, const std::string& included) {
    return complaints(check_doors, path, "// x\n#include <" + included + ">\n");
  };
  CHECK(bad("proxy/a.cc", "boost/beast/http.hpp") == 1);
  CHECK(bad("core/a.cc", "boost/asio/io_context.hpp") == 1);
  CHECK(bad("proxy/net/tls.cc", "boost/algorithm/string.hpp") == 1);
  CHECK(bad("proxy/a.cc", "CLI/CLI.hpp") == 1);
  CHECK(bad("cmd/a.cc", "doctest/doctest.h") == 1);
  CHECK(bad("core/a.h", "nlohmann/json.hpp") == 1);
  CHECK(bad("core/guard/vault.cc", "openssl/evp.h") == 1);
  CHECK(bad("core/guard/secrets.cc", "re2/re2.h") == 1);
  CHECK(bad("core/store/key_store.cc", "sqlite3.h") == 1);
  CHECK(bad("config/validate.cc", "toml++/toml.h") == 1);
  CHECK(bad("core/guard/vault.cc", "xxhash.h") == 1);
  CHECK(bad("proxy/net/tls.cc", "zlib.h") == 1);
  CHECK(bad("proxy/net/tls.cc", "zstd_errors.h") == 1);
  CHECK(bad("proxy/net/stream.cc", "liburing.h") == 1);
  CHECK(bad("core/base/url.cc", "sys/socket.h") == 1);
  CHECK(bad("core/base/url.cc", "curl/curl.h") == 1);
  CHECK(bad("core/base/url.cc", "pugixml.hpp") == 1);
  CHECK(bad("core/base/crypto.cc", "openssl/evp.h") == 0);
  CHECK(bad("core/a.cc", "nlohmann/json.hpp") == 0);
  CHECK(bad("core/a.h", "nlohmann/json_fwd.hpp") == 0);
  CHECK(bad("core/a.cc", "string") == 0);
  CHECK(bad("core/store/files.cc", "sys/stat.h") == 0);
  CHECK(bad("tests/a_test.cc", "zlib.h") == 0);
}

TEST_CASE("rule: a file is a page and opens with a comment") {
  std::string page(400, '\n');
  CHECK(complaints(check_length, "core/a.cc", page) == 0);
  CHECK(complaints(check_length, "core/a.cc", page + "\n") == 1);
  CHECK(complaints(check_length, "tests/a_test.cc", page + "\n") == 0);
  CHECK(complaints(check_opening, "core/a.cc", "// What it is.\n") == 0);
  CHECK(complaints(check_opening, "core/a.h", "#pragma once\n") == 1);
  CHECK(complaints(check_opening, "tests/a_test.cc", "\n// late\n") == 1);
  CHECK(complaints(check_opening, "tests/core/guard/vault_test.cc", "#include <string>\n") == 0);  // its place says it
  CHECK(complaints(check_opening, "config/a.toml", "x = 1\n") == 1);
  CHECK(complaints(check_opening, "core/store/a.sql", "CREATE TABLE x;\n") == 1);
}

TEST_CASE("rule: no tabs, no notes to finish later, no places on one machine") {
  CHECK(complaints(check_words, "core/a.cc", "\tint x;\n") == 1);
  CHECK(complaints(check_words, "core/a.cc", "int x; \n") == 1);
  CHECK(complaints(check_words, "core/a.cc", std::string("// TO") + "DO: later\n") == 1);
  CHECK(complaints(check_words, "core/a.cc", std::string("// a HA") + "CK\n") == 1);
  CHECK(complaints(check_words, "core/a.cc", std::string("// FIX") + "ME(me)\n") == 1);
  CHECK(complaints(check_words, "core/a.cc", std::string("see /ro") + "ot/x\n") == 1);
  CHECK(complaints(check_words, "core/a.cc", "HACKATHON, TODOIST\nplain text\n") == 0);
}

TEST_CASE("rule: only the proxy and cmd/serve.cc wait") {
  const std::string waits = "// x\nTask<int> f() { co_return 1; }\n";
  CHECK(complaints(check_coroutine_place, "core/a.cc", waits) == 1);
  CHECK(complaints(check_coroutine_place, "cmd/scan.cc", waits) == 1);
  CHECK(complaints(check_coroutine_place, "cmd/serve.cc", waits) == 0);
  CHECK(complaints(check_coroutine_place, "proxy/a.cc", waits) == 0);
  CHECK(complaints(check_coroutine_place, "core/a.cc", "// says co_await\nconst char* x = \"co_await\";\n") == 0);
}

TEST_CASE("rule: co_await opens a statement or stands alone right of =") {
  const auto bad = [](const std::string& statement) {
    return complaints(check_co_await, "proxy/a.cc", "// x\nTask<void> f() {\n  " + statement + "\n}\n");
  };
  for (const char* text : {"co_await g();", "auto x = co_await g(a, b);", "x.y = co_await z->g(a).h();", "if (a) co_await g();",
                           "else co_await g();", "for (;;) {\n    co_await g();\n  }",
                           "const Result<int> r =\n      co_await g(std::move(x));", "case 1: co_await g();"}) {
    CAPTURE(text);
    CHECK(bad(text) == 0);
  }
  for (const char* text : {"if (co_await g()) h();", "h(co_await g());", "return co_await g();", "co_return co_await g();",
                           "auto x = (co_await g()).value();", "auto x = 1 + co_await g();", "auto x = co_await g() + 1;",
                           "auto x = co_await g() ? 1 : 2;", "auto x = co_await g() || h;", "x += co_await g();",
                           "bool y = x == co_await g();", "T x{co_await g()};", "auto [a, b] = co_await g();",
                           "PG_TRY(auto x, co_await g());", "(void)co_await g();", "auto&& [a] = co_await g();"}) {
    CAPTURE(text);
    CHECK(bad(text) == 1);
  }
}

TEST_CASE("rule: coroutine lambdas capture nothing") {
  const auto bad = [](const std::string& statement) {
    return complaints(check_coroutine_lambdas, "proxy/a.cc", "// x\nvoid f() {\n  " + statement + "\n}\n");
  };
  CHECK(bad("spawn([&]() -> Task<void> { co_await g(); });") == 1);
  CHECK(bad("spawn([this] { co_return; });") == 1);
  CHECK(bad("auto x = [y = std::move(z)](int a) mutable -> Task<void> { co_return; };") == 1);
  CHECK(bad("spawn([](Owned o) -> Task<void> { co_await g(o); });") == 0);
  CHECK(bad("sort(a, [&](int x, int y) { return x < y; });\n  co_await g();") == 0);
  CHECK(bad("run([&] { spawn([](int a) -> Task<void> { co_return; }); });") == 0);
  CHECK(bad("x[i] = 1;\n  co_await g();") == 0);
}

TEST_CASE("rule: coroutines take no string_view") {
  const auto bad = [](const std::string& text) {
    return complaints(check_coroutine_parameters, "proxy/a.h", "// x\n" + text + "\n");
  };
  CHECK(bad("Task<void> send(std::string_view text);") == 1);
  CHECK(bad("asio::awaitable<Result<int>> Io::read(int a,\n  std::string_view b) {") == 1);
  CHECK(bad("Task<void> send(std::string text);") == 0);
  CHECK(bad("Task<std::string_view> read(int a);") == 0);
  CHECK(bad("void plain(std::string_view a);") == 0);
  CHECK(bad("using Reply = Task<int>; void f(std::string_view a);") == 0);
}

TEST_CASE("comments and literals are not code") {
  CHECK(code_of("a // b\nc") == "a     \nc");
  CHECK(code_of("a /* b\nc */ d") == "a     \n     d");
  CHECK(code_of("f(\"x\\\"y\") 'z' 10'000") == "f(      )     10'000");
  CHECK(code_of("R\"(a\"b)\" c") == "         c");
  CHECK(code_of("R\"x(a)\" )x\" c") == "            c");
}

}  // namespace pg::test
