// Runs upstream bytes through a ReplyPath in given pieces.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/reply_path.h"

namespace pg::test {

struct ReplyRun {
  std::string bytes;  // what the client got
  ReplyFacts facts;
  bool ok = true;
};

/// Bytes in pieces of `piece`; the last ones may be fewer.
std::vector<std::string> in_pieces(std::string_view bytes, std::size_t piece);
ReplyRun run_reply(const ReplyOptions& options, const std::vector<std::string>& pieces, bool cut = false);
/// One run with all bytes at once, checked against runs byte by byte and at every split in two.
ReplyRun run_reply(const ReplyOptions& options, std::string_view upstream, bool cut = false);
ReplyOptions stream_options(DialectId dialect, const Vault& vault);
ReplyOptions body_options(DialectId dialect, const Vault& vault, int status = 200);

/// An event as servers write it: with its type, unless that is empty.
std::string sse_event(std::string_view type, std::string_view data);

}  // namespace pg::test
