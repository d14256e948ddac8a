// Two private files in the directory "setup" beside the database: AGENT.json, and AGENT.before with the bytes that were there.
#include "cmd/setup_notes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/store/files.h"

namespace pg {
namespace {

using Notes = nlohmann::ordered_json;

constexpr std::uint64_t kLargest = 8u << 20;

std::string notes_directory(const std::string& database) {
  return directory_of(database) + "/setup";
}

std::string notes_file(const std::string& database, const std::string& agent) {
  return fmt::format("{}/{}.json", notes_directory(database), agent);
}

Notes to_json(const SetupNotes& notes) {
  Notes values = Notes::array();
  for (const SetValue& value : notes.merged.values)
    values.push_back({{"path", value.path}, {"ours", value.ours}, {"was", value.was ? Notes(*value.was) : Notes(nullptr)}});
  return {{"agent", notes.agent}, {"file", notes.file},       {"kind", notes.kind}, {"existed", notes.existed},
          {"mode", notes.mode},   {"written", notes.written}, {"said", notes.said}, {"key", notes.key},
          {"values", values},     {"made", notes.merged.made}};
}

SetupNotes from_json(const Notes& told) {
  SetupNotes notes;
  told.at("agent").get_to(notes.agent);
  told.at("file").get_to(notes.file);
  told.at("kind").get_to(notes.kind);
  told.at("existed").get_to(notes.existed);
  told.at("mode").get_to(notes.mode);
  told.at("written").get_to(notes.written);
  told.at("said").get_to(notes.said);
  told.at("key").get_to(notes.key);
  told.at("made").get_to(notes.merged.made);
  for (const Notes& row : told.at("values")) {
    SetValue value{row.at("path"), row.at("ours"), std::nullopt};
    if (!row.at("was").is_null()) value.was = row.at("was").get<std::string>();
    notes.merged.values.push_back(std::move(value));
  }
  return notes;
}

// Every member in its type, so that from_json() cannot fail.
bool has_all_notes(const Notes& told) {
  const auto is = [&told](const char* name, Notes::value_t type) { return told.contains(name) && told.at(name).type() == type; };
  if (!told.is_object() || !told.contains("mode") || !told.at("mode").is_number_unsigned()) return false;
  for (const char* name : {"agent", "file", "kind", "written", "said", "key"})
    if (!is(name, Notes::value_t::string)) return false;
  if (!is("existed", Notes::value_t::boolean) || !is("made", Notes::value_t::array) || !is("values", Notes::value_t::array))
    return false;
  const auto is_path = [](const Notes& path) {
    if (!path.is_array() || path.empty()) return false;
    for (const Notes& name : path)
      if (!name.is_string()) return false;
    return true;
  };
  for (const Notes& path : told.at("made"))
    if (!is_path(path)) return false;
  for (const Notes& row : told.at("values"))
    if (!row.is_object() || !is_path(row.value("path", Notes())) || !row.value("ours", Notes()).is_string() ||
        !row.contains("was") || !(row.at("was").is_null() || row.at("was").is_string()))
      return false;
  return true;
}

Status remove_file(const std::string& file) {
  if (::unlink(file.c_str()) == 0 || errno == ENOENT) return {};
  return make_error(Code::io_failed, fmt::format("{}: {}", file, std::strerror(errno)));
}

}  // namespace

std::string setup_backup_file(const std::string& database, const std::string& agent) {
  return fmt::format("{}/{}.before", notes_directory(database), agent);
}

Result<SetupNotes> read_setup_notes(const std::string& database, const std::string& agent) {
  const std::string file = notes_file(database, agent);
  PG_TRY(const std::string text, read_file(file, kLargest, FileTrust::secret));
  const Notes told = Notes::parse(text, nullptr, false);
  if (!has_all_notes(told)) return make_error(Code::io_failed, file + ": cannot be read as what pg wrote there");
  SetupNotes notes = from_json(told);
  if (!notes.existed) return notes;
  PG_TRY(notes.before, read_file(setup_backup_file(database, agent), kLargest, FileTrust::secret));
  return notes;
}

Status write_setup_notes(const std::string& database, const SetupNotes& notes) {
  PG_TRY_STATUS(make_private_directory(notes_directory(database)));
  if (notes.existed) PG_TRY_STATUS(write_file(setup_backup_file(database, notes.agent), notes.before));
  return write_file(notes_file(database, notes.agent), to_json(notes).dump(2) + "\n");
}

Status drop_setup_notes(const std::string& database, const std::string& agent) {
  PG_TRY_STATUS(remove_file(notes_file(database, agent)));
  return remove_file(setup_backup_file(database, agent));
}

}  // namespace pg
