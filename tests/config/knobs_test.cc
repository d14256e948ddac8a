#include "config/knobs.h"

#include <doctest/doctest.h>

#include <set>

using namespace pg;

namespace {

template <class S>
const Knob<S>& knob_of(std::span<const Knob<S>> knobs, std::string_view key) {
  for (const Knob<S>& knob : knobs)
    if (knob.key == key) return knob;
  FAIL("no knob " << key);
  return knobs.front();
}

// What an environment variable of that text makes of a setting: its spelling, or the complaint.
std::string set(std::string_view key, std::string_view text) {
  Settings settings;
  const auto& knob = knob_of(settings_knobs(), key);
  const std::string before = knob_text(knob, knob.slot(settings));
  if (auto complaint = set_knob_text(knob, knob.slot(settings), text)) {
    CHECK(knob_text(knob, knob.slot(settings)) == before);
    return complaint->message;
  }
  return knob_text(knob, knob.slot(settings));
}

template <class S>
void check_spelling(std::span<const Knob<S>> knobs) {
  std::set<std::string_view> keys;
  for (const Knob<S>& knob : knobs) {
    CHECK_MESSAGE(keys.insert(knob.key).second, knob.key);
    S source{}, target{};
    const std::string spelled = knob_text(knob, knob.slot(source));
    if (spelled.empty()) continue;  // unset
    TomlDocument document;
    std::vector<Problem> problems;
    document = parse_toml("k = " + spelled, "f", problems);
    REQUIRE_MESSAGE(problems.empty(), knob.key);
    const auto complaint = set_knob(knob, knob.slot(target), document.root[0].value);
    if (knob.check == nullptr || spelled.find_first_not_of("\"[]") != std::string::npos) CHECK_MESSAGE(!complaint, knob.key);
    CHECK(knob_text(knob, knob.slot(target)) == spelled);
  }
}

}  // namespace

TEST_CASE("every default is spelled as TOML that sets it again, under a key of its own") {
  check_spelling(settings_knobs());
  check_spelling(guard_knobs());
  check_spelling(provider_knobs());
  check_spelling(project_knobs());
}

TEST_CASE("texts become numbers, sizes, durations, flags and lists, within their ranges") {
  CHECK(set("serve.port", "0") == "0");
  CHECK(set("serve.port", " 9000 ") == "9000");
  for (const char* bad : {"65536", "-1", "x", "", "1.5", "1e3", "0x10", "99999999999999999999"})
    CHECK(set("serve.port", bad) == "port must be a whole number from 0 to 65535");
  CHECK(set("limits.max_body", "2048") == "\"2KiB\"");
  CHECK(set("limits.max_body", "10MB") == "\"10000000\"");
  CHECK(set("limits.max_body", "1") == "max_body must be a size from 1KiB to 4GiB");
  CHECK(set("limits.head_timeout", "90s") == "\"90s\"");
  CHECK(set("limits.head_timeout", "2m") == "\"2m\"");
  CHECK(set("limits.head_timeout", "15") == "head_timeout must be a duration from 100ms to 1d");
  CHECK(set("serve.require_key", "no") == "false");
  CHECK(set("serve.require_key", "maybe") == "require_key must be true or false");
  CHECK(set("scan.exclude", "a, b,,c") == "[\"a\", \"b\", \"c\"]");
  CHECK(set("serve.allowed_hosts", "a:80") == "allowed_hosts: must be a host name without port");
}

TEST_CASE("actions are four words") {
  GuardSettings guards;
  const auto& knob = knob_of(guard_knobs(), "phone");
  CHECK_FALSE(set_knob_text(knob, knob.slot(guards), "block"));
  CHECK(guards.phone == Action::block);
  CHECK(set_knob_text(knob, knob.slot(guards), "blok")->hint == "did you mean \"block\"?");
  CHECK(guards.phone == Action::block);
  TomlValue number;
  number.value = std::int64_t{1};
  CHECK(set_knob(knob, knob.slot(guards), number)->message == "phone must be \"off\", \"detect\", \"redact\" or \"block\"");
}
