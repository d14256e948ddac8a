// Between a reader and a writer: lets one block out at a time, gives tools their names back, and sees to it that whatever a
// provider sends, a client hears a whole story. Only core/wire includes it.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/wire/half_joiner.h"
#include "core/wire/json_balance.h"
#include "core/wire/reply.h"
#include "core/wire/unwrap_input.h"

namespace pg {

class ReplyCore final : public ReplySink {
 public:
  ReplyCore(const ReplyContext& context, ReplyWriter& writer, std::size_t max_size)
      : context_(context), writer_(writer), max_size_(max_size) {}

  void begin(std::string_view id, std::string_view model, std::int64_t created) override;
  void open(std::uint32_t block, BlockStart start) override;
  void piece(std::uint32_t block, std::string_view text) override;
  void prove(std::uint32_t block, Proof proof) override;
  void cite(std::uint32_t block, Citation citation) override;
  void close(std::uint32_t block, BlockEnd how) override;
  void lose(std::string_view name) override { warnings_.drop("reply." + std::string(name)); }
  void use(const Usage& usage) override;
  void tier(std::string word) override { tier_ = std::move(word); }
  void stop(StopReason reason, std::string stop_sequence) override;
  void fail(ReplyFault fault) override;
  bool ended() const override { return ended_; }

  /// As the provider told it; nothing estimated.
  const Usage& usage() const { return usage_; }
  const std::vector<std::string>& warnings() const { return warnings_.list(); }
  /// As the provider names it; "" when it does not.
  const std::string& model_served() const { return model_served_; }
  bool failed() const { return failed_; }
  int fault_status() const { return fault_status_; }
  std::int64_t retry_after() const { return retry_after_; }

 private:
  struct Queued {
    std::uint32_t block = 0;
    BlockStart start;
    std::string text;  // what came before its turn
    std::vector<Citation> citations;
    Proof proof;
    bool closed = false;
    bool cut = false;  // closed, and its provider says that it is not whole
    bool wrapped = false;
    bool is_empty = true;  // nothing was written of it
    JsonBalance arguments;
    InputUnwrapper unwrapper;
    HalfJoiner joiner;
  };

  void ensure_begun();
  Queued* find(std::uint32_t block);
  void start_front();
  void write_piece(Queued& front, std::string_view text);
  void say(Queued& front, std::string_view text);
  void tell(const Citation& citation);
  static bool is_half(const Queued& queued);
  static BlockEnd end_of(const Queued& front, BlockEnd how);
  void finish_front(BlockEnd how);
  void name_tool(Queued& queued);
  Usage final_usage() const;

  const ReplyContext& context_;
  ReplyWriter& writer_;
  std::size_t max_size_;
  ReplyStart head_;
  Usage usage_;
  std::string model_served_;
  std::string tier_;
  Warnings warnings_;
  std::deque<Queued> queue_;  // the front one is open at the writer
  std::size_t size_ = 0;
  std::set<std::string> call_ids_;
  std::uint32_t tools_ = 0;
  int fault_status_ = 0;
  std::int64_t retry_after_ = -1;
  bool begun_ = false;
  bool ended_ = false;
  bool failed_ = false;
  bool refused_ = false;
  bool truncated_ = false;  // a call was
};

}  // namespace pg
