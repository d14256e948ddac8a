// Clients that leave, stall, drip or cut: the provider is let go at once, memory stays bounded, no wait is without an end (fault
// catalogue, section B).
#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

World& impatient_world() {
  static World one(
      kRedactAll,
      "[limits]\nhead_timeout = \"500ms\"\nbody_timeout = \"600ms\"\nidle_timeout = \"700ms\"\nstall_timeout = \"1s\"\n");
  one.upstream.forget();
  one.upstream.respond(Answer::json("{}"));
  return one;
}

Answer endless_stream() {
  Answer answer = Answer::stream_head();
  for (const auto& event : say_stream(DialectId::anthropic, {text_block({"one"})})) {
    if (event.find("message_delta") != std::string::npos) break;
    answer.chunk(event);
  }
  return answer.hang();
}

std::size_t open_descriptors(pid_t pid) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) ++count;
  return count;
}

long resident_kb(pid_t pid) {
  const std::string status = Home::read("/proc/" + std::to_string(pid) + "/status");
  return std::atol(status.c_str() + status.find("VmRSS:") + 6);
}

}  // namespace

TEST_CASE("client: when it leaves, the provider sees the close within 200 ms and the row says 499") {
  World& w = impatient_world();
  const std::string body = ask(DialectId::anthropic, true, "hi " + make_email());
  const std::pair<const char*, void (RawClient::*)()> ways[] = {{"FIN", &RawClient::close}, {"RST", &RawClient::reset}};
  for (const auto& [what, leave] : ways) {
    CAPTURE(std::string(what));
    w.upstream.forget();
    w.upstream.respond(endless_stream());  // in the middle of a stream
    RawClient client(w.port());
    client.send(w.request("v1/messages", body));
    REQUIRE(client.wait_for("content_block_delta"));
    const auto left = SteadyClock::now();
    (client.*leave)();
    const Ms took = w.upstream.wait_for_leave(left, Ms{1500});
    CHECK(took.count() >= 0);
    CHECK(took < Ms{200});

    w.upstream.forget();
    Answer inside = endless_stream();  // in the middle of an event
    inside.steps.insert(inside.steps.end() - 1, Answer{}.chunk("event: content_block_delta\ndata: {\"ty").steps.front());
    w.upstream.respond(inside);
    RawClient between(w.port());
    between.send(w.request("v1/messages", body));
    REQUIRE(between.wait_for("content_block_delta"));
    std::this_thread::sleep_for(Ms{50});
    const auto left_inside = SteadyClock::now();
    (between.*leave)();
    const Ms inside_took = w.upstream.wait_for_leave(left_inside, Ms{1500});
    CHECK(inside_took.count() >= 0);
    CHECK(inside_took < Ms{200});

    w.upstream.forget();
    w.upstream.respond(Answer{}.hang());  // before the provider's head
    RawClient early(w.port());
    early.send(w.request("v1/messages", body));
    REQUIRE(w.upstream.wait_for(1));
    const auto gone = SteadyClock::now();
    (early.*leave)();
    const Ms early_took = w.upstream.wait_for_leave(gone, Ms{1500});
    CHECK(early_took.count() >= 0);
    CHECK(early_took < Ms{200});
  }
  std::this_thread::sleep_for(Ms{200});
  const auto rows = w.home.rows(6);
  REQUIRE(rows.size() == 6);
  for (const auto& row : rows) CHECK(Json::parse(row, nullptr, false).value("status", 0) == 499);
}

TEST_CASE("client: half-closed after its request, it still gets the whole reply") {
  World& w = impatient_world();
  const auto events = say_stream(DialectId::anthropic, {text_block({"a ", "[[EMAIL_001]]"})});
  w.upstream.respond(Answer::stream(events, Ms{40}));
  RawClient client(w.port());
  client.send(w.request("v1/messages", ask(DialectId::anthropic, true, "I am " + make_email())));
  client.half_close();
  const RawReply reply = client.read_reply();
  CHECK(reply.complete);
  CHECK(hear_stream(DialectId::anthropic, reply.body).text() == "a " + make_email());
  CHECK(hear_stream(DialectId::anthropic, reply.body).finished);

  w.upstream.respond(Answer{}.pause(Ms{150}).bytes(Answer::json("{}").steps.front().bytes));
  RawClient whole(w.port());
  whole.send(w.request("v1/messages", ask(DialectId::anthropic, false, "hi")));
  whole.half_close();
  CHECK(whole.read_reply().body == "{}");
}

TEST_CASE("client: a head that drips ends in 408 and close after the time for all of it, a slow body too") {
  World& w = impatient_world();
  RawClient slow(w.port());
  const std::string head = w.request("v1/messages", "{}");
  const auto begin = SteadyClock::now();
  for (std::size_t i = 0; i < 40 && SteadyClock::now() - begin < Ms{2000}; ++i) {
    if (!slow.send(head.substr(i, 1))) break;
    std::this_thread::sleep_for(Ms{30});
  }
  CHECK(slow.wait_for_close(Ms{1000}));
  CHECK(SteadyClock::now() - begin < Ms{1600});
  const std::string said = slow.pending();
  CHECK((said.empty() || said.starts_with("HTTP/1.1 408")));

  RawClient body(w.port());
  const std::string whole = w.request("v1/messages", std::string(300, ' '));
  body.send(whole.substr(0, whole.size() - 100));
  const RawReply reply = body.read_reply(Ms{2500});
  CHECK(reply.status == 408);
  CHECK(body.wait_for_close());

  RawClient idle(w.port());
  idle.send(write_request("GET", "/healthz", {}, {}));
  CHECK(idle.read_reply().status == 200);
  CHECK(idle.wait_for_close(Ms{1500}));
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("client: one that does not read holds the provider back, and is cut after the stall limit") {
  World& w = impatient_world();
  const std::string event =
      "event: content_block_delta\ndata: "
      "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" +
      std::string(8000, 'x') + "\"}}\n\n";
  Answer flood = Answer::stream_head();
  std::string many;
  for (int i = 0; i < 8000; ++i) many += write_chunk(event);  // 64 MB
  w.upstream.respond(flood.bytes(many).hang());
  const long before = resident_kb(w.server.pid());
  const auto sent = w.upstream.bytes_sent();
  RawClient client(w.port());
  client.send(w.request("v1/messages", ask(DialectId::anthropic, true, "hi " + make_email())));
  std::this_thread::sleep_for(Ms{600});
  CHECK(w.upstream.bytes_sent() - sent < (24u << 20));  // socket buffers on both ways, and a bounded one between
  CHECK(resident_kb(w.server.pid()) - before < 8 * 1024);
  const Ms cut = w.upstream.wait_for_leave(SteadyClock::now() - Ms{600}, Ms{3000});
  CHECK(cut.count() >= 0);
}

TEST_CASE("client: strange JSON is refused or read in linear time, never a crash") {
  World& w = impatient_world();
  const std::string user = R"({"model":"m","messages":[{"role":"user","content":)";
  const std::pair<std::string, bool> bodies[] = {
      // body, may it pass?
      {std::string(20'000, '['), false},
      {user + std::string(20'000, '[') + std::string(20'000, ']') + "}]}", false},
      {"\xEF\xBB\xBF" + user + "\"hi\"}]}", false},
      {user + "\"hi\"}],\"x\":NaN}", false},
      {user + "\"hi\"}],}", false},
      {user + "\"bad \xFF utf-8\"}]}", false},
      {user + "\"lone \\ud800 surrogate\"}]}", true},
      {user + "\"twice\"}],\"messages\":[{\"role\":\"user\",\"content\":\"" + make_email() + "\"}]}", true},
      {user + "\"" + std::string(1u << 20, 'a') + "\"}]}", true},
  };
  for (const auto& [body, may_pass] : bodies) {
    CAPTURE(body.substr(0, 80));
    w.upstream.forget();
    const RawReply reply = w.post("v1/messages", body);
    CHECK(reply.waited < Ms{1000});
    if (!may_pass) {
      CHECK(reply.status == 400);
      CHECK(w.upstream.touched() == 0);
    } else {
      CHECK((reply.status == 200 || reply.status == 400));
      CHECK(w.upstream.last().body.find(make_email()) == std::string::npos);
    }
  }
  std::string many = R"({"model":"m","messages":[)";
  for (int i = 0; i < 100'000; ++i) many += R"({"role":"user","content":"x"},)";
  many.back() = ']';
  const RawReply reply = w.post("v1/messages", many + "}");
  CHECK(reply.status == 200);
  CHECK(reply.waited < Ms{3000});
}

TEST_CASE("client: text that is hard for backtracking costs linear time") {
  World& w = impatient_world();
  const std::string hard[] = {std::string(400'000, 'a') + "@", std::string(400'000, '-'), std::string(200'000, '1'),
                              replace_all(std::string(60'000, '@'), "@", "a@a."),
                              replace_all(std::string(40'000, '@'), "@", "eyJ.eyJ.")};
  for (const auto& text : hard) {
    CAPTURE(text.substr(0, 10));
    const RawReply reply = w.post("v1/messages", ask(DialectId::anthropic, false, text));
    CHECK(reply.status == 200);
    CHECK(reply.waited < Ms{2500});
  }
}

TEST_CASE("client: descriptors go back to the baseline, and the server still answers") {
  World& w = impatient_world();
  std::this_thread::sleep_for(Ms{900});  // what earlier tests left idle is closed by now
  const std::size_t before = open_descriptors(w.server.pid());
  for (int i = 0; i < 60; ++i) {
    RawClient client(w.port());
    client.send(i % 3 == 0   ? "GET / HTTP"
                : i % 3 == 1 ? w.request("v1/messages", "{}").substr(0, 200)
                             : std::string("\x16\x03\x01"));
    if (i % 2 == 0) client.reset();
  }
  std::size_t after = 0;
  for (int i = 0; i < 60; ++i) {
    std::this_thread::sleep_for(Ms{50});
    after = open_descriptors(w.server.pid());
    if (after <= before) break;
  }
  CHECK(after <= before);
  CHECK(w.post("v1/messages", ask(DialectId::anthropic, false, "hi")).status == 200);
}

}  // namespace pg::test
