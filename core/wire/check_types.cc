// A provider of the client's own dialect would refuse these; so does a translation.
#include "core/wire/check_types.h"

#include <algorithm>
#include <string>

#include "core/base/text.h"
#include "core/wire/call_io.h"

namespace pg {
namespace {

bool is_texts(JsonView value) {
  if (value.is_string()) return true;
  if (!value.is_array()) return false;
  for (JsonView element : value)
    if (!element.is_string()) return false;
  return true;
}

bool has_type(JsonView value, ParameterType type) {
  switch (type) {
    case ParameterType::text:
      return value.is_string();
    case ParameterType::number:
      return value.is_number();
    case ParameterType::flag:
      return value.is_true() || value.is_false();
    case ParameterType::list:
      return value.is_array();
    case ParameterType::object:
      return value.is_object();
    case ParameterType::texts:
      break;
  }
  return is_texts(value);
}

std::string_view parameter_type_name(ParameterType type) {
  switch (type) {
    case ParameterType::text:
      return "a string";
    case ParameterType::number:
      return "a number";
    case ParameterType::flag:
      return "true or false";
    case ParameterType::list:
      return "a list";
    case ParameterType::object:
      return "an object";
    case ParameterType::texts:
      break;
  }
  return "a string or a list of strings";
}

}  // namespace

Status check_types(JsonView object, std::initializer_list<TypedParameter> wanted) {
  for (const TypedParameter& parameter : wanted) {
    const JsonView value = object[parameter.name];
    if (!value.given() || has_type(value, parameter.type)) continue;
    return make_error(Code::bad_request,
                      "`" + std::string(parameter.name) + "` must be " + std::string(parameter_type_name(parameter.type)));
  }
  return {};
}

Status check_word(JsonView value, std::string_view parameter, std::initializer_list<std::string_view> known) {
  if (!value.is_string()) return {};
  const std::string word = value.text();
  if (std::find(known.begin(), known.end(), word) != known.end()) return {};
  return cannot_cross(std::string(parameter) + ": " + escape_controls(word.substr(0, 64)), "another dialect");
}

}  // namespace pg
