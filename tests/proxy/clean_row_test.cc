#include "proxy/clean_row.h"

#include <doctest/doctest.h>

#include "core/guard/rule_examples.h"
#include "core/store/body_store.h"

using namespace pg;

TEST_CASE("what clients and providers wrote into a row is starred where it is a secret, again and again") {
  RowCleaner cleaner;
  const std::string secret = spell_example("{github_crc:ghp_}", 8).value();
  for (int i = 0; i < 3; ++i) {
    LogRow row;
    row.path = "/v1/" + secret;
    row.model = secret;
    row.session = "session-1";
    row.ua = "tool/1.0 (" + secret + ")";
    row.route = "to " + secret;
    row.ip = "127.0.0.1";
    row.error = "upstream 400: " + secret;
    row.key = "laptop";
    cleaner.clean(row, 1000);
    CHECK(row.path == "/v1/" + std::string(secret.size(), '*'));
    CHECK(row.model.find(secret) == std::string::npos);
    CHECK(row.error.find(secret) == std::string::npos);
    CHECK(row.session == "session-1");
    CHECK(row.ua == "tool/1.0 (" + std::string(secret.size(), '*') + ")");
    CHECK(row.route == "to " + std::string(secret.size(), '*'));
    CHECK(row.ip == "127.0.0.1");
    CHECK(row.key == "laptop");
  }
}

TEST_CASE("a body is cleaned with its row") {
  RowCleaner cleaner;
  const std::string secret = spell_example("{github_crc:ghp_}", 9).value();
  LogRow row;
  row.body = std::make_shared<LogBody>();
  row.body->request = secret;
  row.body->reply = std::string(2000, 'x');
  cleaner.clean(row, 1000);
  CHECK(row.body->request == std::string(secret.size(), '*'));
  CHECK(row.body->reply.size() == 1000);
  CHECK(row.body->reply_cut);
}

TEST_CASE("secrets in a body are starred before it is cut: the cut leaves no half of one") {
  RowCleaner cleaner;
  const std::string secret = spell_example("{github_crc:ghp_}", 5).value();
  LogRow row;
  row.body = std::make_shared<LogBody>();
  row.body->request = std::string(1000 - 20, ' ') + secret + std::string(500, ' ');
  cleaner.clean(row, 1000);
  CHECK(row.body->request_cut);
  CHECK(row.body->request.size() == 1000);
  CHECK(row.body->request.find(secret.substr(0, 10)) == std::string::npos);
  CHECK(row.body->masked == 1);
  CHECK_FALSE(row.body->reply_cut);
}
