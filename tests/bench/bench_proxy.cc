// pg beside nginx as a plain reverse proxy, in one run on one machine: prints the README's table. packaging/bench builds and runs
// it.
//   bench_proxy [--quick] [--rounds N] [--seconds S] [--growth] [--only NAME] [--only NAME]
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/bench/proxy_load.h"
#include "tests/bench/proxy_mock.h"
#include "tests/bench/proxy_targets.h"

namespace pg::bench {
namespace {

constexpr const char* kOneLoop = "[serve]\nthreads = 1\n";
constexpr const char* kPath = "/v1/chat/completions";
constexpr const char* kAllGuards =
    "secrets = \"redact\"\nemail = \"redact\"\niban = \"redact\"\ncard = \"redact\"\nssn = \"redact\"\nphone = \"redact\"\n"
    "ipv4 = \"redact\"\n";
constexpr std::size_t kSmall = 2'000, kLarge = 1'000'000;

struct BodyKind {
  const char* name;
  std::size_t size;
  Fresh fresh;
};
constexpr BodyKind kBodies[] = {{"2 KB", kSmall, Fresh::all},
                                {"200 KB turn", 200'000, Fresh::turn},
                                {"200 KB cold", 200'000, Fresh::all},
                                {"1 MB turn", kLarge, Fresh::turn}};

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

struct Options {
  int rounds = 5;
  double seconds = 2;
  int starts = 5;
  bool growth = false;
  std::string only;  // measures whose name begins so: "2 KB", "streams"
};

/// Somebody to send to; `target` is null for the mock itself.
struct Door {
  std::string name;
  Target* target = nullptr;
  std::uint16_t port = 0;
  std::string path, fields;
};

struct Sample {
  LoadResult load;
  double cpu_us = 0;  // per request
};

Sample measure(const Door& door, Load load) {
  load.port = door.port;
  load.path = door.path;
  load.fields = door.fields;
  const double before = door.target == nullptr ? 0 : door.target->cpu_us();
  Sample sample{run_load(load), 0};
  if (door.target != nullptr)
    sample.cpu_us = (door.target->cpu_us() - before) / static_cast<double>(std::max<std::uint64_t>(sample.load.all, 1));
  if (sample.load.errors > 0) fmt::print(stderr, "{}: {} errors of {}\n", door.name, sample.load.errors, sample.load.all);
  return sample;
}

/// Paced streams while large bodies that nobody has seen before come in at a steady rate.
Sample measure_beside(const Door& door, const Load& streams, const Body& cold) {
  Load noise;
  noise.port = door.port;
  noise.path = door.path;
  noise.fields = door.fields;
  noise.body = &cold;
  noise.connections = 4;
  noise.rate = 15;
  noise.seconds = 60;
  std::atomic<bool> stop{false};
  noise.stop = &stop;
  std::thread beside([&noise] { run_load(noise); });
  const Sample sample = measure(door, streams);
  stop = true;
  beside.join();
  return sample;
}

class Comparison {
 public:
  Comparison(Options options, std::vector<Door> doors) : options_(options), doors_(std::move(doors)) {}

  void run() {
    for (int round = 0; round < options_.rounds; ++round) {
      fmt::print(stderr, "round {} of {}\n", round + 1, options_.rounds);
      for (const auto& [name, size, fresh] : kBodies)
        if (is_wanted(name)) saturate(name, make_body(size, fresh));
      for (const auto& [name, size, fresh] : {kBodies[0], kBodies[1]})
        if (is_wanted(name)) alone(name, make_body(size, fresh));
      if (is_wanted("streams")) streams();
      std::reverse(doors_.begin(), doors_.end());  // nobody always comes after the same
    }
  }

  void print_rows() const {
    for (const auto& [size, bytes, fresh] : kBodies)
      row(fmt::format("{}: processor time a request, µs", size), "cpu " + std::string(size), 1, false);
    for (const auto& [size, bytes, fresh] : kBodies)
      row(fmt::format("{}: requests a second with 64 connections", size), "rate " + std::string(size), 0, false);
    for (const char* size : {"2 KB", "200 KB turn"})
      row(fmt::format("{}, one connection: added to the median latency, µs", size), "lat " + std::string(size), 0, true);
    row("paced streams: added to the time to the first event (median), µs", "ttft", 0, true);
    row("paced streams: added to an event's delay (median), µs", "chunk p50", 0, true);
    row("paced streams: an event's delay, 99th percentile, µs", "chunk p99", 0, false);
    row("the same beside 15 cold bodies of 1 MB a second, µs", "beside p99", 0, false);
  }

 private:
  bool is_wanted(std::string_view name) const { return name.starts_with(options_.only); }
  void saturate(const std::string& name, const Body& body) {
    for (const Door& door : doors_) {
      Load load;
      load.body = &body;
      load.seconds = options_.seconds;
      const Sample sample = measure(door, load);
      add(door, "cpu " + name, sample.cpu_us);
      add(door, "rate " + name, sample.load.per_second);
    }
  }
  void alone(const std::string& name, const Body& body) {
    for (const Door& door : doors_) {
      Load load;
      load.body = &body;
      load.connections = 1;
      load.seconds = options_.seconds / 2;
      add(door, "lat " + name, measure(door, load).load.p50);
    }
  }
  void streams() {
    const Body body = make_body(kSmall, Fresh::all, "bench-paced", true);
    const Body cold = make_body(kLarge, Fresh::all);
    for (const Door& door : doors_) {
      Load load;
      load.body = &body;
      load.connections = 8;
      load.seconds = std::max(options_.seconds, 1.2);
      load.warmup = 0;
      load.stream = true;
      const Sample quiet = measure(door, load);
      add(door, "ttft", quiet.load.ttft_p50);
      add(door, "chunk p50", quiet.load.chunk_p50);
      add(door, "chunk p99", quiet.load.chunk_p99);
      add(door, "beside p99", measure_beside(door, load, cold).load.chunk_p99);
    }
  }
  void add(const Door& door, const std::string& what, double value) { values_[what][door.name].push_back(value); }

  // `added`: what the mock alone takes is subtracted.
  void row(const std::string& label, const std::string& what, int digits, bool added) const {
    if (!values_.contains(what)) return;
    const auto& of = values_.at(what);
    const double base = added ? median(of.at("direct")) : 0;
    const double nginx = median(of.at("nginx")) - base, pg = median(of.at("pg")) - base;
    fmt::print("| {} | {:.{}f} | {:.{}f} | {:.2f} |\n", label, nginx, digits, pg, digits, nginx != 0 ? pg / nginx : 0.0);
  }

  Options options_;
  std::vector<Door> doors_;
  std::map<std::string, std::map<std::string, std::vector<double>>> values_;
};

std::string machine() {
  utsname name{};
  ::uname(&name);
  std::string cpu = first_line("grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ *//'");
  if (cpu.empty()) cpu = name.machine;
  return fmt::format("{}, {} cores, {} {}", cpu, std::thread::hardware_concurrency(), name.sysname, name.release);
}

double median_start(Target& target, const std::string& request, int starts) {
  std::vector<double> times;
  for (int i = 0; i < starts; ++i) {
    target.stop();
    times.push_back(target.start(request));
  }
  return median(times);
}

/// Body sizes, connections: how the cost of a request grows.
void print_growth(const Door& door, double seconds) {
  fmt::print("\n| body | turn: µs | MB/s | cold: µs | MB/s |\n|---|---|---|---|---|\n");
  for (const std::size_t size : {2'000UL, 20'000UL, 200'000UL, 1'000'000UL, 4'000'000UL, 10'000'000UL}) {
    fmt::print("| {} KB |", size / 1'000);
    for (const Fresh fresh : {Fresh::turn, Fresh::all}) {
      const Body body = make_body(size, fresh);
      Load load;
      load.body = &body;
      load.connections = size > 2'000'000 ? 4 : 16;
      load.seconds = seconds;
      const double cpu = measure(door, load).cpu_us;
      fmt::print(" {:.1f} | {:.0f} |", cpu, static_cast<double>(size) / cpu);
    }
    fmt::print("\n");
  }
  fmt::print("\n| connections, 2 KB | µs | requests a second |\n|---|---|---|\n");
  const Body body = make_body(kSmall, Fresh::all);
  for (const int connections : {1, 10, 100, 1'000}) {
    Load load;
    load.body = &body;
    load.connections = connections;
    load.seconds = seconds;
    const Sample sample = measure(door, load);
    fmt::print("| {} | {:.1f} | {:.0f} |\n", connections, sample.cpu_us, sample.load.per_second);
  }
}

int run(const Options& options) {
  const MockProvider mock;
  PgTarget pg(mock.port(), kOneLoop, kAllGuards);
  const std::unique_ptr<Target> nginx = make_nginx(mock.port(), pg.directory() + "/nginx");
  Target& target = pg.target();
  const Door direct{"direct", nullptr, mock.port(), kPath, ""};
  const Door plain{"nginx", nginx.get(), nginx->port(), kPath, ""};
  const Door guarded{"pg", &target, target.port(), pg.path(), pg.fields()};
  const std::string body = make_body(kSmall, Fresh::none).bytes;
  const double nginx_start = median_start(*nginx, write_post(nginx->port(), plain.path, "", body), options.starts);
  const double pg_start = median_start(target, write_post(target.port(), guarded.path, guarded.fields, body), options.starts);
  ::sleep(1);
  const double nginx_idle = nginx->rss_mib(), pg_idle = target.rss_mib();
  fmt::print("{}. {}, {}.\n", machine(), first_line(test::pg_binary() + " --version"), first_line("nginx -v 2>&1"));
  if (options.growth) {
    print_growth(guarded, options.seconds);
    return 0;
  }
  Comparison comparison(options, {direct, plain, guarded});
  comparison.run();
  fmt::print("Medians of {} round{} of {} s.\n\n", options.rounds, options.rounds == 1 ? "" : "s", options.seconds);
  fmt::print("| | nginx | pg | pg / nginx |\n|---|---|---|---|\n");
  comparison.print_rows();
  const auto line = [](const char* label, double a, double b) {
    fmt::print("| {} | {:.1f} | {:.1f} | {:.2f} |\n", label, a, b, b / a);
  };
  line("resident, idle, MiB", nginx_idle, pg_idle);
  line("resident, after all of the above, MiB", nginx->rss_mib(), target.rss_mib());
  line("start to the first answer, ms", nginx_start, pg_start);
  return 0;
}

}  // namespace
}  // namespace pg::bench

int main(int argc, char** argv) {
  pg::bench::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool has_value = i + 1 < argc;
    if (word == "--quick") {
      options.rounds = 1;
      options.seconds = 0.8;
      options.starts = 2;
    } else if (word == "--growth") {
      options.growth = true;
    } else if (word == "--only" && has_value) {
      options.only = argv[++i];
    } else if (word == "--rounds" && has_value) {
      options.rounds = std::max(1, std::atoi(argv[++i]));
    } else if (word == "--seconds" && has_value) {
      options.seconds = std::max(0.2, std::atof(argv[++i]));
    } else {
      fmt::print(stderr, "bench_proxy [--quick] [--rounds N] [--seconds S] [--growth] [--only NAME]\n");
      return 2;
    }
  }
  try {
    return pg::bench::run(options);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "bench_proxy: {}\n", problem.what());
    return 1;
  }
}
