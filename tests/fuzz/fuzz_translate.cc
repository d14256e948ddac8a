// libFuzzer over translation: whatever a provider sends, in whatever order, a client hears a stream that its SDK reads without a
// complaint, the same for any split; whatever a client sends, what goes out is JSON. The first byte picks the pair, the second
// the shape of the reply, the third the split.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/wire/json_doc.h"
#include "core/wire/reply_translator.h"
#include "core/wire/translate.h"
#include "tests/fuzz/harness.h"
#include "tests/support/stream_check.h"

namespace pg {
namespace {

struct FuzzPair {
  Wire from;
  Wire to;
};

std::string translate_fuzzed(FuzzPair pair, std::string_view bytes, std::size_t split, bool streams, bool events) {
  ReplyContext context;
  context.model = "m";
  context.tools = {{"exec", {"", "exec", true}, true}, {"functions__wait", {"functions", "wait", false}, false}};
  if (pair.to == Wire::anthropic) context.tools.clear();
  context.stream = streams;
  context.include_usage = true;
  context.encrypted_reasoning = true;
  context.reply_id = "01J";
  ReplyTranslator translator(pair.from, pair.to, context, ReplySource{200, events, 1u << 20});
  std::string out;
  translator.push(bytes.substr(0, split), out);
  translator.push(bytes.substr(split), out);
  translator.finish(false, out);
  expect(translator.ended());
  return out;
}

void fuzz_reply(FuzzPair pair, std::string_view bytes, std::uint8_t shape, std::size_t split) {
  const bool streams = (shape & 1) != 0, events = (shape & 2) == 0;
  const std::string whole = translate_fuzzed(pair, bytes, 0, streams, events);
  expect(translate_fuzzed(pair, bytes, split, streams, events) == whole);
  expect((streams ? test::check_stream(pair.to, whole) : test::check_whole(pair.to, whole)).empty());
}

void fuzz_request(Wire client, std::string_view body) {
  for (Wire to : {Wire::anthropic, Wire::openai_chat, Wire::openai_responses, Wire::gemini, Wire::cohere}) {
    TranslateOptions options;
    options.drop_unsupported = true;
    const auto result = translate_request(client, to, body, options);
    if (result) expect(is_json_object(result->body));
  }
  std::vector<std::string> warnings;
  const auto stripped = strip_carriers(client, body, warnings);
  if (stripped && is_json_object(body)) expect(is_json_object(*stripped));
}

}  // namespace
}  // namespace pg

int fuzz_translate_one(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 3), size - 3);
  const pg::FuzzPair pair{static_cast<pg::Wire>(data[0] % 5), static_cast<pg::Wire>(data[0] / 5 % 3)};
  pg::fuzz_reply(pair, bytes, data[1], data[2] % (bytes.size() + 1));
  pg::fuzz_request(pair.to, bytes);
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_translate_one(data, size);
}
#endif
