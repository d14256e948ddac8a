// How fast replies come back: a 100-chunk stream of each dialect, relayed without originals, searched without hits, and restored.
#include <fmt/format.h>

#include <ctime>
#include <string>

#include "core/reply_path.h"

namespace pg {
namespace {

constexpr int kChunks = 100;

std::string chunk(DialectId dialect, int number, std::string_view text) {
  if (dialect == DialectId::anthropic) {
    return fmt::format(
        "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\","
        "\"text\":\"{}\"}}}}\n\n",
        text);
  }
  if (dialect == DialectId::openai_chat) {
    return fmt::format(
        "data: {{\"id\":\"chatcmpl-CAbCdEfGhIjKlMnOpQrStUvWxYz01\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,"
        "\"model\":\"gpt-5.1-2025-11-13\",\"service_tier\":\"default\",\"system_fingerprint\":null,\"choices\":[{{\"index\":0,"
        "\"delta\":{{\"content\":\"{}\"}},\"finish_reason\":null}}],\"usage\":null,\"obfuscation\":\"sHx{}\"}}\n\n",
        text, number);
  }
  return fmt::format(
      "event: response.output_text.delta\ndata: {{\"type\":\"response.output_text.delta\",\"sequence_number\":{},\"item_id\":"
      "\"msg_68af1b2c3d4e5f60718293a4b5c6d7e8\",\"output_index\":0,\"content_index\":0,\"delta\":\"{}\",\"logprobs\":[],"
      "\"obfuscation\":\"aBcDeFgHiJ\"}}\n\n",
      number, text);
}

std::string stream(DialectId dialect, bool hits) {
  std::string out;
  for (int i = 0; i < kChunks; ++i)
    out += chunk(dialect, i, hits && i % 10 == 0 ? " to [[EMAIL_001]] and" : " the quick brown fox");
  if (dialect == DialectId::anthropic) return out + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  if (dialect == DialectId::openai_chat) return out + "data: [DONE]\n\n";
  return out + "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":100,\"response\":{}}\n\n";
}

double megabytes_per_second(DialectId dialect, const Vault* vault, const std::string& upstream, std::size_t piece) {
  ReplyOptions options;
  options.dialect = dialect;
  options.event_stream = true;
  options.vault = vault;
  std::string out;
  std::size_t bytes = 0;
  const std::clock_t begin = std::clock();  // CPU time: others may use the machine
  std::clock_t now = begin;
  while (now - begin < CLOCKS_PER_SEC / 2) {
    for (int round = 0; round < 50; ++round) {
      ReplyPath path(options);
      for (std::size_t at = 0; at < upstream.size(); at += piece) {
        out.clear();
        if (!path.push(std::string_view(upstream).substr(at, piece), out)) return 0;
      }
      if (!path.finish(false, "bench", out)) return 0;
      bytes += upstream.size();
    }
    now = std::clock();
  }
  return static_cast<double>(bytes) / 1e6 / (static_cast<double>(now - begin) / CLOCKS_PER_SEC);
}

}  // namespace
}  // namespace pg

int main() {
  pg::Vault vault;
  for (const char* original : {"a@example.com", "b@example.com", "c@example.com"}) vault.placeholder_for("EMAIL", original);
  for (const char* original : {"one", "two"}) vault.placeholder_for("AWS_ACCESS_KEY", original);
  fmt::print("{:<18}{:>8}{:>12}{:>12}{:>12}   MB/s\n", "dialect", "read", "empty", "no hits", "hits");
  for (pg::DialectId dialect : {pg::DialectId::anthropic, pg::DialectId::openai_chat, pg::DialectId::openai_responses}) {
    for (std::size_t piece : {std::size_t{16384}, std::size_t{300}}) {
      fmt::print("{:<18}{:>8}{:>12.0f}{:>12.0f}{:>12.0f}\n", pg::dialect(dialect).name, piece,
                 pg::megabytes_per_second(dialect, nullptr, pg::stream(dialect, false), piece),
                 pg::megabytes_per_second(dialect, &vault, pg::stream(dialect, false), piece),
                 pg::megabytes_per_second(dialect, &vault, pg::stream(dialect, true), piece));
    }
  }
  return 0;
}
