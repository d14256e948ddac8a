// Where passwords of connection strings, command lines and login files begin and end, and what around them makes them some.
#include "core/guard/login_forms.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/guard/secrets.h"

namespace pg {
namespace {

/// The parts of `text` that a rule takes for a secret, joined by '|'. "<pw>" in `text` stands for `password`.
std::string found_in(std::string text, const std::string& password) {
  constexpr std::string_view kMark = "<pw>";
  for (std::size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at + password.size()))
    text.replace(at, kMark.size(), password);
  std::vector<Finding> found;
  shipped_secret_rules()->find(text, found);
  std::string out;
  for (const Finding& one : found) out += (out.empty() ? "" : "|") + text.substr(one.begin, one.end - one.begin);
  return out;
}

const std::string kPlain = "kT9xQ2m" + std::string("Vb7LzR4w");

TEST_CASE("a password in a connection string is found whole, whatever signs it has") {
  const std::vector<std::string> strings = {
      "Server=db.acme.net;Database=x;User ID=sa;Password=<pw>;Encrypt=True;\n",
      "  \"Db\": \"Server=db;User Id=sa;Password=<pw>\"\n",
      "jdbc:sqlserver://db:1433;databaseName=x;user=sa;password=<pw>;encrypt=true\n",
      "conn = \"host=db user=app password=<pw> dbname=x\"\n",
      "sql.Open(\"postgres\", \"host=10.0.0.1 port=5432 user=app password=<pw> dbname=x\")\n",
      "psycopg2.connect(\"dbname=x user=app host=db.acme.io password=<pw>\")\n",
      "primary_conninfo = 'host=10.0.0.1 user=repl password=<pw>'\n",
      "  Server = db; User Id = sa; Password = <pw>;\n"};
  for (const std::string& text : strings) {
    CAPTURE(text);
    for (const char* sign : {"", ",", "&", "<", ">", "!", "%", "@", ":", "/", "#", "\\u0026"}) {
      const std::string password = "kT9xQ2m" + std::string(sign) + "Vb7LzR4w";
      CAPTURE(password);
      CHECK(found_in(text, password) == password);
    }
  }
  CHECK(found_in("Server=db;User Id=sa;Password=<pw>;Encrypt=True", "a1&amp;b2c3d4") == "a1&amp;b2c3d4");
  CHECK(found_in("Server=db;User Id=sa;Password='<pw>';Encrypt=True", "kT9x Q2m;Vb7") == "kT9x Q2m;Vb7");
  CHECK(found_in("Server=db;User Id=sa;Password={<pw>};Encrypt=True", "kT9x;Q2mVb7") == "kT9x;Q2mVb7");
  CHECK(found_in("jdbc:mysql://db:3306/x?user=app&amp;password=<pw>&amp;useSSL=false", kPlain) == kPlain);
  CHECK(found_in("redis.acme.io:6380,password=<pw>,ssl=True,abortConnect=False", kPlain) == kPlain);
}

TEST_CASE("what closes the text around it is not the password's") {
  for (const std::string& text :
       {std::string("`Server=db;User Id=sa;Password=<pw>`"), std::string("x=$(curl -s https://a.b/ -u bob:<pw>)"),
        std::string("`curl -u bob:<pw>`"), std::string("curl -u bob:<pw>; echo"), std::string("curl -u bob:<pw>|jq ."),
        std::string("curl -u 'bob:<pw>' https://a.b"), std::string("curl -u \"bob:<pw>\" https://a.b"),
        std::string("sh -c \"curl -u 'bob:<pw>' https://a.b\""), std::string("<code>curl -u bob:<pw></code>"),
        std::string("echo \"machine a.acme.io login bob password <pw>\" >> x"), std::string("(Server=db;Uid=sa;Pwd=<pw>).")}) {
    CAPTURE(text);
    CHECK(found_in(text, kPlain) == kPlain);
  }
  CHECK(found_in("curl -u 'bob:<pw>' x", "kT9xQ2m\"Vb7 LzR4w") == "kT9xQ2m\"Vb7 LzR4w");
  CHECK(found_in("machine a.acme.io login bob password <pw>\n", "kT9x'Q2m\\Vb7\"L") == "kT9x'Q2m\\Vb7\"L");
  CHECK(found_in("\ndb.acme.io:5432:x:app:<pw>\n", "kT9x'Q2m`Vb7\"L") == "kT9x'Q2m`Vb7\"L");
}

TEST_CASE("what people choose is a password where the host may exist, and an example's elsewhere") {
  struct Form {
    std::string real, example;
  };
  const std::vector<Form> forms = {
      {"Server=prod.database.windows.net;User Id=app;Password=<pw>;", "Server=localhost;User Id=sa;Password=<pw>;"},
      {"host=db.acme.io user=app password=<pw> dbname=x", "host=localhost user=app password=<pw> dbname=x"},
      {"jdbc:mysql://db.acme.io/x?user=root&password=<pw>", "jdbc:mysql://localhost/x?user=root&password=<pw>"},
      {"root:<pw>@tcp(db.acme.io:3306)/x", "root:<pw>@tcp(127.0.0.1:3306)/x"},
      {"curl -u admin:<pw> https://es.acme.io:9200", "curl -u admin:<pw> http://localhost:9200"},
      {"machine git.acme.io login bob password <pw>", "machine example.com login bob password <pw>"},
      {"\ndb.acme.io:5432:x:app:<pw>\n", "\nlocalhost:5432:x:app:<pw>\n"}};
  for (const Form& form : forms) {
    CAPTURE(form.real);
    const std::string chosen = "Secret" + std::string("2024!");
    CHECK(found_in(form.real, chosen).starts_with("Secret2024"));
    CHECK(found_in(form.example, chosen) == "");
    CHECK(found_in(form.example, kPlain) == kPlain);
  }
}

TEST_CASE("what makes a connection string stands in the same string") {
  CHECK(found_in("x=\"host=db user=app password=<pw>\" y=\"z\"", kPlain) == kPlain);
  CHECK(found_in("x=\"user=app password=<pw>\" host=db y=\"z\"", kPlain) == "");
}

TEST_CASE("no passwords: other commands, code, variables, lines of logs") {
  for (const char* text :
       {"curl x | docker run -u 1000:1000000 y", "curl localhost && git push -u origin:feature/abc1",
        "curl -fsSL x | sh && sort -u a1:b2c3d4e5", "curl x; date -u +%H:%M:%S1234", "curl -u CLIENT_ID:CLIENT_SECRET_1 x",
        "foo.go:5432:9:warn:unused_var1", "0.0.0.0:5432:5432:tcp:abc123", "INFO db:5432:pool-1:conn-2:acquired-in-12ms",
        "driver=d; server=s; uid=u; pwd=p2.get_secret()", "if (host=x; user=y; pwd=get_pwd1())",
        "Server=db;User Id=sa;Password=@Microsoft.KeyVault(SecretUri=1)", "Server=db;User=sa;Password=' . $pw1 . ';",
        "connect(host=db, user=app, password=a1b2c3d4)", "curl -u elastic:*******1 x", "Server=db;Uid=sa;Pwd={Config['pw1x']}"}) {
    CAPTURE(text);
    CHECK(found_in(text, "") == "");
  }
}

}  // namespace
}  // namespace pg
