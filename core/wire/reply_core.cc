// A queue of blocks whose front one is open: Anthropic's streams have no other way, and every client reads such a stream.
#include "core/wire/reply_core.h"

#include <algorithm>
#include <utility>

#include "core/base/ascii.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/wire/tool_names.h"

namespace pg {
namespace {

constexpr std::size_t kMaxQueued = 512;  // blocks at once; real parallel calls are a handful
constexpr std::size_t kMaxCallIdOut = 128;
constexpr std::size_t kMaxCitations = 256;  // of one block; each is compared with all before it

/// "msg_01Ab" -> "01Ab": what all ids of a reply end in.
std::string suffix_of(std::string_view id) {
  for (const std::string_view prefix : {"msg_", "chatcmpl-", "resp_", "gen-"}) {
    if (id.starts_with(prefix)) id.remove_prefix(prefix.size());
  }
  std::string suffix(id.substr(0, 64));
  for (char& c : suffix) {
    const bool good = is_alnum(c) || c == '-' || c == '_';
    if (!good) c = '_';
  }
  return suffix;
}

std::string call_id_hash(std::string_view text) {
  return to_hex(as_bytes(sha256(text))).substr(0, 24);
}

}  // namespace

void ReplyCore::begin(std::string_view id, std::string_view model, std::int64_t created) {
  if (begun_ || ended_) return;
  begun_ = true;
  head_.suffix = suffix_of(id.empty() ? std::string_view(context_.reply_id) : id);
  if (head_.suffix.empty()) head_.suffix = "0";
  model_served_ = model;
  head_.model = model.empty() ? context_.model : std::string(model);
  head_.created = created > 0 ? created : context_.now;
  head_.usage = usage_;
  head_.tier = tier_;
  if (head_.usage.input_tokens < 0) head_.usage.input_tokens = context_.input_estimate;
  writer_.begin(head_);
}

void ReplyCore::ensure_begun() {
  if (!begun_) begin({}, {}, 0);
}

ReplyCore::Queued* ReplyCore::find(std::uint32_t block) {
  for (Queued& queued : queue_) {
    if (queued.block == block && !queued.closed) return &queued;
  }
  return nullptr;
}

void ReplyCore::open(std::uint32_t block, BlockStart start) {
  if (ended_ || find(block) != nullptr) return;
  ensure_begun();
  if (queue_.size() == kMaxQueued) return fail({502, "", "the provider opened too many blocks at once"});
  Queued queued;
  queued.block = block;
  queued.start = std::move(start);
  if (queued.start.kind == BlockStart::Kind::tool) name_tool(queued);
  if (queued.start.kind == BlockStart::Kind::refusal) refused_ = true;
  const bool waited = queue_.size() == 1 && queue_.front().closed;
  queue_.push_back(std::move(queued));
  if (waited) finish_front(BlockEnd::whole);
  if (queue_.size() == 1) start_front();
}

void ReplyCore::name_tool(Queued& queued) {
  BlockStart& start = queued.start;
  if (const NamedTool* tool = find_tool(context_.tools, start.tool.name)) {
    queued.wrapped = tool->wrapped && !start.tool.custom;
    start.tool = tool->name;
  }
  if (start.call_id.empty() || start.call_id.size() > kMaxCallIdOut || call_ids_.contains(start.call_id)) {
    start.call_id = "call_" + call_id_hash(head_.suffix + '/' + std::to_string(tools_) + '/' + start.call_id);
  }
  call_ids_.insert(start.call_id);
  ++tools_;
}

void ReplyCore::start_front() {
  Queued& front = queue_.front();
  writer_.open(front.start);
  if (!front.text.empty()) write_piece(front, std::exchange(front.text, {}));
  for (const Citation& citation : front.citations) tell(citation);
}

void ReplyCore::write_piece(Queued& front, std::string_view text) {
  std::string unwrapped;
  if (front.start.kind == BlockStart::Kind::tool) front.arguments.pass(text);
  if (front.wrapped) {
    front.unwrapper.push(text, unwrapped);
    text = unwrapped;
  }
  say(front, text);
}

void ReplyCore::say(Queued& front, std::string_view text) {
  std::string whole;
  if (!front.joiner.passes(text)) {
    whole = front.joiner.push(text);
    text = whole;
  }
  if (text.empty()) return;
  front.is_empty = false;
  writer_.piece(text);
}

void ReplyCore::piece(std::uint32_t block, std::string_view text) {
  if (ended_ || text.empty()) return;
  Queued* queued = find(block);
  if (queued == nullptr) return;
  size_ += text.size();
  if (size_ > max_size_) return fail({502, "", "the provider's reply is too large"});
  if (queued == &queue_.front()) {
    write_piece(*queued, text);
  } else {
    queued->text += text;
  }
}

void ReplyCore::cite(std::uint32_t block, Citation citation) {
  Queued* queued = ended_ ? nullptr : find(block);
  if (queued == nullptr) return;
  std::vector<Citation>& told = queued->citations;
  if (std::find(told.begin(), told.end(), citation) != told.end()) return;
  size_ += citation.size();
  if (size_ > max_size_) return fail({502, "", "the provider's reply is too large"});
  if (queued->start.kind != BlockStart::Kind::text || told.size() == kMaxCitations) return lose("citations");
  told.push_back(std::move(citation));
  if (queued == &queue_.front()) tell(told.back());
}

void ReplyCore::tell(const Citation& citation) {
  for (const std::string_view name : writer_.unsaid(citation)) lose(name);
  writer_.cite(citation);
}

void ReplyCore::prove(std::uint32_t block, Proof proof) {
  Queued* queued = ended_ ? nullptr : find(block);
  if (queued == nullptr) return;
  if (queued->proof.vendor == proof.vendor) {
    queued->proof.value += proof.value;  // signatures come in deltas too
  } else {
    queued->proof = std::move(proof);
  }
}

/// Whether it is a call whose input is surely not all there.
bool ReplyCore::is_half(const Queued& queued) {
  if (queued.start.kind != BlockStart::Kind::tool) return false;
  const bool free = queued.start.tool.custom && !queued.wrapped;
  return queued.cut || (!free && !queued.arguments.is_closed_object());
}

void ReplyCore::close(std::uint32_t block, BlockEnd how) {
  Queued* queued = ended_ ? nullptr : find(block);
  if (queued == nullptr) return;
  queued->closed = true;
  queued->cut = how == BlockEnd::truncated;
  while (!queue_.empty() && queue_.front().closed) {
    // Why half a call is the last thing said is known at the reply's end only.
    if (queue_.size() == 1 && is_half(queue_.front())) return;
    finish_front(BlockEnd::whole);
    if (!queue_.empty()) start_front();
  }
}

BlockEnd ReplyCore::end_of(const Queued& front, BlockEnd how) {
  if (front.start.kind != BlockStart::Kind::tool) return how;
  // Half a freeform input would be run, whatever the provider thinks of it; half an object's client refuses it by itself.
  if (front.cut || (front.wrapped && front.arguments.is_object() && is_half(front))) return BlockEnd::truncated;
  const bool free = front.start.tool.custom && !front.wrapped;
  return free || is_half(front) ? how : BlockEnd::whole;
}

void ReplyCore::finish_front(BlockEnd how) {
  Queued& front = queue_.front();
  const bool tool = front.start.kind == BlockStart::Kind::tool;
  how = end_of(front, how);
  truncated_ = truncated_ || (tool && how == BlockEnd::truncated);
  // Of an input that is half there, only what is read for certain is told.
  if (front.wrapped && (how == BlockEnd::whole || !front.arguments.is_object())) {
    std::string rest;
    front.unwrapper.finish(rest);
    say(front, rest);
  }
  if (const std::string half = front.joiner.finish(); !half.empty()) writer_.piece(half);
  const bool function = tool && !front.start.tool.custom;
  if (function && front.is_empty && how == BlockEnd::whole) writer_.piece("{}");
  if (front.start.kind == BlockStart::Kind::thinking)
    for (const std::string_view name : writer_.unsaid(front.proof)) lose(name);
  writer_.close(front.proof, how);
  queue_.pop_front();
}

void ReplyCore::use(const Usage& usage) {
  merge_usage(usage_, usage);
}

void ReplyCore::stop(StopReason reason, std::string stop_sequence) {
  if (ended_) return;
  ensure_begun();
  const bool short_of_room = reason == StopReason::max_tokens || reason == StopReason::context_window;
  while (!queue_.empty()) {
    const bool cut = short_of_room && (queue_.size() == 1 || is_half(queue_.front()));
    finish_front(cut ? BlockEnd::truncated : BlockEnd::whole);
    if (!queue_.empty()) start_front();
  }
  ended_ = true;
  ReplyEnd end;
  end.reason = reason;
  // A provider's word is one thing, the calls it made another.
  if (reason == StopReason::tool_use && tools_ == 0) end.reason = StopReason::end_turn;
  if (reason == StopReason::end_turn && tools_ > 0) end.reason = StopReason::tool_use;
  if (end.reason == StopReason::tool_use && truncated_) end.reason = StopReason::max_tokens;
  if (end.reason == StopReason::end_turn && refused_) {
    end.reason = StopReason::refusal;
    end.refused_in_words = true;
  }
  end.stop_sequence = std::move(stop_sequence);
  end.usage = final_usage();
  end.tier = tier_;
  for (const std::string_view name : writer_.unsaid(end)) lose(name);
  writer_.end(end);
}

void ReplyCore::fail(ReplyFault fault) {
  if (ended_) return;
  ended_ = failed_ = true;
  fault_status_ = fault.status;
  retry_after_ = fault.retry_after;
  if (!queue_.empty()) writer_.close(queue_.front().proof, BlockEnd::failed);
  queue_.clear();
  writer_.fail(fault);
}

Usage ReplyCore::final_usage() const {
  Usage usage = usage_;
  if (usage.input_tokens < 0) usage.input_tokens = context_.input_estimate;
  const auto said = static_cast<std::int64_t>(size_ / 4 + 1);
  if (usage.output_tokens < 0 || usage.unfinished) usage.output_tokens = std::max(usage.output_tokens, said);
  usage.cached_tokens = std::max<std::int64_t>(usage.cached_tokens, 0);
  usage.cache_write_tokens = std::max<std::int64_t>(usage.cache_write_tokens, 0);
  usage.reasoning_tokens = std::max<std::int64_t>(usage.reasoning_tokens, 0);
  return usage;
}

}  // namespace pg
