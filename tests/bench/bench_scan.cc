// MB/s of the finders by kind of text, the cost of more rules, and start-up.  bench_scan [FILE...] adds files of one's own.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/base/encode.h"
#include "core/guard/encoded.h"
#include "core/guard/guard.h"
#include "core/guard/rule_examples.h"
#include "core/guard/secrets.h"

namespace {

/// The thread's own CPU time: on a machine that others use too, the wall clock measures them.
struct Clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;
  static time_point now() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time_point(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
  }
};
constexpr std::size_t kSize = 8U << 20;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The median of `rounds` runs, in seconds.
double median(int rounds, const std::function<void()>& run) {
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    const auto start = Clock::now();
    run();
    times.push_back(seconds_since(start));
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

class Texts {
 public:
  std::string code() {
    return fill([&](std::string& out) {
      out += fmt::format("  if ({}_{} > {}) {{ return {}->{}({}, \"{}\"); }}  // {} {} {}\n", word(), word(), number(100), word(),
                         word(), number(5000), word(), word(), word(), word());
    });
  }
  std::string prose() {
    return fill([&](std::string& out) {
      out += word();
      out += number(12) == 0 ? ".\n" : " ";
    });
  }
  std::string minified() {
    return fill([&](std::string& out) {
      out += fmt::format("function {0}({1},{2}){{return {1}.{3}?{2}[{4}]:e.{5}({1},\"{6}\")}}", letter(), letter(), letter(),
                         word(), number(400), word(), word());
    });
  }
  std::string logs() {
    return fill([&](std::string& out) {
      out += fmt::format("2026-11-{:02}T{:02}:{:02}:{:02}.{:03}Z INFO {} request={} ip=10.{}.{}.{} took {}ms status={}\n",
                         1 + number(28), number(24), number(60), number(60), number(1000), word(), pg::to_hex(bytes(8)),
                         number(256), number(256), number(256), number(900), 200 + number(5));
    });
  }
  std::string json() {
    return fill([&](std::string& out) {
      out += fmt::format(R"({{"id":{},"{}":"{} {} {}","at":{},"{}":[{},{},{}],"ok":true}},)", number(1000000), word(), word(),
                         word(), word(), 1700000000000 + number(1000000000), word(), number(99), number(99), number(99));
    });
  }
  std::string base64() { return pg::to_base64(bytes(kSize * 3 / 4)); }
  std::string heads() {  // nothing but beginnings of tokens
    const std::string one =
        "gh"
        "p_" +
        std::string(35, 'A') + " ";
    return fill([&](std::string& out) { out += one; });
  }
  std::string key_heads() {
    return fill([&](std::string& out) {
      out +=
          "-----BEGIN RSA "
          "PRIVATE KEY-----\n";
    });
  }

 private:
  std::string fill(const std::function<void(std::string&)>& append) {
    std::string out;
    out.reserve(kSize + 256);
    while (out.size() < kSize) append(out);
    return out;
  }
  std::uint64_t number(std::uint64_t below) { return random_() % below; }
  std::string letter() { return std::string(1, static_cast<char>('a' + number(26))); }
  std::string word() {
    static const std::vector<std::string> kWords = {
        "the",    "request", "value",  "index",  "return", "config", "user",    "session", "token", "buffer",
        "stream", "parse",   "write",  "handle", "number", "string", "default", "result",  "error", "module",
        "export", "import",  "length", "status", "cache",  "store",  "client",  "server",  "with",  "and",
        "of",     "to",      "in",     "is",     "that",   "for",    "it",      "was",     "on"};
    return kWords[number(kWords.size())];
  }
  std::string bytes(std::size_t n) {
    std::string out(n, '\0');
    for (char& c : out) c = static_cast<char>(random_() & 0xFF);
    return out;
  }
  std::mt19937_64 random_{1};
};

void measure(const std::string& name, const std::string& text, const pg::SecretRules& secrets, const pg::Guards& pii,
             const pg::Guards& all) {
  std::vector<pg::Finding> found;
  const auto rate = [&](const std::function<void()>& run) {
    return static_cast<double>(text.size()) / 1e6 / median(5, [&] {
             found.clear();
             run();
           });
  };
  const double secret_rate = rate([&] { secrets.find(text, found); });
  const std::size_t secret_count = found.size();
  const double pii_rate = rate([&] { pii.inspect(text, pg::Scrutiny::all, found); });
  const std::size_t pii_count = found.size();
  const double all_rate = rate([&] { all.inspect(text, pg::Scrutiny::all, found); });
  fmt::print("{:<16} {:>9.0f} {:>9.0f} {:>9.0f}   {:>7.2f} {:>8} {:>8}\n", name, secret_rate, pii_rate, all_rate,
             1.048576e3 / pii_rate, secret_count, pii_count);
}

/// Made-up rules of the same shape as the shipped ones.
std::string made_up_rules(std::size_t count) {
  std::string toml;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string prefix = *pg::spell_example("{lower:3}{digit}", i + 1);
    toml += fmt::format("[[scan.rule]]\nid = \"made-up-{}\"\nkeywords = [\"{}_\"]\nregex = '{}_[A-Za-z0-9]{{32}}'\n", i, prefix,
                        prefix);
  }
  return toml;
}

double rate_of(const std::string& text, const std::function<void()>& run) {
  return static_cast<double>(text.size()) / 1e6 / median(5, run);
}

/// What more rules cost, and what looking into encoded values costs, by kind of text.
void measure_more(const std::vector<std::pair<std::string, std::string>>& kinds, const pg::SecretRules& secrets,
                  const pg::Guards& guards) {
  const std::size_t count = secrets.rules().size();
  const auto doubled = pg::SecretRules::choose({{{"made up", made_up_rules(count)}}, {}, false}).value();
  fmt::print("\n{:<16} {:>9} {:>9} {:>9}   {:>14} {:>9}\n", "text", std::to_string(count), std::to_string(2 * count), "ratio",
             "ns/KB per rule", "encoded");
  for (const auto& [name, text] : kinds) {
    std::vector<pg::Finding> found;
    std::vector<pg::EncodedFinding> encoded;
    pg::EncodedFinder finder(guards);
    const double one = rate_of(text, [&] { found.clear(), secrets.find(text, found); });
    const double two = rate_of(text, [&] { found.clear(), doubled->find(text, found); });
    const double inside = rate_of(text, [&] { encoded.clear(), finder.find(text, pg::Scrutiny::all, {}, encoded); });
    fmt::print("{:<16} {:>9.0f} {:>9.0f} {:>9.2f}   {:>14.2f} {:>9.0f} MB/s\n", name, one, two, two / one,
               (1e6 / two - 1e6 / one) / static_cast<double>(count), inside);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto start = Clock::now();
  const auto secrets = pg::shipped_secret_rules();
  fmt::print("reading {} rules: {:.2f} ms\n", secrets->rules().size(), seconds_since(start) * 1e3);
  pg::GuardSettings only_pii;
  only_pii.secrets = pg::Action::off;
  only_pii.phone = only_pii.ipv4 = pg::Action::redact;
  pg::GuardSettings everything;
  everything.phone = everything.ipv4 = pg::Action::redact;
  const auto pii = pg::Guards::make(secrets, only_pii).value();
  const auto all = pg::Guards::make(secrets, everything).value();

  fmt::print("{:<16} {:>9} {:>9} {:>9}   {:>7} {:>8} {:>8}\n", "text", "secrets", "pii", "all MB/s", "pii ms/MiB", "secrets",
             "pii");
  Texts texts;
  std::vector<std::pair<std::string, std::string>> kinds = {
      {"code", texts.code()}, {"prose", texts.prose()},   {"minified", texts.minified()}, {"logs", texts.logs()},
      {"json", texts.json()}, {"base64", texts.base64()}, {"token heads", texts.heads()}, {"key heads", texts.key_heads()}};
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    kinds.emplace_back(std::string(argv[i]).substr(std::max<std::size_t>(16, std::string(argv[i]).size()) - 16),
                       std::string(std::istreambuf_iterator<char>(file), {}));
  }
  for (const auto& [name, text] : kinds) measure(name, text, *secrets, *pii, *all);
  pg::GuardSettings only_secrets;
  only_secrets.email = only_secrets.iban = only_secrets.card = only_secrets.ssn = pg::Action::off;
  measure_more(kinds, *secrets, *pg::Guards::make(secrets, only_secrets).value());
}
