// Every stage of a request by itself, in one form: MB/s of what it is given, and nanoseconds a call. CPU time of the thread, for
// others may use the machine; the median of several runs.
//   bench_stages [NAME]     only stages whose name begins so
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/guard/guard.h"
#include "core/guard/guard_call.h"
#include "core/guard/secrets.h"
#include "core/reply_path.h"
#include "core/store/log_store.h"
#include "core/wire/spans.h"
#include "core/wire/translate.h"
#include "tests/bench/proxy_bodies.h"

namespace pg::bench {
namespace {

constexpr int kRuns = 7;
constexpr double kRunSeconds = 0.05;

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::string wanted;

/// `bytes`: what one call is given; 0 = it has no size.
void stage(const std::string& name, std::size_t bytes, const std::function<void()>& call) {
  if (!name.starts_with(wanted)) return;
  std::vector<double> times;
  for (int run = 0; run < kRuns; ++run) {
    int calls = 0;
    const double begun = cpu_seconds();
    double now = begun;
    while (now - begun < kRunSeconds) {
      call();
      ++calls;
      now = cpu_seconds();
    }
    times.push_back((now - begun) / calls);
  }
  std::sort(times.begin(), times.end());
  const double seconds = times[kRuns / 2];
  const std::string rate = bytes == 0 ? "" : fmt::format("{:.0f}", static_cast<double>(bytes) / 1e6 / seconds);
  fmt::print("{:<36} {:>10} {:>12} {:>14.0f}\n", name, bytes == 0 ? "" : std::to_string(bytes), rate, seconds * 1e9);
}

GuardSettings none() {
  GuardSettings settings;
  settings.secrets = settings.email = settings.iban = settings.card = settings.ssn = settings.phone = settings.ipv4 = Action::off;
  return settings;
}

void read(const std::string& size, const std::string& body) {
  RequestView view;
  stage("spans " + size, body.size(), [&] {
    view = RequestView();
    if (!read_spans(body, DialectId::openai_chat, view)) std::abort();
  });
}

void guards(const std::string& text) {
  struct One {
    const char* name;
    Action GuardSettings::*action;
  };
  constexpr One kAll[] = {{"secrets", &GuardSettings::secrets}, {"email", &GuardSettings::email},
                          {"iban", &GuardSettings::iban},       {"card", &GuardSettings::card},
                          {"ssn", &GuardSettings::ssn},         {"phone", &GuardSettings::phone},
                          {"ipv4", &GuardSettings::ipv4}};
  const auto secrets = shipped_secret_rules();
  GuardSettings everything = none();
  const auto measure = [&](const std::string& name, const GuardSettings& settings) {
    const auto made = Guards::make(secrets, settings).value();
    std::vector<Finding> found;
    stage("guard " + name, text.size(), [&] { found.clear(), made->inspect(text, Scrutiny::all, found); });
  };
  for (const One& one : kAll) {
    GuardSettings settings = none();
    settings.*one.action = everything.*one.action = Action::redact;
    measure(one.name, settings);
  }
  measure("all", everything);
}

/// A whole body through all guards: with every text new, and with every text known.
void calls(const std::string& size, const std::string& body) {
  GuardSettings settings;
  settings.phone = settings.ipv4 = Action::redact;
  const auto made = Guards::make(shipped_secret_rules(), settings).value();
  RequestView view;
  if (!read_spans(body, DialectId::openai_chat, view)) std::abort();
  stage("call, new texts " + size, body.size(), [&] {
    Vault vault;
    guard_call(body, view, *made, vault, nullptr);
  });
  VerdictCache cache;
  stage("call, known texts " + size, body.size(), [&] {
    Vault vault;
    guard_call(body, view, *made, vault, &cache);
  });
}

/// A turn whose last messages are new: the walk and the guards together, with what is remembered of texts, and of parts as well.
void turns(const std::string& size, const Body& turn) {
  const auto made = Guards::make(shipped_secret_rules(), {}).value();
  for (const bool with_parts : {false, true}) {
    VerdictCache cache;
    KnownParts parts;
    std::string body = turn.bytes;
    std::uint64_t number = 0;
    stage(std::string(with_parts ? "turn, known parts " : "turn, known texts ") + size, body.size(), [&] {
      turn.renew(body.data(), ++number);
      RequestView view;
      if (!read_spans(body, DialectId::openai_chat, view, with_parts ? &parts : nullptr)) std::abort();
      Vault vault;
      guard_call(body, view, *made, vault, &cache, with_parts ? &parts : nullptr);
    });
  }
}

void splice(const std::string& size, const std::string& body) {
  std::vector<Edit> edits;
  const auto step = static_cast<std::uint32_t>(body.size() / 13);
  for (std::uint32_t i = 1; i <= 12; ++i) edits.push_back({i * step, i * step + 20, "[[EMAIL_001]]"});
  stage("splice 12 edits, copied " + size, body.size(), [&] { apply_edits(body, edits); });
}

void restore() {
  std::string stream;
  for (int i = 0; i < 100; ++i)
    stream += fmt::format(
        "data: "
        "{{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{{\"index\":0,"
        "\"delta\":{{\"content\":\"{}\"}},\"finish_reason\":null}}]}}\n\n",
        i % 10 == 0 ? " to [[EMAIL_001]] and" : " the quick brown fox");
  stream += "data: [DONE]\n\n";
  Vault vault, empty;
  vault.placeholder_for("EMAIL", "jane.roe@acme-mail.com");
  const auto run = [&stream](const Vault& originals) {
    ReplyOptions options;
    options.dialect = DialectId::openai_chat;
    options.event_stream = true;
    options.vault = &originals;
    ReplyPath path(options);
    std::string out;
    if (!path.push(stream, out) || !path.finish(false, "bench", out)) std::abort();
  };
  stage("restore a stream, nothing to look for", stream.size(), [&] { run(empty); });
  stage("restore a stream, 10 of 100 events", stream.size(), [&] { run(vault); });
}

void translate(const std::string& size, const std::string& body) {
  for (const auto& [name, to] : {std::pair{"anthropic", Wire::anthropic}, std::pair{"responses", Wire::openai_responses}})
    stage(fmt::format("translate chat to {} {}", name, size), body.size(), [&body, to = to] {
      if (!translate_request(Wire::openai_chat, to, body, {})) std::abort();
    });
}

void journal() {
  const std::filesystem::path home = std::filesystem::temp_directory_path() / fmt::format("pg-bench-{}", ::clock());
  {
    Db db = Db::open(home / "pg.db").value();
    LogStore log(db);
    constexpr std::size_t kRows = 128;
    std::vector<LogRow> rows(kRows);
    UnixMillis now = 1'760'000'000'000;
    stage("journal, a batch of 128 rows", 0, [&] {
      for (LogRow& row : rows) {
        row.time = ++now;
        row.id = make_exchange_id(now);
        row.project = row.provider = row.key = "bench";
        row.dialect = "openai-chat";
        row.model = "m";
        row.status = 200;
      }
      if (!log.insert(rows)) std::abort();
    });
  }
  std::filesystem::remove_all(home);
}

void run() {
  fmt::print("{:<36} {:>10} {:>12} {:>14}\n", "stage", "bytes", "MB/s", "ns a call");
  const Body small = make_body(2'000, Fresh::none), large = make_body(200'000, Fresh::none);
  for (const auto& [size, body] : {std::pair{"2 KB", &small.bytes}, std::pair{"200 KB", &large.bytes}}) {
    read(size, *body);
    calls(size, *body);
    turns(size, make_body(body->size(), Fresh::turn));
    splice(size, *body);
    translate(size, *body);
  }
  guards(large.bytes);
  restore();
  journal();
}

}  // namespace
}  // namespace pg::bench

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a row as soon as it is known, also into a file
  if (argc > 1) pg::bench::wanted = argv[1];
  pg::bench::run();
  return 0;
}
