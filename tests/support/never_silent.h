// For the test that nothing is lost in silence: the members of a request or reply, one at a time.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/wire/translate.h"

namespace pg::test {

/// Every object member in `body`, but for those inside what is carried along unread: schemas, tool inputs, cache marks.
std::vector<nlohmann::ordered_json::json_pointer> places_in(const nlohmann::ordered_json& body);
/// Every object in `body`, with the same exception.
std::vector<nlohmann::ordered_json::json_pointer> objects_in(const nlohmann::ordered_json& body);
/// "/messages/3/content/0/text" -> "messages.content.text": places that mean the same.
std::string pattern_of(const nlohmann::ordered_json::json_pointer& place);
nlohmann::ordered_json without(const nlohmann::ordered_json& body, const nlohmann::ordered_json::json_pointer& place);

/// Why a member may make no difference; "" when it must.
std::string_view excuse_for(Wire from, std::string_view pattern);

/// True when a value says nothing: null, false, empty, or what silence means too.
bool is_default(const nlohmann::ordered_json& value);

/// Everything that tells one translation from another.
std::string outcome_of(const Result<Translated>& result);
/// True when a warning or the refusal names the member at `place`, or something it stands in: by key, or by a block's type.
bool is_named(const Result<Translated>& result, const nlohmann::ordered_json& body,
              const nlohmann::ordered_json::json_pointer& place);

}  // namespace pg::test
