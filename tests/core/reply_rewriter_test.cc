#include "core/reply_rewriter.h"

#include <doctest/doctest.h>

namespace pg {
namespace {

PlaceField field(ReplyPlace place, std::uint32_t begin, std::uint32_t end) {
  PlaceField out;
  out.place = place;
  out.is_string = true;
  out.begin = begin;
  out.end = end;
  return out;
}

TEST_CASE("edits splice in order, dropped ones leave no trace, texts are reused clean") {
  JsonEdits edits;
  for (int round = 0; round < 2; ++round) {
    edits.clear();
    edits.add(field(ReplyPlace::whole_text, 1, 2)) += "XX";
    edits.add(field(ReplyPlace::whole_text, 3, 4)) += "dropped";
    edits.drop_last();
    edits.add(field(ReplyPlace::whole_text, 4, 6));
    std::string out;
    edits.apply("abcdefg", out);
    CHECK(out == "aXXcdg");
  }
}

TEST_CASE("a whole text is edited only when restoring changes it") {
  Vault vault;
  vault.placeholder_for("A", "x");
  const RestoreWork work(vault);
  const std::string_view json = R"("[[A_001]]" "[[A_00" "[[A_001]]")";
  const std::vector<PlaceField> fields = {field(ReplyPlace::whole_text, 1, 10), field(ReplyPlace::whole_text, 13, 19),
                                          field(ReplyPlace::item_id, 22, 31)};
  RestoreCounts counts;
  JsonEdits edits;
  for (std::size_t i = 0; i < fields.size(); ++i) restore_field(work, json, fields, i, counts, edits);
  CHECK(edits.size() == 1);
  CHECK(counts.exact == 1);
}

TEST_CASE("open texts are bounded") {
  Vault vault;
  vault.placeholder_for("A", "x");
  RestoreWork work(vault);
  DeltaStreams streams(work);
  for (std::uint64_t i = 0; i < DeltaStreams::kMaxStreams; ++i)
    REQUIRE(streams.open({i, 0, ReplyPlace::piece_text, 0}, TextForm::plain) != nullptr);
  CHECK(streams.open({1u << 20, 0, ReplyPlace::piece_text, 0}, TextForm::plain) == nullptr);
  CHECK(streams.open({3, 0, ReplyPlace::piece_text, 0}, TextForm::plain) != nullptr);
}

}  // namespace
}  // namespace pg
