// Where a service's credential goes in a request to it.
#pragma once

#include <string>
#include <string_view>

#include "core/route/service.h"

namespace pg {

/// Appends the field that carries `secret`, if it goes into a field.
void append_service_credential(std::string& head, const Service& service, std::string_view secret);
/// Appends the query, "" or with "?": the one of its address, and the parameter that carries `secret`, if one does.
void append_service_query(std::string& target, const Service& service, std::string_view query, std::string_view secret);

}  // namespace pg
