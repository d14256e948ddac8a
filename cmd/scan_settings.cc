// The shipped rules need no file at all; a broken one stops the scan rather than being left out.
#include "cmd/scan_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "cmd/open.h"
#include "cmd/scan_ignore.h"
#include "cmd/scan_levels.h"
#include "config/load.h"
#include "config/paths.h"
#include "core/base/shipped.h"
#include "core/base/text.h"
#include "core/guard/rule_file.h"
#include "core/store/files.h"

namespace pg {
namespace {

/// Paths of findings as patterns see them, which are relative to a directory of their own.
class PlacedPaths {
 public:
  explicit PlacedPaths(const ScanResult& result) : base_(result.base), checkout_(find_checkout(result.base)) {}

  /// Relative to `top`, or without one to the top of the checkout; as it is shown when it lies elsewhere.
  std::string below(const std::string& path, const std::string& top) {
    if (base_.empty()) return path;
    if (path != last_) {
      last_ = path;
      real_ = real_place(path.starts_with('/') ? path : joined(base_, path));
    }
    return path_below(real_, top.empty() ? checkout_ : top).value_or(path);
  }

 private:
  std::string base_, checkout_, last_, real_;
};

bool matches_path(const ScanAllow& allow, const std::string& path) {
  IgnoreRules rules;
  rules.add(allow.path);
  return is_path_ignored(rules, path) || is_path_ignored(rules, path.substr(0, path.find("!/")));
}

bool covers(const ScanAllow& allow, const ScanFinding& finding, const std::string& rule, const std::string& checkout_file,
            PlacedPaths& paths) {
  if (!allow.rule.empty() && allow.rule != rule) return false;
  if (!allow.hash.empty() && allow.hash != finding.hash) return false;
  if (allow.path.empty()) return true;
  const bool is_here = !checkout_file.empty() && allow.file == checkout_file;
  return matches_path(allow, paths.below(finding.path, is_here ? directory_of(checkout_file) : std::string()));
}

/// Where each path is, from the root: the directory itself, or the one that the file is in.
std::vector<std::string> directories_of(const std::vector<std::string>& paths) {
  std::vector<std::string> all;
  for (const std::string& path : paths) {
    std::error_code failed;
    const std::string real = real_place(path);
    all.push_back(std::filesystem::is_directory(real, failed) ? std::filesystem::canonical(real, failed).string()
                                                              : directory_of(real));
  }
  if (all.empty()) all.push_back(real_place("."));
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::string common_directory(const std::vector<std::string>& directories) {
  std::string common = directories.front();
  for (const std::string& one : directories)
    while (!path_below(one, common)) common = directory_of(common);
  return common;
}

/// A part of what is scanned may have settings of its own that the whole does not go by.
void warn_of_others(Shell& shell, const std::vector<std::string>& directories, const std::string& used) {
  const std::string home = find_paths(process_environment()).home;
  std::set<std::string> others;
  for (const std::string& directory : directories)
    if (const auto file = find_repo_file(directory, home); file && *file != used) others.insert(*file);
  for (const std::string& file : others)
    shell.warn(fmt::format("{} was not read: not all that is scanned lies beside or below it; scan its directory alone",
                           escape_controls(file)));
}

Result<std::shared_ptr<const SecretRules>> chosen_rules(const Settings& settings, bool generic) {
  if (settings.scan.rules.empty() && settings.scan.disable.empty() && !generic)
    return SecretRules::read(without_examples(shipped("secrets.toml")), "secrets.toml");
  auto rules = SecretRules::choose({settings.scan.rules, settings.scan.disable, generic});
  if (rules) return rules;
  const auto place = settings.places.find("scan.disable");
  return make_error(rules.error().code, "[scan] disable: " + rules.error().message,
                    place == settings.places.end() ? std::string() : place->second.text());
}

}  // namespace

Result<ScanPlan> make_scan_plan(Shell& shell, const PlanOptions& wanted) {
  const std::vector<std::string> directories = directories_of(wanted.paths);
  LoadOptions options = load_options(shell);
  options.repo_file = true;
  options.directory = common_directory(directories);
  PG_TRY(const Settings settings, load_usable_settings(options));
  warn_of_broken(shell, settings);
  ScanPlan plan;
  plan.settings = settings.scan;
  plan.checkout_file = settings.repo_file;
  if (directories.size() > 1) warn_of_others(shell, directories, plan.checkout_file);
  if (shell.verbose > 0 && !plan.checkout_file.empty()) shell.note("settings: " + escape_controls(plan.checkout_file));
  const auto place = settings.places.find("scan.exclude");
  if (place != settings.places.end() && !plan.checkout_file.empty() && place->second.file == plan.checkout_file)
    plan.exclude_top = directory_of(plan.checkout_file);
  PG_TRY(plan.secrets, chosen_rules(settings, wanted.generic));
  GuardSettings guards;
  guards.secrets = Action::detect;
  const Action personal = wanted.pii ? Action::detect : Action::off;
  guards.email = guards.iban = guards.card = guards.ssn = guards.phone = guards.ipv4 = personal;
  PG_TRY(plan.guards, Guards::make(plan.secrets, guards));
  return plan;
}

void allow_by_settings(const ScanPlan& plan, ScanResult& result) {
  const std::vector<ScanAllow>& all = plan.settings.allow;
  if (all.empty()) return;
  PlacedPaths paths(result);
  for (ScanFinding& finding : result.findings) {
    const std::string& rule = plan.guards->rule(finding.rule).id;
    if (finding.allowed || std::none_of(all.begin(), all.end(), [&](const ScanAllow& allow) {
          return covers(allow, finding, rule, plan.checkout_file, paths);
        }))
      continue;
    finding.allowed = true;
    finding.allowed_by = kBySettings;
  }
}

void drop_excluded(const ScanPlan& plan, ScanResult& result) {
  IgnoreRules rules;
  for (const std::string& pattern : plan.settings.exclude) rules.add(pattern);
  if (rules.empty()) return;
  PlacedPaths paths(result);
  std::erase_if(result.findings,
                [&](const ScanFinding& one) { return is_path_ignored(rules, paths.below(one.path, plan.exclude_top)); });
}

}  // namespace pg
