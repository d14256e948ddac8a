// What a parameter must be before it can be said in another dialect: one of the wrong type would vanish there unseen.
#pragma once

#include <initializer_list>
#include <string_view>

#include "core/base/result.h"
#include "core/wire/json_doc.h"

namespace pg {

enum class ParameterType : char { text, number, flag, list, object, texts };  // texts: a string or a list of strings

struct TypedParameter {
  std::string_view name;
  ParameterType type;
};

/// bad_request that names the first of `wanted` which `object` has with another type. Absent ones and null are as good as any.
Status check_types(JsonView object, std::initializer_list<TypedParameter> wanted);

/// bad_request that names `parameter` and the word, when `value` is a string that is none of `known`.
Status check_word(JsonView value, std::string_view parameter, std::initializer_list<std::string_view> known);

}  // namespace pg
