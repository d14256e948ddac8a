// [prices."provider/model"]: what models cost, from the shipped table and from the user's own rows above it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/load_toml.h"
#include "config/settings.h"
#include "core/access/prices.h"

namespace pg {

/// Reads the table `entry` into rows; what is wrong (names, figures, unknown keys) is appended to `problems`.
void read_price_rows(const TomlDocument& document, const TomlEntry& entry, std::vector<Price>& rows,
                     std::vector<Problem>& problems);

/// A row's keys with their values as TOML, in the order of the documentation: what read_price_rows() made it of.
std::vector<std::pair<std::string, std::string>> price_fields(const Price& price);

/// The rows built into the program.
const std::vector<Price>& shipped_prices();

/// Shipped and own rows in one, with a version such as "2026-08-13", or "2026-08-13+4f1c22ab" when there are own rows.
std::shared_ptr<const PriceTable> build_prices(const Settings& settings);

}  // namespace pg
