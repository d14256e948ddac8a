// Puts a reader, the core and a writer in a row, and finds out which of the four kinds of reply this is.
#include "core/wire/reply_translator.h"

#include <utility>

#include "core/base/error.h"
#include "core/wire/reply_core.h"
#include "core/wire/sse.h"

namespace pg {
namespace {

constexpr std::unique_ptr<ReplyReader> (*kReaders[])(ReplySink&) = {
    make_anthropic_reader, make_chat_reader, make_responses_reader, make_gemini_reader, make_cohere_reader};
constexpr std::unique_ptr<ReplyWriter> (*kWriters[])(const ReplyContext&, bool, std::string&) = {
    make_anthropic_writer, make_chat_writer, make_responses_writer};

}  // namespace

struct ReplyTranslator::State {
  State(Wire from, Wire to, ReplyContext with, ReplySource head)
      : provider(from),
        client(to),
        context(std::move(with)),
        source(head),
        streams(context.stream && source.status < 400),
        writer(kWriters[static_cast<std::size_t>(to)](context, !streams, written)),
        core(context, *writer, source.max_reply),
        reader(kReaders[static_cast<std::size_t>(from)](core)),
        events(source.max_reply) {}

  bool reads_events() const { return source.event_stream && source.status < 400; }

  void read_events(std::string_view bytes) {
    events.feed(bytes);
    SseEvent event;
    for (;;) {
      const Result<bool> more = events.next(event);
      if (!more) return core.fail({502, "", "the provider sent an event that is too large"});
      if (!*more) return;
      if (!core.ended()) reader->event(event);
    }
  }
  void end_events() {
    SseEvent event;
    JsonDoc doc;
    // A last event without its blank line counts when it is whole.
    const bool rest = !core.ended() && events.rest(event);
    if (rest && (event.data == "[DONE]" || doc.parse(event.data))) reader->event(event);
    if (!core.ended()) reader->end();
  }

  void hold(std::string_view bytes) {
    if (core.ended()) return;
    if (body.size() + bytes.size() > source.max_reply) return core.fail({502, "", "the provider's reply is too large"});
    body += bytes;
  }
  void end_body(bool cut) {
    if (core.ended()) return;
    if (source.status >= 400) return core.fail(read_fault_body(provider, body, source.status));
    if (cut) return core.fail({502, "", "the provider's reply ended early"});
    if (body.starts_with("data:") || body.starts_with("event:")) {  // events under another name
      read_events(body);
      return end_events();
    }
    JsonDoc doc;
    if (!doc.parse(body)) return core.fail({502, "", "the provider's reply is not JSON"});
    reader->whole(doc.root());
    if (!core.ended()) core.fail({502, "", "the provider's reply says nothing"});
  }

  Wire provider, client;
  ReplyContext context;
  ReplySource source;
  bool streams;
  std::string written;  // what the writer wrote since it was last taken
  std::string body;
  std::unique_ptr<ReplyWriter> writer;
  ReplyCore core;
  std::unique_ptr<ReplyReader> reader;
  SseReader events;
};

ReplyTranslator::ReplyTranslator(Wire provider, Wire client, ReplyContext context, ReplySource source)
    : state_(std::make_unique<State>(provider, client, std::move(context), source)) {}
ReplyTranslator::~ReplyTranslator() = default;

bool ReplyTranslator::writes_stream() const {
  return state_->streams;
}

void ReplyTranslator::push(std::string_view bytes, std::string& out) {
  if (state_->reads_events()) {
    state_->read_events(bytes);
  } else {
    state_->hold(bytes);
  }
  if (state_->streams) out += std::exchange(state_->written, {});
}

void ReplyTranslator::break_off(const Error& error, std::string& out) {
  if (!state_->core.ended())
    state_->core.fail({http_status(error.code), std::string(code_row(error.code).openai_code), error.message});
  out += std::exchange(state_->written, {});
}

void ReplyTranslator::finish(bool cut, std::string& out) {
  if (state_->reads_events()) {
    state_->end_events();
  } else {
    state_->end_body(cut);
  }
  out += std::exchange(state_->written, {});
}

int ReplyTranslator::status() const {
  const int own = state_->source.status >= 400 ? state_->source.status
                  : state_->core.failed()      ? state_->core.fault_status()
                                               : 200;
  return state_->streams ? 200 : client_status(state_->client, own);
}
std::int64_t ReplyTranslator::retry_after() const {
  return state_->core.retry_after();
}
bool ReplyTranslator::ended() const {
  return state_->core.ended();
}
bool ReplyTranslator::failed() const {
  return state_->core.failed();
}
const Usage& ReplyTranslator::usage() const {
  return state_->core.usage();
}
const std::vector<std::string>& ReplyTranslator::warnings() const {
  return state_->core.warnings();
}
const std::string& ReplyTranslator::model_served() const {
  return state_->core.model_served();
}

}  // namespace pg
