// The password in the URL of a database, a queue or a site.
#pragma once

#include "core/guard/validators.h"

namespace pg {

/// The match is scheme, user and colon; its value becomes the password up to the '@' in front of a host. Refuses ports, templates
/// (${PASSWORD}, <password>) and words.
Judgement check_url_password(Candidate& candidate);

/// The same for schemes of the web, where signs of a path end the user's part and words are never taken for a password.
Judgement check_web_password(Candidate& candidate);

}  // namespace pg
