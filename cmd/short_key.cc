// The database outlives the key: both stand in one command.
#include "cmd/short_key.h"

#include <tuple>
#include <utility>

#include "cmd/agent.h"
#include "core/store/key_store.h"

namespace pg {

ShortKey::ShortKey(Shell& shell, Workplace& place, const std::string& name, const ProjectSettings& project, Millis lifetime)
    : place_(place) {
  std::tie(name_, text_) = mint_agent_key(place, name, project, lifetime).value();
  let_serve_notice(shell, place.db);
}

ShortKey::ShortKey(Workplace& place, std::string given) : place_(place), text_(std::move(given)) {}

ShortKey::~ShortKey() {
  if (name_.empty()) return;
  if (auto revoked = KeyStore(place_.db, wall_clock(), actor_name()).revoke(name_); !revoked) return;
}

}  // namespace pg
