// Texts that stand in a row because somebody outside wrote them.
#include "proxy/clean_row.h"

#include "core/store/body_store.h"

namespace pg {
namespace {

void cut_to_size(std::string& text, bool& was_cut, std::uint64_t max_size) {
  if (text.size() <= max_size) return;
  text.resize(max_size);
  was_cut = true;
}

// Stars before the cut: half a secret is not recognised.
void clean_body(LogBody& body, const SecretMask& mask, std::uint64_t max_size) {
  body.masked += mask.mask(body.request);
  body.masked += body.events ? mask.mask_events(body.reply) : mask.mask(body.reply);
  cut_to_size(body.request, body.request_cut, max_size);
  cut_to_size(body.reply, body.reply_cut, max_size);
}

}  // namespace

void RowCleaner::clean(LogRow& row, std::uint64_t body_max_size) {
  for (std::size_t i = 0; i < kForeign.size(); ++i) {
    std::string& text = row.*kForeign[i];
    if (text.empty() || text == known_[i]) continue;
    if (mask_.mask(text) == 0) known_[i] = text;
  }
  if (row.body != nullptr) clean_body(*row.body, mask_, body_max_size);
}

}  // namespace pg
