// One small table of keys: figures are decimal texts, so that no price is ever rounded on its way in.
#include "config/read_prices.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "config/providers.h"
#include "core/base/crypto.h"
#include "core/base/encode.h"
#include "core/base/shipped.h"
#include "core/base/text.h"

namespace pg {
namespace {

struct RateKey {
  std::string_view name;
  Nanos Rates::*field;
};
constexpr RateKey kRateKeys[] = {{"input", &Rates::input},
                                 {"output", &Rates::output},
                                 {"cache_read", &Rates::cache_read},
                                 {"cache_write", &Rates::cache_write},
                                 {"cache_write_1h", &Rates::cache_write_1h}};

constexpr std::array<std::string_view, 12> kPriceKeys = {"input",          "output",     "cache_read", "cache_write",
                                                         "cache_write_1h", "models",     "context",    "checked",
                                                         "long_over",      "long_input", "next_from",  "next_input"};

class PriceReader {
 public:
  PriceReader(const TomlDocument& document, std::vector<Problem>& problems) : document_(document), problems_(problems) {}

  std::optional<Price> read(const TomlEntry& row) {
    const std::size_t before = problems_.size();
    const std::size_t slash = row.key.find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == row.key.size()) {
      complain(document_.key_place(row), fmt::format("\"{}\" does not name a provider and a model", row.key),
               "such as [prices.\"openai/gpt-4o\"]");
      return std::nullopt;
    }
    const TomlTable* fields = row.value.table();
    if (fields == nullptr) {
      complain(document_.key_place(row), fmt::format("{} is a table", row.key), fmt::format("write [prices.\"{}\"]", row.key));
      return std::nullopt;
    }
    Price price;
    price.provider = row.key.substr(0, slash);
    price.model = row.key.substr(slash + 1);
    for (const TomlEntry& field : *fields) read_field(field, price);
    if (problems_.size() == before && price.rates.input < 0)
      complain(document_.key_place(row), "a price needs at least input", "such as input = \"2.50\", in USD per million tokens");
    if (problems_.size() != before) return std::nullopt;
    return price;
  }

 private:
  void complain(SourcePlace place, std::string message, std::string hint = {}) {
    problems_.push_back({std::move(place), std::move(message), std::move(hint)});
  }

  void read_field(const TomlEntry& field, Price& price) {
    const std::string_view key = field.key;
    if (key == "models") return read_models(field, price);
    if (key == "context") return read_whole(field, price.context);
    if (key == "long_over") return read_whole(field, price.long_over);
    if (key == "next_from") return read_day(field, price.next_from);
    if (key == "checked") {
      UnixMillis day = 0;
      read_day(field, day);
      if (day > 0) price.checked = *field.value.text();
      return;
    }
    for (const auto& [prefix, rates] :
         {std::pair{std::string_view(), &price.rates}, std::pair{std::string_view("long_"), &price.long_rates},
          std::pair{std::string_view("next_"), &price.next}})
      for (const RateKey& rate : kRateKeys)
        if (key.starts_with(prefix) && key.substr(prefix.size()) == rate.name) return read_rate(field, rates->*rate.field);
    const auto near = find_nearest(key, kPriceKeys);
    complain(document_.key_place(field), fmt::format("unknown key \"{}\"", field.key),
             near ? fmt::format("did you mean \"{}\"?", *near) : "");
  }

  void read_rate(const TomlEntry& field, Nanos& to) {
    std::optional<Nanos> nanos;
    if (const std::string* text = field.value.text()) nanos = parse_usd(*text);
    if (const auto* whole = std::get_if<std::int64_t>(&field.value.value); whole != nullptr && *whole >= 0)
      nanos = parse_usd(std::to_string(*whole));
    if (nanos)
      to = *nanos;
    else
      complain(document_.value_place(field.value), field.key + " must be USD per million tokens, as a text",
               fmt::format("such as {} = \"2.50\"", field.key));
  }

  void read_whole(const TomlEntry& field, std::int64_t& to) {
    const auto* whole = std::get_if<std::int64_t>(&field.value.value);
    if (whole != nullptr && *whole > 0 && *whole <= kMaxTokens)
      to = *whole;
    else
      complain(document_.value_place(field.value), field.key + " must be a number of tokens");
  }

  void read_day(const TomlEntry& field, UnixMillis& to) {
    const std::string* text = field.value.text();
    const auto day = text != nullptr && text->size() == 10 ? parse_rfc3339(*text) : std::nullopt;
    if (day)
      to = *day;
    else
      complain(document_.value_place(field.value), field.key + " must be a day, as a text",
               fmt::format("such as {} = \"2026-08-02\"", field.key));
  }

  void read_models(const TomlEntry& field, Price& price) {
    const TomlList* list = field.value.list();
    bool good = list != nullptr && list->size() <= 100;
    if (good)
      for (const TomlValue& element : *list) {
        good = good && element.text() != nullptr && !element.text()->empty();
        if (good) price.models.push_back(*element.text());
      }
    if (!good)
      complain(document_.value_place(field.value), "models must be a list of texts", "such as models = [\"gpt-4o-2024-*\"]");
  }

  const TomlDocument& document_;
  std::vector<Problem>& problems_;
};

std::vector<Price> read_shipped_prices() {
  std::vector<Problem> problems;
  std::vector<Price> rows;
  const TomlDocument document = parse_toml(shipped("prices.toml"), "prices.toml", problems);
  for (const TomlEntry& entry : document.root) read_price_rows(document, entry, rows, problems);
  return problems.empty() ? std::move(rows) : std::vector<Price>();
}

std::string spell_rates(const Rates& rates) {
  return fmt::format("{},{},{},{},{}", rates.input, rates.output, rates.cache_read, rates.cache_write, rates.cache_write_1h);
}

// Same figures, same version, wherever they stand in the file.
std::string version_of(const std::vector<Price>& shipped_rows, const std::vector<Price>& own) {
  std::string version;
  for (const Price& row : shipped_rows) version = std::max(version, row.checked);
  if (own.empty()) return version;
  std::string text;
  for (const Price& row : own)
    text += fmt::format("{}/{}:{}:{}:{}:{}:{}:{}\n", row.provider, row.model, fmt::join(row.models, ","), spell_rates(row.rates),
                        row.long_over, spell_rates(row.long_rates), row.next_from, spell_rates(row.next));
  const Sha256 digest = sha256(text);
  return version + "+" + to_hex({reinterpret_cast<const char*>(digest.data()), 4});
}

}  // namespace

void read_price_rows(const TomlDocument& document, const TomlEntry& entry, std::vector<Price>& rows,
                     std::vector<Problem>& problems) {
  const TomlTable* table = entry.value.table();
  if (table == nullptr) {
    problems.push_back({document.key_place(entry), "prices is a table", "write [prices.\"openai/gpt-4o\"]"});
    return;
  }
  PriceReader reader(document, problems);
  for (const TomlEntry& row : *table)
    if (auto price = reader.read(row)) rows.push_back(std::move(*price));
}

std::vector<std::pair<std::string, std::string>> price_fields(const Price& price) {
  std::vector<std::pair<std::string, std::string>> fields;
  const auto add_rates = [&](std::string_view prefix, const Rates& rates) {
    for (const RateKey& rate : kRateKeys)
      if (rates.*rate.field >= 0)
        fields.emplace_back(fmt::format("{}{}", prefix, rate.name), json_quoted(spell_usd(rates.*rate.field)));
  };
  const auto add_day = [&](std::string key, std::string_view day) { fields.emplace_back(std::move(key), json_quoted(day)); };
  std::vector<std::string> models;
  for (const std::string& model : price.models) models.push_back(json_quoted(model));
  if (!models.empty()) fields.emplace_back("models", fmt::format("[{}]", fmt::join(models, ", ")));
  add_rates("", price.rates);
  if (price.long_over > 0) fields.emplace_back("long_over", std::to_string(price.long_over));
  add_rates("long_", price.long_rates);
  if (price.next_from > 0) add_day("next_from", format_rfc3339(price.next_from).substr(0, 10));
  add_rates("next_", price.next);
  if (price.context > 0) fields.emplace_back("context", std::to_string(price.context));
  if (!price.checked.empty()) add_day("checked", price.checked);
  return fields;
}

const std::vector<Price>& shipped_prices() {
  static const std::vector<Price> kRows = read_shipped_prices();
  return kRows;
}

std::shared_ptr<const PriceTable> build_prices(const Settings& settings) {
  std::map<std::string, std::string, std::less<>> vendors;
  for (const std::string& name : provider_names(settings))
    if (const auto row = find_provider_row(settings, name); row && row->vendor && *row->vendor != name)
      vendors[name] = *row->vendor;
  return std::make_shared<const PriceTable>(shipped_prices(), settings.prices, version_of(shipped_prices(), settings.prices),
                                            std::move(vendors));
}

}  // namespace pg
