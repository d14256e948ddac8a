// Many clients and few descriptors: the cap holds, the oldest idle connection makes room, and the process neither dies nor spins
// (fault catalogue B31, B32).
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <sstream>
#include <thread>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

const std::string kHealth = write_request("GET", "/healthz", {}, {});

std::vector<std::unique_ptr<RawClient>> idle_clients(std::uint16_t port, int count) {
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<RawClient>(port));
    clients.back()->send(kHealth);
  }
  return clients;
}

long cpu_ticks(pid_t pid) {
  const std::string stat = Home::read("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  long user = 0, system = 0;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  fields >> user >> system;
  return user + system;
}

std::size_t descriptors_of(pid_t pid) {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

rlim_t address_space(pid_t pid) {
  std::istringstream fields(Home::read("/proc/" + std::to_string(pid) + "/statm"));
  rlim_t pages = 0;
  fields >> pages;
  return pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("capacity B31: at the cap the oldest idle connection makes room for a new one") {
  World w(kRedactAll, "[limits]\nmax_connections = 20\n");
  RawClient oldest(w.port());
  oldest.send(kHealth);
  REQUIRE(oldest.read_reply().status == 200);
  std::this_thread::sleep_for(Ms{50});  // so that it is the oldest whatever the threads of the server do
  auto clients = idle_clients(w.port(), 19);
  for (auto& client : clients) REQUIRE(client->read_reply().status == 200);
  for (int i = 0; i < 5; ++i) {
    RawClient fresh(w.port());
    fresh.send(kHealth);
    CHECK(fresh.read_reply(Ms{1000}).status == 200);
  }
  CHECK(oldest.wait_for_close(Ms{1000}));  // whichever loop it is on
  clients.back()->send(kHealth);
  CHECK(clients.back()->read_reply(Ms{1000}).status == 200);  // the youngest was left alone
  CHECK(w.post("v1/messages", "{}").status == 400);
  std::this_thread::sleep_for(Ms{300});  // the journal writes behind the reply
  CHECK(w.home.rows(5).size() >= 1);     // the command line still answers
}

TEST_CASE("capacity B32: out of descriptors: 503 or a refusal in time, no spin, and all is well when they are back") {
  World w;
  const rlimit few{48, 48};
  REQUIRE(::prlimit(w.server.pid(), RLIMIT_NOFILE, &few, nullptr) == 0);
  {
    auto clients = idle_clients(w.port(), 100);
    std::this_thread::sleep_for(Ms{200});
    RawClient late(w.port());
    late.send(kHealth);
    const RawReply reply = late.read_reply(Ms{1500});
    CHECK((reply.status == 503 || reply.status == 200));
    const long before = cpu_ticks(w.server.pid());
    std::this_thread::sleep_for(Ms{500});
    CHECK(cpu_ticks(w.server.pid()) - before < 10);
    CHECK(w.server.running());
  }
  RawReply reply;
  for (int i = 0; i < 40 && reply.status != 200; ++i) {
    std::this_thread::sleep_for(Ms{50});
    reply = exchange(w.port(), kHealth, Ms{500});
  }
  CHECK(reply.status == 200);
  w.upstream.respond(Answer::json("{}"));
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "hi")).status == 200);
}

TEST_CASE("capacity B31: the cap holds for connections that come all at once") {
  World w(kRedactAll, "[limits]\nmax_connections = 30\n");
  auto clients = idle_clients(w.port(), 300);
  std::this_thread::sleep_for(Ms{500});
  // Beside connections the process has files, its loops and the socket it listens on.
  CHECK(descriptors_of(w.server.pid()) < 30 + 60);
  RawClient late(w.port());
  late.send(kHealth);
  CHECK(late.read_reply(Ms{1000}).status == 200);
}

TEST_CASE("capacity B36: a body for which there is no memory is refused, and the process lives") {
  World w(kRedactAll, "[limits]\nmax_body = \"512MiB\"\n");
  w.upstream.respond(Answer::json("{}"));
  const std::string small = ask(DialectId::anthropic, false, "hi");
  REQUIRE(w.post("v1/messages", small).status == 200);
  const rlimit little{address_space(w.server.pid()) + (48u << 20), RLIM_INFINITY};
  REQUIRE(::prlimit(w.server.pid(), RLIMIT_AS, &little, nullptr) == 0);
  const RawReply refused = w.post("v1/messages", ask(DialectId::anthropic, false, std::string(200u << 20, 'x')), {}, Ms{20'000});
  CHECK(refused.status == 503);
  CHECK(refused.body.find("memory") != std::string::npos);
  CHECK(w.post("v1/messages", small).status == 200);
  CHECK(w.server.running());
}

}  // namespace pg::test
