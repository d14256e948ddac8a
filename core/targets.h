// Where a call goes: which provider, which of its dialects, and what it calls the model.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/policy.h"

namespace pg {

struct Target {
  std::shared_ptr<const Provider> provider;
  const Outlet* outlet = nullptr;  // lives in provider; nullptr: echo
  std::string model;               // as the provider calls it
  bool translated = false;         // the outlet speaks another dialect than the client
};

/// The project's target for a call that took `route` (nullptr: none fits). A route's provider and model decide; a route's model
/// alone is read as if the client had asked for it.
///
/// The project's target for a model that was asked for as an alias, as `provider:model`, or by its bare name. Bare names go to
/// their vendor first (`claude-…`, `gpt-…`), then to a provider that speaks `dialect` itself, then to one that must be translated
/// for; the project's order decides between equals. not_found when nobody serves it; unavailable when the one who does has no
/// credential and there is no fallback: with one, that target is to be passed over when it is its turn.
Result<Target> choose_target(const Project& project, DialectId dialect, std::string_view model, const Route* route = nullptr);

/// unavailable for a provider whose credential cannot be had; the message names the setting.
Status check_has_credential(const Provider& provider);

/// Who is asked, in order, when the first provider is busy: the route's fallbacks, or else the project's.
const std::vector<Fallback>& fallbacks_of(const Project& project, const Route* route);

/// Number `nth` of fallbacks_of() for a call of that dialect. not_found when there is none, or none that can be translated for;
/// unavailable when it has no credential.
Result<Target> choose_fallback(const Project& project, DialectId dialect, std::string_view model, const Route* route = nullptr,
                               std::size_t nth = 0);

/// Who makes a model of that name: "anthropic", "openai", …, or "" for names that say nothing.
std::string_view vendor_of_model(std::string_view model);

}  // namespace pg
