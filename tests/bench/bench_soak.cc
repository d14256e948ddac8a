// Mixed traffic with faults for a while: fails when memory, descriptors or threads of pg grow after the warm-up, or when calls
// that nothing was wrong with are refused.
//   bench_soak [MINUTES [SECONDS_BETWEEN_SAMPLES]]
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <list>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/bench/proxy_load.h"
#include "tests/bench/proxy_mock.h"
#include "tests/bench/proxy_targets.h"
#include "tests/support/raw_client.h"

namespace pg::bench {
namespace {

using std::chrono::milliseconds;
using test::RawClient;

constexpr double kWarmPart = 0.25;  // of the whole time: caches fill, every kind of fault has been seen
constexpr double kMostGrowth = 1.10;
constexpr double kSlackMib = 6;
constexpr int kSlackFiles = 16;  // connections under way at the moment of a look

struct Look {
  double seconds = 0, rss = 0;
  int files = 0, threads = 0;
};

/// Steady traffic of one kind, on a thread of its own.
class Traffic {
 public:
  Traffic(const Load& load, Body body) : body_(std::move(body)), load_(load) {
    load_.body = &body_;
    thread_ = std::thread([this] { result_ = run_load(load_); });
  }
  LoadResult wait() {
    thread_.join();
    return result_;
  }

 private:
  Body body_;
  Load load_;
  LoadResult result_;
  std::thread thread_;
};

/// One kind of trouble after the other, chosen by chance.
class Trouble {
 public:
  Trouble(std::uint16_t port, const PgTarget& pg) : port_(port), path_(pg.path()), fields_(pg.fields()) {}

  void run(const std::atomic<bool>& stop) {
    for (; !stop; ++count_) {
      make();
      std::this_thread::sleep_for(milliseconds(20));
    }
  }
  std::uint64_t count() const { return count_; }

 private:
  void make() {
    RawClient client(port_);
    switch (random_() % 9) {
      case 0:  // the provider fails
        client.send(post("bench-500", 2'000, false));
        client.read_reply();
        break;
      case 1:  // the provider's stream breaks off
        client.send(post("bench-cut", 2'000, true));
        client.read_reply();
        break;
      case 2:  // gone in the middle of the head
        client.send("POST /v1/chat/comp");
        break;
      case 3: {  // gone in the middle of the body
        const std::string whole = post("bench", 300'000, false);
        client.send(std::string_view(whole).substr(0, whole.size() / 2));
        client.reset();
        break;
      }
      case 4:  // gone while its body is read
        client.send(post("bench", 2'000'000, false));
        client.reset();
        break;
      case 5:  // gone in the middle of a stream
        client.send(post("bench-paced", 2'000, true));
        client.wait_for("data:", milliseconds(1'000));
        if (random_() % 2 == 0) client.reset();
        break;
      case 6: {  // sends slowly
        const std::string whole = post("bench", 4'000, false);
        for (std::size_t at = 0; at < whole.size(); at += 500) {
          client.send(std::string_view(whole).substr(at, 500));
          std::this_thread::sleep_for(milliseconds(20));
        }
        client.read_reply();
        break;
      }
      case 7:  // no request at all, and no JSON
        client.send(random_() % 2 == 0 ? "\x16\x03\x01 hello\r\n\r\n" : write_post(port_, path_, fields_, "{\"model\":"));
        client.read_reply(milliseconds(500));
        break;
      case 8:  // reads late
        client.send(post("bench-flood", 2'000, true));
        std::this_thread::sleep_for(milliseconds(200));
        client.read_reply();
        break;
    }
  }
  std::string post(std::string_view model, std::size_t size, bool stream) {
    Body body = make_body(size, Fresh::all, model, stream);
    body.renew(body.bytes.data(), random_() % 1'000'000'000);
    return write_post(port_, path_, fields_, body.bytes);
  }

  std::uint16_t port_;
  std::string path_, fields_;
  std::mt19937_64 random_{11};
  std::uint64_t count_ = 0;
};

std::vector<Look> watch(const Target& target, double seconds, double between) {
  std::vector<Look> looks;
  fmt::print("{:>8} {:>9} {:>6} {:>8}\n", "seconds", "RSS MiB", "files", "threads");
  for (double at = between; at <= seconds && target.running(); at += between) {
    std::this_thread::sleep_for(std::chrono::duration<double>(between));
    looks.push_back({at, target.rss_mib(), target.open_files(), target.threads()});
    const Look& now = looks.back();
    fmt::print("{:>8.0f} {:>9.1f} {:>6} {:>8}\n", now.seconds, now.rss, now.files, now.threads);
    std::fflush(stdout);
  }
  return looks;
}

/// The median over the looks from one part of the time to another.
template <class Field>
double median_of(const std::vector<Look>& looks, double from, double to, Field field) {
  std::vector<double> values;
  const auto count = static_cast<double>(looks.size());
  for (auto i = static_cast<std::size_t>(from * count); i < static_cast<std::size_t>(to * count); ++i)
    values.push_back(static_cast<double>(looks[i].*field));
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// The quarter behind the warm-up against the last one.
template <class Field>
bool is_flat(const char* name, const std::vector<Look>& looks, Field field, double factor, double slack) {
  const double before = median_of(looks, kWarmPart, 2 * kWarmPart, field), after = median_of(looks, 1 - kWarmPart, 1, field);
  const bool flat = after <= before * factor + slack;
  fmt::print("{}: {:.1f} after the warm-up, {:.1f} at the end: {}\n", name, before, after, flat ? "flat" : "GROWS");
  return flat;
}

int run(double minutes, double between) {
  const MockProvider mock;
  PgTarget pg(mock.port(), "[serve]\nthreads = 2\n", "secrets = \"redact\"\nemail = \"redact\"\n");
  Target& target = pg.target();
  target.start(write_post(target.port(), pg.path(), pg.fields(), make_body(2'000, Fresh::none).bytes));
  const double idle = target.rss_mib();
  std::atomic<bool> stop{false};
  Load load;
  load.port = target.port();
  load.path = pg.path();
  load.fields = pg.fields();
  load.connections = 8;
  load.seconds = minutes * 60 + 600;
  load.warmup = 0;
  load.stop = &stop;
  std::list<Traffic> traffic;
  const auto add = [&](double rate, bool stream, Body body) {
    load.rate = rate;
    load.stream = stream;
    traffic.emplace_back(load, std::move(body));
  };
  add(100, false, make_body(2'000, Fresh::all));
  add(10, false, make_body(200'000, Fresh::turn));
  add(2, false, make_body(1'000'000, Fresh::all));
  add(3, true, make_body(2'000, Fresh::all, "bench-paced", true));
  add(20, true, make_body(2'000, Fresh::all, "bench-flood", true));
  std::list<Trouble> troubles;
  std::list<std::thread> makers;
  for (int i = 0; i < 3; ++i) makers.emplace_back([&stop, one = &troubles.emplace_back(target.port(), pg)] { one->run(stop); });

  const std::vector<Look> looks = watch(target, minutes * 60, between);
  stop = true;
  LoadResult sum;
  for (Traffic& one : traffic) {
    const LoadResult result = one.wait();
    sum.all += result.all;
    sum.errors += result.errors;
  }
  for (std::thread& maker : makers) maker.join();
  std::uint64_t faults = 0;
  for (const Trouble& one : troubles) faults += one.count();
  fmt::print("{} calls, {} of them refused or broken; {} faults; RSS at the start {:.1f} MiB\n", sum.all, sum.errors, faults,
             idle);
  bool good = target.running() && sum.errors == 0;
  good = is_flat("RSS, MiB", looks, &Look::rss, kMostGrowth, kSlackMib) && good;
  good = is_flat("open files", looks, &Look::files, 1, kSlackFiles) && good;
  good = is_flat("threads", looks, &Look::threads, 1, 0) && good;
  std::this_thread::sleep_for(std::chrono::seconds(3));
  fmt::print("3 s later: {:.1f} MiB, {} files, {} threads\n", target.rss_mib(), target.open_files(), target.threads());
  return good ? 0 : 1;
}

}  // namespace
}  // namespace pg::bench

int main(int argc, char** argv) {
  try {
    return pg::bench::run(argc > 1 ? std::atof(argv[1]) : 20, argc > 2 ? std::max(0.5, std::atof(argv[2])) : 10);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "bench_soak: {}\n", problem.what());
    return 1;
  }
}
