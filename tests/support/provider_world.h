// A World whose upstream stands in for every kind of provider, one project each.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/model_wire.h"
#include "tests/support/run_pg.h"

namespace pg::test {

struct ProviderWorld : World {
  ProviderWorld();
  RawReply send(std::string_view method, std::string_view project, std::string_view rest, std::string_view body,
                Fields fields = {});
  RawReply post_to(std::string_view project, std::string_view rest, std::string_view body, Fields fields = {}) {
    return send("POST", project, rest, body, std::move(fields));
  }
  /// A call of that dialect for `model`, whose user says `text`.
  RawReply call(std::string_view project, DialectId dialect, std::string_view model, bool stream, std::string_view text);
};

/// The one of the process, its upstream's memory wiped.
ProviderWorld& provider_world();

std::string ask_model(DialectId dialect, std::string_view model, bool stream, std::string_view text);

}  // namespace pg::test
