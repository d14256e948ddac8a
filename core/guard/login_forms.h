// Passwords and keys that only what stands around them shows: connection strings, command lines, signed URLs, private JWKs.
#pragma once

#include "core/guard/validators.h"

namespace pg {

// Passwords begin behind the match unless it is said otherwise, and are no template, no stand-in and no mere word.

/// One in a connection string (ADO, ODBC, JDBC, libpq, StackExchange.Redis): the string names a server, too.
Judgement check_connection_password(Candidate& candidate);

/// The group of a match that "@tcp(host" ends, as Go's MySQL driver wants it.
Judgement check_dsn_password(Candidate& candidate);

/// What follows "host:port:database:user:" at the beginning of a line.
Judgement check_pgpass_password(Candidate& candidate);

/// What follows "machine host login user password".
Judgement check_netrc_password(Candidate& candidate);

/// One in a command line of curl.
Judgement check_curl_password(Candidate& candidate);

/// The signature of a shared access signature: version or resource and expiry stand in the same URL.
Judgement check_azure_sas(Candidate& candidate);

/// A private member of an object that has "kty" (RFC 7517, RFC 7518 §6).
Judgement check_jwk(Candidate& candidate);

}  // namespace pg
