// pg's own keys are secrets like any other: in a message, in a row, in a command's complaint, in a file.
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"
#include "tests/support/soon.h"

namespace pg::test {
namespace {

// What stays of a key in lists and rows is its first twelve characters.
bool says_key(std::string_view text, const std::string& key) {
  return text.find(key.substr(12)) != std::string_view::npos || text.find(key.substr(12, 20)) != std::string_view::npos;
}

}  // namespace

TEST_CASE("own keys: one in a message does not leave, and comes back in the answer") {
  World w;
  w.upstream.respond([](const SeenRequest& seen) {
    const auto found = placeholders_in(seen.body);
    return Answer::json(say_whole(DialectId::anthropic, {text_block({found.empty() ? "nothing" : found.front()})}));
  });
  const RawReply reply = w.post("v1/messages", ask(DialectId::anthropic, false, "PG_KEY=" + w.key));
  CHECK_FALSE(says_key(w.upstream.last().body, w.key));
  CHECK(w.upstream.last().body.find("[[PROMPTGATE_KEY_001]]") != std::string::npos);
  CHECK(hear_whole(DialectId::anthropic, reply.body).text() == w.key);
}

TEST_CASE("own keys: one in a model's name or a User-Agent stands nowhere, and where keys belong they work") {
  World w(kRedactAll, "[logs]\nfile = \"requests.log\"\n");
  w.upstream.respond([](const SeenRequest&) { return Answer::json(say_whole(DialectId::anthropic, {text_block({"ok"})})); });
  const std::string body = R"({"model":")" + w.key + R"(","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})";
  const std::string good = ask(DialectId::anthropic, false, "hi");
  CHECK(w.post("v1/messages", body, {{"User-Agent", "tool/1 " + w.key}}).status == 200);
  CHECK(w.post("v1/messages", good, {{"x-pg-key", w.key}}).status == 200);
  CHECK(w.post("v1/messages", good, {{"x-api-key", w.key}}).status == 200);
  CHECK(w.post("key/" + w.key + "/v1/messages", good, {{"Authorization", "Bearer other"}}).status == 200);
  CHECK(soon([&] { return w.home.rows().size() == 4; }));
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"usage", "--by", "model"}, {"logs", "tail", "--json"}, {"logs", "search", "ua:*tool*", "--fields", "ua,model"}}) {
    const CommandResult said = w.home.run(words);
    CHECK((words.front() == "usage" || said.out.find("****") != std::string::npos));
    CHECK_FALSE(says_key(said.out + said.err, w.key));
  }
  CHECK_FALSE(says_key(w.server.err(), w.key));
  CHECK_FALSE(says_key(w.home.everything(), w.key));
}

TEST_CASE("own keys: no command says one back, but that which makes one or was asked to write it down") {
  World w;
  for (const auto& words : std::vector<std::vector<std::string>>{{"keys", "show", "@"},
                                                                 {"keys", "revoke", "@"},
                                                                 {"keys", "edit", "@", "--rpm", "1"},
                                                                 {"keys", "disable", "@"},
                                                                 {"logs", "show", "@"},
                                                                 {"logs", "search", "@"},
                                                                 {"explain", "@"},
                                                                 {"alerts", "test", "@"},
                                                                 {"usage", "--since", "@"},
                                                                 {"usage", "--by", "@"},
                                                                 {"keys", "add", "x", "--expires", "@"},
                                                                 {"keys", "add", "x", "--budget", "@"},
                                                                 {"logs", "prune", "--keep", "@"},
                                                                 {"db", "restore", "@", "--yes"},
                                                                 {"@"},
                                                                 {"keys", "@"},
                                                                 {"serve", "--@"},
                                                                 {"serve", "--listen=@"}}) {
    std::vector<std::string> given = words;
    for (std::string& word : given)
      if (const std::size_t at = word.find('@'); at != std::string::npos) word.replace(at, 1, w.key);
    CAPTURE(words.front());
    CAPTURE(words.back());
    const CommandResult said = w.home.run(given);
    CHECK((said.status != 0 || words[1] == "search"));
    CHECK_FALSE(says_key(said.out + said.err, w.key));
  }
  CHECK(says_key(w.home.run({"setup", "claude-code", "--key", w.key}).out, w.key));
}

TEST_CASE("own keys: pg scan finds one in a file") {
  World w;
  const std::string file = w.home.root() / "notes.txt";
  w.home.write(file, "use " + w.key + "\n");
  const CommandResult said = w.home.run({"scan", file});
  CHECK(said.status == 1);
  CHECK(said.out.find("promptgate-key") != std::string::npos);
  CHECK_FALSE(says_key(said.out + said.err, w.key));
}

}  // namespace pg::test
