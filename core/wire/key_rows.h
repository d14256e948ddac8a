// What keys mean, as a table of rows; those of one parent stand together, so that a key is compared with these alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>

namespace pg {

template <class Place>
struct KeyRow {
  Place parent;
  std::string_view key;
  Place child;
};

/// `kPlaces` is how many values Place has. A table whose parents do not stand together does not compile.
template <class Place, std::size_t kPlaces>
class KeyRows {
 public:
  using Row = KeyRow<Place>;
  explicit constexpr KeyRows(std::span<const Row> rows) : rows_(rows.data()) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Range& range = ranges_[static_cast<std::size_t>(rows[i].parent)];
      if (range.end == 0) range.first = static_cast<std::uint8_t>(i);
      if (range.end != 0 && range.end != i) throw std::logic_error("rows of one parent stand apart");
      range.end = static_cast<std::uint8_t>(i + 1);
    }
  }
  /// The first row that is named so, or `any`; nullptr when there is none.
  const Row* find(Place parent, std::string_view key, std::string_view any = {}) const {
    const Range range = ranges_[static_cast<std::size_t>(parent)];
    for (std::size_t i = range.first; i < range.end; ++i)
      if (rows_[i].key == key || (!any.empty() && rows_[i].key == any)) return &rows_[i];
    return nullptr;
  }

 private:
  struct Range {
    std::uint8_t first = 0;
    std::uint8_t end = 0;
  };
  const Row* rows_;
  Range ranges_[kPlaces] = {};
};

}  // namespace pg
