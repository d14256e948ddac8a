// A guard that throws (fault catalogue G95): the request goes no further, the reply ends, the row says so, and nobody else
// notices. The gateway runs inside this process, under guards that fail when a text asks for it, and an allocator that can be
// told to.
#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "core/guard/guard_call.h"
#include "proxy/listener.h"
#include "tests/e2e/failing_new.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/guarded.h"
#include "tests/support/model_wire.h"
#include "tests/support/result.h"
#include "tests/support/soon.h"
#include "tests/support/temp_dir.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

/// The shipped guards, but that a text with "fault:KIND" in it is too much for them while they are armed.
class FaultyGuards final : public Guards {
 public:
  explicit FaultyGuards(std::shared_ptr<const Guards> sound) : sound_(std::move(sound)) {}

  void inspect(std::string_view text, Scrutiny scrutiny, std::vector<Finding>& out) const override {
    sound_->inspect(text, scrutiny, out);
    if (!armed) return;
    if (text.find("fault:memory") != text.npos) throw std::bad_alloc();
    if (text.find("fault:bug") != text.npos) throw std::logic_error(std::string(text));
    if (text.find("fault:system") != text.npos) throw std::system_error(std::make_error_code(std::errc::no_lock_available));
    if (text.find("fault:refusal") != text.npos) throw Refusal(make_error(Code::unavailable, "a guard refuses"));
  }
  const Rule& rule(RuleIndex index) const override { return sound_->rule(index); }
  Action action(RuleIndex index) const override { return sound_->action(index); }
  std::span<const Rule> rules() const override { return sound_->rules(); }
  std::uint64_t fingerprint() const override { return sound_->fingerprint(); }

  mutable std::atomic<bool> armed{true};

 private:
  std::shared_ptr<const Guards> sound_;
};

GuardSettings settings_with_long_rule() {
  GuardSettings settings;
  settings.custom.push_back({"employee", "E-[0-9]+", Action::redact});
  return settings;
}

/// One loop and a scan pool in this process, for project `test`, in front of a FakeUpstream.
class FaultyWorld {
  std::mutex mutex_;  // before the gateway, whose writer adds rows to its end
  std::vector<LogRow> rows_;

 public:
  FaultyWorld() {
    auto provider = std::make_shared<Provider>();
    provider->name = provider->vendor = provider->label = "fake";
    const Url base = parse_url("http://127.0.0.1:" + std::to_string(upstream.port()) + "/v1").value();
    for (const DialectId dialect : kModelDialects) provider->outlets.push_back({dialect, base});
    auto project = std::make_shared<Project>();
    project->id = project->name = "test";
    project->require_key = false;
    project->guards = guards;
    project->providers = {provider};
    project->aliases["fake-model"] = "fake:big-1";
    auto policy = std::make_shared<Policy>();
    policy->version = 1;
    policy->limits.scan_on_loop = 8 << 10;
    Price price;
    price.provider = "fake";
    price.model = "big-1";
    price.rates = {.input = 1'000'000'000, .output = 10'000'000'000};
    policy->prices = std::make_shared<PriceTable>(std::vector<Price>{price}, std::vector<Price>(), "test");
    policy->projects["test"] = project;
    policy->keys = std::make_shared<KeyRing>(std::vector<Key>());
    ServeSettings serve;
    serve.port = 0;
    gateway = std::make_unique<Gateway>(
        serve, policy, Db::open(dir.file("pg.db")).value(), [](const std::string&) {},
        [this](const LogRow& row) {
          const std::lock_guard lock(mutex_);
          rows_.push_back(row);
        });
    server = pg::Server::listen(*gateway, 1).value();
    server->run();
  }
  ~FaultyWorld() { server->stop(); }

  RawReply post(DialectId dialect, const std::string& body) const {
    return pg::test::exchange(
        gateway->port, write_request("POST", "/api/test/" + model_path(dialect), {{"Content-Type", "application/json"}}, body,
                                     "127.0.0.1:" + std::to_string(gateway->port)));
  }
  /// The row of the latest of so many calls.
  LogRow row(std::size_t count) {
    const auto all_there = [&] {
      const std::lock_guard lock(mutex_);
      return rows_.size() == count;
    };
    REQUIRE(soon(all_there));
    const std::lock_guard lock(mutex_);
    return rows_.back();
  }

  FakeUpstream upstream;
  TempDir dir;
  std::shared_ptr<FaultyGuards> guards = std::make_shared<FaultyGuards>(make_guards(settings_with_long_rule()));
  std::unique_ptr<Gateway> gateway;
  std::unique_ptr<pg::Server> server;
};

std::string everything_of(const LogRow& row) {
  return row.error + row.places + row.detected + row.redactions + row.blocked + row.warnings + row.attempts + row.model;
}

}  // namespace

TEST_CASE(
    "guard fault G95: a guard that throws refuses the request in its dialect, on the loop and on the pool, and the row says so") {
  FaultyWorld w;
  w.upstream.respond([](const SeenRequest& seen) {
    return seen.body.find("\"stream\":true") == seen.body.npos
               ? Answer::json(say_whole(DialectId::anthropic, {text_block({"ok"})}))
               : Answer::stream(say_stream(DialectId::anthropic, {text_block({"ok"})}));
  });
  const std::string email = make_email("guard.fault");
  std::size_t rows = 0;
  for (const std::size_t padding : {0u, 20'000u})
    for (const auto& [kind, named] :
         {std::pair{"memory", "std::bad_alloc"}, {"bug", "std::logic_error"}, {"system", "std::system_error"}})
      for (const DialectId dialect : kModelDialects)
        for (const bool stream : {false, true}) {
          CAPTURE(padding);
          CAPTURE(kind);
          std::string text = email + " fault:" + kind + " ";
          for (std::size_t i = 0; text.size() < padding; ++i) text += std::to_string(i) + " ";
          const RawReply reply = w.post(dialect, ask(dialect, stream, text));
          CHECK(reply.status == 500);
          CHECK(reply.complete);
          const Json said = Json::parse(reply.body);
          CHECK(said.at("error").at("type") == (dialect == DialectId::anthropic ? "api_error" : "server_error"));
          CHECK(said.at("error").at("message") == "a guard of PromptGate failed; the request went no further");
          const LogRow row = w.row(++rows);
          CHECK(row.status == 500);
          CHECK(row.outcome == "error");
          CHECK(row.cost == -1);
          CHECK(row.error.starts_with("internal: a guard of PromptGate failed; the request went no further (" +
                                      std::string(named)));
          for (const std::string& out : {reply.head + reply.body, everything_of(row)}) {
            CHECK(out.find(email) == out.npos);
            CHECK(out.find("fault:") == out.npos);
          }
        }
  // A refusal of its own is what it says.
  CHECK(w.post(DialectId::anthropic, ask(DialectId::anthropic, false, "fault:refusal")).status == 503);
  CHECK(w.row(++rows).error == "unavailable: a guard refuses");
  CHECK(w.upstream.touched() == 0);

  // Nothing of it stays: the same texts are found in when the guards are well again.
  w.guards->armed = false;
  for (const std::size_t padding : {0u, 20'000u})
    for (int turn = 0; turn < 2; ++turn) {
      std::string text = email + " fault:memory ";
      for (std::size_t i = 0; text.size() < padding; ++i) text += std::to_string(i) + " ";
      CHECK(w.post(DialectId::anthropic, ask(DialectId::anthropic, false, text)).status == 200);
      CHECK(w.upstream.last().body.find("[[EMAIL_001]] fault:memory") != std::string::npos);
      CHECK(w.upstream.last().body.find(email) == std::string::npos);
    }
}

TEST_CASE("guard fault G95: a reply that cannot be restored ends in an error of its dialect, and a stream beside it goes on") {
  FaultyWorld w;
  constexpr std::string_view kSaid = "PromptGate failed to restore the reply, which ends here";
  const std::string value = "E-" + std::string(300'000, '7');
  std::size_t rows = 0;
  for (const DialectId dialect : kModelDialects) {
    CAPTURE(pg::dialect(dialect).name);
    const auto slow_pieces = say_stream(dialect, {text_block({"a", "b", "c", "d", "e", "f"})});
    w.upstream.respond([&](const SeenRequest& seen) {
      if (seen.body.find("slow") != seen.body.npos) return Answer::stream(slow_pieces, Ms{100});
      fail_from = 250'000;
      return Answer::stream(say_stream(dialect, {text_block({"before ", "[[EMPLOYEE_001]]", " behind"})}), Ms{20});
    });
    RawReply beside;
    std::thread other([&] { beside = w.post(dialect, ask(dialect, true, "slow")); });
    CHECK(w.upstream.wait_for(1));
    const RawReply reply =
        w.post(dialect, replace_all(ask(dialect, true, "I am " + value), "\"stream\"", "\"store\":false,\"stream\""));
    const bool failed = fail_from.exchange(kNever) != kNever;
    const LogRow row = w.row(++rows);
    other.join();
    w.row(++rows);
    CHECK(failed);
    CHECK(reply.status == 200);
    CHECK(reply.complete);
    const Heard heard = hear_stream(dialect, reply.body);
    CHECK(heard.text() == "before ");
    CHECK_FALSE(heard.finished);
    CHECK(heard.error_message == kSaid);
    CHECK(reply.body.find("777") == std::string::npos);
    CHECK(row.status == 200);
    CHECK(row.outcome == "error");
    CHECK(row.error == "internal: " + std::string(kSaid) + " (std::bad_alloc)");
    CHECK((row.usage.input_tokens > 0) == (dialect == DialectId::anthropic));  // the others tell at the end
    CHECK(row.cost > 0);        // of what was sent, though the fault came before anybody noted what the provider said
    CHECK(row.price % 2 == 1);  // no dialect had told the output yet
    const Heard whole = hear_stream(dialect, beside.body);
    CHECK(whole.fault() == "");
    CHECK(whole.finished);
    CHECK(whole.text() == "abcdef");
    w.upstream.forget();
  }
  // The provider keeps this one, and its originals cannot be kept for the next turn: nothing was said yet.
  w.upstream.respond([](const SeenRequest&) {
    fail_from = 250'000;
    return Answer::stream(say_stream(DialectId::openai_responses, {text_block({"before", "[[EMPLOYEE_001]]"})}));
  });
  const RawReply reply = w.post(DialectId::openai_responses, ask(DialectId::openai_responses, true, "I am " + value));
  fail_from = kNever;
  CHECK(reply.status == 500);
  CHECK(reply.complete);
  CHECK(Json::parse(reply.body).at("error").at("message") == kSaid);
  CHECK(w.row(++rows).status == 500);
}

TEST_CASE("guard fault G95: whichever allocation fails inside the guards, the next time the same is found in the same body") {
  const auto guards = make_guards();
  std::string messages;
  for (int i = 0; i < 6; ++i)
    messages += R"(,{"role":"user","content":"message )" + std::to_string(i) + " of a conversation, written to " +
                make_email("who") + " about " + make_github_token(static_cast<unsigned>(i % 2)) + std::string(3'000, ' ') + "\"}";
  const std::string body = R"({"model":"m","messages":[)" + messages.substr(1) + "]}";
  const auto guarded = [&](VerdictCache* cache, KnownParts* parts) {
    RequestView view;
    REQUIRE(read_spans(body, DialectId::anthropic, view, parts));
    Vault vault;
    return apply_edits(body, guard_call(body, view, *guards, vault, cache, parts).edits);
  };
  const std::string wanted = guarded(nullptr, nullptr);
  REQUIRE(wanted != body);
  std::size_t failed = 0;  // others were asked for as well as may be
  bool all_succeeded = false;
  for (std::size_t at = 0; !all_succeeded; ++at) {
    VerdictCache cache;
    KnownParts parts;
    RequestView view;
    REQUIRE(read_spans(body, DialectId::anthropic, view, &parts));
    Vault vault;
    fail_in = at;
    try {
      (void)guard_call(body, view, *guards, vault, &cache, &parts);
    } catch (const std::bad_alloc&) {
      ++failed;
    }
    all_succeeded = fail_in != kNever;
    fail_in = kNever;
    CHECK(guarded(&cache, &parts) == wanted);
    CHECK(guarded(&cache, &parts) == wanted);
  }
  CHECK(failed > 50);
}

}  // namespace pg::test
