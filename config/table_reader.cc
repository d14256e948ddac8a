// Complaints with their places, and the hints behind unknown keys.
#include "config/table_reader.h"

#include <fmt/format.h>

#include <array>

#include "config/checks.h"
#include "core/base/text.h"
#include "core/guard/guard.h"

namespace pg {
namespace {

constexpr std::size_t kMaxProblems = 50;

// The words that people look for when they want to write a credential down.
bool asks_for_credential(std::string_view key) {
  constexpr std::array<std::string_view, 8> kWords = {"key",    "api_key",  "apikey",     "token",
                                                      "secret", "password", "auth_token", "api_token"};
  return std::find(kWords.begin(), kWords.end(), key) != kWords.end();
}

/// What a key that was renamed is called now; "" = it never was.
std::string_view new_name_of(const std::string& path) {
  return path == "limits.remembered_texts" ? "remembered_verdict_bytes, in bytes: \"8MiB\"" : "";
}

bool is_reserved(const TableReader& reader, const TomlEntry& entry) {
  return (reader.prefix == "guards." || reader.prefix.ends_with(".guards.")) &&
         std::find(kReservedGuards.begin(), kReservedGuards.end(), entry.key) != kReservedGuards.end();
}

}  // namespace

void TableReader::complain(SourcePlace place, std::string message, std::string hint) const {
  if (problems.size() < kMaxProblems) problems.push_back({std::move(place), std::move(message), std::move(hint)});
}

void TableReader::note(const std::string& key, const SourcePlace& place) const {
  places.insert_or_assign(prefix + key, place);
  origins.insert_or_assign(origin_prefix + prefix + key, fmt::format("{}:{}", place.file, place.line));
}

const TomlTable* TableReader::table(const TomlEntry& entry) const {
  const TomlTable* found = entry.value.table();
  if (found == nullptr)
    complain(document.key_place(entry), fmt::format("{} is a table", entry.key), fmt::format("write [{}{}]", prefix, entry.key));
  return found;
}

const std::string* TableReader::text(const TomlEntry& entry) const {
  const std::string* found = entry.value.text();
  if (found == nullptr) complain(document.value_place(entry.value), entry.key + " must be a text in quotes");
  return found;
}

void TableReader::unknown(const TomlEntry& entry, const std::vector<std::string_view>& known) const {
  if (problems.size() >= kMaxProblems) return;
  // A guard that somebody relies on must not be taken for one that watches.
  if (is_reserved(*this, entry))
    return complain(document.key_place(entry), fmt::format("guards.{} is not there yet", entry.key),
                    "the name is kept for it; take the line out");
  std::string hint;
  if (const std::string_view now = new_name_of(prefix + entry.key); !now.empty())
    hint = fmt::format("it is now {}", now);
  else if (const auto near = find_nearest(entry.key, known))
    hint = fmt::format("did you mean \"{}\"?", *near);
  else if (asks_for_credential(to_lower(entry.key)))
    hint = "credentials stay out of files: credential = \"env:NAME\"";
  const std::string shown = mask_credentials(escape_controls(std::string_view(entry.key).substr(0, 64)));
  complain(document.key_place(entry), fmt::format("unknown key \"{}\"", shown), hint);
}

void read_headers(const TableReader& reader, const TomlEntry& entry, std::vector<std::pair<std::string, std::string>>& headers) {
  const TomlTable* table = reader.table(entry);
  if (table == nullptr) return;
  for (const TomlEntry& field : *table) {
    const std::string* value = reader.text(field);
    if (value == nullptr) continue;
    if (auto complaint = check_header(field.key, *value))
      reader.complain(reader.document.key_place(field), complaint->message, complaint->hint);
    else
      headers.emplace_back(field.key, *value);
  }
  reader.note(entry.key, reader.document.key_place(entry));
}

}  // namespace pg
