// Bodies by size and coding, and the built-in echo provider: what comes compressed is read, guarded and sent on plain; what
// cannot be read is refused; nothing is buffered beyond its cap.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/gzip.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

World& large_body_world() {
  static World one(kRedactAll, "[limits]\nmax_body = \"20MiB\"\n");
  one.upstream.forget();
  one.upstream.respond(Answer::json("{}"));
  return one;
}

const std::string kPlain = R"({"model":"m","messages":[{"role":"user","content":"I am @@, really"}]})";

}  // namespace

TEST_CASE("body A25: gzip and zstd requests are decoded, guarded and sent on plain") {
  World& w = large_body_world();
  const std::string body = replace_all(kPlain, "@@", make_email());
  const std::pair<const char*, std::string> codings[] = {
      {"gzip", gzip(body)}, {"zstd", zstd(body)}, {"GZIP", gzip(body)}, {"identity", body}};
  for (const auto& [name, bytes] : codings) {
    CAPTURE(name);
    w.upstream.forget();
    CHECK(w.post("v1/messages", bytes, {{"Content-Encoding", name}}).status == 200);
    const SeenRequest seen = w.upstream.last();
    CHECK(seen.body == replace_all(kPlain, "@@", "[[EMAIL_001]]"));
    CHECK_FALSE(seen.has("content-encoding"));
    CHECK(seen.field("content-length") == std::to_string(seen.body.size()));
  }
}

TEST_CASE("body A25: bombs, unknown, doubled, cut and lying codings never pass") {
  World& w = large_body_world();
  const std::string body = replace_all(kPlain, "@@", make_email());
  const std::string bomb = "{\"a\":\"" + std::string(60u << 20, 'a') + "\"}";
  const std::string small_bomb = "{\"a\":\"" + std::string(12u << 20, 'a') + "\"}";
  struct Row {
    const char* coding;
    std::string bytes;
    int status;
  };
  const Row rows[] = {{"gzip", gzip(bomb), 413},
                      {"zstd", zstd(bomb), 413},
                      {"gzip", gzip(small_bomb), 413},  // below the limit of bodies, at a thousand to one
                      {"zstd", zstd(small_bomb), 413},
                      {"br", body, 415},
                      {"gzip, br", body, 415},
                      {"compress", body, 415},
                      {"gzip", gzip(body).substr(0, 40), 400},
                      {"zstd", zstd(body).substr(0, 20), 400},
                      {"gzip", body, 400},
                      {"zstd", gzip(body), 400},
                      {"gzip", gzip(body) + "trailing", 400}};
  for (const auto& row : rows) {
    CAPTURE(std::string(row.coding));
    const RawReply reply = w.post("v1/messages", row.bytes, {{"Content-Encoding", row.coding}}, Ms{8000});
    CHECK_MESSAGE(reply.status == row.status, reply.body);
    CHECK_FALSE(hear_whole(DialectId::anthropic, reply.body).error_message.empty());
  }
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("body: large ones pass up to the limit, chunked or not, and beyond it are 413 in the dialect") {
  World& w = large_body_world();
  const std::string large = replace_all(kPlain, "@@", make_email() + " " + std::string(12u << 20, 'x') + " ");
  CHECK(w.post("v1/messages", large, {}, Ms{15'000}).status == 200);
  CHECK(w.upstream.last().body.size() == large.size() - make_email().size() + 13);
  const std::string start = w.request("v1/messages", "");
  const std::string head = replace_all(start, "Content-Length: 0", "Transfer-Encoding: chunked");
  std::string chunks;
  for (std::size_t at = 0; at < large.size(); at += 100'000) chunks += write_chunk(std::string_view(large).substr(at, 100'000));
  CHECK(exchange(w.port(), head + chunks + "0\r\n\r\n", Ms{15'000}).status == 200);
  CHECK(w.upstream.count() == 2);
  CHECK(w.upstream.seen()[0].body == w.upstream.seen()[1].body);

  const RawReply declared = exchange(w.port(), replace_all(start, "Content-Length: 0", "Content-Length: 20971521"));
  CHECK(declared.status == 413);
  CHECK(hear_whole(DialectId::anthropic, declared.body).error_type == "request_too_large");
  CHECK(w.upstream.count() == 2);
}

TEST_CASE("body: many long ones at once arrive as they were sent, and short ones behind them are heard as ever") {
  constexpr std::size_t kClients = 24, kRounds = 4;
  World& w = large_body_world();
  const auto body_of = [](std::size_t client, std::size_t round) {
    const std::size_t size = round % 2 == 0 ? 150'000 + client * 10'000 : 10;  // long, short, long, short
    return replace_all(kPlain, "@@", "number " + std::to_string(client * kRounds + round) + " " + std::string(size, 'x'));
  };
  std::atomic<std::size_t> answered{0};
  std::vector<std::thread> clients;
  for (std::size_t client = 0; client < kClients; ++client) {
    clients.emplace_back([&, client] {
      RawClient connection(w.port());
      for (std::size_t round = 0; round < kRounds; ++round) {
        const std::string request = w.request("v1/messages", body_of(client, round));
        const std::size_t first = client % 3 == 0 ? request.size() * 2 / 3 : request.size();  // some pause on the way
        connection.send(std::string_view(request).substr(0, first));
        if (first < request.size()) std::this_thread::sleep_for(Ms{20});
        connection.send(std::string_view(request).substr(first));
        if (connection.read_reply(Ms{10'000}).status == 200) ++answered;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(answered == kClients * kRounds);
  std::vector<std::string> sent, arrived;
  for (std::size_t client = 0; client < kClients; ++client)
    for (std::size_t round = 0; round < kRounds; ++round) sent.push_back(body_of(client, round));
  for (const SeenRequest& seen : w.upstream.seen()) arrived.push_back(seen.body);
  std::sort(sent.begin(), sent.end());
  std::sort(arrived.begin(), arrived.end());
  CHECK((arrived == sent));
}

TEST_CASE("body: an image of some megabytes passes as it is") {
  World& w = large_body_world();
  std::string base64 = "iVBORw0KGgoAAAANSUhEUgAA";
  while (base64.size() < (6u << 20)) base64 += "Zm9vYmFyK2phbmUuZG9lQGV4YW1wbGUuY29t";
  const std::string body =
      R"({"model":"m","messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":")" +
      base64 + R"("}}]}]})";
  const RawReply reply = w.post("v1/messages", body, {}, Ms{10'000});
  CHECK(reply.status == 200);
  CHECK(w.upstream.last().body == body);
}

TEST_CASE("echo: the built-in provider answers in every dialect, streamed or whole, and what it saw was redacted") {
  World w(kRedactAll, {}, {}, "providers = [\"echo\"]\n");
  for (const DialectId dialect : kModelDialects) {
    for (const bool stream : {false, true}) {
      CAPTURE(dialect);
      CAPTURE(stream);
      const RawReply reply = w.post(model_path(dialect), ask(dialect, stream, "I am " + make_email() + ", hello"));
      CHECK(reply.status == 200);
      const Heard heard = stream ? hear_stream(dialect, reply.body) : hear_whole(dialect, reply.body);
      CHECK(heard.fault() == "");
      CHECK(heard.finished);
      CHECK(heard.text().find(make_email()) != std::string::npos);
    }
  }
  CHECK(w.upstream.touched() == 0);
}

TEST_CASE("echo: tokens are counted, a model list is given, embeddings are made, and it goes on answering") {
  World w(kRedactAll, {}, {}, "providers = [\"echo\"]\n");
  const std::string call = ask(DialectId::anthropic, false, "I am " + make_email() + ", hello");
  for (const char* const query : {"", "?beta=true"}) {
    const RawReply counted = w.post(std::string("v1/messages/count_tokens") + query, call);
    CHECK(counted.status == 200);
    CHECK(nlohmann::json::parse(counted.body)["input_tokens"].get<int>() > 0);
  }
  CHECK(w.post("v1/embeddings", R"({"model":"echo","input":"hello"})").status == 200);
  CHECK(w.get("v1/models").status == 200);
  CHECK(w.post("v1/messages", call).status == 200);
  CHECK(w.upstream.touched() == 0);
}

}  // namespace pg::test
