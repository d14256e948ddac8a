// Remembering verdicts, reading on the loop or on the scan pool, and the number of loops change nothing but the time taken: the
// provider gets the same bytes, the client gets the same bytes back, and the log has the same rows.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/fixtures.h"
#include "tests/support/gen.h"
#include "tests/support/model_wire.h"
#include "tests/support/request_gen.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::string_view kNumber = "x-number";

struct Request {
  std::string name;
  DialectId dialect;
  std::string rest;  // below /api/test/
  std::string body;
};

/// What is to be the same, of one request.
struct Outcome {
  std::string sent;  // what the provider got; "" = nothing
  std::string head, body;
  bool operator==(const Outcome&) const = default;
};

struct Run {
  std::vector<Outcome> outcomes;  // one a request
  std::vector<std::string> rows;  // sorted
};

/// How pg is set up, and how many clients ask at once.
struct Setup {
  std::string name;
  const char* settings;
  std::size_t clients;
};

constexpr const char* kNoCacheOnLoop = "[serve]\nthreads = 1\n[limits]\nremembered_verdict_bytes = 0\nscan_on_loop = \"4GiB\"\n";
const Setup kSetups[] = {
    {"remembered, on the loop", "[serve]\nthreads = 1\n[limits]\nscan_on_loop = \"4GiB\"\n", 1},
    {"remembered, on the pool", "[serve]\nthreads = 1\n[limits]\nscan_on_loop = 0\n", 1},
    {"hardly remembered, on the pool", "[serve]\nthreads = 1\n[limits]\nscan_on_loop = 0\nremembered_verdict_bytes = 1000\n", 4},
    {"not remembered, on the pool, two loops", "[serve]\nthreads = 2\n[limits]\nscan_on_loop = 0\nremembered_verdict_bytes = 0\n",
     4},
    {"remembered, large ones on the pool, four loops", "[serve]\nthreads = 4\n[limits]\nscan_on_loop = \"4KiB\"\n", 8},
    {"as shipped, two loops", "[serve]\nthreads = 2\n", 8},
};

std::vector<Request> recorded() {
  std::vector<Request> all;
  for (const Fixture& fixture : load_fixtures())
    all.push_back({fixture.name, fixture.dialect, fixture.target.substr(fixture.target.find_first_not_of('/')), fixture.body});
  return all;
}

/// Conversations as they grow, each in its dialect; the last one is larger than any that is read on the loop as shipped.
std::vector<Request> generated(Gen& gen) {
  std::vector<Request> all;
  for (const DialectId dialect : kModelDialects) {
    for (const std::size_t turns : {2U, 12U, 60U}) {
      RequestGen request(gen, dialect);
      for (std::size_t i = 0; i < turns; ++i) request.add_turn();
      for (const std::size_t upto : {turns - 1, turns})
        all.push_back({"generated", dialect, model_path(dialect), request.body(upto)});
    }
    RequestGen request(gen, dialect);
    std::string body = request.body(0);
    while (body.size() < 400'000) {
      for (int i = 0; i < 200; ++i) request.add_turn();
      body = request.body(request.turns());
    }
    all.push_back({"generated large", dialect, model_path(dialect), std::move(body)});
  }
  return all;
}

/// A reply that says again what the provider was sent: every placeholder of the request, which pg has to put right.
Answer echo_placeholders(const SeenRequest& request) {
  const std::string& path = request.target;
  const DialectId dialect = path.find("chat") != std::string::npos        ? DialectId::openai_chat
                            : path.find("responses") != std::string::npos ? DialectId::openai_responses
                                                                          : DialectId::anthropic;
  std::string text = "you said";
  for (const std::string& token : placeholders_in(request.body)) text += " " + token;
  const Blocks blocks = {text_block({text.substr(0, text.size() / 2), text.substr(text.size() / 2)})};
  if (request.body.find("\"stream\":true") != std::string::npos) return Answer::stream(say_stream(dialect, blocks));
  return Answer::json(say_whole(dialect, blocks));
}

std::string without_places(std::string text, const World& world) {
  text = replace_all(text, world.key, "KEY");
  text = replace_all(text, world.credential, "CREDENTIAL");
  // With the host: a count of bytes may be any number, a port's too.
  text = replace_all(text, "127.0.0.1:" + std::to_string(world.upstream.port()), "UPSTREAM");
  return replace_all(text, "127.0.0.1:" + std::to_string(world.port()), "PG");
}

/// The fields of a head but for those that tell the time or the connection.
std::string lasting_head(const RawReply& reply) {
  std::string out = std::to_string(reply.status);
  for (const auto& [name, value] : reply.fields)
    if (!same_name(name, "date") && name.find("request-id") == std::string::npos) out += "\n" + name + ": " + value;
  return out;
}

std::string without_id(std::string body, const RawReply& reply) {
  for (const char* name : {"request-id", "x-request-id", "x-pg-request-id"})
    if (const std::string id = reply.field(name); !id.empty()) body = replace_all(std::move(body), id, "ID");
  return body;
}

std::vector<std::string> lasting_rows(const World& world, std::size_t count) {
  std::vector<std::string> rows;
  for (int tries = 0; tries < 500 && rows.size() < count; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(Ms{20});
    rows = world.home.rows(static_cast<int>(count) + 50);
  }
  for (std::string& row : rows) {
    OrderedJson json = OrderedJson::parse(row);
    for (const char* passing : {"id", "seq", "time", "latency_ms", "ttft_ms", "upstream_ms", "connect_ms", "tls_ms"})
      json.erase(passing);
    row = without_places(json.dump(), world);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

/// Every request twice, the second time with all of it known, from so many clients at once.
Run run_requests(const std::vector<Request>& requests, std::string_view guards, const char* settings, std::size_t clients) {
  World world(guards, settings);
  world.upstream.respond(echo_placeholders);
  const std::size_t count = requests.size() * 2;
  Run run;
  run.outcomes.resize(count);
  std::atomic<std::size_t> next{0};
  const auto ask_all = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      const Request& request = requests[i % requests.size()];
      const RawReply reply = world.post(request.rest, request.body, {{std::string(kNumber), std::to_string(i)}}, Ms{30'000});
      run.outcomes[i].head = lasting_head(reply);
      run.outcomes[i].body = without_id(reply.complete ? reply.body : "cut: " + reply.body, reply);
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < clients; ++i) threads.emplace_back(ask_all);
  for (std::thread& thread : threads) thread.join();
  for (const SeenRequest& seen : world.upstream.seen())
    run.outcomes[std::stoul(seen.field(kNumber))].sent += without_places(seen.head, world) + seen.body;
  run.rows = lasting_rows(world, count);
  return run;
}

void check_requests(const std::vector<Request>& requests) {
  for (const std::string_view guards : {kRedactAll, kBlockSecrets}) {
    const Run expected = run_requests(requests, guards, kNoCacheOnLoop, 1);
    CHECK(expected.rows.size() == requests.size() * 2);
    std::size_t answered = 0;
    for (const Outcome& outcome : expected.outcomes) answered += outcome.head.starts_with("200") ? 1 : 0;
    // With secrets blocked, chance may make none that goes through.
    if (guards == kRedactAll) CHECK(answered == requests.size() * 2);
    for (const Setup& setup : kSetups) {
      CAPTURE(setup.name);
      const Run got = run_requests(requests, guards, setup.settings, setup.clients);
      for (std::size_t i = 0; i < got.outcomes.size(); ++i) {
        const Request& request = requests[i % requests.size()];
        CAPTURE(request.name);
        CAPTURE(request.body.size());
        CHECK(got.outcomes[i].head == expected.outcomes[i].head);
        // Not in a message: they may be large.
        CHECK((got.outcomes[i].sent == expected.outcomes[i].sent));
        CHECK((got.outcomes[i].body == expected.outcomes[i].body));
      }
      REQUIRE(got.rows.size() == expected.rows.size());
      for (std::size_t i = 0; i < got.rows.size(); ++i) CHECK(got.rows[i] == expected.rows[i]);
    }
  }
}

}  // namespace

TEST_CASE("same: recorded requests, however they are read") {
  check_requests(recorded());
}

TEST_CASE("same: generated conversations, however they are read") {
  PG_GEN(gen);
  MESSAGE("PG_SEED=" << gen.seed());
  check_requests(generated(gen));
}

}  // namespace pg::test
