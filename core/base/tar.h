// Reads tar files member by member: ustar (POSIX.1-1988), pax names and sizes (POSIX.1-2001), long names and sizes as GNU tar
// writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/byte_source.h"

namespace pg {

struct TarMember {
  std::string name;
  std::uint64_t size = 0;
  bool regular = false;  // no link, directory or device
};

/// One pass over a tar file. Not thread-safe.
class TarReader {
 public:
  explicit TarReader(ByteSource& source) : source_(source) {}

  /// The next member, or nullopt at the end; what was not read of the one before is passed over. bad_request when damaged.
  Result<std::optional<TarMember>> next();
  /// The current member's bytes.
  ByteSource& content() { return *content_; }

 private:
  Result<bool> read_block(std::string& block);
  Status skip_rest();
  Result<std::string> read_text(std::uint64_t size);

  ByteSource& source_;
  std::optional<PartSource> content_;
  std::uint64_t padding_ = 0;
};

}  // namespace pg
