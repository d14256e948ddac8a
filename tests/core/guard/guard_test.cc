// Guards: settings become decisions; overlaps, allow lists, weak findings and custom rules.
#include "core/guard/guard.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/guard/rule_examples.h"
#include "core/guard/secrets.h"

namespace pg {
namespace {

std::shared_ptr<const Guards> made(const GuardSettings& settings) {
  auto guards = Guards::make(shipped_secret_rules(), settings);
  REQUIRE_MESSAGE(guards.has_value(), (guards ? "" : guards.error().message));
  return *guards;
}

std::string refusal_of(const GuardSettings& settings) {
  const auto guards = Guards::make(shipped_secret_rules(), settings);
  REQUIRE_FALSE(guards.has_value());
  CHECK(guards.error().code == Code::invalid_config);
  return guards.error().message;
}

/// "email:a@b.co" for each finding.
std::string seen_by_guards(const Guards& guards, std::string_view text, Scrutiny scrutiny = Scrutiny::all) {
  std::vector<Finding> found;
  guards.inspect(text, scrutiny, found);
  std::string out;
  for (const Finding& f : found) {
    if (!out.empty()) out += ' ';
    out += guards.rule(f.rule).id + ":" + std::string(text.substr(f.begin, f.end - f.begin)) + (f.weak ? "?" : "");
  }
  return out;
}

const std::string kGuardedToken = spell_example("{github_crc:ghp_}", 11).value();

TEST_CASE("every shipped rule and the six kinds of personal data have a row") {
  const auto guards = made({});
  CHECK(guards->rules().size() == shipped_secret_rules()->rules().size() + 6);
  for (const char* id : {"email", "iban", "card", "ssn", "phone", "ipv4"}) {
    CAPTURE(id);
    CHECK(std::count_if(guards->rules().begin(), guards->rules().end(), [&](const Rule& r) { return r.id == id; }) == 1);
  }
}

TEST_CASE("defaults find secrets and personal data, but no phones and addresses") {
  const auto guards = made({});
  CHECK(seen_by_guards(*guards, "a@b.co " + kGuardedToken + " 415-555-2671 93.184.216.34") ==
        "email:a@b.co github-token:" + kGuardedToken);
  CHECK(seen_by_guards(*guards, "a@b.co " + kGuardedToken, Scrutiny::secrets_only) == "github-token:" + kGuardedToken);
}

TEST_CASE("actions by rule override the group's") {
  GuardSettings settings;
  settings.secrets = Action::off;
  settings.email = Action::off;
  settings.actions = {{"github-token", Action::block}, {"phone", Action::detect}};
  const auto guards = made(settings);
  CHECK(seen_by_guards(*guards, "a@b.co " + kGuardedToken + " 415-555-2671") ==
        "github-token:" + kGuardedToken + " phone:415-555-2671");
  std::vector<Finding> found;
  guards->inspect(kGuardedToken, Scrutiny::all, found);
  REQUIRE(found.size() == 1);
  CHECK(guards->action(found[0].rule) == Action::block);
}

TEST_CASE("allow lists match whole values, never parts of them") {
  GuardSettings settings;
  settings.allow = {{"email", {"a@b.co", "@ok.example.com"}}, {"secrets", {kGuardedToken}}};
  const auto guards = made(settings);
  CHECK(seen_by_guards(*guards, "a@b.co " + kGuardedToken + " x@OK.example.com") == "");
  CHECK(seen_by_guards(*guards, "aa@b.co a@b.com x@not-ok.example.com x@sub.ok.example.com") ==
        "email:aa@b.co email:a@b.com email:x@not-ok.example.com email:x@sub.ok.example.com");
}

TEST_CASE("custom rules have their own kind, and malformed ones are refused by name") {
  GuardSettings settings;
  settings.custom = {{"employee-id", "E[0-9]{6}", Action::block}};
  const auto guards = made(settings);
  CHECK(seen_by_guards(*guards, "see E123456.") == "custom:employee-id:E123456");
  CHECK(guards->rules().back().kind == "EMPLOYEE_ID");
  settings.custom = {{"x", "a*", Action::redact}};
  CHECK(refusal_of(settings).find("\"x\"") != std::string::npos);
  settings.custom = {{"x", "(", Action::redact}};
  CHECK(refusal_of(settings).find("\"x\"") != std::string::npos);
  settings.custom = {{"Bad Name", "a", Action::redact}};
  CHECK(refusal_of(settings).find("Bad Name") != std::string::npos);
  settings.custom = {{"x", "a", Action::redact}, {"x", "b", Action::redact}};
  CHECK(refusal_of(settings).find("two custom rules") != std::string::npos);
}

TEST_CASE("unknown rule ids are refused with a suggestion") {
  GuardSettings settings;
  settings.actions = {{"github-tokn", Action::off}};
  CHECK(refusal_of(settings).find("did you mean \"github-token\"") != std::string::npos);
  settings.actions.clear();
  settings.allow = {{"emial", {"a@b.co"}}};
  CHECK(refusal_of(settings).find("did you mean \"email\"") != std::string::npos);
}

TEST_CASE("overlapping findings become one: the longer wins, then the higher priority") {
  GuardSettings settings;
  settings.custom = {{"wide", "a@b.co and more", Action::redact}, {"left", "id a@b", Action::redact}};
  CHECK(seen_by_guards(*made(settings), "an id a@b.co and more!") == "custom:wide:id a@b.co and more");
  settings.custom = {{"same", "a@b\\.co", Action::redact}};
  CHECK(seen_by_guards(*made(settings), "a@b.co") == "custom:same:a@b.co");
}

TEST_CASE("a rule that only watches cannot shield what another would redact") {
  // Given a watching rule that is longer than the address inside
  GuardSettings settings;
  settings.custom = {{"watch", "<a@b.co>", Action::detect}};
  // When both find
  const auto guards = made(settings);
  std::vector<Finding> found;
  guards->inspect("x <a@b.co> y", Scrutiny::all, found);
  // Then the merged finding leads to the stronger action
  REQUIRE(found.size() == 1);
  CHECK(guards->action(found[0].rule) == Action::redact);
  CHECK(found[0].begin == 2);
  CHECK(found[0].end == 10);
}

TEST_CASE("a weak finding does not make an overlapping strong one weak") {
  GuardSettings settings;
  settings.custom = {{"tail", "zzz9", Action::redact}};
  const std::string made_up = spell_example("ghp_{alnum:32}zzz9", 3).value();
  const auto guards = made(settings);
  CHECK(seen_by_guards(*guards, made_up) == "custom:tail:" + made_up);
  CHECK(seen_by_guards(*made({}), made_up) == "github-token:" + made_up + "?");
}

TEST_CASE("the fingerprint follows every setting and nothing else") {
  const std::uint64_t plain = made({})->fingerprint();
  CHECK(made({})->fingerprint() == plain);
  std::vector<GuardSettings> different(6);
  different[0].email = Action::block;
  different[1].actions = {{"jwt", Action::off}};
  different[2].allow = {{"email", {"a@b.co"}}};
  different[3].allow = {{"email", {"a@b.com"}}};
  different[4].custom = {{"x", "a", Action::redact}};
  different[5].private_ipv4 = true;
  std::vector<std::uint64_t> seen_numbers{plain};
  for (const GuardSettings& settings : different) {
    const std::uint64_t number = made(settings)->fingerprint();
    CHECK(std::count(seen_numbers.begin(), seen_numbers.end(), number) == 0);
    seen_numbers.push_back(number);
  }
}

TEST_CASE("findings are appended behind what is there already") {
  std::vector<Finding> found{{1, 2, 0, false}};
  made({})->inspect("a@b.co", Scrutiny::all, found);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == Finding{1, 2, 0, false});
  CHECK(found[1].begin == 0);
}

}  // namespace
}  // namespace pg
