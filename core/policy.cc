// Looking things up in a Policy.
#include "core/policy.h"

#include "core/base/ids.h"
#include "core/base/text.h"

namespace pg {

const Guards& Project::guards_at(const Provider& provider) const {
  if (guards_by_provider.empty()) return *guards;
  const auto own = guards_by_provider.find(provider.name);
  return own == guards_by_provider.end() ? *guards : *own->second;
}

const Project* Policy::find_project(std::string_view id_or_name) const {
  auto found = projects.find(id_or_name);
  // Ids are kept in lower case, and RFC 9562 §4 lets callers spell them in either.
  if (found == projects.end() && is_uuid(id_or_name)) found = projects.find(to_lower(id_or_name));
  return found == projects.end() ? nullptr : found->second.get();
}

}  // namespace pg
