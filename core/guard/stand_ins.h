// What people write where a password belongs: templates that are filled in later, and words that speak of a password.
#pragma once

#include <string_view>

namespace pg {

/// A password with what stands around it. `user` and `host` may be empty: then nothing is known of them.
struct Login {
  std::string_view user, password, host;
};

/// True for ${PASSWORD}, <password>, {{ pw }}, %s and the like.
bool is_filled_in_later(std::string_view password);

/// True for "changeme", "password", "my-secret" and the user's own name in any case, with digits behind them, too, unless the
/// host is one that may exist: there "Password123" is somebody's password.
bool is_stand_in(const Login& login);

/// True for what no documentation uses for a machine: a name with a dot, or an address, and neither example.com nor this machine.
bool is_real_host(std::string_view host);

/// True when the password has a digit, or changes case as no word does.
bool is_no_word(std::string_view password);

}  // namespace pg
