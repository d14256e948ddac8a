// Requests that real clients sent replay byte-faithfully: the provider sees the body and the headers of the client, apart from
// hop-by-hop fields, credentials and what pg's connection needs; and undoing the redactions gives the original.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/gzip.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct Recorded {
  std::string name, method, rest;  // rest: below /api/PROJECT/
  Fields fields;
  std::string body;   // as text
  bool zstd = false;  // sent compressed
};

std::vector<Recorded> recorded_requests() {
  std::vector<Recorded> all;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(PG_SOURCE_DIR "/tests/fixtures")) files.insert(entry.path());
  for (const auto& file : files) {
    if (file.extension() != ".json") continue;
    const OrderedJson json = OrderedJson::parse(Home::read(file));
    Recorded request;
    request.name = file.stem();
    request.method = json.at("method");
    request.rest = json.at("path").get<std::string>().substr(1);
    for (const auto& field : json.at("headers")) request.fields.emplace_back(field.at(0), field.at(1));
    if (!json.at("body").is_null()) request.body = json.at("body").dump();
    request.zstd = json.contains("body_encoding");
    all.push_back(std::move(request));
  }
  return all;
}

bool is_credential(std::string_view name) {
  return same_name(name, "authorization") || same_name(name, "x-api-key") || same_name(name, "x-pg-key");
}

/// Fields that belong to one connection, or that pg sets for its own (RFC 9110 §7.6.1).
bool is_connection_field(std::string_view name) {
  for (const char* own : {"host", "connection", "content-length", "accept-encoding", "content-encoding", "transfer-encoding",
                          "upgrade", "keep-alive", "te", "trailer"}) {
    if (same_name(name, own)) return true;
  }
  return false;
}

/// The recorded fields with our key in place of the fake one, in the same order and spelling.
Fields with_key(Fields fields, const std::string& key) {
  for (auto& [name, value] : fields) {
    if (same_name(name, "authorization")) value = "Bearer " + key;
    if (same_name(name, "x-api-key")) value = key;
  }
  return fields;
}

/// "" when equal; else where they part, in a few words.
std::string difference(std::string_view a, std::string_view b) {
  if (a == b) return {};
  const auto at = static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin()).first -
      a.begin());
  const std::size_t from = at < 40 ? 0 : at - 40;
  return "at " + std::to_string(at) + ": «" + std::string(a.substr(from, 100)) + "» / «" + std::string(b.substr(from, 100)) + "»";
}

/// The recorded conversations hold one value of a kind.
std::string recorded_original(const std::string& token) {
  if (token == "[[IBAN_001]]") return std::string("DE8937040044") + "0532013000";
  if (token == "[[CARD_001]]" || token == "[[CREDIT_CARD_001]]") return std::string("4111 1111") + " 1111 1111";
  // Of a turn that goes on from one that pg never saw, numbers are long ones.
  const bool after_forgotten = token.starts_with("[[EMAIL_") && token.size() == std::string_view("[[EMAIL_123456789]]").size();
  return token == "[[EMAIL_001]]" || after_forgotten ? make_email() : "unexpected " + token;
}

std::string_view reply_for(const SeenRequest& request) {
  static const std::string list =
      R"({"object":"list","data":[{"id":"fake-model","object":"model","created":1,"owned_by":"fake"}]})";
  static const std::string reply =
      R"({"id":"x","object":"x","model":"fake-model","data":[],"choices":[],"content":[],"output":[]})";
  return request.method == "GET" ? list : reply;
}

void replay(World& world, const Recorded& request) {
  world.upstream.forget();
  const std::string wire_body = request.zstd ? zstd(request.body) : request.body;
  const std::string bytes = write_request(request.method, "/api/test/" + request.rest, with_key(request.fields, world.key),
                                          wire_body, "127.0.0.1:" + std::to_string(world.port()));
  const RawReply reply = exchange(world.port(), bytes);
  CHECK_MESSAGE(reply.status == 200, reply.body);
  CHECK(reply.complete);
}

void check_fields(const Recorded& request, const SeenRequest& seen) {
  for (const auto& [name, value] : request.fields) {
    if (is_connection_field(name) || is_credential(name)) continue;
    CHECK_MESSAGE(seen.field(name) == value, "field " << name);
  }
  for (const auto& [name, value] : seen.fields) {
    const bool expected = is_connection_field(name) || is_credential(name) || has_field(request.fields, name);
    CHECK_MESSAGE(expected, "added by pg: " << name << ": " << value);
  }
}

}  // namespace

TEST_CASE("faithful: with nothing to replace, the provider gets the client's very bytes") {
  World world(kDetectAll);
  world.upstream.respond([](const SeenRequest& request) { return Answer::json(reply_for(request)); });
  int replayed = 0;
  for (const auto& request : recorded_requests()) {
    if (request.method != "POST") continue;
    CAPTURE(request.name);
    replay(world, request);
    const SeenRequest seen = world.upstream.last();
    REQUIRE(world.upstream.count() == 1);
    CHECK(difference(seen.body, request.body) == "");
    CHECK(seen.target == "/" + request.rest);
    CHECK_FALSE(seen.has("content-encoding"));
    check_fields(request, seen);
    CHECK(seen.head.find(world.key) == std::string::npos);
    CHECK((seen.field("authorization") + seen.field("x-api-key")).find(world.credential) != std::string::npos);
    ++replayed;
  }
  CHECK(replayed >= 25);
}

TEST_CASE("faithful: undoing the redactions gives the client's very bytes") {
  World world(kRedactAll);
  world.upstream.respond([](const SeenRequest& request) { return Answer::json(reply_for(request)); });
  int redacted = 0;
  for (const auto& request : recorded_requests()) {
    if (request.method != "POST") continue;
    CAPTURE(request.name);
    replay(world, request);
    const SeenRequest seen = world.upstream.last();
    const auto tokens = placeholders_in(seen.body);
    redacted += tokens.empty() ? 0 : 1;
    CHECK((tokens.empty() ==
           (request.body.find(make_email()) == std::string::npos && request.body.find("DE893704") == std::string::npos)));
    std::string undone = seen.body;
    for (const auto& token : tokens) undone = replace_all(undone, token, recorded_original(token));
    CHECK(difference(undone, request.body) == "");
    check_fields(request, seen);
  }
  CHECK(redacted >= 7);
}

TEST_CASE("faithful: the same conversation gets the same placeholders, so that the provider's prompt cache holds") {
  World world(kRedactAll);
  world.upstream.respond([](const SeenRequest& request) { return Answer::json(reply_for(request)); });
  for (const auto& request : recorded_requests()) {
    if (request.body.find(make_email()) == std::string::npos) continue;
    CAPTURE(request.name);
    replay(world, request);
    const std::string first = world.upstream.last().body;
    replay(world, request);
    CHECK(difference(world.upstream.last().body, first) == "");
  }
}

TEST_CASE("faithful: a WebSocket upgrade is answered 426 at once and goes nowhere") {
  World world(kRedactAll);
  int upgrades = 0;
  for (const auto& request : recorded_requests()) {
    if (!has_field(request.fields, "upgrade")) continue;
    CAPTURE(request.name);
    world.upstream.forget();
    const RawReply reply =
        exchange(world.port(), write_request("GET", "/api/test/" + request.rest, with_key(request.fields, world.key), {}));
    CHECK(reply.status == 426);
    CHECK(reply.complete);
    CHECK(world.upstream.touched() == 0);
    ++upgrades;
  }
  CHECK(upgrades == 1);
}

TEST_CASE("faithful: recorded model lists are answered") {
  World world(kRedactAll);
  world.upstream.respond([](const SeenRequest& request) { return Answer::json(reply_for(request)); });
  int lists = 0;
  for (const auto& request : recorded_requests()) {
    if (request.method != "GET" || has_field(request.fields, "upgrade")) continue;
    CAPTURE(request.name);
    replay(world, request);
    ++lists;
  }
  CHECK(lists >= 3);
}

/// The same stream as other servers would write it, each ending as its dialect ends.
std::vector<std::pair<std::string, std::string>> spellings(const std::vector<std::string>& events) {
  const std::string plain = join(events);
  std::string mixed;
  for (std::size_t i = 0; i < events.size(); ++i)
    mixed += replace_all(events[i], "\n", i % 3 == 0 ? "\r\n" : i % 3 == 1 ? "\r" : "\n");
  std::string extras = ": a comment\n\nid: 7\nretry: 10\n" + events.front() +
                       ":\n\nevent: future.thing\ndata: {\"type\":\"future.thing\",\"x\":1.50}\n\n";
  for (std::size_t i = 1; i < events.size(); ++i) extras += events[i] + ": keep-alive\n\n";
  return {{"plain", plain},
          {"CRLF", replace_all(plain, "\n", "\r\n")},
          {"CR", replace_all(plain, "\n", "\r")},
          {"mixed line ends", mixed},
          {"no blank after the colon", replace_all(plain, "data: ", "data:")},
          {"BOM", "\xEF\xBB\xBF" + plain},
          {"no final blank line", plain.substr(0, plain.size() - 1)},
          {"no final line end", plain.substr(0, plain.size() - 2)},
          {"comments, ids, retries, unknown events", extras}};
}

TEST_CASE("faithful E61: an event stream comes back byte for byte, whatever it is written like") {
  World w(kRedactAll);
  for (const DialectId dialect : kModelDialects) {
    const auto events = say_stream(dialect, {text_block({"to [[EMAIL_001]]", " and \\ \" \xC3\xA9"}), tool_block({"{}"})});
    for (const auto& [how, stream] : spellings(events)) {
      for (const bool redacted : {false, true}) {
        CAPTURE(dialect);
        CAPTURE(how);
        CAPTURE(redacted);
        const std::string expected = redacted ? replace_all(stream, "[[EMAIL_001]]", make_email()) : stream;
        w.upstream.respond(Answer::stream({stream.substr(0, stream.size() / 2), stream.substr(stream.size() / 2)}));
        const RawReply reply = w.post(model_path(dialect), ask(dialect, true, redacted ? "I am " + make_email() : "hello"));
        CHECK(reply.field("content-type") == "text/event-stream; charset=utf-8");
        CHECK(difference(reply.body, expected) == "");
        std::vector<std::string> bytes;
        for (const char c : stream) bytes.emplace_back(1, c);
        w.upstream.respond(Answer::stream(bytes));
        CHECK(difference(w.post(model_path(dialect), ask(dialect, true, redacted ? "I am " + make_email() : "hello")).body,
                         expected) == "");
      }
    }
  }
}

TEST_CASE("faithful: a whole reply with nothing to restore comes back byte for byte") {
  World w(kRedactAll);
  const std::string whole = " {\"id\" : \"x\",\n\"n\": 1.0e2, \"s\": \"\\u0041\\/ [[x]] [[EMAIL_009]]\"}\n";
  w.upstream.respond(Answer::json(whole));
  for (const DialectId dialect : kModelDialects) {
    CHECK(w.post(model_path(dialect), ask(dialect, false, "hello")).body == whole);
    CHECK(w.post(model_path(dialect), ask(dialect, false, "I am " + make_email())).body == whole);
  }
}

}  // namespace pg::test
