// The way of a reply: cut into events, restored, read for facts, ended honestly.
#include "core/reply_path.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/reply_body.h"
#include "core/reply_facts.h"
#include "core/reply_rewriter.h"
#include "core/wire/event_shape.h"
#include "core/wire/json_walk.h"
#include "core/wire/sse.h"

namespace pg {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // some servers write JSON as they write files
constexpr std::string_view kDone = "[DONE]";                 // OpenAI Chat Completions: the data of the event that ends a stream

bool has_originals(const ReplyOptions& options) {
  const bool has_text = options.dialect != DialectId::embeddings || options.status >= 400;
  return options.vault != nullptr && !options.vault->empty() && has_text;
}

// What an unfinished event still needs before another one may follow.
std::string_view missing_end(std::string_view raw) {
  return raw.ends_with('\n') || raw.ends_with('\r') ? "\n" : "\n\n";
}

}  // namespace

struct ReplyPath::State {
  explicit State(const ReplyOptions& given) : options(given), facts(given.dialect), reader(given.max_whole_reply) {
    if (!has_originals(options)) return;
    work = std::make_unique<RestoreWork>(*options.vault);
    work->signed_reasoning = options.signed_reasoning;
    if (options.structured) work->answer = TextForm::structured;
    if (options.event_stream) rewriter = make_rewriter(options.dialect, *work);
  }

  bool holds() const { return work != nullptr && !options.event_stream; }
  std::uint64_t next_sequence() const { return facts.next_sequence() + (rewriter == nullptr ? 0 : rewriter->added_events()); }

  void relay(const SseEvent& event, std::string& out);
  void rewrite(const SseEvent& event, std::string& out);
  Status push_events(std::string_view bytes, std::string& out);
  void finish_events(bool cut, std::string_view request_id, std::string& out);
  bool relay_rest(bool cut, std::string& out, std::string_view& missing);
  Status finish_body(bool cut, std::string_view request_id, std::string& out);
  Status finish_other(std::string_view request_id, std::string& out);
  void note_error(const SseEvent& event);
  void count();

  ReplyOptions options;
  std::optional<Error> why;
  FactReader facts;
  SseReader reader;
  std::unique_ptr<RestoreWork> work;
  std::unique_ptr<EventRewriter> rewriter;
  std::vector<PlaceField> fields;
  EventShape shape;  // of the last event, where there is a rewriter
  std::string body;
  BodySample sample;
};

void ReplyPath::State::rewrite(const SseEvent& event, std::string& out) {
  if (event.data == kDone) {
    facts.read_done();
    shape.forget();
    rewriter->flush(false, out);
    out.append(event.raw);
  } else if (event.data_lines > 0 && shape.fits(event.data, fields)) {
    facts.read_alike(event.data, fields);
    rewriter->rewrite_alike(event, fields, out);
  } else if (event.data_lines > 0 && read_places(event_root(options.dialect), event.data, fields)) {
    shape.learn(event.data, fields);
    facts.read_event(event, fields);
    note_error(event);
    rewriter->rewrite(event, fields, out);
  } else {
    out.append(event.raw);
  }
}

// Responses alone: clients there pass over an `error` event, so that what it says is said again where they look.
void ReplyPath::State::note_error(const SseEvent& event) {
  constexpr std::size_t kLongest = 2'000;
  if (options.dialect != DialectId::openai_responses || event_type(event, fields) != "error") return;
  for (const PlaceField& field : fields) {
    const std::string_view raw = field.text(event.data);
    if (field.place != ReplyPlace::any_text || raw.empty() || raw.size() > kLongest) continue;
    std::string restored;
    RestoreCounts counts;  // counted where the event itself is restored
    const bool changed = work != nullptr && restore_whole(work->index, TextForm::plain, raw, counts, restored);
    if (!why) why = make_error(Code::upstream_failed, unescape_json(changed ? std::string_view(restored) : raw));
  }
}

void ReplyPath::State::relay(const SseEvent& event, std::string& out) {
  if (rewriter != nullptr) return rewrite(event, out);
  if (facts.wants(event) && read_places(event_root(options.dialect), event.data, fields)) {
    facts.read_event(event, fields);
    note_error(event);
  }
  out.append(event.raw);
}

Status ReplyPath::State::push_events(std::string_view bytes, std::string& out) {
  reader.feed(bytes);
  SseEvent event;
  for (;;) {
    PG_TRY(const bool whole, reader.next(event));
    if (!whole) return {};
    relay(event, out);
  }
}

// Passes on what never got its blank line, unless it is half an event. `missing` is what must follow it before another event.
bool ReplyPath::State::relay_rest(bool cut, std::string& out, std::string_view& missing) {
  SseEvent event;
  if (!reader.rest(event)) return false;
  const bool is_whole = event.data == kDone || read_places(event_root(options.dialect), event.data, fields);
  const bool is_comment = event.data_lines == 0 && event.type.empty() && !cut;
  if (!(event.data_lines > 0 && is_whole) && !is_comment) return false;
  missing = missing_end(event.raw);
  relay(event, out);
  return true;
}

void ReplyPath::State::finish_events(bool cut, std::string_view request_id, std::string& out) {
  std::string_view missing;
  relay_rest(cut, out, missing);
  ReplyFacts& known = facts.facts();
  if (!cut && facts.all_choices_finished()) known.finished = true;
  std::string tail;
  if (rewriter != nullptr) rewriter->flush(cut || !known.finished, tail);
  const bool client_knows = facts.saw_error() && options.dialect != DialectId::openai_responses;
  if (!known.finished && !client_knows && options.status < 400) {
    const Error error = why ? *why : make_error(Code::upstream_failed, "the provider's reply ended before it was complete");
    tail += write_stream_error(options.dialect, error, request_id, next_sequence());
  }
  if (tail.empty()) return;
  out.append(missing).append(tail);
}

// A body that is not JSON where there are originals to restore: events under another name are events all the same; what cannot be
// restored is passed on only when nothing in it wants to be. Words beside an error's status are the provider's own.
Status ReplyPath::State::finish_other(std::string_view request_id, std::string& out) {
  if (is_event_text(body) && options.status < 400) {
    rewriter = make_rewriter(options.dialect, *work);
    if (rewriter != nullptr) {
      PG_TRY_STATUS(push_events(body, out));
      finish_events(false, request_id, out);
      return {};
    }
  }
  RestoreCounts tokens;
  std::string restored;
  if (options.status < 400 && restore_whole(work->index, TextForm::plain, body, tokens, restored))
    return make_error(Code::upstream_failed, "the provider's reply is not JSON and cannot be restored");
  out.append(body);
  facts.facts().finished = true;
  return {};
}

Status ReplyPath::State::finish_body(bool cut, std::string_view request_id, std::string& out) {
  if (work == nullptr) {
    sample.read(options, facts);
  } else if (cut) {
    return make_error(Code::upstream_failed, "the provider's reply ended before it was complete");
  } else {
    const std::size_t begin = out.size(), mark = body.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    if (!restore_body(options, std::string_view(body).substr(mark), *work, facts, out)) return finish_other(request_id, out);
    out.insert(begin, body, 0, mark);
  }
  facts.facts().finished = !cut;
  return {};
}

void ReplyPath::State::count() {
  if (work == nullptr) return;
  // The copies of a Responses stream repeat its deltas; elsewhere every text comes once.
  const bool repeats = rewriter != nullptr && options.dialect == DialectId::openai_responses;
  const auto join = [&](std::uint32_t deltas, std::uint32_t copies) {
    return repeats ? std::max(deltas, copies) : deltas + copies;
  };
  const RestoreCounts &a = work->deltas, &b = work->copies;
  ReplyFacts& known = facts.facts();
  known.restored = join(a.exact, b.exact) + join(a.lenient, b.lenient);
  known.restored_lenient = join(a.lenient, b.lenient);
  known.unknown_tokens = join(a.unknown, b.unknown);
  known.cut_tokens = join(a.cut, b.cut);
}

ReplyPath::ReplyPath(const ReplyOptions& options) : state_(std::make_unique<State>(options)) {}
ReplyPath::ReplyPath(ReplyPath&&) noexcept = default;
ReplyPath::~ReplyPath() = default;

void ReplyPath::say_why(Error error) {
  state_->why = std::move(error);
}
bool ReplyPath::holds_whole_body() const {
  return state_->holds();
}
bool ReplyPath::rewrites() const {
  return state_->options.event_stream || state_->holds();
}

Status ReplyPath::push(std::string_view bytes, std::string& out) {
  State& state = *state_;
  if (state.options.event_stream) {
    Status done = state.push_events(bytes, out);
    state.count();
    return done;
  }
  if (!state.holds()) {
    state.sample.add(bytes);
    out.append(bytes);
    return {};
  }
  if (state.body.size() + bytes.size() > state.options.max_whole_reply) {
    return make_error(Code::upstream_failed, "the provider's reply is too large to be restored");
  }
  state.body.append(bytes);
  return {};
}

Status ReplyPath::pass(std::string& bytes, std::string& out) {
  if (rewrites() || !out.empty()) return push(bytes, out);
  state_->sample.add(bytes);
  out.swap(bytes);
  return {};
}

Status ReplyPath::finish(bool cut, std::string_view request_id, std::string& out) {
  Status done;
  if (state_->options.event_stream) {
    state_->finish_events(cut, request_id, out);
  } else {
    done = state_->finish_body(cut, request_id, out);
  }
  state_->count();
  return done;
}

bool ReplyPath::at_event_boundary() const {
  return state_->options.event_stream && state_->reader.at_boundary();
}
std::uint64_t ReplyPath::next_sequence() const {
  return state_->next_sequence();
}
const ReplyFacts& ReplyPath::facts() const {
  return state_->facts.facts();
}

}  // namespace pg
