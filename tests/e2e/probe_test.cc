// pg providers test and pg models list: what they ask, what they say, and how they end.
#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/provider_world.h"

namespace pg::test {
namespace {

using Json = nlohmann::json;

Json verdict_of(ProviderWorld& w, const std::string& provider, int status) {
  const CommandResult done = w.home.run({"providers", "test", provider, "--json"});
  CHECK_MESSAGE(done.status == status, done.out, done.err);
  const Json list = Json::parse(done.out, nullptr, false);
  REQUIRE(list.is_array());
  REQUIRE(list.size() == 1);
  CHECK(list[0]["provider"] == provider);
  return list[0];
}

}  // namespace

TEST_CASE("providers test: asks each kind for its list with its own credential, and counts") {
  ProviderWorld& w = provider_world();
  w.upstream.respond(Answer::json(R"({"models":[{"name":"models/gemini-3"},{"name":"models/gemini-2"}]})"));
  Json verdict = verdict_of(w, "gemini-native", 0);
  CHECK(verdict["verdict"] == "ok");
  CHECK(verdict["status"] == 200);
  CHECK(verdict["models"] == 2);
  CHECK(verdict["latency_ms"].is_number_integer());
  CHECK(w.upstream.last().target == "/v1beta/models?pageSize=1000");
  CHECK(w.upstream.last().field("x-goog-api-key") == w.credential);
  w.upstream.respond(Answer::json(R"({"data":[{"id":"claude-x","type":"model"}],"has_more":false})"));
  CHECK(verdict_of(w, "capped", 0)["models"] == 1);
  CHECK(w.upstream.last().target == "/v1/models");
  CHECK(w.upstream.last().field("x-api-key") == w.credential);
  CHECK(w.upstream.last().field("anthropic-version") == "2023-06-01");
  w.upstream.respond(Answer::json(R"({"access_token":"tok","expires_in":3599})"));
  verdict = verdict_of(w, "vertexed", 0);
  CHECK(verdict["verdict"] == "ok");
  CHECK(verdict["detail"].get<std::string>().find("got a token") != std::string::npos);
  CHECK(w.upstream.last().target == "/token");
  w.upstream.forget();
  verdict = verdict_of(w, "bedrocked", 0);
  CHECK(verdict["detail"].get<std::string>().find("no free question") != std::string::npos);
  CHECK(w.upstream.count() == 0);
}

TEST_CASE("providers test: says what is wrong and how to mend it, and never shows the credential") {
  ProviderWorld& w = provider_world();
  w.upstream.respond(Answer::reply(401, R"({"error":{"message":"bad key )" + w.credential + "\"}}"));
  const CommandResult refused = w.home.run({"providers", "test", "gemini-native"});
  CHECK(refused.status == 4);
  CHECK(refused.out.find("does not take the credential") != std::string::npos);
  CHECK(refused.out.find("pg providers login gemini-native") != std::string::npos);
  CHECK((refused.out + refused.err).find(w.credential) == std::string::npos);
  w.upstream.respond(Answer::reply(404, "{}"));
  CHECK(verdict_of(w, "azure-v1", 7)["hint"].get<std::string>().find("must end in the version") != std::string::npos);
  w.upstream.respond(Answer::reply(429, "{}"));
  CHECK(verdict_of(w, "azure-v1", 0)["verdict"] == "warn");
  w.upstream.respond(Answer::reply(503, "{}"));
  CHECK(verdict_of(w, "azure-v1", 7)["detail"] == "the provider has a fault of its own");
  w.upstream.respond(Answer::json("[1]"));
  CHECK(verdict_of(w, "azure-v1", 0)["verdict"] == "warn");
  w.upstream.respond(Answer::reply(400, R"({"error":"invalid_grant"})"));
  CHECK(verdict_of(w, "vertexed", 4)["hint"].get<std::string>().find("clock") != std::string::npos);
  w.upstream.respond(Answer().hang());
  const CommandResult slow = w.home.run({"providers", "test", "azure-v1", "--timeout", "200ms", "--json"});
  CHECK(slow.status == 7);
  CHECK(slow.out.find("--timeout allows more") != std::string::npos);
  CHECK(verdict_of(w, "echo", 0)["verdict"] == "skip");
  CHECK(w.home.run({"providers", "test", "gemini-nativ"}).err.find("did you mean 'gemini-native'?") != std::string::npos);
  CHECK(w.home.run({"providers", "test", "gemini-nativ"}).status == 5);
  const CommandResult unready = w.home.run({"providers", "test", "bedrock"});
  CHECK(unready.status == 3);
  CHECK(unready.out.find("leads nowhere yet") != std::string::npos);
}

TEST_CASE("models list: aliases, renamed and configured ones without asking anybody; with --remote what providers list") {
  ProviderWorld& w = provider_world();
  const CommandResult own = w.home.run({"models", "list", "--provider", "azure-v1", "--json"});
  CHECK(own.status == 0);
  CHECK(Json::parse(own.out, nullptr, false) ==
        Json::parse(R"([{"model":"gpt-4o","kind":"renamed","provider":"azure-v1","target":"my 4o"}])"));
  CHECK(w.upstream.touched() == 0);
  w.upstream.respond(Answer::json(R"({"data":[{"id":"gpt-4o"},{"id":"o9"}]})"));
  const CommandResult listed = w.home.run({"models", "list", "--provider", "azure-v1", "--remote"});
  CHECK(listed.status == 0);
  CHECK(listed.out == "gpt-4o\trenamed\tazure-v1\tmy 4o\ngpt-4o\tlisted\tazure-v1\t\no9\tlisted\tazure-v1\t\n");
  w.upstream.respond(Answer::reply(401, "{}"));
  const CommandResult refused = w.home.run({"models", "list", "--project", "azure-v1", "--remote"});
  CHECK(refused.status == 4);
  CHECK(refused.out.find("my 4o") != std::string::npos);
  CHECK(refused.err.find("does not take the credential") != std::string::npos);
  CHECK(w.home.run({"models", "list", "--project", "nobody"}).status == 5);
  w.home.write(w.home.project_file("routed"),
               "id = \"7b1f0c52-3d0e-4c3e-9a55-0a4f5f1f3c77\"\nproviders = [\"azure-v1\"]\n[[route]]\n"
               "match = { model = [\"house\", \"house-*\"] }\nprovider = \"azure-v1\"\nmodel = \"gpt-4o\"\n");
  const CommandResult routed = w.home.run({"models", "list", "--project", "routed", "--json"});
  for (const char* model : {"house", "house-*"})
    CHECK(routed.out.find("{\"model\":\"" + std::string(model) + "\",\"kind\":\"route\",\"provider\":\"azure-v1\"") !=
          std::string::npos);
  std::filesystem::remove(w.home.project_file("routed"));
}

}  // namespace pg::test
