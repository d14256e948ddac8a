// The vendors' usage objects, read into one.
#include "core/wire/json_doc.h"
#include "core/wire/reply.h"

namespace pg {
namespace {

void set(UsageTally& tally, UsageField field, JsonView number) {
  if (number.is_number()) tally.set(field, number.raw());
}

}  // namespace

Usage read_anthropic_usage(JsonView usage) {
  UsageTally tally;
  set(tally, UsageField::uncached_input, usage["input_tokens"]);
  set(tally, UsageField::cached, usage["cache_read_input_tokens"]);
  set(tally, UsageField::cache_write, usage["cache_creation_input_tokens"]);
  set(tally, UsageField::cache_write_1h, usage["cache_creation"]["ephemeral_1h_input_tokens"]);
  set(tally, UsageField::output, usage["output_tokens"]);
  return tally.total();
}

Usage read_openai_usage(JsonView usage) {
  UsageTally tally;
  for (const char* name : {"prompt_tokens", "input_tokens"}) set(tally, UsageField::input, usage[name]);
  for (const char* name : {"completion_tokens", "output_tokens"}) set(tally, UsageField::output, usage[name]);
  for (const char* name : {"prompt_tokens_details", "input_tokens_details"}) {
    set(tally, UsageField::cached, usage[name]["cached_tokens"]);
    set(tally, UsageField::cache_write, usage[name]["cache_write_tokens"]);
    set(tally, UsageField::audio_input, usage[name]["audio_tokens"]);
  }
  for (const char* name : {"completion_tokens_details", "output_tokens_details"}) {
    set(tally, UsageField::reasoning, usage[name]["reasoning_tokens"]);
    set(tally, UsageField::audio_output, usage[name]["audio_tokens"]);
  }
  // DeepSeek's words for its cache.
  set(tally, UsageField::cached, usage["prompt_cache_hit_tokens"]);
  return tally.total();
}

void merge_usage(Usage& earlier, const Usage& later) {
  const auto take = [](std::int64_t& into, std::int64_t from) {
    if (from >= 0) into = from;
  };
  if (later.output_tokens >= 0) earlier.unfinished = later.unfinished;
  take(earlier.input_tokens, later.input_tokens);
  take(earlier.output_tokens, later.output_tokens);
  take(earlier.cached_tokens, later.cached_tokens);
  take(earlier.cache_write_tokens, later.cache_write_tokens);
  take(earlier.reasoning_tokens, later.reasoning_tokens);
  take(earlier.cache_write_1h_tokens, later.cache_write_1h_tokens);
  take(earlier.audio_input_tokens, later.audio_input_tokens);
  take(earlier.audio_output_tokens, later.audio_output_tokens);
  earlier.doubtful = earlier.doubtful || later.doubtful;
}

}  // namespace pg
