// From a call to the bytes for its provider: which one, what it calls the model, with whose words, and in which dialect it is
// told.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/encode.h"
#include "core/base/error.h"
#include "core/route/prompt_policy.h"
#include "core/targets.h"
#include "core/wire/models.h"
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
  options.thinking = claude_thinking(x.to.model) != ClaudeThinking::none;
  options.adaptive_thinking = claude_thinking(x.to.model) == ClaudeThinking::adaptive;
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

Status translate_embedding(Exchange& x) {
  PG_TRY(TranslatedEmbedding done,
         translate_embedding_request(embedding_wire(*x.to.outlet), apply_edits(x.body, edits_of(x)), {x.to.model}));
  x.to.body = std::move(done.body);
  x.to.path = std::move(done.path);
  x.to.embedding = std::move(done.context);
  add_warnings(x, done.warnings);
  return {};
}

// Stop sequences are what OpenAI's Responses cannot be told and its Chat Completions can.
const Outlet* find_second_outlet(const Exchange& x) {
  if (x.to.outlet->dialect != DialectId::openai_responses) return nullptr;
  for (const Outlet& outlet : x.to.provider->outlets)
    if (outlet.dialect == DialectId::openai_chat) return &outlet;
  return nullptr;
}

Result<Translated> translate_for_outlet(Exchange& x, const std::string& body) {
  const Wire from = wire_of(x.surface.dialect);
  Result<Translated> done = translate_request(from, wire_of(x.to.outlet->dialect), body, translate_options(x));
  const Outlet* second = done ? nullptr : find_second_outlet(x);
  if (second == nullptr) return done;
  Result<Translated> other = translate_request(from, wire_of(second->dialect), body, translate_options(x));
  if (!other) return done;
  x.to.outlet = second;
  return other;
}

/// From here on x.to.body is in the provider's dialect, and x.to.translated knows how to read its reply.
Status translate(Exchange& x) {
  if (x.surface.dialect == DialectId::embeddings) return translate_embedding(x);
  PG_TRY(Translated done, translate_for_outlet(x, apply_edits(x.body, edits_of(x))));
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
    const RouteFacts facts{x.arrival.host,   route_path(x.surface.dialect, counts), x.view.model, key, x.row.agent,
                           x.surface.dialect};
    x.route = find_route(project.routes, facts);
  }
  x.prompt = project.prompt.get();
  if (x.route != nullptr && (x.route->prompt != nullptr || x.route->no_prompt)) x.prompt = x.route->prompt.get();
  PG_TRY(Target target, choose_target(project, x.surface.dialect, x.view.model, x.route));
  aim_at(x, std::move(target));
  return {};
}

Status write_call(Exchange& x) {
  PG_TRY_STATUS(add_edits(x));
  if (x.to.translate) {
    PG_TRY_STATUS(translate(x));
  } else {
    PG_TRY_STATUS(drop_foreign_thoughts(x));
  }
  PG_TRY_STATUS(address_call(x));
  // Before the row names a provider: what is refused here was sent to nobody and costs nothing.
  if (has_limits(x)) PG_TRY_STATUS(set_aside(x));
  x.row.provider = x.to.provider->name;
  x.row.warnings = x.to.warnings;
  return {};
}

Status send_to(Exchange& x, Target target) {
  aim_at(x, std::move(target));
  PG_TRY_STATUS(guard_body(x));
  PG_TRY_STATUS(write_call(x));
  note_guarded(x);
  return {};
}

}  // namespace pg
