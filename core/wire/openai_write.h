// What the requests of OpenAI's two dialects say alike. Only core/wire includes it.
#pragma once

#include <string>
#include <string_view>

#include "core/wire/call_io.h"

namespace pg {

/// A file that can only go as words, written as a part of that type; false when it is to go as a file. bad_request for an upload
/// at another vendor.
Result<bool> write_file_words(const Part& part, std::string_view target, std::string_view type, WriteWork& work, JsonOut& json);

/// The wanted effort in the nearest of the words that the model takes; "" when it is to be told nothing.
std::string_view openai_effort(const Call& call, WriteWork& work);

/// Temperature and top_p, and what of the penalties `penalties` says the target has a name for, as far as the model takes them.
void write_sampling(const Call& call, bool penalties, WriteWork& work, JsonOut& json);

/// A tool choice that names no tool; "" for others.
std::string_view openai_choice(ToolChoice::Kind kind);

}  // namespace pg
