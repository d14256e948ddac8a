// The table of settings: every key with its kind, range and place in the structs. Files, environment, flags, `config show` and
// the example are all read against it, so a knob is one row.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/load_toml.h"
#include "config/settings.h"

namespace pg {

/// Why a value is refused.
struct Complaint {
  std::string message;
  std::string hint;
};

enum class KnobKind : std::uint8_t {
  flag,
  number,
  bytes,
  duration,
  text,
  list,
  one_or_more,  // a list; one element may stand without brackets
  usd,          // "50 USD"
};

/// Where the value lives; Action is a text kind.
using KnobSlot = std::variant<bool*, int*, std::uint16_t*, std::uint32_t*, std::uint64_t*, std::int64_t*, Millis*, std::string*,
                              std::vector<std::string>*, Action*, std::optional<bool>*, std::optional<std::string>*,
                              std::optional<Millis>*, std::optional<std::uint32_t>*>;

struct KnobType {
  std::string_view key;  // "serve.port"
  KnobKind kind = KnobKind::text;
  std::int64_t min = 0;  // number; bytes; duration in ms
  std::int64_t max = 0;
  std::optional<Complaint> (*check)(std::string_view) = nullptr;  // of a text, or of each element of a list
};

/// The most that rates, caps and budgets may say.
inline constexpr std::int64_t kMostCalls = 1'000'000;
inline constexpr std::int64_t kMostUsd = 1'000'000'000'000'000;  // nano-USD: a million dollars

template <class S>
struct Knob : KnobType {
  KnobSlot (*slot)(S&) = nullptr;
};

std::span<const Knob<Settings>> settings_knobs();          // top level, serve.*, limits.*, scan.*
std::span<const Knob<GuardSettings>> guard_knobs();        // email, …: [guards] of pg.toml and of projects
std::span<const Knob<ProviderSettings>> provider_knobs();  // credential, …: [providers.NAME]
std::span<const Knob<ProjectSettings>> project_knobs();    // id, …
std::span<const Knob<RateRules>> rate_knobs();             // rpm, rph
std::span<const Knob<EndpointSettings>> endpoint_knobs();  // model, …: [endpoints.NAME] of a project
std::span<const Knob<AlertSettings>> alert_knobs();        // when, …: [alerts.NAME]

/// Puts a TOML value into its slot; a complaint names the key and what it takes, and the slot is left alone.
std::optional<Complaint> set_knob(const KnobType& type, KnobSlot slot, const TomlValue& value);
/// The same from an environment variable or a flag; lists by comma.
std::optional<Complaint> set_knob_text(const KnobType& type, KnobSlot slot, std::string_view text);
/// The value as TOML spells it; "" for an unset optional.
std::string knob_text(const KnobType& type, KnobSlot slot);
/// As a settings file says it: "2m", "300ms".
std::string spell_duration(std::int64_t millis);

std::optional<Action> parse_action(std::string_view word);
/// What actions there are, with "did you mean": the complaint for `key` set to a word that is none.
Complaint action_complaint(std::string_view key, std::string_view word);

}  // namespace pg
