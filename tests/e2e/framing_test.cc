// Strict HTTP/1.1 framing: every shape that could mean two things is refused, the connection closes, and nothing reaches the
// provider. One table row a shape; the numbers are those of the fault catalogue's section A.
#include <doctest/doctest.h>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

World& framing_world() {
  static World one(kRedactAll, "[limits]\nmax_body = \"1MiB\"\n");
  one.upstream.forget();
  one.upstream.respond(Answer::json("{}"));
  return one;
}

struct Shape {
  const char* what;
  std::string bytes;  // @K = the key, @H = host and port
  std::vector<int> statuses;
  bool closes = true;
};

const std::string kLine = "POST /api/test/v1/messages HTTP/1.1\r\n";
const std::string kFields = "Host: @H\r\nAuthorization: Bearer @K\r\nContent-Type: application/json\r\n";
const std::string kStart = kLine + kFields;
const std::string kSmuggled = R"({"model":"m","messages":[{"role":"user","content":"smuggled?"}]})";
const std::string kSize = std::to_string(kSmuggled.size());
/// What a smuggler would hide behind the first request.
const std::string kHidden = kStart + "Content-Length: " + kSize + "\r\n\r\n" + kSmuggled;

std::string chunked(const std::string& chunks) {
  return kStart + "Transfer-Encoding: chunked\r\n\r\n" + chunks;
}
std::string hex(std::size_t n) {
  return write_chunk(std::string(n, 'x')).substr(0, write_chunk(std::string(n, 'x')).find('\r'));
}
std::string length(const std::string& value) {
  return kStart + "Content-Length: " + value + "\r\n\r\n" + kSmuggled;
}
std::string coding(const std::string& value) {
  return kStart + "Transfer-Encoding: " + value + "\r\n\r\n" + write_chunk(kSmuggled) + "0\r\n\r\n";
}
std::string get(const std::string& fields) {
  return "GET /api/test/v1/models HTTP/1.1\r\n" + fields + "\r\n";
}

void check_shapes(std::vector<Shape> shapes) {
  World& w = framing_world();
  for (auto& shape : shapes) {
    CAPTURE(std::string(shape.what));
    std::string bytes = replace_all(shape.bytes, "@H", "127.0.0.1:" + std::to_string(w.port()));
    bytes = replace_all(bytes, "@K", w.key);
    RawClient client(w.port());
    if (shape.closes) bytes += replace_all(replace_all(kHidden, "@H", "localhost"), "@K", w.key);
    client.send(bytes);
    const RawReply reply = client.read_reply(Ms{3000});
    const bool expected = std::find(shape.statuses.begin(), shape.statuses.end(), reply.status) != shape.statuses.end();
    CHECK_MESSAGE(expected, shape.what << ": came " << reply.status << " " << reply.body.substr(0, 200));
    CHECK_MESSAGE(w.upstream.touched() == 0, shape.what);
    if (!shape.closes) continue;
    CHECK_MESSAGE(client.wait_for_close(Ms{2000}), shape.what);
    CHECK_MESSAGE(client.pending().find("HTTP/1.1") == std::string::npos, shape.what << ": a second answer");
    w.upstream.forget();
  }
  CHECK(w.post("v1/messages", kSmuggled).status == 200);  // and the server lives
}

}  // namespace

TEST_CASE("framing A1-A5: lengths that could mean two things") {
  std::vector<Shape> shapes{
      {"1 CL and TE", kStart + "Content-Length: " + kSize + "\r\nTransfer-Encoding: chunked\r\n\r\n" + kSmuggled, {400}},
      {"1 TE and CL", kStart + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", {400}},
      {"2 two lengths that differ", kStart + "Content-Length: 3\r\nContent-Length: " + kSize + "\r\n\r\n" + kSmuggled, {400}},
      {"3 two equal lengths",
       kStart + "Content-Length: " + kSize + "\r\nContent-Length: " + kSize + "\r\n\r\n" + kSmuggled,
       {400}},
      {"3 a list of lengths", length(kSize + ", " + kSize), {400}},
      {"5 beyond the limit, before reading", kStart + "Content-Length: 1048577\r\n\r\n", {413}},
  };
  const std::string values[] = {"+" + kSize,   "-1", "0x40", "6_4", "6 4", "", "18446744073709551616", "99999999999999999999999",
                                kSize + "\t;", "1e2"};
  for (const auto& value : values) shapes.push_back({value.c_str(), length(value), {400}});
  check_shapes(shapes);
}

TEST_CASE("framing A6-A8: transfer codings and HTTP/1.0") {
  std::vector<Shape> shapes{
      {"7 TE with HTTP/1.0", replace_all(coding("chunked"), "HTTP/1.1", "HTTP/1.0"), {400}},
      {"8 HTTP/1.0 without a length: the body is empty", replace_all(kStart, "HTTP/1.1", "HTTP/1.0") + "\r\n" + kSmuggled, {400}},
      {"6 double TE", kStart + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400, 501}},
  };
  const std::string values[] = {"xchunked",
                                "identity",
                                "chunked, gzip",
                                "gzip, chunked",
                                "",
                                "chunked, chunked",
                                "\x0b"
                                "chunked",
                                "chunked;q=1",
                                "\"chunked\""};
  for (const auto& value : values) shapes.push_back({value.c_str(), coding(value), {400, 501}});
  check_shapes(shapes);
}

TEST_CASE("framing A9-A11: chunks") {
  const std::string ok = hex(kSmuggled.size());
  std::vector<Shape> shapes{
      {"10 data longer than the chunk", chunked(ok + "\r\n" + kSmuggled + "XX\r\n0\r\n\r\n"), {400}},
      {"10 data shorter than the chunk", chunked(hex(kSmuggled.size() + 3) + "\r\n" + kSmuggled + "\r\n0\r\n\r\n"), {400}},
      {"10 no CRLF after the data", chunked(ok + "\r\n" + kSmuggled + "0\r\n\r\n"), {400}},
      {"11 bare semicolon", chunked(ok + ";\r\n" + kSmuggled + "\r\n0\r\n\r\n"), {400}},
      {"11 bare LF in an extension", chunked(ok + ";a=b\nX: y\r\n" + kSmuggled + "\r\n0\r\n\r\n"), {400}},
      {"11 bare CR in an extension", chunked(ok + ";a=b\rc\r\n" + kSmuggled + "\r\n0\r\n\r\n"), {400}},
      {"11 5 KB of extensions", chunked(ok + ";a=" + std::string(5000, 'x') + "\r\n" + kSmuggled + "\r\n0\r\n\r\n"), {400}},
      {"9 LF after the size", chunked(ok + "\n" + kSmuggled + "\r\n0\r\n\r\n"), {400}},
      {"12 9 KB of trailers",
       chunked(ok + "\r\n" + kSmuggled + "\r\n0\r\nX-Trailer: " + std::string(9000, 'x') + "\r\n\r\n"),
       {431}},
      {"12 LF in a trailer", chunked(ok + "\r\n" + kSmuggled + "\r\n0\r\nX-Trailer: a\n\r\n\r\n"), {400}},
  };
  const std::string sizes[] = {"0x" + ok,           ok + "_0",           "+" + ok, " " + ok, ok + " ", "-1", "",
                               "FFFFFFFFFFFFFFFFF", "10000000000000000", "g"};
  for (const auto& size : sizes) shapes.push_back({size.c_str(), chunked(size + "\r\n" + kSmuggled + "\r\n0\r\n\r\n"), {400}});
  shapes.push_back({"5 chunks beyond the limit", chunked("100001\r\n" + std::string(0x100001, 'x') + "\r\n0\r\n\r\n"), {413}});
  check_shapes(shapes);
}

TEST_CASE("framing A12: a chunked body is read, and trailers that could change the request are dropped") {
  World& w = framing_world();
  const std::string bytes = chunked(
      hex(kSmuggled.size()) + ";name=value\r\n" + kSmuggled +
      "\r\n0\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\nHost: evil.example\r\nAuthorization: Bearer evil\r\n\r\n");
  const RawReply reply = exchange(w.port(), replace_all(replace_all(bytes, "@H", "localhost"), "@K", w.key));
  CHECK(reply.status == 200);
  const SeenRequest seen = w.upstream.last();
  CHECK(seen.body == kSmuggled);
  CHECK(seen.head.find("evil") == std::string::npos);
  CHECK(seen.field("content-length") == kSize);
}

TEST_CASE("framing A13-A16: lines, names and hosts") {
  const std::string rest = "Authorization: Bearer @K\r\nContent-Type: application/json\r\nContent-Length: " + kSize + "\r\n";
  const auto host = [&](const std::string& value) { return kLine + "Host: " + value + "\r\n" + rest + "\r\n" + kSmuggled; };
  const auto field = [&](const std::string& line) { return kLine + "Host: @H\r\n" + line + "\r\n" + rest + "\r\n" + kSmuggled; };
  check_shapes({
      {"13 bare LF everywhere", replace_all(field("X-A: b"), "\r\n", "\n"), {400}},
      {"13 bare LF after one line", field("X-A: b\nX-C: d"), {400}},
      {"13 bare CR after one line", field("X-A: b\rX-C: d"), {400}},
      {"13 CR in a value", field("X-A: b\rc"), {400}},
      {"13 NUL in a value", field(std::string("X-A: b\0c", 8)), {400}},
      {"13 NUL in a name", field(std::string("X-\0A: b", 7)), {400}},
      {"14 folded line", field("X-A: b\r\n folded"), {400}},
      {"14 folded with a tab", field("X-A: b\r\n\tTransfer-Encoding: chunked"), {400}},
      {"15 blank before the colon", field("X-A : b"), {400}},
      {"15 blank before the colon of a length", kStart + "Content-Length : " + kSize + "\r\n\r\n" + kSmuggled, {400}},
      {"15 blank before the first field", kLine + " Host: @H\r\n" + rest + "\r\n" + kSmuggled, {400}},
      {"15 no colon", field("X-A"), {400}},
      {"15 empty name", field(": b"), {400}},
      {"15 name that is no token", field("X(A): b"), {400}},
      {"15 name with a high byte", field("X\xE9: b"), {400}},
      {"16 no host", kLine + rest + "\r\n" + kSmuggled, {400}},
      {"16 two hosts", kLine + "Host: @H\r\nHost: @H\r\n" + rest + "\r\n" + kSmuggled, {400}},
      {"16 empty host", host(""), {400}},
      {"16 host list", host("127.0.0.1,localhost"), {400}},
      {"16 userinfo", host("a@127.0.0.1"), {400}},
      {"16 path in host", host("127.0.0.1/x"), {400}},
      {"16 blank in host", host("127.0.0.1 evil"), {400}},
  });
}

TEST_CASE("framing A17-A19: foreign targets, methods, upgrades") {
  World& w = framing_world();
  const std::string rest = "Host: @H\r\nAuthorization: Bearer @K\r\n";
  check_shapes({
      {"17 absolute form to a foreign authority",
       "GET http://evil.example/api/test/v1/models HTTP/1.1\r\n" + rest + "\r\n",
       {421}},
      {"17 absolute form, https", "GET https://evil.example:443/ HTTP/1.1\r\n" + rest + "\r\n", {421}},
      {"17 target without a slash", "GET api/test/v1/models HTTP/1.1\r\n" + rest + "\r\n", {400}},
      {"18 CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\n" + rest + "\r\n", {405}, false},
      {"18 TRACE", "TRACE /api/test/v1/messages HTTP/1.1\r\n" + rest + "X-Echo: canary\r\n\r\n", {405}, false},
  });
  const RawReply trace = exchange(w.port(), "TRACE / HTTP/1.1\r\nHost: localhost\r\nX-Echo: canary\r\n\r\n");
  CHECK(trace.status == 405);
  CHECK_FALSE(trace.field("allow").empty());
  CHECK(trace.body.find("canary") == std::string::npos);
  const RawReply own = exchange(w.port(), "GET http://127.0.0.1:" + std::to_string(w.port()) +
                                              "/healthz HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(w.port()) + "\r\n\r\n");
  CHECK(own.status == 200);
  const Fields h2c{{"Upgrade", "h2c"}, {"Connection", "Upgrade, HTTP2-Settings"}, {"HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"}};
  const RawReply upgraded = exchange(w.port(), write_request("GET", "/healthz", h2c, {}));
  CHECK((upgraded.status == 200 || upgraded.status == 426));
}

TEST_CASE("framing A20-A22: other protocols, sizes and versions") {
  const std::string fields = "Host: @H\r\nAuthorization: Bearer @K\r\n";
  std::string hundred = "GET /api/test/v1/models HTTP/1.1\r\n" + fields;
  for (int i = 0; i < 100; ++i) hundred += "X-" + std::to_string(i) + ": y\r\n";
  std::string large = "GET /api/test/v1/models HTTP/1.1\r\n" + fields;
  for (int i = 0; i < 6; ++i) large += "X-" + std::to_string(i) + ": " + std::string(12'000, 'y') + "\r\n";
  check_shapes({
      {"20 HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}},
      {"21 URL of 9 KB", "GET /api/test/v1/models?" + std::string(9000, 'q') + " HTTP/1.1\r\n" + fields + "\r\n", {414}},
      {"21 field of 17 KB", get(fields + "X: " + std::string(17'000, 'y') + "\r\n"), {431}},
      {"21 70 KB of fields", large + "\r\n", {431}},
      {"21 102 fields", hundred + "\r\n", {431}},
      {"21 long method", std::string(33, 'M') + " / HTTP/1.1\r\n" + fields + "\r\n", {501}},
      {"22 HTTP/2.0", "GET / HTTP/2.0\r\n" + fields + "\r\n", {505, 400}},
      {"22 HTTP/1.2", "GET / HTTP/1.2\r\n" + fields + "\r\n", {505, 400}},
      {"22 http/1.1", "GET / http/1.1\r\n" + fields + "\r\n", {505, 400}},
      {"22 no version", "GET /\r\n" + fields + "\r\n", {505, 400}},
      {"22 two blanks", "GET  / HTTP/1.1\r\n" + fields + "\r\n", {400}},
      {"22 tab", "GET\t/ HTTP/1.1\r\n" + fields + "\r\n", {400}},
  });
  World& w = framing_world();
  for (const std::string& junk :
       {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03", 11), std::string(200, '\xFF'), std::string(64, '\0')}) {
    RawClient client(w.port());
    client.send(junk);
    CHECK(client.wait_for_close(Ms{3000}));
    CHECK(client.pending().find(" 200 ") == std::string::npos);
  }
  bool hinted = false;
  for (int i = 0; i < 50 && !hinted; ++i) {  // the journal writes behind the reply
    std::this_thread::sleep_for(Ms{20});
    hinted = w.server.err().find("TLS on plain port") != std::string::npos;
  }
  CHECK(hinted);
  CHECK(w.post("v1/messages", kSmuggled).status == 200);
}

TEST_CASE("framing: a head that cannot be read is refused in the dialect of its request line") {
  World& w = framing_world();
  const std::string line = "POST /api/test/v1/messages HTTP/1.1\r\nHost: localhost\r\n";
  std::string large = line;
  for (int i = 0; i < 6; ++i) large += "X-" + std::to_string(i) + ": " + std::string(12'000, 'y') + "\r\n";
  for (const std::string& head : {large, line + "Bad Field: y\r\n\r\n", line + "Content-Length: x\r\n\r\n"}) {
    const RawReply reply = exchange(w.port(), head + "\r\n");
    CAPTURE(reply.body);
    CHECK(reply.status >= 400);
    CHECK(reply.body.starts_with(R"({"type":"error")"));
    CHECK(reply.body.find(reply.field("request-id")) != std::string::npos);
  }
  const RawReply chat = exchange(w.port(), "POST /api/test/v1/chat/completions HTTP/1.1\r\nBad Field: y\r\n\r\n");
  CHECK(chat.body.starts_with(R"({"error")"));
}

TEST_CASE("framing: lines that end in LF alone are refused at once") {
  World& w = framing_world();
  const RawReply reply = exchange(w.port(), "GET /healthz HTTP/1.1\nHost: localhost\n\n");
  CHECK(reply.status == 400);
}

TEST_CASE("framing A23-A24: Expect and pipelining") {
  World& w = framing_world();
  const std::string start = replace_all(replace_all(kStart, "@H", "localhost"), "@K", w.key);
  RawClient client(w.port());
  client.send(start + "Expect: 100-continue\r\nContent-Length: " + kSize + "\r\n\r\n");
  CHECK(client.wait_for("HTTP/1.1 100", Ms{2000}));
  client.send(kSmuggled);
  const RawReply reply = client.read_reply();
  CHECK(reply.status == 200);
  CHECK(reply.interim == 1);
  RawClient refused(w.port());
  refused.send(replace_all(start, w.key, "pg_live_wrong") + "Expect: 100-continue\r\nContent-Length: " + kSize + "\r\n\r\n");
  const RawReply no = refused.read_reply();
  CHECK(no.status == 401);
  CHECK(no.interim == 0);
  CHECK(exchange(w.port(), start + "Expect: 200-ok\r\nContent-Length: " + kSize + "\r\n\r\n" + kSmuggled).status == 417);

  RawClient pipelining(w.port());
  std::string fifty;
  for (int i = 0; i < 50; ++i)
    fifty += i % 2 == 0 ? write_request("GET", "/healthz", {}, {}) : w.request("v1/messages", kSmuggled);
  pipelining.send(fifty + "BAD\r\n\r\n" + write_request("GET", "/healthz", {}, {}));
  for (int i = 0; i < 50; ++i) {
    const RawReply one = pipelining.read_reply();
    REQUIRE(one.status == 200);
    CHECK((one.body == "{}") == (i % 2 == 1));
  }
  CHECK(pipelining.read_reply().status == 400);
  CHECK(pipelining.wait_for_close());
  CHECK(pipelining.pending().empty());
}

TEST_CASE("framing A26-A27: paths that climb and names that inject") {
  World& w = framing_world();
  for (const std::string path : {"/api/test/v1/messages%00", "/api/test/../test/v1/messages", "/api/test/..%2f..%2fhealthz",
                                 "/api/test/v1/messages%0d%0aX:%20y", "/api/test/v1\\messages", "/api/test/%c0%ae%c0%ae/messages",
                                 "/api/%2e%2e/healthz"}) {
    CAPTURE(path);
    const RawReply reply = exchange(
        w.port(),
        write_request("POST", path, {{"Authorization", "Bearer " + w.key}, {"Content-Type", "application/json"}}, kSmuggled));
    CHECK((reply.status == 400 || reply.status == 404));
  }
  CHECK(w.upstream.touched() == 0);
  CHECK(w.post("v1/messages", R"({"model":"m\r\nX-Evil: 1","messages":[]})").status == 200);
  CHECK_FALSE(w.upstream.last().has("x-evil"));
}

}  // namespace pg::test
