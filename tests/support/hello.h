// The smallest exchange: a call that says hi, and its answer.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/fake_upstream.h"
#include "tests/support/model_wire.h"

namespace pg::test {

inline constexpr DialectId kChat = DialectId::openai_chat;

inline std::string hello(DialectId dialect = kChat, bool stream = false) {
  return ask(dialect, stream, "hi");
}

inline Answer answer_hello(std::string_view text = "hello", DialectId dialect = kChat) {
  return Answer::json(say_whole(dialect, {text_block({std::string(text)})}));
}

}  // namespace pg::test
