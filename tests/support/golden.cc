// Files of tests/golden, read by their names: CASE.KEY.EXTENSION.
#include "tests/support/golden.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace pg::test {
namespace {

namespace fs = std::filesystem;

fs::path golden_path(const GoldenCase& golden, const std::string& key) {
  return fs::path(PG_SOURCE_DIR) / "tests/golden" / (golden.name + "." + key + "." + golden.extension);
}

/// JSON comes compact, as clients and providers send it; it is laid out for the eye only.
std::string read_golden_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return path.extension() == ".json" ? nlohmann::ordered_json::parse(text).dump() : text;
}

}  // namespace

const std::string* GoldenCase::find(std::string_view key) const {
  const auto found = files.find(std::string(key));
  return found == files.end() ? nullptr : &found->second;
}

std::vector<GoldenCase> load_golden(std::string_view prefix) {
  std::map<std::string, GoldenCase> cases;
  for (const auto& entry : fs::directory_iterator(fs::path(PG_SOURCE_DIR) / "tests/golden")) {
    const std::string file = entry.path().filename().string();
    const std::size_t first = file.find('.'), last = file.rfind('.');
    if (!file.starts_with(prefix) || first == last) continue;
    GoldenCase& golden = cases[file.substr(0, first)];
    golden.name = file.substr(0, first);
    golden.extension = file.substr(last + 1);
    golden.files[file.substr(first + 1, last - first - 1)] = read_golden_file(entry.path());
  }
  std::vector<GoldenCase> out;
  for (auto& [name, golden] : cases) out.push_back(std::move(golden));
  return out;
}

bool updates_golden() {
  const char* wish = std::getenv("PG_UPDATE_GOLDEN");
  return wish != nullptr && *wish == '1';
}

bool same_json(const std::string& a, const std::string& b) {
  return nlohmann::json::parse(a, nullptr, false) == nlohmann::json::parse(b, nullptr, false);
}

std::string pretty_json(const std::string& json) {
  return nlohmann::ordered_json::parse(json).dump(2) + "\n";
}

void expect_golden(const GoldenCase& golden, const std::string& key, const std::string& actual) {
  const bool json = golden.extension == "json";
  const std::string* expected = golden.find(key);
  const bool same = expected != nullptr && (json ? same_json(*expected, actual) : *expected == actual);
  if (same) return;
  if (updates_golden()) {
    std::ofstream(golden_path(golden, key), std::ios::binary) << (json ? pretty_json(actual) : actual);
    return;
  }
  FAIL_CHECK(golden.name << "." << key << ": " << (expected == nullptr ? "there is no such file for " : "differs from ")
                         << actual);
}

void forget_golden(const GoldenCase& golden, const std::string& key) {
  if (updates_golden()) fs::remove(golden_path(golden, key));
}

ReplyContext golden_context(Wire client, bool stream) {
  ReplyContext context;
  context.model = "asked-model";
  context.tools = {{"lookup", {"", "lookup", false}, false}};
  if (client != Wire::anthropic) context.tools.push_back({"exec", {"", "exec", true}, true});
  if (client == Wire::openai_responses) context.tools.push_back({"functions__wait", {"functions", "wait", false}, false});
  context.input_estimate = 25;
  context.stream = stream;
  context.include_usage = true;
  context.encrypted_reasoning = true;
  context.reply_id = "01JTESTREPLY";
  context.now = 1'760'000'000;
  return context;
}

TranslatedReply translate_reply(Wire from, Wire to, std::string_view bytes, const ReplyContext& context, ReplySource source,
                                std::size_t piece, bool cut) {
  ReplyTranslator translator(from, to, context, source);
  TranslatedReply reply;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = std::min(piece, bytes.size() - at);
    translator.push(bytes.substr(at, size), reply.text);
    at += size;
  }
  translator.finish(cut, reply.text);
  reply.status = translator.status();
  return reply;
}

}  // namespace pg::test
