// A sink that keeps the words and lets go of everything else.
#include "core/wire/answer.h"

#include <map>
#include <utility>

#include "core/wire/json_doc.h"
#include "core/wire/reply.h"

namespace pg {
namespace {

constexpr std::size_t kMostOfAnEvent = 16u << 20;

class WordSink final : public ReplySink {
 public:
  void begin(std::string_view, std::string_view model, std::int64_t) override {
    if (!model.empty()) answer.model = model;
  }
  void open(std::uint32_t block, BlockStart start) override { kinds_[block] = start.kind; }
  void piece(std::uint32_t block, std::string_view text) override {
    const auto kind = kinds_.find(block);
    if (kind == kinds_.end()) return;
    if (kind->second == BlockStart::Kind::refusal) answer.refusal += text;
    if (kind->second != BlockStart::Kind::text) return;
    answer.text += text;
    if (words != nullptr) *words += text;
  }
  void prove(std::uint32_t, Proof) override {}
  void cite(std::uint32_t, Citation) override {}
  void close(std::uint32_t, BlockEnd) override {}
  void lose(std::string_view) override {}
  void use(const Usage& usage) override { merge_usage(answer.usage, usage); }
  void tier(std::string) override {}
  void stop(StopReason reason, std::string) override {
    const bool cut = reason == StopReason::max_tokens || reason == StopReason::context_window;
    answer.stop = cut ? "length" : reason == StopReason::refusal || !answer.refusal.empty() ? "refusal" : "end";
    ended_ = true;
  }
  void fail(ReplyFault fault) override {
    answer.fault = write_fault(Wire::openai_chat, fault);
    ended_ = true;
  }
  bool ended() const override { return ended_; }

  Answer answer;
  std::string* words = nullptr;  // where pieces of the text go, too

 private:
  std::map<std::uint32_t, BlockStart::Kind> kinds_;
  bool ended_ = false;
};

}  // namespace

struct AnswerReader::State {
  WordSink sink;
  std::unique_ptr<ReplyReader> reader = make_chat_reader(sink);
  SseReader events{kMostOfAnEvent};
};

AnswerReader::AnswerReader() : state_(std::make_unique<State>()) {}
AnswerReader::~AnswerReader() = default;

Status AnswerReader::push(std::string_view bytes, std::string& words) {
  state_->sink.words = &words;
  state_->events.feed(bytes);
  SseEvent event;
  for (;;) {
    PG_TRY(const bool more, state_->events.next(event));
    if (!more) break;
    state_->reader->event(event);
  }
  state_->sink.words = nullptr;
  return {};
}

void AnswerReader::finish() {
  SseEvent event;
  if (state_->events.rest(event)) state_->reader->event(event);
  state_->reader->end();
}

void AnswerReader::read_whole(std::string_view body) {
  JsonDoc doc;
  if (doc.parse(body))
    state_->reader->whole(doc.root());
  else
    state_->sink.fail({502, "", "the provider's reply is not JSON"});
}

const Answer& AnswerReader::answer() const {
  return state_->sink.answer;
}

}  // namespace pg
