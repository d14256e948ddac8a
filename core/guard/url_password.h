// The password in the URL of a database or a queue.
#pragma once

#include "core/guard/validators.h"

namespace pg {

/// The match is scheme, user and colon; its value becomes the password up to the '@' in front of a host. Refuses ports, templates
/// (${PASSWORD}, <password>) and words.
Judgement check_url_password(Candidate& candidate);

}  // namespace pg
