// Passwords and keys that only what stands around them shows: connection strings, command lines, signed URLs, private JWKs.
#pragma once

#include "core/guard/validators.h"

namespace pg {

/// A password that is no template and no stand-in, and no mere word.
Judgement check_password(Candidate& candidate);

/// One in a connection string (ADO, ODBC, JDBC, libpq): the line names a server, too.
Judgement check_connection_password(Candidate& candidate);

/// One in a command line of curl.
Judgement check_curl_password(Candidate& candidate);

/// The signature of a shared access signature: version or resource and expiry stand in the same URL.
Judgement check_azure_sas(Candidate& candidate);

/// A private member of an object that has "kty" (RFC 7517, RFC 7518 §6).
Judgement check_jwk(Candidate& candidate);

}  // namespace pg
