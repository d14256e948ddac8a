// A row is its numbers, the sizes of its texts, the texts, and the digests of its prompt. Nothing of it leaves the process.
#include "core/store/row_buffer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pg {
namespace {

constexpr std::array kTexts = {&LogRow::id,           &LogRow::project,
                               &LogRow::project_id,   &LogRow::key,
                               &LogRow::agent,        &LogRow::agent_version,
                               &LogRow::session,      &LogRow::dialect,
                               &LogRow::method,       &LogRow::path,
                               &LogRow::provider,     &LogRow::model,
                               &LogRow::model_served, &LogRow::outcome,
                               &LogRow::redactions,   &LogRow::detected,
                               &LogRow::blocked,      &LogRow::places,
                               &LogRow::attempts,     &LogRow::warnings,
                               &LogRow::error,        &LogRow::upstream_request_id,
                               &LogRow::cache_break,  &LogRow::route,
                               &LogRow::ip,           &LogRow::ua,
                               &LogRow::model_sent,   &LogRow::endpoint};

constexpr std::array kNumbers = {
    &LogRow::seq,        &LogRow::time,       &LogRow::latency_ms,     &LogRow::ttft_ms, &LogRow::upstream_ms,
    &LogRow::connect_ms, &LogRow::tls_ms,     &LogRow::cost,           &LogRow::price,   &LogRow::bytes_in,
    &LogRow::bytes_out,  &LogRow::cache_lost, &LogRow::cache_lost_cost};

struct Numbers {
  std::array<std::int64_t, kNumbers.size()> values;
  Usage usage;
  int status;
  bool stream;
  std::uint32_t restored, unknown_tokens;
  std::int32_t month;
  std::uint32_t tools, system, settings, opening;  // of the prompt
  std::uint32_t messages;                          // how many digests follow the texts
  std::array<std::uint32_t, kTexts.size()> sizes;
};

#if defined(__GLIBCXX__) && defined(__x86_64__)
// A member that is new in a row must be sent, too. Beside those above: status, stream, restored and unknown_tokens, month.
static_assert(sizeof(LogRow) == kTexts.size() * sizeof(std::string) + kNumbers.size() * sizeof(std::int64_t) + sizeof(Usage) +
                                    4 * 8 + sizeof(PromptDigest) + 2 * sizeof(std::shared_ptr<void>));
#endif

// Takes `size` bytes off the front.
std::string_view take_bytes(std::string_view& bytes, std::size_t size) {
  const std::string_view front = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return front;
}

void append_row(const LogRow& row, std::string& out) {
  Numbers numbers{};
  std::size_t size = sizeof numbers;
  for (std::size_t i = 0; i < kNumbers.size(); ++i) numbers.values[i] = row.*kNumbers[i];
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    numbers.sizes[i] = static_cast<std::uint32_t>((row.*kTexts[i]).size());
    size += numbers.sizes[i];
  }
  const PromptDigest& prompt = row.prompt;
  numbers.usage = row.usage;
  numbers.status = row.status;
  numbers.stream = row.stream;
  numbers.restored = row.restored;
  numbers.unknown_tokens = row.unknown_tokens;
  numbers.month = row.month;
  numbers.tools = prompt.tools;
  numbers.system = prompt.system;
  numbers.settings = prompt.settings;
  numbers.opening = prompt.opening;
  numbers.messages = static_cast<std::uint32_t>(prompt.messages.size());
  const std::size_t digests = prompt.messages.size() * sizeof(std::uint32_t);
  if (out.capacity() - out.size() < size + digests) out.reserve(2 * out.size() + size + digests);
  out.append(reinterpret_cast<const char*>(&numbers), sizeof numbers);
  for (const auto text : kTexts)
    if (!(row.*text).empty()) out.append(row.*text);
  if (digests != 0) out.append(reinterpret_cast<const char*>(prompt.messages.data()), digests);
}

void take_row(std::string_view& bytes, LogRow& row) {
  Numbers numbers;
  std::memcpy(&numbers, take_bytes(bytes, sizeof numbers).data(), sizeof numbers);
  for (std::size_t i = 0; i < kNumbers.size(); ++i) row.*kNumbers[i] = numbers.values[i];
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    std::string& text = row.*kTexts[i];
    text.clear();
    if (numbers.sizes[i] != 0) text.append(take_bytes(bytes, numbers.sizes[i]));
  }
  row.usage = numbers.usage;
  row.status = numbers.status;
  row.stream = numbers.stream;
  row.restored = numbers.restored;
  row.unknown_tokens = numbers.unknown_tokens;
  row.month = numbers.month;
  PromptDigest& prompt = row.prompt;
  prompt.tools = numbers.tools;
  prompt.system = numbers.system;
  prompt.settings = numbers.settings;
  prompt.opening = numbers.opening;
  prompt.messages.resize(numbers.messages);
  const std::string_view digests = take_bytes(bytes, prompt.messages.size() * sizeof(std::uint32_t));
  if (!digests.empty()) std::memcpy(prompt.messages.data(), digests.data(), digests.size());
  row.body.reset();
  row.hold.reset();
}

}  // namespace

void RowBuffer::add(const LogRow& row) {
  append_row(row, bytes_);
  if (row.body != nullptr || row.hold != nullptr) shared_.push_back({taken_ + size_, row.body, row.hold});
  ++size_;
}

std::span<LogRow> RowBuffer::take(std::vector<LogRow>& room, std::size_t most) {
  const std::size_t count = std::min(most, size_);
  if (room.size() < count) room.resize(count);
  std::string_view bytes = std::string_view(bytes_).substr(at_);
  for (std::size_t i = 0; i < count; ++i) take_row(bytes, room[i]);
  while (!shared_.empty() && shared_.front().row < taken_ + count) {
    LogRow& row = room[shared_.front().row - taken_];
    row.body = std::move(shared_.front().body);
    row.hold = std::move(shared_.front().hold);
    shared_.pop_front();
  }
  size_ -= count;
  taken_ += count;
  at_ = bytes_.size() - bytes.size();
  if (size_ == 0) {
    bytes_.clear();
    taken_ = at_ = 0;
  }
  return std::span(room).first(count);
}

}  // namespace pg
