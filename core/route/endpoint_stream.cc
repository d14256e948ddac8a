// Words that came together stay together in one event.
#include "core/route/endpoint_stream.h"

#include "core/wire/json_out.h"

namespace pg {
namespace {

void add_event(std::string& out, std::string_view name, std::string_view json) {
  out += "data: {\"";
  out.append(name).append("\":").append(json).append("}\n\n");
}

}  // namespace

Status EndpointStream::push(std::string& bytes) {
  words_.clear();
  const Status read = reader_.push(bytes, words_);
  bytes.clear();
  if (!words_.empty()) {
    std::string text;
    JsonOut(text).string(words_);
    add_event(bytes, "delta", text);
  }
  return read;
}

void EndpointStream::finish(std::string& out) {
  reader_.finish();
  const Answer& answer = reader_.answer();
  if (!answer.fault.empty())
    add_event(out, "error", answer.fault);
  else
    add_event(out, "result", write_endpoint_reply(endpoint_, answer, facts_));
}

}  // namespace pg
