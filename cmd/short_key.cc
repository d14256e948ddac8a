// The database outlives the key: both stand in one command.
#include "cmd/short_key.h"

#include <utility>

#include "core/store/key_store.h"

namespace pg {

ShortKey::ShortKey(Shell& shell, Workplace& place, const std::string& name, const ProjectSettings& project, Millis lifetime,
                   std::uint32_t scopes)
    : place_(place) {
  NewKey wanted;
  wanted.name = name;
  wanted.project = project.id;
  wanted.scopes = scopes;
  wanted.expires = wall_clock().wall() + lifetime.count();
  const auto issued = KeyStore(place.db, wall_clock(), actor_name()).add_numbered(wanted).value();
  name_ = issued.key.name;
  text_ = issued.text.reveal();
  let_serve_notice(shell, place.db);
}

ShortKey::ShortKey(Workplace& place, std::string given) : place_(place), text_(std::move(given)) {}

ShortKey::~ShortKey() {
  if (name_.empty()) return;
  if (auto revoked = KeyStore(place_.db, wall_clock(), actor_name()).revoke(name_); !revoked) return;
}

}  // namespace pg
