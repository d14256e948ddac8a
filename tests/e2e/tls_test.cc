// TLS towards a provider: who is believed, who is not, and what an end without a goodbye means (fault catalogue, section E).
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/model_wire.h"
#include "tests/support/provider_world.h"
#include "tests/support/run_pg.h"
#include "tests/support/tls_front.h"

namespace pg::test {
namespace {

std::string secured_row(std::string_view host, std::uint16_t port, std::string_view more, std::string_view name = "secured") {
  const std::string base = "https://" + std::string(host) + ":" + std::to_string(port);
  return "[providers." + std::string(name) + "]\nopenai_base_url = \"" + base + "/v1\"\nanthropic_base_url = \"" + base +
         "\"\ncredential = \"env:FAKE_KEY\"\nconnect_timeout = \"1s\"\n" + std::string(more);
}

/// pg, and a provider behind TLS that is called by `host`.
struct TlsWorld {
  explicit TlsWorld(std::string_view host, CertificateSpec spec = {}, TlsFront::Manner manner = TlsFront::Manner::good,
                    bool trusted = true, std::string_view project = {}, std::string_view settings = {},
                    std::string_view others = {})
      : front(provider.port(), std::move(spec), manner),
        authority(std::filesystem::temp_directory_path() / ("pg-authority-" + std::to_string(front.port()) + ".pem")),
        w((write_authority(), kRedactAll),
          std::string(settings) + secured_row(host, front.port(), trusted ? "ca_file = \"" + authority.string() + "\"\n" : ""),
          {}, "providers = [\"secured\"" + std::string(others) + "]\n" + std::string(project)) {}
  ~TlsWorld() { std::filesystem::remove(authority); }

  void write_authority() const { std::ofstream(authority) << test_authority_pem(); }
  RawReply ask_it(DialectId dialect = DialectId::openai_chat, bool stream = false) {
    return w.post(model_path(dialect), ask(dialect, stream, "hi"));
  }
  /// 502 in the dialect, quickly, and nothing of the request reached the provider. What the log says of it holds `reason`.
  void check_refused(std::string_view reason) {
    for (const DialectId dialect : kModelDialects) {
      const RawReply reply = ask_it(dialect);
      CHECK_MESSAGE(reply.status == 502, reply.head << reply.body);
      CHECK_FALSE(hear_whole(dialect, reply.body).error_message.empty());
      CHECK(reply.body.find(w.credential) == std::string::npos);
    }
    CHECK(provider.touched() == 0);
    CHECK_MESSAGE(w.home.newest_row_has("error", reason), w.home.rows(1).back());
  }

  FakeUpstream provider;
  TlsFront front;
  std::filesystem::path authority;
  World w;
};

}  // namespace

TEST_CASE("tls: a provider whose authority is named is spoken to, by name and by address, on kept connections") {
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    TlsWorld t(host);
    for (const DialectId dialect : kModelDialects) {
      t.provider.respond(Answer::stream(say_stream(dialect, {text_block({"to ", "[[EMAIL_001]]"})}), Ms{2}));
      const RawReply reply = t.w.post(model_path(dialect), ask(dialect, true, "I am " + make_email()));
      const Heard heard = hear_stream(dialect, reply.body);
      CHECK(heard.text() == "to " + make_email());
      CHECK(heard.finished);
    }
    const std::string large(3u << 20, 'x');
    t.provider.respond(Answer::json(say_whole(DialectId::openai_chat, {text_block({large})})));
    const RawReply reply = t.w.post("v1/chat/completions", ask(DialectId::openai_chat, false, large), {}, Ms{15'000});
    CHECK(hear_whole(DialectId::openai_chat, reply.body).text() == large);
    CHECK(t.provider.last().body.find(large) != std::string::npos);
    CHECK(t.front.handshakes() <= 2);  // one a loop
    for (const std::string& asked : t.front.asked_for()) CHECK(asked == (host == "localhost" ? "localhost" : ""));
    CHECK(t.provider.last().field("host") == host + ":" + std::to_string(t.front.port()));
  }
}

TEST_CASE("tls: a request of many pieces, small ones and ones beyond a record, arrives byte for byte") {
  TlsWorld t("localhost");
  t.provider.respond(Answer::json(say_whole(DialectId::openai_chat, {text_block({"ok"})})));
  std::string sent, expected;
  for (int i = 0; i < 900; ++i) {
    const std::string between(i % 90 == 7 ? 40'000u + static_cast<unsigned>(i) : static_cast<unsigned>(i % 37),
                              static_cast<char>('a' + i % 26));
    sent += make_email() + " " + between + " ";
    expected += "[[EMAIL_001]] " + between + " ";
  }
  const RawReply reply = t.w.post("v1/chat/completions", ask(DialectId::openai_chat, false, sent), {}, Ms{15'000});
  CHECK(reply.status == 200);
  CHECK(t.provider.last().body == ask(DialectId::openai_chat, false, expected));
}

TEST_CASE("upstream E55: a certificate that is not to be believed: 502, and the provider hears nothing") {
  using std::chrono::hours;
  SUBCASE("of an unknown authority") {
    TlsWorld("localhost", {}, TlsFront::Manner::good, false).check_refused("certificate");
  }
  SUBCASE("self-signed") {
    TlsWorld("localhost", {.self_signed = true}).check_refused("self-signed certificate");
  }
  SUBCASE("expired") {
    TlsWorld("localhost", {.begins = hours{-48}, .ends = hours{-24}}).check_refused("certificate has expired");
  }
  SUBCASE("not yet valid") {
    TlsWorld("localhost", {.begins = hours{24}, .ends = hours{48}}).check_refused("certificate is not yet valid");
  }
  SUBCASE("of another host") {
    TlsWorld("localhost", {.names = "DNS:other.example"}).check_refused("hostname mismatch");
  }
  SUBCASE("of another address") {
    TlsWorld("127.0.0.1", {.names = "IP:127.0.0.2"}).check_refused("IP address mismatch");
  }
  SUBCASE("of the host, asked by its address") {
    TlsWorld("127.0.0.1", {.names = "DNS:localhost"}).check_refused("mismatch");
  }
}

TEST_CASE("upstream E55: what is no TLS, or TLS of long ago: 502; silence: 504") {
  SUBCASE("TLS 1.1") {
    TlsWorld("localhost", {}, TlsFront::Manner::old).check_refused("TLS with localhost");
  }
  SUBCASE("silence") {
    TlsWorld t("localhost", {}, TlsFront::Manner::silent);
    const RawReply reply = t.ask_it();
    CHECK(reply.status == 504);
    CHECK(reply.waited < Ms{3000});
    CHECK(t.provider.touched() == 0);
  }
  SUBCASE("plain HTTP where TLS is expected, and the other way round") {
    FakeUpstream plain;
    TlsFront front(plain.port());
    World w(kRedactAll,
            secured_row("127.0.0.1", plain.port(), "", "plain") + "[providers.sealed]\nopenai_base_url = \"http://127.0.0.1:" +
                std::to_string(front.port()) + "/v1\"\ncredential = \"env:FAKE_KEY\"\n",
            {}, "providers = [\"plain\", \"sealed\"]\n");
    const auto status_of = [&](std::string_view model) {
      return w.post("v1/chat/completions", ask_model(DialectId::openai_chat, model, false, "hi"), {}, Ms{7000}).status;
    };
    CHECK(status_of("plain:m") == 504);  // it waits for the end of a head
    CHECK(status_of("sealed:m") == 502);
    CHECK(plain.count() == 0);
  }
}

TEST_CASE("upstream E55: the others are asked when a provider's certificate is bad") {
  FakeUpstream provider, second;
  TlsFront front(provider.port());
  World w(kRedactAll,
          secured_row("localhost", front.port(), "") + "[providers.second]\nopenai_base_url = \"http://127.0.0.1:" +
              std::to_string(second.port()) + "/v1\"\ncredential = \"env:FAKE_KEY\"\n",
          {}, "providers = [\"secured\"]\nfallback = \"second\"\nfallback_on_failure = true\n");
  second.respond(Answer::json(say_whole(DialectId::openai_chat, {text_block({"from the second"})})));
  const RawReply reply = w.post("v1/chat/completions", ask(DialectId::openai_chat, false, "hi"));
  CHECK(hear_whole(DialectId::openai_chat, reply.body).text() == "from the second");
  CHECK(provider.touched() == 0);
}

TEST_CASE("upstream E57: an end without TLS's goodbye is a cut, however the reply is framed") {
  TlsWorld t("localhost", {}, TlsFront::Manner::rude);
  const std::string whole = say_whole(DialectId::openai_chat, {text_block({"whole"})});
  const Fields json{{"Content-Type", "application/json"}, {"Connection", "close"}};
  t.provider.respond(Answer::head(200, json).bytes(whole).close());  // its length was not told: only the goodbye could say so
  const RawReply cut = t.ask_it();
  CHECK((cut.status == 502 || !cut.complete));
  Answer half = Answer::stream_head();
  const auto events = say_stream(DialectId::openai_chat, {text_block({"partial ", "answer"})});
  half.chunk(events.front());
  t.provider.respond(half.close());
  const RawReply stream = t.ask_it(DialectId::openai_chat, true);
  CHECK_FALSE(hear_stream(DialectId::openai_chat, stream.body).finished);
  CHECK(stream.body.find("[DONE]") == std::string::npos);
}

TEST_CASE("tls: a large request to a provider that reads slowly arrives whole, whatever TLS says meanwhile") {
  TlsWorld t("localhost", {}, TlsFront::Manner::slow);
  t.provider.respond(Answer::json(say_whole(DialectId::openai_chat, {text_block({"taken"})})));
  const std::string large(12u << 20, 'x');
  const RawReply reply = t.w.post("v1/chat/completions", ask(DialectId::openai_chat, false, large), {}, Ms{30'000});
  CHECK(reply.status == 200);
  CHECK(t.provider.last().body.size() == ask(DialectId::openai_chat, false, large).size());
}

TEST_CASE("tls: what goes wrong on one connection is not taken for the failure of another") {
  FakeUpstream provider;
  TlsFront rude(provider.port(), {}, TlsFront::Manner::rude);
  const std::string file = std::filesystem::temp_directory_path() / ("pg-authority-" + std::to_string(rude.port()) + "-rude.pem");
  std::ofstream(file) << test_authority_pem();
  TlsWorld t("localhost", {}, TlsFront::Manner::good, true, {},
             "[serve]\nthreads = 1\n" + secured_row("localhost", rude.port(), "ca_file = \"" + file + "\"\n", "rude"),
             ", \"rude\"");
  Answer slow = Answer::stream_head();
  for (const std::string& event : say_stream(DialectId::openai_chat, {text_block({"one ", "two ", "three ", "four"})}))
    slow.chunk(event).pause(Ms{60});
  t.provider.respond(slow.last_chunk());
  provider.respond(Answer::stream_head().close());
  std::string heard;
  std::thread other([&] { heard = hear_stream(DialectId::openai_chat, t.ask_it(DialectId::openai_chat, true).body).text(); });
  for (int i = 0; i < 6; ++i) {
    std::this_thread::sleep_for(Ms{40});
    const RawReply broken = t.w.post("v1/chat/completions", ask_model(DialectId::openai_chat, "rude:m", true, "hi"));
    CHECK_FALSE(hear_stream(DialectId::openai_chat, broken.body).finished);
  }
  other.join();
  CHECK(heard == "one two three four");
  CHECK(rude.handshakes() == 6);
  std::filesystem::remove(file);
}

TEST_CASE("tls: the end of a reply without a length is its end when TLS says goodbye") {
  TlsWorld t("localhost");
  const std::string whole = say_whole(DialectId::openai_chat, {text_block({"whole"})});
  t.provider.respond(Answer::head(200, {{"Content-Type", "application/json"}, {"Connection", "close"}}).bytes(whole).close());
  const RawReply reply = t.ask_it();
  CHECK(reply.status == 200);
  CHECK(hear_whole(DialectId::openai_chat, reply.body).text() == "whole");
}

TEST_CASE("tls: pg providers test names what is wrong with a certificate, and what to do") {
  TlsWorld t("localhost", {}, TlsFront::Manner::good, false);
  const CommandResult page = t.w.home.run({"providers", "test", "secured"});
  CHECK(page.status != 0);
  CHECK_MESSAGE((page.out + page.err).find("ca_file") != std::string::npos, page.out << page.err);
  CHECK(t.provider.touched() == 0);
}

}  // namespace pg::test
