// Archives made up in memory, whole and well formed; tests then break them.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pg::test {

/// Names and contents.
using Members = std::vector<std::pair<std::string, std::string>>;

/// A zip file of stored or deflated members, as an archiver without data descriptors writes it.
std::string zip_of(const Members& members, bool deflated);

/// A ustar file.
std::string tar_of(const Members& members);

/// Makes the checksum of the tar head at `at` right again.
void mend_checksum(std::string& tar, std::size_t at = 0);

}  // namespace pg::test
