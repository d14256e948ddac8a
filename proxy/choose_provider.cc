// From a call to the bytes for its provider: which one, what it calls the model, with whose words, and in which dialect it is
// told.
#include <fmt/format.h>

#include "core/base/encode.h"
#include "core/base/error.h"
#include "core/route/prompt_policy.h"
#include "core/targets.h"
#include "core/translate_call.h"
#include "core/wire/translate.h"
#include "proxy/address_call.h"
#include "proxy/keep_limits.h"
#include "proxy/serve_model.h"

namespace pg {
namespace {

// The same dialect, but another name for the model, or words of the organisation's: more edits beside the guards'.
Status add_edits(Exchange& x) {
  std::vector<Edit> ours;
  if (x.prompt != nullptr) {
    PG_TRY(ours, prompt_edits(x.body, x.surface.dialect, *x.prompt));
  }
  if (!x.to.translate && x.to.model != x.view.model) {
    std::string name;
    append_json_escaped(name, x.to.model);
    ours.push_back(Edit{x.view.model_begin, x.view.model_end, std::move(name)});
  }
  if (!ours.empty()) x.to.edits = merge_edits(guarded_of(x).edits, std::move(ours));
  return {};
}

// An earlier turn may have been answered by another vendor, whose signed thoughts this one would refuse.
Status drop_foreign_thoughts(Exchange& x) {
  if (x.to.provider->echo || x.surface.dialect == DialectId::embeddings || !x.view.foreign_thoughts) return {};
  std::vector<std::string> warnings;
  PG_TRY(x.to.body, strip_carriers(wire_of(x.surface.dialect), apply_edits(x.body, edits_of(x)), warnings));
  add_warnings(x, warnings);
  return {};
}

Status translate_embedding(Exchange& x) {
  PG_TRY(TranslatedEmbedding done,
         translate_embedding_request(embedding_wire(*x.to.outlet), apply_edits(x.body, edits_of(x)), {x.to.model}));
  x.to.body = std::move(done.body);
  x.to.path = std::move(done.path);
  x.to.embedding = std::move(done.context);
  add_warnings(x, done.warnings);
  return {};
}

/// From here on x.to.body is in the provider's dialect, and x.to.translated knows how to read its reply.
Status translate(Exchange& x) {
  if (x.surface.dialect == DialectId::embeddings) return translate_embedding(x);
  Target target{x.to.provider, x.to.outlet, x.to.model, true};
  PG_TRY(Translated done, translate_call(x.surface.dialect, apply_edits(x.body, edits_of(x)), x.row.session, target));
  x.to.outlet = target.outlet;
  x.to.body = std::move(done.body);
  add_warnings(x, done.warnings);
  x.to.translated = std::move(done.context);
  x.to.translated->reply_id = x.row.id;
  x.to.translated->now = x.gw.clock.wall() / 1000;
  return {};
}

void aim_at(Exchange& x, Target target) {
  if (x.to.provider) x.to = Sending{};
  x.to.provider = std::move(target.provider);
  x.to.outlet = target.outlet;
  x.to.model = std::move(target.model);
  x.to.translate = target.translated;
}

}  // namespace

Status choose_provider(Exchange& x) {
  const Project& project = *x.project;
  if (!project.routes.empty()) {
    const bool counts = x.surface.operation == Operation::count_tokens;
    const std::string_view key = x.caller == nullptr ? std::string_view() : std::string_view(x.caller->name);
    const std::string_view path =
        x.endpoint != nullptr ? std::string_view(x.endpoint->path) : route_path(x.surface.dialect, counts);
    const RouteFacts facts{x.arrival.host, path, x.view.model, key, x.row.agent, x.surface.dialect};
    x.route = find_route(project.routes, facts);
  }
  if (x.route == nullptr && x.endpoint != nullptr) x.route = &x.endpoint->is.route;
  if (x.route != nullptr) x.row.route = x.route->name;
  x.prompt = project.prompt.get();
  if (x.route != nullptr && (x.route->prompt != nullptr || x.route->no_prompt)) x.prompt = x.route->prompt.get();
  PG_TRY(Target target, choose_target(project, x.surface.dialect, x.view.model, x.route));
  aim_at(x, std::move(target));
  return {};
}

Status write_call(Exchange& x) {
  if (x.forgot_vault) add_warnings(x, {"forgotten:placeholders"});
  PG_TRY_STATUS(add_edits(x));
  if (x.to.translate) {
    PG_TRY_STATUS(translate(x));
  } else {
    PG_TRY_STATUS(drop_foreign_thoughts(x));
  }
  PG_TRY_STATUS(address_call(x));
  // Before the row names a provider: what is refused here was sent to nobody and costs nothing.
  if (has_limits(x)) PG_TRY_STATUS(set_aside(x));
  note_target(x);
  return {};
}

void note_target(Exchange& x) {
  x.row.provider = x.to.provider->name;
  // Seldom another: the row has it, and the price is looked for by that as well.
  x.row.model_sent = x.to.model == x.row.model ? std::string() : x.to.model.substr(0, 200);
  x.row.warnings = x.to.warnings;
}

Status send_to(Exchange& x, Target target) {
  aim_at(x, std::move(target));
  PG_TRY_STATUS(guard_body(x));
  PG_TRY_STATUS(write_call(x));
  note_guarded(x);
  return {};
}

}  // namespace pg
