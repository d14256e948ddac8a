// From a guarded call to the bytes for its provider: which one, what it calls the model, and in which dialect it is told.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/encode.h"
#include "core/base/error.h"
#include "core/targets.h"
#include "core/wire/models.h"
#include "core/wire/translate.h"
#include "proxy/address_call.h"
#include "proxy/serve_model.h"

namespace pg {
namespace {

// The same dialect, but another name for the model: one more edit.
void rename_model(Exchange& x) {
  std::string name;
  append_json_escaped(name, x.to.model);
  std::vector<Edit> edits = x.guarded.edits;
  const auto behind = std::find_if(edits.begin(), edits.end(), [&](const Edit& e) { return e.begin > x.view.model_begin; });
  edits.insert(behind, Edit{x.view.model_begin, x.view.model_end, std::move(name)});
  x.to.edits = std::move(edits);
}

// An earlier turn may have been answered by another vendor, whose signed thoughts this one would refuse.
Status drop_foreign_thoughts(Exchange& x) {
  if (x.to.provider->echo || x.surface.dialect == DialectId::embeddings || !x.view.foreign_thoughts) return {};
  PG_TRY(x.to.body, strip_carriers(wire_of(x.surface.dialect), apply_edits(x.body, edits_of(x))));
  return {};
}

TranslateOptions translate_options(const Exchange& x) {
  const bool is_openai = x.to.provider->vendor == "openai";
  TranslateOptions options;
  options.model = x.to.model;
  options.model_max_tokens = anthropic_max_tokens(x.to.model);
  if (x.to.provider->max_output_tokens != 0) {
    options.max_output_tokens = x.to.provider->max_output_tokens;
    options.model_max_tokens = std::min(options.model_max_tokens, options.max_output_tokens);
  }
  const bool on_vertex = !x.to.outlet->vendor.empty();
  options.gemini_call_ids = !on_vertex;
  options.gemini_levels = x.to.model.find("gemini-2") == std::string::npos && x.to.model.find("gemini-1") == std::string::npos;
  options.cache_key = x.row.session;
  options.max_completion_tokens = is_openai;
  options.developer_role = is_openai;
  options.custom_tools = is_openai;
  options.reasoning_content = x.to.provider->vendor == "deepseek";
  return options;
}

// A warning names a parameter, which may be the client's own invention, and goes into a header.
std::string header_safe(std::string_view warning) {
  std::string safe(warning.substr(0, 100));
  for (char& c : safe)
    if (c <= ' ' || c >= 0x7f || c == ',') c = '_';  // bytes from 0x80 on are negative
  return safe;
}

void join_warnings(Exchange& x, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) x.to.warnings += (x.to.warnings.empty() ? "" : ",") + header_safe(warning);
}

Status translate_embedding(Exchange& x) {
  PG_TRY(TranslatedEmbedding done,
         translate_embedding_request(embedding_wire(*x.to.outlet), apply_edits(x.body, x.guarded.edits), {x.to.model}));
  x.to.body = std::move(done.body);
  x.to.path = std::move(done.path);
  x.to.embedding = std::move(done.context);
  join_warnings(x, done.warnings);
  return {};
}

/// From here on x.to.body is in the provider's dialect, and x.to.translated knows how to read its reply.
Status translate(Exchange& x) {
  if (x.surface.dialect == DialectId::embeddings) return translate_embedding(x);
  PG_TRY(Translated done, translate_request(wire_of(x.surface.dialect), wire_of(x.to.outlet->dialect),
                                            apply_edits(x.body, x.guarded.edits), translate_options(x)));
  x.to.body = std::move(done.body);
  join_warnings(x, done.warnings);
  x.to.translated = std::move(done.context);
  x.to.translated->reply_id = x.row.id;
  x.to.translated->now = x.gw.clock.wall() / 1000;
  return {};
}

Status send_to(Exchange& x, Target target) {
  x.to = Sending{};
  x.to.provider = std::move(target.provider);
  x.to.outlet = target.outlet;
  x.to.model = std::move(target.model);
  if (target.translated) {
    PG_TRY_STATUS(translate(x));
  } else {
    if (x.to.model != x.view.model) rename_model(x);
    PG_TRY_STATUS(drop_foreign_thoughts(x));
  }
  PG_TRY_STATUS(address_call(x));
  x.row.provider = x.to.provider->name;
  x.row.warnings = x.to.warnings;
  return {};
}

// Why a reply is no reason to give up: the provider is busy, or, where the project says so, nobody is there.
std::string reason_to_fall_back(const Exchange& x, const Result<Upstream>& sent) {
  constexpr std::array<int, 3> kBusy = {429, 503, 529};
  if (sent) {
    const int status = sent.value().head.status;
    return std::find(kBusy.begin(), kBusy.end(), status) == kBusy.end() ? "" : std::to_string(status);
  }
  const Code code = sent.error().code;
  const bool failed = code == Code::upstream_failed || code == Code::upstream_timeout;
  return failed && x.project->fallback_on_failure ? std::string(code_name(code)) : "";
}

}  // namespace

Status choose_provider(Exchange& x) {
  PG_TRY(Target target, choose_target(*x.project, x.surface.dialect, x.view.model));
  return send_to(x, std::move(target));
}

bool fall_back(Exchange& x, const Result<Upstream>& sent) {
  if (x.project->fallback == nullptr || x.project->fallback == x.to.provider) return false;
  const std::string reason = reason_to_fall_back(x, sent);
  if (reason.empty()) return false;
  Result<Target> target = choose_fallback(*x.project, x.surface.dialect, x.view.model);
  if (!target) return false;
  Sending first = std::move(x.to);
  if (!send_to(x, std::move(target).value())) {  // it cannot be said in the fallback's dialect
    x.to = std::move(first);
    return false;
  }
  x.row.attempts = first.provider->name + ":" + reason;
  return true;
}

}  // namespace pg
