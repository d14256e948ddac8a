// pg.example.toml is the reference for people: it must name every setting, with the value that is in force without it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <sstream>

#include "config/knobs.h"
#include "config/load.h"
#include "config/providers.h"
#include "config/show.h"
#include "core/base/shipped.h"

using namespace pg;

namespace {

// "#key = value" and "#[table]" are settings; "# words" are words.
std::string uncommented() {
  std::istringstream lines{std::string(shipped("pg.example.toml"))};
  std::string out;
  for (std::string line; std::getline(lines, line);)
    out += (line.size() > 1 && line[0] == '#' && line[1] != ' ' ? line.substr(1) : line) + "\n";
  return out;
}

std::map<std::string, std::string> values_of(const Settings& settings) {
  std::map<std::string, std::string> values;
  for (const ShownSetting& row : show_settings(settings)) values[row.key] = row.value;
  return values;
}

}  // namespace

TEST_CASE("as shipped, the example sets nothing") {
  const Loaded loaded = read_settings_text(shipped("pg.example.toml"), "pg.example.toml");
  CHECK(problems_text(loaded.problems) == "");
  CHECK(values_of(loaded.settings) == values_of(Settings()));
}

TEST_CASE("with every line in force it is valid and equals the defaults") {
  Loaded loaded = read_settings_text(uncommented(), "pg.example.toml");
  CHECK(problems_text(loaded.problems) == "");
  auto values = values_of(loaded.settings);
  // What a row has without naming it.
  for (const auto& [key, value] : std::map<std::string, std::string>{{"providers.anthropic.connect_timeout", "\"10s\""},
                                                                     {"providers.anthropic.first_byte_timeout", "\"10m\""},
                                                                     {"providers.anthropic.idle_timeout", "\"5m\""},
                                                                     {"providers.anthropic.queue", "100"},
                                                                     {"providers.anthropic.queue_timeout", "\"30s\""},
                                                                     {"providers.anthropic.breaker_failures", "5"},
                                                                     {"providers.anthropic.breaker_window", "\"1m\""},
                                                                     {"providers.anthropic.breaker_open", "\"5s\""},
                                                                     {"providers.anthropic.breaker_open_at_most", "\"2m\""}}) {
    CHECK(values[key] == value);
    values.erase(key);
  }
  CHECK(values == values_of(Settings()));
  const Provider defaults;
  CHECK(defaults.connect_timeout == Millis(10'000));
  CHECK(defaults.first_byte_timeout == Millis(600'000));
  CHECK(defaults.idle_timeout == Millis(300'000));
  CHECK(defaults.breaker.failures == 5);
  CHECK(defaults.breaker.window == Millis(60'000));
  CHECK(defaults.breaker.open == Millis(5'000));
  CHECK(defaults.breaker.open_at_most == Millis(120'000));
}

TEST_CASE("it names every setting") {
  const Loaded loaded = read_settings_text(uncommented(), "pg.example.toml");
  for (const auto& knob : settings_knobs())
    CHECK_MESSAGE(loaded.settings.origins.at(std::string(knob.key)) != "default", knob.key);
  for (const auto& knob : guard_knobs())
    CHECK_MESSAGE(loaded.settings.origins.at("guards." + std::string(knob.key)) != "default", knob.key);
  for (const auto& knob : provider_knobs()) {
    bool named = shipped("pg.example.toml").find("# " + std::string(knob.key) + " = ") != std::string_view::npos;  // a cloud's
    for (const char* provider : {"anthropic", "openai", "gemini", "cohere"})
      named = named || loaded.settings.origins.count(fmt::format("providers.{}.{}", provider, knob.key)) != 0;
    CHECK_MESSAGE(named, knob.key);
  }
  for (const auto& [name, row] : shipped_providers())
    CHECK_MESSAGE(shipped("pg.example.toml").find(name) != std::string_view::npos, name);
}
