// What real clients sent: every string of every recorded request is looked up in a table that says what it must be.
#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.h"
#include "core/wire/json_walk.h"
#include "core/wire/spans.h"
#include "tests/support/fixtures.h"
#include "tests/support/result.h"

namespace pg {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct FixtureRow {
  std::string_view path;  // glob; array indexes are written as #
  std::string_view role;  // "any": the references say nothing of it
};

// The first row that matches counts.
constexpr FixtureRow kAnthropicFixtures[] = {
    {"model", "none"},
    {"metadata.user_id", "none"},
    {"thread.previous_message_id", "none"},
    {"system#.text", "text H"},
    {"messages#.content", "text M"},
    {"messages#.content#.text", "text M"},
    {"messages#.content#.title", "text M"},
    {"messages#.content#.content", "text M"},
    {"messages#.content#.content#.text", "text M"},
    {"messages#.content#.input.*", "text M"},
    {"messages#.content#.thinking", "signed M"},
    {"messages#.content#.signature", "none"},
    {"messages#.content#.id", "none"},
    {"messages#.content#.tool_use_id", "none"},
    {"messages#.content#.name", "none"},
    {"messages#.content#.source.data", "media M"},
    {"messages*cache_control.type", "none"},
    {"system*cache_control.type", "none"},
    {"tools#.description", "schema H"},
    {"tools#.input_schema*.description", "schema H"},
    {"tools#*", "any"},
    {"output_config.format*.description", "schema H"},
    {"output_config*", "any"},
    {"*.type", "any"},
    {"messages#.role", "any"},
    {"messages#.content#.source.media_type", "any"},
    {"messages#.output_config.effort", "any"},
    {"context_management*", "any"},
    {"thinking*", "any"},
};
constexpr FixtureRow kChatFixtures[] = {
    {"model", "none"},
    {"messages#.content", "text M"},
    {"messages#.content#.text", "text M"},
    {"messages#.content#.image_url.url", "media M"},
    {"messages#.tool_calls#.id", "none"},
    {"messages#.tool_call_id", "none"},
    {"messages#.tool_calls#.function.name", "none"},
    {"messages#.tool_calls#.function.arguments", "json M"},
    {"tools#.function.description", "schema H"},
    {"tools#.function.parameters*.description", "schema H"},
    {"tools#*", "any"},
    {"response_format*", "any"},
    {"*.type", "any"},
    {"messages#.role", "any"},
    {"tool_choice", "any"},
    {"reasoning_effort", "any"},
};
constexpr FixtureRow kResponsesFixtures[] = {
    {"model", "none"},
    {"previous_response_id", "none"},
    {"instructions", "text H"},
    {"input", "text"},
    {"input#.id", "none"},
    {"input#.call_id", "none"},
    {"input#.encrypted_content", "none"},
    {"input#.content", "text M"},
    {"input#.content#.text", "text M"},
    {"input#.summary#.text", "signed M"},
    {"input#.input", "text M"},
    {"input#.output", "text M"},
    {"input#.output#.text", "text M"},
    {"input#.arguments", "json M"},
    {"input#.name", "none"},
    {"input#.tools*.description", "schema"},
    {"tools*.description", "schema H"},
    {"text.format*", "any"},
    {"tools#*", "any"},
    {"input#.tools#*", "any"},
    {"input#.namespace", "any"},
    {"input#.role", "any"},
    {"input#.status", "any"},
    {"input#.internal_chat_message_metadata_passthrough*", "any"},
    {"*.type", "any"},
    {"text.verbosity", "any"},
    {"tool_choice", "any"},
    {"reasoning*", "any"},
    {"include#", "any"},
    {"prompt_cache_key", "any"},
    {"client_metadata*", "any"},
};
constexpr FixtureRow kEmbeddings[] = {{"model", "none"}, {"input", "text"}, {"input#", "text"}, {"encoding_format", "any"}};

std::span<const FixtureRow> rows_of(DialectId id) {
  if (id == DialectId::anthropic) return kAnthropicFixtures;
  if (id == DialectId::openai_chat) return kChatFixtures;
  return id == DialectId::embeddings ? std::span<const FixtureRow>(kEmbeddings) : kResponsesFixtures;
}

/// Every string of a body in document order, as "path with # for indexes".
class Leaves {
 public:
  struct Leaf {
    std::string path;
    std::size_t begin;
  };
  using Ctx = std::string;
  Ctx root() { return ""; }
  Ctx member(const Ctx& parent, std::string_view key) {
    return parent.empty() ? std::string(key) : parent + "." + std::string(key);
  }
  Ctx element(const Ctx& parent, std::uint32_t) { return parent + "#"; }
  void open(const Ctx&, bool) {}
  void close(const Ctx&, bool) {}
  void string(const Ctx& path, std::size_t begin, std::size_t end, bool) {
    if (end > begin) leaves.push_back({path, begin});  // whether an empty string is a span matters to nobody
  }
  void scalar(const Ctx&, std::size_t, std::size_t) {}
  void key(const Ctx&, std::size_t, std::size_t, bool) {}
  std::vector<Leaf> leaves;
};

std::string word_of(const Span& span) {
  constexpr std::string_view kWords[] = {"text", "json", "media", "schema", "signed", "key"};
  return std::string(kWords[static_cast<std::size_t>(span.role)]) + (span.head ? " H" : span.message >= 0 ? " M" : "");
}

void check_leaf(const Leaves::Leaf& leaf, DialectId id, const std::map<std::size_t, Span>& spans) {
  CAPTURE(leaf.path);
  for (const FixtureRow& row : rows_of(id)) {
    if (!matches_glob(row.path, leaf.path)) continue;
    const auto found = spans.find(leaf.begin);
    const std::string seen = found == spans.end() ? "none" : word_of(found->second);
    if (row.role != "any") CHECK(seen.substr(0, row.role.size()) == row.role);
    return;
  }
  FAIL_CHECK("no row says what this is");
}

TEST_CASE("recorded requests: every string is read as it should be") {
  std::set<std::string> names;
  for (const test::Fixture& fixture : test::load_fixtures()) {
    CAPTURE(fixture.name);
    names.insert(fixture.name);
    RequestView view;
    REQUIRE(read_spans(fixture.body, fixture.dialect, view));
    std::map<std::size_t, Span> spans;
    for (const Span& span : view.spans) spans.emplace(span.begin, span);
    Leaves leaves;
    REQUIRE(walk_json(fixture.body, leaves));
    for (const auto& leaf : leaves.leaves) check_leaf(leaf, fixture.dialect, spans);
    CHECK(view.model == OrderedJson::parse(fixture.body).at("model"));
    CHECK(view.stream == OrderedJson::parse(fixture.body).value("stream", false));
  }
  CHECK(names.size() >= 25);
}

RequestView fixture_view(const std::string& name) {
  const test::Fixture fixture = test::load_fixture(name);
  RequestView view;
  REQUIRE(read_spans(fixture.body, fixture.dialect, view));
  return view;
}

TEST_CASE("recorded requests: what the provider keeps") {
  const RequestView thread = fixture_view("anthropic-sdk-1.11.0-thread-second-turn");
  CHECK(thread.kept_by_provider);
  CHECK(thread.continues.rfind("msg_", 0) == 0);
  const RequestView previous = fixture_view("openai-sdk-6.49.0-responses-previous-response-id");
  CHECK(previous.kept_by_provider);
  CHECK(previous.continues.rfind("resp_", 0) == 0);
  const RequestView codex = fixture_view("codex-0.169.0-resumed-with-encrypted-reasoning");
  CHECK_FALSE(codex.kept_by_provider);
  CHECK(codex.continues.empty());
  CHECK(codex.signed_reasoning);
  CHECK_FALSE(fixture_view("claude-code-2.1.329-tool-turn-with-thinking-2").kept_by_provider);
}

}  // namespace
}  // namespace pg
