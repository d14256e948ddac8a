// From a guarded call to the bytes for its provider: which one, what it calls the model, and in which dialect it is told.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/encode.h"
#include "core/targets.h"
#include "core/wire/translate.h"
#include "proxy/serve_model.h"

namespace pg {
namespace {

// The same dialect, but another name for the model: one more edit.
void rename_model(Exchange& x) {
  std::string name;
  append_json_escaped(name, x.target_model);
  std::vector<Edit>& edits = x.guarded.edits;
  const auto behind = std::find_if(edits.begin(), edits.end(), [&](const Edit& e) { return e.begin > x.view.model_begin; });
  edits.insert(behind, Edit{x.view.model_begin, x.view.model_end, std::move(name)});
}

// What is sent is no longer the client's bytes with edits.
void replace_body(Exchange& x, std::string body) {
  x.decoded = std::move(body);
  x.body = x.decoded;
  x.guarded.edits.clear();
}

// An earlier turn may have been answered by another vendor, whose signed thoughts this one would refuse.
Status drop_foreign_thoughts(Exchange& x) {
  if (x.provider->echo || x.surface.dialect == DialectId::embeddings || !x.view.foreign_thoughts) return {};
  PG_TRY(std::string body, strip_carriers(wire_of(x.surface.dialect), apply_edits(x.body, x.guarded.edits)));
  replace_body(x, std::move(body));
  return {};
}

TranslateOptions translate_options(const Exchange& x) {
  const bool is_openai = x.provider->vendor == "openai";
  TranslateOptions options;
  options.model = x.target_model;
  options.cache_key = x.row.session;
  options.max_completion_tokens = is_openai;
  options.developer_role = is_openai;
  options.custom_tools = is_openai;
  options.reasoning_content = x.provider->vendor == "deepseek";
  return options;
}

// A warning names a parameter, which may be the client's own invention, and goes into a header.
std::string header_safe(std::string_view warning) {
  std::string safe(warning.substr(0, 100));
  for (char& c : safe)
    if (c <= ' ' || c >= 0x7f || c == ',') c = '_';  // bytes from 0x80 on are negative
  return safe;
}

/// From here on the body is in the provider's dialect, and x.translated knows how to read its reply.
Status translate(Exchange& x) {
  PG_TRY(Translated done, translate_request(wire_of(x.surface.dialect), wire_of(x.outlet->dialect),
                                            apply_edits(x.body, x.guarded.edits), translate_options(x)));
  replace_body(x, std::move(done.body));
  x.warnings = std::move(done.warnings);
  for (const std::string& warning : x.warnings) x.row.warnings += (x.row.warnings.empty() ? "" : ",") + header_safe(warning);
  x.translated = std::move(done.context);
  x.translated->reply_id = x.row.id;
  x.translated->now = x.gw.clock.wall() / 1000;
  return {};
}

}  // namespace

Status choose_provider(Exchange& x) {
  PG_TRY(Target target, choose_target(*x.project, x.surface.dialect, x.view.model));
  x.provider = std::move(target.provider);
  x.outlet = target.outlet;
  x.target_model = std::move(target.model);
  x.row.provider = x.provider->name;
  if (target.translated) return translate(x);
  if (x.target_model != x.view.model) rename_model(x);
  return drop_foreign_thoughts(x);
}

}  // namespace pg
