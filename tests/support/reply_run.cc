// Every reply test is a split test: two-piece runs at every byte must give what one piece gave.
#include "tests/support/reply_run.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace pg::test {
namespace {

// The error that ends a cut Responses stream says when: two runs may differ in it.
std::string without_clock(std::string bytes) {
  constexpr std::string_view kKey = "\"created_at\":";
  const std::size_t at = bytes.rfind(kKey);
  if (at == std::string::npos) return bytes;
  const std::size_t begin = at + kKey.size();
  return bytes.erase(begin, bytes.find_first_not_of("0123456789", begin) - begin);
}

bool is_same(const ReplyRun& one, const ReplyRun& other) {
  const ReplyFacts &a = one.facts, &b = other.facts;
  const bool counts = a.restored == b.restored && a.restored_lenient == b.restored_lenient &&
                      a.unknown_tokens == b.unknown_tokens && a.cut_tokens == b.cut_tokens;
  const bool usage = a.usage.input_tokens == b.usage.input_tokens && a.usage.output_tokens == b.usage.output_tokens &&
                     a.usage.cached_tokens == b.usage.cached_tokens;
  const bool words = a.model == b.model && a.reply_id == b.reply_id && a.error_type == b.error_type;
  return without_clock(one.bytes) == without_clock(other.bytes) && one.ok == other.ok && counts && usage && words &&
         a.finished == b.finished && a.has_content == b.has_content;
}

void check_same_run(const ReplyRun& one, const ReplyRun& other, std::size_t split) {
  if (is_same(one, other)) return;
  CAPTURE(split);
  CHECK(other.bytes == one.bytes);
  FAIL("a split changed the reply or its facts");
}

}  // namespace

std::vector<std::string> in_pieces(std::string_view bytes, std::size_t piece) {
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < bytes.size(); at += piece) pieces.emplace_back(bytes.substr(at, piece));
  return pieces;
}

ReplyRun run_reply(const ReplyOptions& options, const std::vector<std::string>& pieces, bool cut) {
  ReplyPath path(options);
  ReplyRun run;
  for (const std::string& piece : pieces) run.ok = path.push(piece, run.bytes).has_value() && run.ok;
  run.ok = path.finish(cut, "REQ1", run.bytes).has_value() && run.ok;
  run.facts = path.facts();
  return run;
}

ReplyRun run_reply(const ReplyOptions& options, std::string_view upstream, bool cut) {
  const ReplyRun whole = run_reply(options, in_pieces(upstream, std::max<std::size_t>(upstream.size(), 1)), cut);
  check_same_run(whole, run_reply(options, in_pieces(upstream, 1), cut), 0);
  const std::size_t step = 1 + upstream.size() / 400;
  for (std::size_t at = 1; at < upstream.size(); at += step) {
    check_same_run(whole, run_reply(options, {std::string(upstream.substr(0, at)), std::string(upstream.substr(at))}, cut), at);
  }
  return whole;
}

ReplyOptions stream_options(DialectId dialect, const Vault& vault) {
  ReplyOptions options;
  options.dialect = dialect;
  options.event_stream = true;
  options.vault = &vault;
  return options;
}

ReplyOptions body_options(DialectId dialect, const Vault& vault, int status) {
  ReplyOptions options;
  options.dialect = dialect;
  options.status = status;
  options.vault = &vault;
  return options;
}

std::string sse_event(std::string_view type, std::string_view data) {
  std::string out;
  if (!type.empty()) out.append("event: ").append(type).append("\n");
  return out.append("data: ").append(data).append("\n\n");
}

}  // namespace pg::test
