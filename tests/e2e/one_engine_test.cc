// One engine, two doors: what a running proxy replaces in a text is what `pg scan` finds in it, by kind and by place.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/base/encode.h"
#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {
namespace {

/// "KIND@column " of every value, in order; a text is one line of ASCII.
using Seen = std::string;

Seen seen_by_scan(const World& w, const std::string& text) {
  const CommandResult scan = w.home.run({"scan", "--pii", "--format", "json", "-"}, text);
  REQUIRE_MESSAGE(scan.status <= 1, scan.err);
  Seen seen;
  const auto report = nlohmann::json::parse(scan.out);
  for (const auto& finding : report["findings"])
    seen += finding["kind"].get<std::string>() + "@" + std::to_string(finding["column"].get<int>()) + " ";
  return seen;
}

/// The proxy's view, from the text as the provider got it: a placeholder stands where the value stood.
Seen seen_by_proxy(World& w, const std::string& text, const std::vector<std::string>& values) {
  w.upstream.forget();
  const RawReply reply = w.post(model_path(DialectId::openai_chat), ask(DialectId::openai_chat, false, text));
  REQUIRE_MESSAGE(reply.status == 200, reply.body);
  const auto body = nlohmann::json::parse(w.upstream.last().body);
  std::string got = body["messages"].back()["content"].is_string()
                        ? body["messages"].back()["content"].get<std::string>()
                        : body["messages"].back()["content"][0]["text"].get<std::string>();
  Seen seen;
  for (std::size_t i = 0, at = got.find("[["); at != std::string::npos; at = got.find("[["), ++i) {
    const std::size_t close = got.find("]]", at);
    const std::string name = got.substr(at + 2, close - at - 2);
    seen += name.substr(0, name.rfind('_')) + "@" + std::to_string(at + 1) + " ";
    REQUIRE(i < values.size());
    got.replace(at, close + 2 - at, values[i]);
  }
  CHECK(got == text);
  return seen;
}

}  // namespace

TEST_CASE("one engine: proxy and scan agree on kinds and places") {
  World w(kRedactAll);
  w.upstream.respond(Answer::json("{}"));
  const std::vector<std::vector<std::string>> texts = {{make_github_token()},
                                                       {make_aws_key_id()},
                                                       {make_email()},
                                                       {make_iban()},
                                                       {make_card()},
                                                       {make_github_token(), make_email()},
                                                       {make_card(), make_aws_key_id(), make_email()},
                                                       {}};
  for (const auto& values : texts) {
    for (const std::string between : {" and ", ", ", "\" = \"", " <", "\t"}) {
      std::string text = "see";
      for (const std::string& value : values) text += between + value;
      text += " ok";
      CAPTURE(between);
      CHECK(seen_by_scan(w, text) == seen_by_proxy(w, text, values));
    }
  }
}

TEST_CASE("one engine: values that stand encoded in a text are found by both, at the same places") {
  World w(kRedactAll);
  w.upstream.respond(Answer::json("{}"));
  const std::string token = make_github_token(), mail = make_email();
  const std::string spelled = mail.substr(0, mail.find('@')) + "%40" + mail.substr(mail.find('@') + 1);
  for (const std::string& value : {to_base64(token), to_base64url(token), spelled}) {
    const std::string text = "data: " + value + " ok";
    CAPTURE(text);
    const Seen scanned = seen_by_scan(w, text);
    CHECK(scanned.find("@7 ") != std::string::npos);
    CHECK(scanned == seen_by_proxy(w, text, {value.substr(0, value.find_last_not_of('=') + 1)}));
  }
}

}  // namespace pg::test
