// What of a call to an API is read: paths, queries, fields, forms, texts and any JSON; and what becomes of what is found there.
#include "core/guard/service_texts.h"

#include <doctest/doctest.h>

#include "tests/support/gen.h"
#include "tests/support/guarded.h"
#include "tests/support/result.h"

using namespace pg;
using namespace pg::test;

namespace {

const std::string kMail = std::string("jane.roe") + "@example.org";

struct GuardedTexts {
  GuardedCall call;
  Vault vault;
};

GuardedTexts guard_texts(ServiceTexts& texts) {
  static const std::shared_ptr<const Guards> kGuards = make_guards();
  texts.finish();
  GuardedTexts out;
  out.call = guard_call(texts.json(), texts.view(), *kGuards, out.vault, nullptr);
  texts.settle(out.call);
  return out;
}

}  // namespace

TEST_CASE("kinds of bodies, by type and by looks") {
  CHECK(find_body_kind("application/json; charset=utf-8", "{}") == BodyKind::json);
  CHECK(find_body_kind("application/vnd.api+json", "{}") == BodyKind::json);
  CHECK(find_body_kind("application/x-www-form-urlencoded", "a=b") == BodyKind::form);
  CHECK(find_body_kind("text/csv", "a,b") == BodyKind::text);
  CHECK(find_body_kind("image/svg+xml", "<svg/>") == BodyKind::text);
  CHECK(find_body_kind("text/plain", "\xff\xfe") == BodyKind::unreadable);
  CHECK(find_body_kind("multipart/form-data; boundary=x", "--x") == BodyKind::unreadable);
  CHECK(find_body_kind("application/octet-stream", "abc") == BodyKind::unreadable);
  CHECK(find_body_kind("", " [1]") == BodyKind::json);
  CHECK(find_body_kind("", "plain") == BodyKind::text);
  const std::string_view wide("k\0e\0y\0", 6);
  for (const char* type : {"", "text/plain", "application/xml", "application/x-ndjson", "application/x-www-form-urlencoded"})
    CHECK(find_body_kind(type, wide) == BodyKind::unreadable);
  CHECK(find_body_kind("application/x-www-form-urlencoded", "a=%00k%00e") == BodyKind::unreadable);
  CHECK(find_body_kind("text/plain; charset=utf-7", "jane+AEA-x") == BodyKind::unreadable);
  CHECK(find_body_kind("application/json; charset=UTF-16", "{}") == BodyKind::unreadable);
  CHECK(find_body_kind("text/plain; charset=\"UTF-8\"", "a") == BodyKind::text);
  CHECK(find_body_kind("", "\x80") == BodyKind::unreadable);
  CHECK(find_body_kind("image/png", "") == BodyKind::none);
}

TEST_CASE("a form's values are replaced in place, and nothing else is touched") {
  ServiceTexts texts;
  texts.add_target("/users", "");
  const std::string form = "name=J+R&mail=jane.roe%40example.org&x=%zz&mail=" + kMail;
  texts.add_form(form);
  const GuardedTexts out = guard_texts(texts);
  CHECK(out.call.blocked.empty());
  CHECK(apply_edits(form, out.call.edits) == "name=J+R&mail=%5B%5BEMAIL_001%5D%5D&x=%zz&mail=%5B%5BEMAIL_001%5D%5D");
  CHECK(out.call.places.find("form: email") != std::string::npos);
}

TEST_CASE("a text keeps its bytes, quotes and newlines") {
  ServiceTexts texts;
  texts.add_target("/", "");
  const std::string text = "\"quoted\"\n\ttab \\ " + kMail + "\n";
  texts.add_text(text);
  const GuardedTexts out = guard_texts(texts);
  CHECK(apply_edits(text, out.call.edits) == "\"quoted\"\n\ttab \\ [[EMAIL_001]]\n");
}

TEST_CASE("many edits of one body, each at its place, and none counted from the beginning again") {
  std::string text, wanted, form, form_wanted;
  for (int i = 0; i < 20'000; ++i) {
    text += "\"q\"\n\xC3\xA4 " + kMail + " ";
    wanted += "\"q\"\n\xC3\xA4 [[EMAIL_001]] ";
  }
  for (int i = 0; i < 200; ++i) {
    form += "a=%22+" + kMail + "%0A" + kMail + "&b=x&";
    form_wanted += "a=%22+%5B%5BEMAIL_001%5D%5D%0A%5B%5BEMAIL_001%5D%5D&b=x&";
  }
  ServiceTexts texts;
  texts.add_target("/", "");
  texts.add_text(text);
  CHECK(apply_edits(text, guard_texts(texts).call.edits) == wanted);
  ServiceTexts forms;
  forms.add_target("/", "");
  forms.add_form(form);
  CHECK(apply_edits(form, guard_texts(forms).call.edits) == form_wanted);
}

TEST_CASE("in a path, a query and a header nothing is replaced: it blocks") {
  for (const bool in_query : {false, true}) {
    ServiceTexts texts;
    texts.add_target(in_query ? "/users" : "/users/" + kMail, in_query ? "q=jane.roe%40example.org" : "");
    const std::string form = "a=" + kMail;
    texts.add_form(form);
    const GuardedTexts out = guard_texts(texts);
    CHECK(out.call.edits.empty());
    REQUIRE(out.call.blocked == std::vector<std::string>{"email"});
    CHECK(out.call.places == (in_query ? "query.q: email" : "path: email"));
    const Error error = service_block_error(out.call);
    CHECK(error.code == Code::blocked);
    CHECK(error.message.find(kMail) == std::string::npos);
    CHECK(error.message.find("nothing is replaced") != std::string::npos);
  }
  ServiceTexts texts;
  texts.add_target("/", "");
  const std::string token = make_github_token();
  texts.add_fields({{"X-Note", token}, {"X-Mail", kMail}});
  const GuardedTexts out = guard_texts(texts);
  REQUIRE(out.call.blocked.size() == 1);
  CHECK(out.call.blocked.front().find("github") != std::string::npos);
}

TEST_CASE("nothing found: nothing changes; odd queries do no harm") {
  for (const char* query : {"", "a", "a=", "=b", "&&", "a=b&c", "%", "a=%00%ff", "a=\"b\\"}) {
    ServiceTexts texts;
    texts.add_target("/x", query);
    texts.add_fields({});
    texts.add_form(query);
    const GuardedTexts out = guard_texts(texts);
    CHECK(out.call.edits.empty());
    CHECK(out.call.blocked.empty());
    RequestView view;
    CHECK_MESSAGE((std::string_view(query).find("%ff") != std::string_view::npos || read_json_texts(texts.json(), view)),
                  texts.json());
  }
}

TEST_CASE("every string and key of any JSON is read, whatever the root") {
  RequestView view;
  const std::string body = R"([{"k":"v","long key":["s",1,null,{"a b":"\u0041"}]},"top"])";
  REQUIRE(read_json_texts(body, view));
  std::vector<std::string> texts;
  for (const Span& span : view.spans) texts.push_back(body.substr(span.begin, span.end - span.begin));
  CHECK(texts == std::vector<std::string>{"v", "long key", "s", "a b", "\\u0041", "top"});
  RequestView none;
  CHECK_FALSE(read_json_texts("{\"a\":", none));
  CHECK_FALSE(read_json_texts("\"\xff\"", none));
  CHECK(read_json_texts("17", none));
}
