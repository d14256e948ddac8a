// A life of `pg serve`: start, changes from outside, signals, kill -9, start again (fault catalogue, section G and F74, F76).
#include <doctest/doctest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

Ms since(SteadyClock::time_point begin) {
  return std::chrono::duration_cast<Ms>(SteadyClock::now() - begin);
}

/// Asks until `done` says yes; how long it took, or -1 ms after three seconds.
template <class Done>
Ms until(Done done) {
  const auto begin = SteadyClock::now();
  while (since(begin) < Ms{3000}) {
    if (done()) return since(begin);
    std::this_thread::sleep_for(Ms{20});
  }
  return Ms{-1};
}
void check_within_a_second(Ms took) {
  CHECK(took.count() >= 0);
  CHECK(took <= Ms{1000});
}

RawReply post_hello(World& w, std::string_view text = "hi") {
  return w.post("v1/messages", ask(DialectId::anthropic, false, text));
}

std::vector<std::string> query(const std::string& file, const char* sql) {
  std::vector<std::string> out;
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
  sqlite3_busy_timeout(db, 2000);
  const auto row = [](void* to, int count, char** values, char**) {
    for (int i = 0; i < count; ++i)
      static_cast<std::vector<std::string>*>(to)->emplace_back(values[i] != nullptr ? values[i] : "");
    return 0;
  };
  CHECK(sqlite3_exec(db, sql, row, &out, nullptr) == SQLITE_OK);
  sqlite3_close(db);
  return out;
}

Answer slow_stream(int pieces, Ms between) {
  std::vector<std::string> deltas;
  for (int i = 0; i < pieces; ++i) deltas.push_back("piece " + std::to_string(i) + " ");
  return Answer::stream(say_stream(DialectId::anthropic, {text_block(deltas)}), between);
}

}  // namespace

TEST_CASE("lifecycle: serve is ready quickly and says where") {
  World w;
  CHECK(w.server.start_took() < Ms{1000});
  CHECK(w.server.err().find("http://127.0.0.1:" + std::to_string(w.port())) != std::string::npos);
}

TEST_CASE("lifecycle: a key added, disabled, enabled or revoked by another process acts within a second") {
  World w;
  const std::string second = w.home.add_key("second");
  const auto with_second = [&] {
    return w.post("v1/messages", ask(DialectId::anthropic, false, "hi"), {{"x-api-key", second}}).status;
  };
  check_within_a_second(until([&] { return with_second() == 200; }));
  const auto act = [&](const char* verb, int status) {
    CAPTURE(std::string(verb));
    const CommandResult result = w.home.run({"keys", verb, "second", "--config", w.home.config_file(), "--yes"});
    CHECK_MESSAGE(result.status == 0, result.err);
    check_within_a_second(until([&] { return with_second() == status; }));
  };
  act("disable", 401);
  act("enable", 200);
  act("revoke", 401);
  CHECK(post_hello(w).status == 200);  // the other key is untouched
}

TEST_CASE("lifecycle: an edited project acts within a second; a bad one keeps the old policy and says where it is wrong") {
  World w;
  const std::string secret = make_github_token(21);
  const std::string file = w.home.project_file("test");
  CHECK(post_hello(w, secret).status == 200);
  w.home.write(file, project_toml(kBlockSecrets));
  check_within_a_second(until([&] { return post_hello(w, secret).status == 422; }));

  w.home.write(file, "id = \"" + std::string(kProjectId) + "\"\nproviders = [\"fake\"]\n\n[guards]\nsecrts = \"off\"\n");
  check_within_a_second(until([&] { return w.server.err().find("test.toml:5") != std::string::npos; }));
  const std::string err = w.server.err();
  CHECK(err.find("test.toml:5:1") != std::string::npos);
  CHECK(err.find("did you mean") != std::string::npos);
  CHECK(post_hello(w, secret).status == 422);
  CHECK(post_hello(w).status == 200);

  w.home.write(file, "this is [not toml");
  std::this_thread::sleep_for(Ms{700});
  CHECK(post_hello(w, secret).status == 422);
  w.home.write(file, project_toml(kRedactAll));
  check_within_a_second(until([&] { return post_hello(w, secret).status == 200; }));

  w.home.write(w.home.project_file("another"), replace_all(project_toml(kRedactAll), "7b1f0c52", "7b1f0c53"));
  check_within_a_second(until([&] {
    const Fields fields{{"Authorization", "Bearer " + w.key}, {"Content-Type", "application/json"}};
    return exchange(w.port(), write_request("POST", "/api/another/v1/messages", fields, ask(DialectId::anthropic, false, "hi")))
               .status == 200;
  }));
}

TEST_CASE("lifecycle: a stream that runs finishes on the policy it began with") {
  World w;
  w.upstream.respond(Answer::stream(say_stream(DialectId::anthropic, {text_block({"a", "b", "c", "[[EMAIL_001]]"})}), Ms{150}));
  RawClient client(w.port());
  client.send(w.request("v1/messages", ask(DialectId::anthropic, true, "I am " + make_email())));
  REQUIRE(client.wait_for("content_block_delta"));
  w.home.write(w.home.project_file("test"), project_toml("email = \"off\"\n"));
  w.server.signal(SIGHUP);
  const RawReply reply = client.read_reply();
  CHECK(hear_stream(DialectId::anthropic, reply.body).text() == "abc" + make_email());
  w.upstream.respond(Answer::json("{}"));
  check_within_a_second(until([&] {
    return post_hello(w, make_email()).status == 200 && w.upstream.last().body.find(make_email()) != std::string::npos;
  }));
}

TEST_CASE("lifecycle: SIGHUP with bad settings keeps the old ones") {
  World w;
  w.home.write(w.home.config_file(), "[serve]\nprot = 1\n");
  w.server.signal(SIGHUP);
  check_within_a_second(until([&] { return w.server.err().find("pg.toml:2") != std::string::npos; }));
  CHECK(w.server.running());
  CHECK(post_hello(w).status == 200);
}

TEST_CASE("lifecycle: pg config reload tells the running serve, refuses bad settings with 3, and says when nobody is there") {
  World w;
  const std::string good = Home::read(w.home.config_file());
  const std::string log = (w.home.root() / "lines.log").string();
  w.home.write(w.home.config_file(), good + "\n[logs]\nfile = \"" + log + "\"\n");
  REQUIRE(until([&] { return post_hello(w).status == 200 && std::filesystem::exists(log); }).count() >= 0);
  std::filesystem::rename(log, log + ".1");
  const CommandResult told = w.home.run({"config", "reload"});
  CHECK(told.status == 0);
  CHECK(told.out.find("pid " + std::to_string(w.server.pid())) != std::string::npos);
  check_within_a_second(until([&] { return post_hello(w).status == 200 && std::filesystem::exists(log); }));  // opened anew
  w.home.write(w.home.config_file(), "[serve]\nprot = 1\n");
  const CommandResult bad = w.home.run({"config", "reload"});
  CHECK(bad.status == 3);
  CHECK(bad.err.find("pg.toml:2") != std::string::npos);
  CHECK(post_hello(w).status == 200);
  w.home.write(w.home.config_file(), good);
  w.server.signal(SIGTERM);
  REQUIRE(w.server.wait() == 0);
  CHECK(w.home.run({"config", "reload"}).status == 5);
}

TEST_CASE("lifecycle: SIGTERM lets streams finish, takes no new ones, and exits 0") {
  World w;
  w.upstream.respond(slow_stream(8, Ms{60}));
  RawClient client(w.port());
  client.send(w.request("v1/messages", ask(DialectId::anthropic, true, "hi")));
  REQUIRE(client.wait_for("piece 1"));
  RawClient idle(w.port());
  idle.send(write_request("GET", "/healthz", {}, {}));
  CHECK(idle.read_reply().status == 200);
  w.server.signal(SIGTERM);
  std::this_thread::sleep_for(Ms{100});
  RawClient late(w.port());
  const bool refused = !late.connected() || !late.send(w.request("v1/messages", "{}")) || late.read_reply(Ms{1000}).status != 200;
  CHECK(refused);
  const RawReply reply = client.read_reply();
  CHECK(reply.complete);
  CHECK(hear_stream(DialectId::anthropic, reply.body).finished);
  CHECK(hear_stream(DialectId::anthropic, reply.body).text().ends_with("piece 7 "));
  CHECK(w.server.wait(Ms{3000}) == 0);
  CHECK(w.server.err().find("drain") != std::string::npos);
  CHECK(w.home.rows(5).size() >= 1);  // the row of the drained stream was still written
}

TEST_CASE("lifecycle: what does not end within the drain time is cut with the dialect's error; a second signal ends at once") {
  World w(kRedactAll, "[limits]\ndrain = \"500ms\"\n");
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(dialect);
    auto events = say_stream(dialect, {text_block({"never ", "ending"})});
    Answer answer = Answer::stream_head();
    for (const auto& event : events) {
      if (event.find("ending") != std::string::npos) break;
      answer.chunk(event);
    }
    w.upstream.respond(answer.hang());
    RawClient client(w.port());
    client.send(w.request(model_path(dialect), ask(dialect, true, "hi")));
    REQUIRE(client.wait_for("never "));
    const auto begin = SteadyClock::now();
    w.server.signal(SIGTERM);
    const RawReply reply = client.read_reply();
    const Heard heard = hear_stream(dialect, reply.body);
    CHECK_FALSE(heard.finished);
    CHECK_FALSE(heard.error_message.empty());
    CHECK(w.server.wait() == 0);
    CHECK(since(begin) < Ms{5000});  // without the setting it would be 30 s
    REQUIRE(w.server.start());
  }
  w.upstream.respond(Answer{}.hang());
  World patient;
  patient.upstream.respond(Answer{}.hang());
  RawClient client(patient.port());
  client.send(patient.request("v1/messages", ask(DialectId::anthropic, true, "hi")));
  REQUIRE(patient.upstream.wait_for(1));
  patient.server.signal(SIGTERM);
  std::this_thread::sleep_for(Ms{150});
  CHECK(patient.server.running());
  patient.server.signal(SIGTERM);
  CHECK(patient.server.wait(Ms{1000}) >= 0);
}

TEST_CASE("lifecycle: kill -9 under load leaves the database whole, and the restart takes less than a second") {
  World w;
  w.upstream.respond(Answer::stream(say_stream(DialectId::anthropic, {text_block({"x"})})));
  for (int round = 0; round < 3; ++round) {
    std::atomic<bool> stop{false};
    std::atomic<int> answered{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&] {
        RawClient client(w.port());
        while (!stop && client.connected() &&
               client.send(w.request("v1/messages", ask(DialectId::anthropic, true, "I am " + make_email())))) {
          if (!client.read_reply(Ms{1000}).complete) break;
          ++answered;
        }
      });
    }
    std::this_thread::sleep_for(Ms{250 + 90 * round});
    w.server.signal(SIGKILL);
    CHECK(w.server.wait() == 128 + SIGKILL);
    stop = true;
    for (auto& client : clients) client.join();
    CHECK(answered > 20);
    REQUIRE_FALSE(w.home.database().empty());
    CHECK(query(w.home.database(), "PRAGMA integrity_check") == std::vector<std::string>{"ok"});
    CHECK(query(w.home.database(), "PRAGMA foreign_key_check").empty());
    REQUIRE(w.server.start());
    CHECK(w.server.start_took() < Ms{1000});
    CHECK(post_hello(w).status == 200);
  }
  const auto rows = w.home.rows(10'000);
  CHECK(rows.size() > 20);
  for (const auto& row : rows) REQUIRE(nlohmann::json::parse(row, nullptr, false).value("status", 0) == 200);  // no half row
}

TEST_CASE("lifecycle F69: when the disk is full, traffic goes on, pg says so, and the rows follow when there is room again") {
  World w;
  CHECK(post_hello(w).status == 200);
  REQUIRE(until([&] { return w.home.rows().size() == 1; }).count() >= 0);
  // The write-ahead log may not grow; standard error, a shorter file here, still may.
  const rlimit full{std::filesystem::file_size(w.home.database() + "-wal"), RLIM_INFINITY};
  REQUIRE(full.rlim_cur > 4096);
  REQUIRE(::prlimit(w.server.pid(), RLIMIT_FSIZE, &full, nullptr) == 0);
  for (int i = 0; i < 3; ++i) CHECK(post_hello(w).status == 200);
  CHECK(until([&] { return w.server.err().find("the log cannot be written") != std::string::npos; }).count() >= 0);
  CHECK(post_hello(w).status == 200);
  CHECK(w.server.running());
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  REQUIRE(::prlimit(w.server.pid(), RLIMIT_FSIZE, &all, nullptr) == 0);
  CHECK(until([&] { return w.home.rows().size() == 5; }).count() >= 0);
  CHECK(w.server.err().find("the log is being written again") != std::string::npos);
  CHECK(query(w.home.database(), "PRAGMA integrity_check") == std::vector<std::string>{"ok"});
}

TEST_CASE("lifecycle: a port that is taken, and a second serve on the same database, exit 6 and name it") {
  World w;
  const std::string taken = "127.0.0.1:" + std::to_string(w.upstream.port());
  Home other;
  other.write(other.config_file(), Home::read(w.home.config_file()));
  other.write(other.project_file("test"), project_toml(kRedactAll));
  other.set_env("FAKE_KEY", "x");
  const CommandResult port = other.run({"serve", "--listen", taken, "--config", other.config_file()});
  CHECK(port.status == 6);
  CHECK(port.err.find(std::to_string(w.upstream.port())) != std::string::npos);
  const CommandResult second = w.home.run({"serve", "--listen", "127.0.0.1:0", "--config", w.home.config_file()}, {}, Ms{3000});
  CHECK(second.status == 6);
  CHECK(second.err.find(std::to_string(w.server.pid())) != std::string::npos);
  CHECK(post_hello(w).status == 200);
}

TEST_CASE("lifecycle: bad settings stop the start with status 3, file, line and a suggestion") {
  Home home;
  home.write(home.project_file("test"), project_toml(kRedactAll));
  const std::pair<const char*, const char*> bad[] = {
      {"[serve]\nprot = 8787\n", "pg.toml:2:1"},
      {"[serve]\nport = \"x\"\n", "pg.toml:2:"},
      {"[serve]\nport = 1\nport = 2\n", "pg.toml:3:"},
      {"x = \"\xFF\"\n", "pg.toml:1:"},
      {"[providers.fake]\nopenai_base_url = \"gopher://x\"\n", "pg.toml:2:"},
  };
  for (const auto& [text, where] : bad) {
    CAPTURE(std::string(text));
    home.write(home.config_file(), text);
    const CommandResult result = home.run({"serve", "--listen", "127.0.0.1:0", "--config", home.config_file()}, {}, Ms{3000});
    CHECK(result.status == 3);
    CHECK_MESSAGE(result.err.find(where) != std::string::npos, result.err);
  }
  home.write(home.config_file(), bad[0].first);
  CHECK(home.run({"serve", "--config", home.config_file()}, {}, Ms{3000}).err.find("port") != std::string::npos);
}

}  // namespace pg::test
