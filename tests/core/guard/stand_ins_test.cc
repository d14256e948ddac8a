// Passwords in URLs that are somebody's, and words that stand where one belongs.
#include "core/guard/stand_ins.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/guard/secrets.h"

namespace pg {
namespace {

bool finds_password(const std::string& password, const std::string& host, const std::string& user = "app") {
  std::vector<Finding> found;
  const std::string text = "url: postgres://" + user + ":" + password + "@" + host + "/x\n";
  shipped_secret_rules()->find(text, found);
  if (found.empty()) return false;
  CHECK(text.substr(found[0].begin, found[0].end - found[0].begin) == password);
  return found.size() == 1;
}

TEST_CASE("what people choose is a password, whatever its entropy") {
  for (const std::string password : {"Winter99", "Ninja777", "Acme2024", "qwerty99", "root1234", "aB3xK9", "Winter2024",
                                     "monkey12", "hunter2", "letmein42", "Tr0ub4dor&3", "p%40x9!y"}) {
    CAPTURE(password);
    for (const std::string host : {"db.internal:5432", "10.0.0.5", "db", "localhost", "${HOST}"}) {
      CAPTURE(host);
      CHECK(finds_password(password, host));
    }
  }
}

TEST_CASE("words that may be a password are one where the host may exist") {
  for (const std::string password : {"password123", "Secret2024", "s3cr3t99", "p4ssw0rd", "my-pass-1", "123456", "app2024"}) {
    CAPTURE(password);
    CHECK(finds_password(password, "db.acme.com"));
    for (const std::string host : {"h", "hostname", "localhost:5432", "127.0.0.1", "db.example.com", "<host>"}) {
      CAPTURE(host);
      CHECK_FALSE(finds_password(password, host));
    }
  }
  CHECK(finds_password("correcthorse", "db.acme.com"));
  CHECK_FALSE(finds_password("correcthorse", "db"));
}

TEST_CASE("what asks for a password is none anywhere") {
  for (const std::string password :
       {"changeme", "CHANGE_ME_123", "changeme1!", "password", "postgres", "xxxxxxx1", "your-password-1", "<password1>",
        "${DB_PW1}", "$DB_PASSWORD1", "{{ pw1 }}", "%s12345", "replace-with-secret", "EXAMPLE_1"}) {
    CAPTURE(password);
    CHECK_FALSE(finds_password(password, "db.acme.com"));
    CHECK_FALSE(finds_password(password, "db"));
  }
}

TEST_CASE("hosts that may exist") {
  for (const std::string_view host : {"db.acme.com", "10.1.2.3:5432", "pg-1.internal/x", "a.b"}) {
    CAPTURE(host);
    CHECK(is_real_host(host));
  }
  for (const std::string_view host :
       {"", "db", "localhost", "127.0.0.1", "example.com", "db.example.org", "x.test", "host.com", "${H}.x", "."}) {
    CAPTURE(host);
    CHECK_FALSE(is_real_host(host));
  }
}

}  // namespace
}  // namespace pg
