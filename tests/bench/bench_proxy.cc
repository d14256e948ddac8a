// pg beside nginx as a plain reverse proxy, in one run on one machine: prints the README's table. packaging/bench builds and runs
// it.
//   bench_proxy [--quick] [--rounds N] [--seconds S] [--growth] [--only NAME]
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/bench/proxy_capacity.h"
#include "tests/bench/proxy_load.h"
#include "tests/bench/proxy_mock.h"
#include "tests/bench/proxy_table.h"
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
  double cpu_goal;      // processor time in nginx's
  double latency_goal;  // added, in nginx's; 0 = not measured
};
constexpr BodyKind kBodies[] = {{"2 KB", kSmall, Fresh::all, 1.05, 1},
                                {"200 KB turn", 200'000, Fresh::turn, 1.18, 1.2},
                                {"200 KB cold", 200'000, Fresh::all, 4, 0},
                                {"1 MB turn", kLarge, Fresh::turn, 1.33, 0}};

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
  double rest = 60;      // seconds after the load, until memory is looked at again
  unsigned settle = 36;  // seconds after a request, until pg has given back what it took: it does so after 30 of rest
  bool growth = false;
  std::string only;  // measures whose name begins so: "2 KB", "streams"
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
      for (const BodyKind& kind : kBodies)
        if (is_wanted(kind.name)) saturate(kind.name, make_body(kind.size, kind.fresh));
      for (const BodyKind& kind : kBodies)
        if (kind.latency_goal != 0 && is_wanted(kind.name)) alone(kind.name, make_body(kind.size, kind.fresh));
      if (is_wanted("streams")) streams();
      if (is_wanted("restore")) restore();
      std::reverse(doors_.begin(), doors_.end());  // nobody always comes after the same
    }
  }

  void print_rows() const {
    const auto named = [](const char* what, const BodyKind& kind) { return std::string(what) + kind.name; };
    for (const BodyKind& kind : kBodies)
      ratio(named("", kind) + ": processor time a request, µs", named("cpu ", kind), 1, false, {kind.cpu_goal, 2});
    for (const BodyKind& kind : kBodies)
      ratio(named("", kind) + ": requests a second with 64 connections", named("rate ", kind), 0, false, {});
    for (const BodyKind& kind : kBodies)
      ratio(named("", kind) + ", one connection: added to the median latency, µs", named("lat ", kind), 0, true,
            {kind.latency_goal, 1});
    value("paced streams: added to the time to the first event (median), µs", "ttft", true, {200, 0});
    value("paced streams: added to an event's delay (median), µs", "chunk p50", true, {50, 0});
    value("paced streams: an event's delay, 99th percentile, µs", "chunk p99", false, {});
    value("the same beside 15 cold bodies of 1 MB a second, µs", "beside p99", false, {1'500, 0});
    value("streams of 100 events, nothing to restore: processor time, µs", "relayed", false, {});
    value("the same, searched for what to restore, µs", "restored", false, {1.1 * of("relayed", "pg"), 0});
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
  /// Streams as fast as they come: with an address in the request there is something to look for in the reply.
  void restore() {
    Body plain = make_body(kSmall, Fresh::all, "bench-flood", true);
    Body found = plain;
    const std::string_view address = "write to jane.roe@acme-mail.com";
    found.bytes.insert(found.bytes.size() - 2, fmt::format(R"(,{{"role":"user","content":"{}"}})", address));
    for (const Door& door : doors_) {
      for (const auto& [what, body] : {std::pair{"relayed", &plain}, std::pair{"restored", &found}}) {
        Load load;
        load.body = body;
        load.connections = 16;
        load.seconds = options_.seconds;
        load.stream = true;
        add(door, what, measure(door, load).cpu_us);
      }
    }
  }
  void add(const Door& door, const std::string& what, double value) { values_[what][door.name].push_back(value); }

  double of(const std::string& what, const std::string& name) const {
    return values_.contains(what) ? median(values_.at(what).at(name)) : 0;
  }
  // `added`: what the mock alone takes is subtracted.
  void ratio(const std::string& label, const std::string& what, int digits, bool added, Goal goal) const {
    if (!values_.contains(what)) return;
    const double base = added ? of(what, "direct") : 0;
    print_ratio(label, of(what, "nginx") - base, of(what, "pg") - base, digits, goal);
  }
  void value(const std::string& label, const std::string& what, bool added, Goal goal) const {
    if (!values_.contains(what)) return;
    const double base = added ? of(what, "direct") : 0;
    print_value(label, of(what, "nginx") - base, of(what, "pg") - base, 0, goal);
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

/// Made-up rules beside the shipped ones, each with a keyword of its own.
std::string custom_rules(int count) {
  std::string toml;
  for (int i = 0; i < count; ++i)
    toml += fmt::format("[[guards.custom]]\nname = \"rule-{0}\"\nregex = 'ticket{0:03}-[0-9]{{8}}'\naction = \"redact\"\n", i);
  return toml;
}

void print_rule_growth(std::uint16_t mock, double seconds) {
  fmt::print("\n| custom rules | 2 KB: µs | 200 KB turn: µs | 200 KB cold: µs |\n|---|---|---|---|\n");
  for (const int count : {0, 10, 50, 100, 200, 400}) {
    PgTarget pg(mock, kOneLoop, kAllGuards + custom_rules(count));
    Target& target = pg.target();
    target.start(write_post(target.port(), pg.path(), pg.fields(), make_body(kSmall, Fresh::none).bytes));
    const Door door{"pg", &target, target.port(), pg.path(), pg.fields()};
    fmt::print("| {} |", count);
    for (const BodyKind& kind : {kBodies[0], kBodies[1], kBodies[2]}) {
      const Body body = make_body(kind.size, kind.fresh);
      Load load;
      load.body = &body;
      load.connections = 16;
      load.seconds = seconds;
      fmt::print(" {:.1f} |", measure(door, load).cpu_us);
    }
    fmt::print("\n");
  }
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

/// After the other measures, so that what they left behind is in it.
void print_memory(const Door& nginx, const Door& pg, const Options& options) {
  constexpr int kConnections = 64, kWaiting = 5'000;
  const Door* doors[] = {&nginx, &pg};
  Memory memory[2];
  Waiting waiting[2];
  for (int i = 0; i < 2; ++i) {
    const std::string first = write_post(doors[i]->port, doors[i]->path, doors[i]->fields, make_body(kSmall, Fresh::none).bytes);
    doors[i]->target->stop();
    doors[i]->target->start(first);
    ::sleep(options.settle);
    memory[i] = measure_memory(*doors[i], kConnections, std::max(options.seconds, 3.0), options.rest);
    doors[i]->target->stop();
    doors[i]->target->start(first);
    ::sleep(1);
    waiting[i] = hold_connections(*doors[i], kWaiting);
  }
  print_value("resident with 64 connections that send 1 MB each, at most, MiB", memory[0].peak, memory[1].peak, 1, {150, 0});
  print_value(fmt::format("resident {:.0f} s later, MiB", options.rest), memory[0].after, memory[1].after, 1,
              {1.2 * memory[1].idle, 1});
  print_value("resident more with 5,000 connections that wait, MiB", waiting[0].added, waiting[1].added, 1, {});
  print_value("of these, those that were not kept", kWaiting - waiting[0].held, kWaiting - waiting[1].held, 0, {0.5, 0});
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
  ::sleep(options.settle);
  const double nginx_idle = nginx->rss_mib(), pg_idle = target.rss_mib();
  fmt::print("{}. {}, {}.\n", machine(), first_line(test::pg_binary() + " --version"), first_line("nginx -v 2>&1"));
  if (options.growth) {
    print_growth(guarded, options.seconds);
    print_rule_growth(mock.port(), options.seconds);
    return 0;
  }
  Comparison comparison(options, {direct, plain, guarded});
  comparison.run();
  fmt::print("Medians of {} round{} of {} s.\n\n", options.rounds, options.rounds == 1 ? "" : "s", options.seconds);
  print_head();
  comparison.print_rows();
  print_value("start to the first answer, ms", nginx_start, pg_start, 1, {50, 0});
  print_value("resident, idle, MiB", nginx_idle, pg_idle, 1, {15, 0});
  if (std::string_view("memory").starts_with(options.only)) print_memory(plain, guarded, options);
  print_alone("`pg --help`, ms", time_command({test::pg_binary(), "--help"}, 11), 1, {10, 0});
  return 0;
}

}  // namespace
}  // namespace pg::bench

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a row as soon as it is known, also into a file
  pg::bench::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool has_value = i + 1 < argc;
    if (word == "--quick") {
      options.rounds = 1;
      options.seconds = 0.8;
      options.starts = 2;
      options.rest = 35;
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
  if (!std::string_view("memory").starts_with(options.only)) options.settle = 1;
  try {
    return pg::bench::run(options);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "bench_proxy: {}\n", problem.what());
    return 1;
  }
}
