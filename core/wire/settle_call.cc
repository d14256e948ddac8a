// Puts a history into the order that every provider accepts: each tool call is followed at once by its result, under an id that
// all of them take. Clients cut histories and ids come from other vendors; neither is the user's fault.
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "core/wire/call_io.h"

namespace pg {
namespace {

struct ResultPlace {
  std::size_t message;
  std::size_t part;
};

class HistorySettler {
 public:
  HistorySettler(Call& call, Warnings& warnings) : messages_(call.messages), warnings_(warnings) {}

  void settle() {
    note_results();
    std::vector<Message> settled;
    settled.reserve(messages_.size());
    for (at_ = 0; at_ < messages_.size(); ++at_) {
      Message& message = messages_[at_];
      if (message.role == Role::tool) {
        keep_orphans(message, settled);
        continue;
      }
      settled.push_back(std::move(message));
      if (settled.back().role != Role::assistant) continue;
      move_gemini_proofs(settled.back());
      Message results = take_results(settled.back());
      if (!results.parts.empty()) settled.push_back(std::move(results));
    }
    messages_ = std::move(settled);
  }

 private:
  void note_results() {
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      for (std::size_t k = 0; k < messages_[i].parts.size(); ++k) {
        Part& part = messages_[i].parts[k];
        if (part.kind == Part::Kind::tool_call) part.call_id = clean_call_id(part.call_id);
        // Only tool messages stay where they are while the others move on.
        if (part.kind != Part::Kind::tool_result || messages_[i].role != Role::tool) continue;
        part.call_id = clean_call_id(part.call_id);
        results_[part.call_id].push_back({i, k});
      }
    }
  }

  Message take_results(Message& turn) {
    Message results;
    results.role = Role::tool;
    for (Part& part : turn.parts) {
      if (part.kind != Part::Kind::tool_call) continue;
      Part result = take_result(part.call_id);
      rename_doubled(part);
      result.call_id = part.call_id;
      result.tool = part.tool;
      results.parts.push_back(std::move(result));
    }
    return results;
  }

  Part take_result(const std::string& id) {
    std::deque<ResultPlace>& places = results_[id];
    while (!places.empty() && places.front().message < at_) places.pop_front();
    if (places.empty()) {
      warnings_.add("add", "tool_result");
      Part missing;
      missing.kind = Part::Kind::tool_result;
      missing.is_error = missing.plain = true;
      missing.parts.push_back(text_part("no result"));
      return missing;
    }
    const ResultPlace place = places.front();
    places.pop_front();
    Part& found = messages_[place.message].parts[place.part];
    Part taken = std::move(found);
    found = Part{};
    found.kind = Part::Kind::tool_call;  // what a tool message never holds: taken
    return taken;
  }

  /// Some servers number their calls from 0 in each turn; Anthropic wants every id to be the only one.
  void rename_doubled(Part& call) {
    const int seen = ++seen_[call.call_id];
    if (seen > 1) call.call_id = clean_call_id(call.call_id + "_" + std::to_string(seen));
  }

  /// Results without a call: no provider takes them as results, and their words may matter.
  void keep_orphans(Message& message, std::vector<Message>& settled) {
    Message words;
    for (Part& part : message.parts) {
      if (part.kind != Part::Kind::tool_result) continue;
      warnings_.change("tool_result");
      words.parts.push_back(text_part("Result of an earlier tool call:\n" + result_text(part)));
      for (Part& media : result_media(part)) words.parts.push_back(std::move(media));
    }
    if (!words.parts.empty()) settled.push_back(std::move(words));
  }

  /// Where a thought is carried apart from the call it led to, Gemini wants it beside the call.
  static void move_gemini_proofs(Message& turn) {
    std::vector<Part> parts;
    for (Part& part : turn.parts) {
      const bool bare = part.kind == Part::Kind::tool_call && part.proof.empty() && !parts.empty();
      if (bare && parts.back().kind == Part::Kind::thinking && parts.back().proof.vendor == Proof::Vendor::gemini) {
        part.proof = std::move(parts.back().proof);
        parts.pop_back();
      }
      parts.push_back(std::move(part));
    }
    turn.parts = std::move(parts);
  }

  std::vector<Message>& messages_;
  Warnings& warnings_;
  std::size_t at_ = 0;
  std::map<std::string, std::deque<ResultPlace>> results_;
  std::map<std::string, int> seen_;
};

}  // namespace

void settle_call(Call& call, Warnings& warnings) {
  HistorySettler(call, warnings).settle();
}

}  // namespace pg
