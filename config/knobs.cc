// The rows, and how a value gets into a slot and out again.
#include "config/knobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <type_traits>

#include "config/checks.h"
#include "core/base/encode.h"
#include "core/base/text.h"

namespace pg {
namespace {

#define PG_SLOT(S, field) [](S& s) -> KnobSlot { return &s.field; }

constexpr auto kSettings = [] {
  using enum KnobKind;
  return std::to_array<Knob<Settings>>({
      {{"database", text}, PG_SLOT(Settings, database)},
      {{"app_key_file", text}, PG_SLOT(Settings, app_key_file)},
      {{"serve.host", text, 0, 0, check_bind_host}, PG_SLOT(Settings, serve.host)},
      {{"serve.port", number, 0, 65535}, PG_SLOT(Settings, serve.port)},
      {{"serve.threads", number, 0, 256}, PG_SLOT(Settings, serve.threads)},
      {{"serve.io_uring", flag}, PG_SLOT(Settings, serve.io_uring)},
      {{"serve.require_key", flag}, PG_SLOT(Settings, serve.require_key)},
      {{"serve.allowed_hosts", list, 0, 0, check_host_name}, PG_SLOT(Settings, serve.allowed_hosts)},
      {{"serve.allowed_origins", list, 0, 0, check_origin}, PG_SLOT(Settings, serve.allowed_origins)},
      {{"serve.trusted_proxies", list, 0, 0, check_network}, PG_SLOT(Settings, serve.trusted_proxies)},
      {{"serve.log_requests", flag}, PG_SLOT(Settings, serve.log_requests)},
      {{"serve.metrics", text, 0, 0, check_metrics}, PG_SLOT(Settings, serve.metrics)},
      {{"serve.revoke_streams", flag}, PG_SLOT(Settings, serve.revoke_streams)},
      {{"limits.max_body", bytes, 1024, std::int64_t{1} << 32}, PG_SLOT(Settings, limits.max_body)},
      {{"limits.max_head", bytes, 1024, 1 << 20}, PG_SLOT(Settings, limits.max_head)},
      {{"limits.head_timeout", duration, 100, kDay}, PG_SLOT(Settings, limits.head_timeout)},
      {{"limits.body_timeout", duration, 100, kDay}, PG_SLOT(Settings, limits.body_timeout)},
      {{"limits.idle_timeout", duration, 100, kDay}, PG_SLOT(Settings, limits.idle_timeout)},
      {{"limits.stall_timeout", duration, 100, kDay}, PG_SLOT(Settings, limits.stall_timeout)},
      {{"limits.ping_after", duration, 100, kDay}, PG_SLOT(Settings, limits.ping_after)},
      {{"limits.drain", duration, 0, kDay}, PG_SLOT(Settings, limits.drain)},
      {{"limits.max_connections", number, 1, 1'000'000}, PG_SLOT(Settings, limits.max_connections)},
      {{"limits.remembered_vault_bytes", bytes, 0, std::int64_t{1} << 36}, PG_SLOT(Settings, limits.remembered_vault_bytes)},
      {{"limits.max_concurrent", number, 0, 100'000}, PG_SLOT(Settings, limits.max_concurrent)},
      {{"limits.queue", number, 0, 100'000}, PG_SLOT(Settings, limits.queue)},
      {{"limits.queue_timeout", duration, 1, kDay}, PG_SLOT(Settings, limits.queue_timeout)},
      {{"limits.scan_on_loop", bytes, 0, std::int64_t{1} << 32}, PG_SLOT(Settings, limits.scan_on_loop)},
      {{"limits.remembered_verdict_bytes", bytes, 0, std::int64_t{1} << 36}, PG_SLOT(Settings, limits.remembered_verdict_bytes)},
      {{"budgets.time_zone", text, 0, 0, check_time_zone}, PG_SLOT(Settings, budgets.time_zone)},
      {{"budgets.unknown_prices", text, 0, 0, check_unknown_prices}, PG_SLOT(Settings, budgets.unknown_prices)},
      {{"budgets.reserve_output", number, 1, 10'000'000}, PG_SLOT(Settings, budgets.reserve_output)},
      {{"budgets.warn_at", number, 1, 100}, PG_SLOT(Settings, budgets.warn_at)},
      {{"logs.keep_days", number, 0, 36'500}, PG_SLOT(Settings, logs.keep_days)},
      {{"logs.max_size", bytes, 0, std::int64_t{1} << 44}, PG_SLOT(Settings, logs.max_size)},
      {{"logs.on_failure", text, 0, 0, check_log_failure}, PG_SLOT(Settings, log.on_failure)},
      {{"logs.log_bodies", text, 0, 0, check_body_choice}, PG_SLOT(Settings, log.bodies)},
      {{"logs.bodies_keep_days", number, 0, 36'500}, PG_SLOT(Settings, logs.bodies_keep_days)},
      {{"logs.bodies_max_size", bytes, 0, std::int64_t{1} << 44}, PG_SLOT(Settings, logs.bodies_max_size)},
      {{"logs.body_max_size", bytes, 1024, 64 << 20}, PG_SLOT(Settings, logs.body_max_size)},
      {{"logs.file", text, 0, 0, check_file_name}, PG_SLOT(Settings, log.file)},
      {{"logs.file_max_size", bytes, 4096, std::int64_t{1} << 40}, PG_SLOT(Settings, log.file_max_size)},
      {{"logs.file_keep", number, 0, 1000}, PG_SLOT(Settings, log.file_keep)},
      {{"scan.exclude", list, 0, 0, check_plain_text}, PG_SLOT(Settings, scan.exclude)},
      {{"scan.max_file_size", bytes, 1, std::int64_t{1} << 40}, PG_SLOT(Settings, scan.max_file_size)},
      {{"scan.disable", list, 0, 0, check_plain_text}, PG_SLOT(Settings, scan.disable)},
  });
}();

constexpr auto kGuards = [] {
  using enum KnobKind;
  return std::to_array<Knob<GuardSettings>>({
      {{"secrets", text}, PG_SLOT(GuardSettings, secrets)},
      {{"email", text}, PG_SLOT(GuardSettings, email)},
      {{"iban", text}, PG_SLOT(GuardSettings, iban)},
      {{"card", text}, PG_SLOT(GuardSettings, card)},
      {{"ssn", text}, PG_SLOT(GuardSettings, ssn)},
      {{"phone", text}, PG_SLOT(GuardSettings, phone)},
      {{"ipv4", text}, PG_SLOT(GuardSettings, ipv4)},
      {{"private_ipv4", flag}, PG_SLOT(GuardSettings, private_ipv4)},
  });
}();

constexpr auto kProviders = [] {
  using enum KnobKind;
  return std::to_array<Knob<ProviderSettings>>({
      {{"enabled", flag}, PG_SLOT(ProviderSettings, enabled)},
      {{"responses", flag}, PG_SLOT(ProviderSettings, responses)},
      {{"openai_base_url", text, 0, 0, check_base_url}, PG_SLOT(ProviderSettings, openai_base_url)},
      {{"anthropic_base_url", text, 0, 0, check_base_url}, PG_SLOT(ProviderSettings, anthropic_base_url)},
      {{"gemini_base_url", text, 0, 0, check_base_url}, PG_SLOT(ProviderSettings, gemini_base_url)},
      {{"cohere_base_url", text, 0, 0, check_base_url}, PG_SLOT(ProviderSettings, cohere_base_url)},
      {{"azure_base_url", text, 0, 0, check_base_url}, PG_SLOT(ProviderSettings, azure_base_url)},
      {{"api_version", text, 0, 0, check_api_version}, PG_SLOT(ProviderSettings, api_version)},
      {{"vertex_base_url", text, 0, 0, check_vertex_url}, PG_SLOT(ProviderSettings, vertex_base_url)},
      {{"bedrock_base_url", text, 0, 0, check_base_url}, PG_SLOT(ProviderSettings, bedrock_base_url)},
      {{"region", text, 0, 0, check_region}, PG_SLOT(ProviderSettings, region)},
      {{"credential", text, 0, 0, check_credential}, PG_SLOT(ProviderSettings, credential)},
      {{"credentials", list, 0, 0, check_own_credential}, PG_SLOT(ProviderSettings, credentials)},
      {{"auth", text, 0, 0, check_auth}, PG_SLOT(ProviderSettings, auth)},
      {{"vendor", text, 0, 0, check_provider_name}, PG_SLOT(ProviderSettings, vendor)},
      {{"models", list, 0, 0, check_plain_text}, PG_SLOT(ProviderSettings, models)},
      {{"max_output_tokens", number, 0, 100'000'000}, PG_SLOT(ProviderSettings, max_output_tokens)},
      {{"ca_file", text}, PG_SLOT(ProviderSettings, ca_file)},
      {{"connect_timeout", duration, 100, kDay}, PG_SLOT(ProviderSettings, connect_timeout)},
      {{"first_byte_timeout", duration, 100, kDay}, PG_SLOT(ProviderSettings, first_byte_timeout)},
      {{"idle_timeout", duration, 100, kDay}, PG_SLOT(ProviderSettings, idle_timeout)},
      {{"concurrency", number, 0, 100'000}, PG_SLOT(ProviderSettings, concurrency)},
      {{"queue", number, 0, 100'000}, PG_SLOT(ProviderSettings, queue)},
      {{"queue_timeout", duration, 1, kDay}, PG_SLOT(ProviderSettings, queue_timeout)},
      {{"rpm", number, 0, kMostCalls}, PG_SLOT(ProviderSettings, rate.rpm)},
      {{"rph", number, 0, kMostCalls}, PG_SLOT(ProviderSettings, rate.rph)},
      {{"breaker_failures", number, 0, 1'000}, PG_SLOT(ProviderSettings, breaker_failures)},
      {{"breaker_window", duration, 100, kDay}, PG_SLOT(ProviderSettings, breaker_window)},
      {{"breaker_open", duration, 100, kDay}, PG_SLOT(ProviderSettings, breaker_open)},
      {{"breaker_open_at_most", duration, 100, kDay}, PG_SLOT(ProviderSettings, breaker_open_at_most)},
  });
}();

constexpr auto kProjects = [] {
  using enum KnobKind;
  return std::to_array<Knob<ProjectSettings>>({
      {{"id", text, 0, 0, check_uuid}, PG_SLOT(ProjectSettings, id)},
      {{"type", text, 0, 0, check_project_type}, PG_SLOT(ProjectSettings, type)},
      {{"providers", list, 0, 0, check_provider_name}, PG_SLOT(ProjectSettings, providers)},
      {{"fallback", one_or_more, 0, 0, check_plain_text}, PG_SLOT(ProjectSettings, fallback)},
      {{"fallback_on_failure", flag}, PG_SLOT(ProjectSettings, fallback_on_failure)},
      {{"prompt", text}, PG_SLOT(ProjectSettings, prompt)},
      {{"require_key", flag}, PG_SLOT(ProjectSettings, require_key)},
      {{"log_bodies", text, 0, 0, check_body_choice}, PG_SLOT(ProjectSettings, log_bodies)},
      {{"keep_vaults", flag}, PG_SLOT(ProjectSettings, keep_vaults)},
      {{"keep_vaults_for", duration, 1000, 30 * kDay}, PG_SLOT(ProjectSettings, keep_vaults_for)},
      {{"limits.rpm", number, 0, kMostCalls}, PG_SLOT(ProjectSettings, limits.rate.rpm)},
      {{"limits.rph", number, 0, kMostCalls}, PG_SLOT(ProjectSettings, limits.rate.rph)},
      {{"limits.max_tokens", number, 0, 1'000'000'000}, PG_SLOT(ProjectSettings, limits.max_tokens)},
      {{"limits.budget", usd, 1, kMostUsd}, PG_SLOT(ProjectSettings, limits.budget)},
  });
}();
constexpr auto kRates = [] {
  using enum KnobKind;
  return std::to_array<Knob<RateRules>>({
      {{"rpm", number, 0, kMostCalls}, PG_SLOT(RateRules, rpm)},
      {{"rph", number, 0, kMostCalls}, PG_SLOT(RateRules, rph)},
  });
}();
constexpr auto kAlerts = [] {
  using enum KnobKind;
  return std::to_array<Knob<AlertSettings>>({
      {{"when", text, 0, 0, check_alert_filter}, PG_SLOT(AlertSettings, when)},
      {{"count", number, 1, 10'000}, PG_SLOT(AlertSettings, count)},  // as many times are remembered
      {{"within", duration, 1000, 30 * kDay}, PG_SLOT(AlertSettings, within)},
      {{"quiet", duration, 1000, 30 * kDay}, PG_SLOT(AlertSettings, quiet)},
  });
}();
#undef PG_SLOT

constexpr std::array<std::string_view, 4> kActions = {"off", "detect", "redact", "block"};

std::string_view short_key(std::string_view key) {
  return key.substr(key.rfind('.') + 1);
}

std::string spell_bytes(std::int64_t count) {
  constexpr std::pair<std::int64_t, const char*> kUnits[] = {{1ll << 30, "GiB"}, {1ll << 20, "MiB"}, {1ll << 10, "KiB"}};
  for (const auto& [size, name] : kUnits)
    if (count != 0 && count % size == 0) return fmt::format("{}{}", count / size, name);
  return std::to_string(count);
}

Complaint wrong(const KnobType& type) {
  const std::string key(short_key(type.key));
  switch (type.kind) {
    case KnobKind::flag:
      return {key + " must be true or false", ""};
    case KnobKind::number:
      return {fmt::format("{} must be a whole number from {} to {}", key, type.min, type.max), ""};
    case KnobKind::bytes:
      return {fmt::format("{} must be a size from {} to {}", key, spell_bytes(type.min), spell_bytes(type.max)),
              "such as \"64MiB\""};
    case KnobKind::duration:
      return {fmt::format("{} must be a duration from {} to {}", key, spell_duration(type.min), spell_duration(type.max)),
              "such as \"30s\" or \"5m\""};
    case KnobKind::list:
      return {key + " must be a list of texts", "such as [\"a\", \"b\"]"};
    case KnobKind::one_or_more:
      return {key + " must be a text or a list of texts", "such as \"a\" or [\"a\", \"b\"]"};
    case KnobKind::usd:
      return {fmt::format("{} must be an amount from {} USD to {} USD", key, spell_usd(type.min), spell_usd(type.max)),
              "such as \"50 USD\"; without the line there is no limit"};
    case KnobKind::text:
      break;
  }
  return {key + " must be a text in quotes", ""};
}

std::optional<Complaint> put_flag(const KnobType& type, KnobSlot slot, bool value) {
  if (auto** at = std::get_if<bool*>(&slot))
    **at = value;
  else if (auto** maybe = std::get_if<std::optional<bool>*>(&slot))
    **maybe = value;
  else
    return wrong(type);
  return std::nullopt;
}

std::optional<Complaint> put_number(const KnobType& type, KnobSlot slot, std::int64_t value) {
  if (value < type.min || value > type.max) return wrong(type);
  const bool fits = std::visit(
      [&](auto* at) {
        using T = std::remove_pointer_t<decltype(at)>;
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
          *at = static_cast<T>(value);
          return true;
        } else if constexpr (std::is_same_v<T, std::optional<std::uint32_t>>) {
          *at = static_cast<std::uint32_t>(value);
          return true;
        } else if constexpr (std::is_same_v<T, Millis> || std::is_same_v<T, std::optional<Millis>>) {
          *at = Millis(value);
          return true;
        } else {
          return false;
        }
      },
      slot);
  return fits ? std::nullopt : std::optional(wrong(type));
}

std::optional<Complaint> put_text(const KnobType& type, KnobSlot slot, std::string_view value) {
  if (auto** action = std::get_if<Action*>(&slot)) {
    const auto parsed = parse_action(value);
    if (!parsed) return action_complaint(type.key, value);
    **action = *parsed;
    return std::nullopt;
  }
  if (type.check != nullptr)
    if (auto complaint = type.check(value)) return complaint;
  if (auto** at = std::get_if<std::string*>(&slot))
    **at = value;
  else if (auto** maybe = std::get_if<std::optional<std::string>*>(&slot))
    **maybe = std::string(value);
  else
    return wrong(type);
  return std::nullopt;
}

std::optional<Complaint> put_list(const KnobType& type, KnobSlot slot, std::vector<std::string> values) {
  for (const std::string& value : values)
    if (auto complaint = type.check == nullptr ? std::nullopt : type.check(value))
      return Complaint{fmt::format("{}: {}", short_key(type.key), complaint->message), complaint->hint};
  auto** at = std::get_if<std::vector<std::string>*>(&slot);
  if (at == nullptr) return wrong(type);
  **at = std::move(values);
  return std::nullopt;
}

std::optional<std::int64_t> read_measure(KnobKind kind, std::string_view value) {
  if (kind == KnobKind::bytes) return parse_bytes(value);
  if (kind == KnobKind::duration) return parse_duration_ms(value);
  if (kind == KnobKind::usd) return parse_amount(value);
  std::int64_t whole = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), whole);
  return failed == std::errc() && end == value.data() + value.size() ? std::optional(whole) : std::nullopt;
}

struct Speller {
  const KnobType& type;
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(const std::string& value) const { return json_quoted(value); }
  std::string operator()(Millis value) const { return json_quoted(spell_duration(value.count())); }
  std::string operator()(Action value) const { return json_quoted(action_name(value)); }
  std::string operator()(const std::vector<std::string>& values) const {
    if (type.kind == KnobKind::one_or_more && values.size() == 1) return json_quoted(values.front());
    std::string out = "[";
    for (const std::string& value : values) out += (out.size() > 1 ? ", " : "") + json_quoted(value);
    return out + "]";
  }
  template <class T>
  std::string operator()(const std::optional<T>& value) const {
    return value ? (*this)(*value) : std::string();
  }
  template <class T>
  std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, std::string> operator()(T value) const {
    const auto whole = static_cast<std::int64_t>(value);
    if (type.kind == KnobKind::usd) return whole == 0 ? std::string() : json_quoted(spell_usd(whole) + " USD");
    return type.kind == KnobKind::bytes ? json_quoted(spell_bytes(whole)) : std::to_string(whole);
  }
};

}  // namespace

std::string spell_duration(std::int64_t millis) {
  constexpr std::pair<std::int64_t, const char*> kUnits[] = {{kDay, "d"}, {kHour, "h"}, {kMinute, "m"}, {1000, "s"}};
  for (const auto& [size, name] : kUnits)
    if (millis != 0 && millis % size == 0) return fmt::format("{}{}", millis / size, name);
  return fmt::format("{}ms", millis);
}

std::span<const Knob<Settings>> settings_knobs() {
  return kSettings;
}
std::span<const Knob<GuardSettings>> guard_knobs() {
  return kGuards;
}
std::span<const Knob<ProviderSettings>> provider_knobs() {
  return kProviders;
}
std::span<const Knob<ProjectSettings>> project_knobs() {
  return kProjects;
}
std::span<const Knob<RateRules>> rate_knobs() {
  return kRates;
}
std::span<const Knob<AlertSettings>> alert_knobs() {
  return kAlerts;
}

std::optional<Action> parse_action(std::string_view word) {
  const auto* found = std::find(kActions.begin(), kActions.end(), word);
  if (found == kActions.end()) return std::nullopt;
  return static_cast<Action>(found - kActions.begin());
}

Complaint action_complaint(std::string_view key, std::string_view word) {
  const auto near = find_nearest(word, kActions);
  return {fmt::format("{} must be \"off\", \"detect\", \"redact\" or \"block\"", short_key(key)),
          near ? fmt::format("did you mean \"{}\"?", *near) : ""};
}

std::optional<Complaint> set_knob(const KnobType& type, KnobSlot slot, const TomlValue& value) {
  if (std::holds_alternative<Action*>(slot) && value.text() == nullptr) return action_complaint(type.key, "");
  if (const auto* boolean = std::get_if<bool>(&value.value); boolean != nullptr && type.kind == KnobKind::flag)
    return put_flag(type, slot, *boolean);
  if (const auto* whole = std::get_if<std::int64_t>(&value.value))
    // A bare number has no unit: a duration needs one, bytes are the unit of sizes.
    return type.kind == KnobKind::number || type.kind == KnobKind::bytes ? put_number(type, slot, *whole) : wrong(type);
  if (const std::string* words = value.text(); words != nullptr && type.kind == KnobKind::text)
    return put_text(type, slot, *words);
  if (const std::string* words = value.text();
      words != nullptr && (type.kind == KnobKind::bytes || type.kind == KnobKind::duration || type.kind == KnobKind::usd)) {
    const auto measure = read_measure(type.kind, *words);
    return measure ? put_number(type, slot, *measure) : wrong(type);
  }
  if (const std::string* words = value.text(); words != nullptr && type.kind == KnobKind::one_or_more)
    return put_list(type, slot, {*words});
  const TomlList* elements = value.list();
  if (elements == nullptr || (type.kind != KnobKind::list && type.kind != KnobKind::one_or_more)) return wrong(type);
  std::vector<std::string> values;
  for (const TomlValue& element : *elements) {
    if (element.text() == nullptr) return wrong(type);
    values.push_back(*element.text());
  }
  return put_list(type, slot, std::move(values));
}

std::optional<Complaint> set_knob_text(const KnobType& type, KnobSlot slot, std::string_view value) {
  value = trim(value);
  if (type.kind == KnobKind::text) return put_text(type, slot, value);
  if (type.kind == KnobKind::flag) {
    const bool yes = value == "true" || value == "1" || value == "yes" || value == "on";
    const bool no = value == "false" || value == "0" || value == "no" || value == "off";
    return yes || no ? put_flag(type, slot, yes) : wrong(type);
  }
  if (type.kind == KnobKind::list || type.kind == KnobKind::one_or_more) {
    std::vector<std::string> values;
    for (const std::string_view piece : split(value, ','))
      if (!trim(piece).empty()) values.emplace_back(trim(piece));
    return put_list(type, slot, std::move(values));
  }
  const auto measure = read_measure(type.kind, value);
  return measure ? put_number(type, slot, *measure) : wrong(type);
}

std::string knob_text(const KnobType& type, KnobSlot slot) {
  return std::visit([&](const auto* at) { return Speller{type}(*at); }, slot);
}

}  // namespace pg
