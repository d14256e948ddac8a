// A fixed seed: every run, and every target of it, gets the same text.
#include "tests/bench/proxy_bodies.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include "core/base/encode.h"

namespace pg::bench {
namespace {

constexpr std::size_t kMessage = 2'000;
constexpr std::size_t kTurn = 3;  // messages
constexpr std::size_t kDigits = 12;
constexpr std::string_view kMark = "number 000000000000: ";

class Words {
 public:
  std::string message(std::size_t size) {
    std::string out;
    while (out.size() < size) {
      const std::uint64_t kind = random_() % 4;
      if (kind == 0) out += prose();
      if (kind == 1) out += code();
      if (kind == 2) out += log_line();
      if (kind == 3)
        out += fmt::format("src/{}/{}.cc:{}: {} {} \"{}\"\n", word(), word(), random_() % 900, word(), word(), word());
    }
    out.resize(size);
    return out;
  }

 private:
  std::string prose() {
    std::string out;
    for (int i = 0; i < 30; ++i) out += word() + (i % 11 == 10 ? ".\n" : " ");
    return out;
  }
  std::string code() {
    return fmt::format("  if ({}_{} > {}) {{\n    return {}->{}({}, \"{}\");\n  }}\n", word(), word(), random_() % 100, word(),
                       word(), word(), word());
  }
  std::string log_line() {
    return fmt::format("{:02}:{:02}:{:02}.{:03} INFO {} took {}ms status={} {:016x}\n", random_() % 24, random_() % 60,
                       random_() % 60, random_() % 1000, word(), random_() % 900, 200 + random_() % 5, random_());
  }
  std::string word() {
    static constexpr std::array kWords = {"the",    "request", "value",  "index",  "return", "config", "user",   "session",
                                          "token",  "buffer",  "stream", "parse",  "write",  "handle", "number", "string",
                                          "result", "error",   "module", "export", "import", "length", "status", "cache",
                                          "store",  "client",  "server", "with",   "and",    "that",   "for",    "was"};
    return kWords[random_() % kWords.size()];
  }
  std::mt19937_64 random_{7};
};

}  // namespace

void Body::renew(char* copy, std::uint64_t number) const {
  for (const std::size_t at : numbers) {
    std::uint64_t rest = number;
    for (std::size_t i = kDigits; i-- > 0; rest /= 10) copy[at + i] = static_cast<char>('0' + rest % 10);
  }
}

Body make_body(std::size_t size, Fresh fresh, std::string_view model, bool stream) {
  Words words;
  Body body;
  body.bytes =
      fmt::format(R"({{"model":"{}",{}"max_tokens":4096,"messages":[{{"role":"system","content":"You are a coding agent."}})",
                  model, stream ? "\"stream\":true," : "");
  while (body.bytes.size() + 200 < size) {
    const std::size_t left = size - body.bytes.size();
    // Escapes make a text longer than it is.
    const std::string text = words.message(std::min(kMessage, std::max<std::size_t>(left * 9 / 10, 100) - 60));
    const bool is_new = fresh == Fresh::all || (fresh == Fresh::turn && left <= kTurn * kMessage);
    body.bytes += body.numbers.size() % 2 == 0 ? R"(,{"role":"user","content":")" : R"(,{"role":"assistant","content":")";
    if (is_new) {
      body.numbers.push_back(body.bytes.size() + kMark.find('0'));
      body.bytes += kMark;
    }
    const std::string quoted = json_quoted(text);
    body.bytes.append(quoted, 1, quoted.size() - 2).append("\"}");
  }
  body.bytes += "]}";
  return body;
}

}  // namespace pg::bench
