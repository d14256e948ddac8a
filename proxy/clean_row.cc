// Texts that stand in a row because somebody outside wrote them.
#include "proxy/clean_row.h"

#include "core/store/body_store.h"

namespace pg {

void RowCleaner::clean(LogRow& row, std::uint64_t body_max_size) {
  for (std::size_t i = 0; i < kForeign.size(); ++i) {
    std::string& text = row.*kForeign[i];
    if (text.empty() || text == known_[i]) continue;
    if (mask_.mask(text) == 0) known_[i] = text;
  }
  if (row.body != nullptr) clean_body(*row.body, mask_, body_max_size);
}

}  // namespace pg
