// The engine is the server's own: guard_call() decides here, and this file only says what it did. Values are shown masked.
#include "cmd/explain_request.h"

#include <algorithm>
#include <map>

#include "cmd/body_view.h"
#include "cmd/open.h"
#include "cmd/print.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/guard/guard_call.h"
#include "core/guard/inspect_span.h"
#include "core/guard/mask_secrets.h"
#include "core/translate_call.h"

namespace pg {
namespace {

constexpr std::size_t kAround = 32;  // bytes of the user's own words on either side

/// One finding, as it is told.
struct ToldFinding {
  std::string rule, kind, action, place;
  bool weak = false;
  std::uint32_t at = 0;
  std::string before, after;  // with an edit: the text around it, masked, and as it is sent
};

struct DryRun {
  std::vector<ToldFinding> findings;
  GuardedCall guarded;
  std::string refusal;  // what a client gets instead of an answer
  int answer_status = 422;
  std::string not_crossed;  // what the provider's dialect cannot say: "drop:top_k,…"
};

/// Four letters of a secret at most, the first of anything else, and how long it is.
std::string mask_of(std::string_view value, Category category) {
  const auto length = static_cast<std::size_t>(count_code_points(value));
  const std::size_t shown = category == Category::secret && length >= 20 ? 4 : length >= 4 ? 1 : 0;
  std::size_t end = 0;
  for (std::size_t i = 0; i < shown; ++i)
    for (++end; end < value.size() && (value[end] & 0xC0) == 0x80;) ++end;
  return fmt::format("{}…({})", value.substr(0, end), length);
}

// From the neighbour's edge or a little way off, never from inside a letter.
std::string text_before(std::string_view raw, std::size_t from, std::size_t at) {
  std::size_t begin = at - from > kAround ? at - kAround : from;
  while (begin < at && (raw[begin] & 0xC0) == 0x80) ++begin;
  return (begin > 0 ? "…" : "") + std::string(raw.substr(begin, at - begin));
}
std::string text_after(std::string_view raw, std::size_t at, std::size_t to) {
  std::size_t end = to - at > kAround ? at + kAround : to;
  while (end > at && end < raw.size() && (raw[end] & 0xC0) == 0x80) --end;
  return std::string(raw.substr(at, end - at)) + (end < raw.size() ? "…" : "");
}

class Explainer {
 public:
  Explainer(const RoutedCall& call, const Guards& guards) : call_(call), guards_(guards) {}

  DryRun run() {
    Vault vault;
    run_.guarded = guard_call(call_.body, call_.view, guards_, vault, nullptr);
    for (const Edit& edit : run_.guarded.edits) edits_[edit.begin] = &edit;
    for (const Span& span : call_.view.spans) read(span);
    std::sort(run_.findings.begin(), run_.findings.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    std::vector<std::uint32_t> offsets;
    for (const ToldFinding& told : run_.findings) offsets.push_back(told.at);
    const std::vector<std::string> paths = find_paths(call_.body, offsets);
    for (std::size_t i = 0; i < paths.size() && i < run_.findings.size(); ++i) {
      run_.findings[i].place = paths[i];
      mask_.mask(run_.findings[i].place);  // names in tool input are the user's, too
    }
    if (!run_.guarded.blocked.empty())
      run_.refusal = write_error_body(call_.surface.dialect, block_error(run_.guarded), "req_dry_run");
    return std::move(run_);
  }

 private:
  void read(const Span& span) {
    const std::string_view raw = std::string_view(call_.body).substr(span.begin, span.end - span.begin);
    const Verdict verdict = inspect_span(raw, span, guards_);
    for (std::size_t i = 0; i < verdict.findings.size(); ++i) add(span, raw, verdict, i);
  }

  void add(const Span& span, std::string_view raw, const Verdict& verdict, std::size_t i) {
    const Finding& finding = verdict.findings[i];
    const Rule& rule = guards_.rule(finding.rule);
    ToldFinding told;
    told.rule = rule.id;
    told.kind = rule.kind;
    told.weak = finding.weak;
    told.at = span.begin + (verdict.recode ? 0 : finding.begin);
    const auto edit = edits_.find(told.at);
    told.action = action_of(finding, span, edit != edits_.end());
    if (verdict.recode) {
      told.before = "base64 of text with " + rule.kind;
      told.after = "the same with a placeholder";
    } else if (edit != edits_.end()) {
      const std::size_t from = i == 0 ? 0 : verdict.findings[i - 1].end;
      const std::size_t to = i + 1 < verdict.findings.size() ? verdict.findings[i + 1].begin : raw.size();
      std::string safe(raw);  // a secret that the project leaves alone is not shown either
      mask_.mask(safe);
      const std::string left = text_before(safe, from, finding.begin);
      const std::string right = text_after(safe, finding.end, to);
      told.before = left + mask_of(raw.substr(finding.begin, finding.end - finding.begin), rule.category) + right;
      told.after = left + edit->second->text + right;
    }
    run_.findings.push_back(std::move(told));
  }

  std::string action_of(const Finding& finding, const Span& span, bool edited) const {
    const Action action = guards_.action(finding.rule);
    if (edited) return "redact";
    if (finding.weak && action != Action::off) return "detect";
    const bool fixed = span.role == SpanRole::signed_text || span.role == SpanRole::key;
    if (action == Action::redact) return fixed || run_.guarded.blocked.empty() ? "detect" : "redact";
    if (action == Action::block && span.role == SpanRole::signed_text) return "detect";
    return std::string(action_name(action));
  }

  const RoutedCall& call_;
  const Guards& guards_;
  SecretMask mask_;
  std::map<std::uint32_t, const Edit*> edits_;
  DryRun run_;
};

// What a server would do between guarding and sending: say it in the provider's dialect.
void try_translating(const RoutedCall& call, const RouteVerdict& route, DryRun& run) {
  const bool asks = run.guarded.blocked.empty() && route.target && route.target.value().translated;
  if (!asks || call.surface.dialect == DialectId::embeddings) return;
  Target target = route.target.value();
  const auto done = translate_call(call.surface.dialect, apply_edits(call.body, run.guarded.edits), "", target);
  if (!done) {
    run.answer_status = http_status(done.error().code);
    run.refusal = write_error_body(call.surface.dialect, done.error(), "req_dry_run");
    return;
  }
  for (const std::string& warning : done->warnings) run.not_crossed += (run.not_crossed.empty() ? "" : ",") + warning;
}

std::string verdict_of(const DryRun& run, const RouteVerdict& route) {
  if (!run.guarded.blocked.empty()) return "blocked";
  if (!run.refusal.empty()) return "refused";
  return route.target ? "sent" : "nowhere";
}

Color color_of(std::string_view action) {
  return action == "block" ? Color::red : action == "redact" ? Color::yellow : Color::plain;
}

void print_findings(Shell& shell, const DryRun& run) {
  for (const ToldFinding& told : run.findings) {
    shell.print("{:<10}{}  {}{} at {}\n", "finding", shell.paint(color_of(told.action), fmt::format("{:<6}", told.action)),
                told.rule, told.weak ? " (weak: a checksum says it is made up)" : "", escape_controls(told.place));
    if (told.before.empty()) continue;
    shell.print("{:<10}{}\n", "", shell.paint(Color::red, "- " + escape_controls(told.before)));
    shell.print("{:<10}{}\n", "", shell.paint(Color::green, "+ " + escape_controls(told.after)));
  }
  if (run.findings.empty()) shell.print("{:<10}nothing\n", "finding");
}

std::string counts_text(const std::map<std::string, std::uint32_t>& counts) {
  std::string out;
  for (const auto& [kind, count] : counts) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", kind, count);
  return out.empty() ? "none" : out;
}

void print_request_text(Shell& shell, const RoutedCall& call, const DryRun& run, const RouteVerdict& route,
                        const std::vector<ExplainedLine>& lines) {
  const std::string verdict = verdict_of(run, route);
  shell.print("{:<10}{}\n", "verdict",
              shell.paint(verdict == "sent" ? Color::green : Color::red,
                          verdict == "nowhere" ? std::string("has nowhere to go") : "would be " + verdict));
  shell.print("{:<10}{}, model {}, {} bytes\n", "call", dialect(call.surface.dialect).name,
              escape_controls(without_secrets(call.model)), call.body.size());
  shell.print("{:<10}{}\n", "project", call.project->name);
  for (const ExplainedLine& line : lines) shell.print("{:<10}{}\n", line.name, escape_controls(without_secrets(line.text)));
  print_findings(shell, run);
  if (verdict != "blocked") shell.print("{:<10}{}\n", "replaced", counts_text(run.guarded.redacted));
  if (verdict != "blocked") shell.print("{:<10}{}\n", "left", counts_text(run.guarded.detected));
  if (!run.not_crossed.empty()) shell.print("{:<10}{}\n", "lost", escape_controls(without_secrets(run.not_crossed)));
  if (!run.refusal.empty())
    shell.print("{:<10}{} {}\n", "answer", run.answer_status, escape_controls(without_secrets(run.refusal)));
}

std::string told_finding_json(const ToldFinding& told) {
  std::string object = "{";
  json_field(object, "rule", told.rule);
  json_field(object, "kind", told.kind);
  json_field(object, "action", told.action);
  json_field(object, "place", told.place);
  json_bool(object, "weak", told.weak);
  if (!told.before.empty()) {
    json_field(object, "before", told.before);
    json_field(object, "after", told.after);
  }
  return object + "}";
}

std::string counts_json(const std::map<std::string, std::uint32_t>& counts) {
  std::string object = "{";
  for (const auto& [kind, count] : counts) json_number(object, kind, count);
  return object + "}";
}

void print_request_json(Shell& shell, const RoutedCall& call, const DryRun& run, const RouteVerdict& route,
                        const std::vector<ExplainedLine>& lines) {
  std::string findings, target = "{", object = "{";
  for (const ToldFinding& told : run.findings) findings += (findings.empty() ? "" : ",") + told_finding_json(told);
  for (const ExplainedLine& line : lines) json_field(target, line.name, line.text);
  json_field(object, "verdict", verdict_of(run, route));
  json_field(object, "project", call.project->name);
  json_field(object, "dialect", dialect(call.surface.dialect).name);
  json_field(object, "model", call.model);
  json_raw(object, "findings", "[" + findings + "]");
  json_raw(object, "redacted", counts_json(run.guarded.redacted));
  json_raw(object, "detected", counts_json(run.guarded.detected));
  json_raw(object, "blocked", json_list(run.guarded.blocked));
  json_raw(object, "target", target + "}");
  if (!run.not_crossed.empty()) json_field(object, "warnings", run.not_crossed);
  if (!run.refusal.empty()) {
    json_number(object, "answer_status", run.answer_status);
    json_raw(object, "answer", run.refusal);
  }
  shell.write(without_secrets(object + "}\n"));  // stars as long as what they cover
}

}  // namespace

int explain_request(Shell& shell, const ExplainedCall& call) {
  const auto settings = open_settings(shell).value();
  const RoutedCall routed = read_routed_call(shell, settings, call);
  const RouteVerdict route = judge_route(routed);
  const Guards& guards = route.target ? routed.project->guards_at(*route.target.value().provider) : *routed.project->guards;
  DryRun run = Explainer(routed, guards).run();
  try_translating(routed, route, run);
  const std::vector<ExplainedLine> lines = target_lines(settings, routed, route);
  if (shell.json)
    print_request_json(shell, routed, run, route, lines);
  else
    print_request_text(shell, routed, run, route, lines);
  return verdict_of(run, route) == "sent" ? exit_ok : exit_no;
}

}  // namespace pg
