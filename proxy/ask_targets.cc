// One loop: whoever may go is asked, the answer is judged, and what it says of the target is remembered for the next call.
#include "proxy/ask_targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/retry_after.h"
#include "core/store/attempts.h"
#include "core/targets.h"
#include "proxy/keep_limits.h"
#include "proxy/peek_reply.h"
#include "proxy/serve_model.h"
#include "proxy/take_place.h"

namespace pg {
namespace {

constexpr Millis kLongestRest{600'000};  // however long a provider asks for
constexpr Millis kRestLimited{10'000};   // a credential that is over its rate and was not told for how long
constexpr Millis kRestRefused{300'000};  // a credential that the provider does not take
constexpr std::size_t kMostCredentials = 64;

/// What an answer is worth.
struct AnswerVerdict {
  std::string reason;            // why another may do better; "" = this is the answer
  bool next_credential = false;  // another credential of the same provider may
  bool fall_back = false;        // another provider may
  bool failed = false;           // the target is not well
  bool told = true;              // it says something about the target at all
};

bool is_busy(int status) {
  constexpr std::array<int, 3> kBusy = {429, 503, 529};
  return std::find(kBusy.begin(), kBusy.end(), status) != kBusy.end();
}

bool has_alternatives(const Exchange& x) {
  return !x.to.provider->spares.empty() || !fallbacks_of(*x.project, x.route).empty();
}

class Asking {
 public:
  explicit Asking(Exchange& x);
  Task<Result<Upstream>> run();

 private:
  /// An answer that is given when nobody has a better one.
  struct Held {
    Sending to;
    Upstream reply;
    std::shared_ptr<LogBody> body;  // as it was sent to them
  };

  static const std::string& conversation_of(const Exchange& x) {
    if (!x.row.session.empty()) return x.row.session;
    return x.view.conversation.empty() ? x.view.continues : x.view.conversation;
  }
  const std::shared_ptr<const Provider>& credential(std::size_t number) const {
    return number == 0 ? head_ : head_->spares[number - 1];
  }
  SteadyTime now() const { return x_.gw.clock.steady(); }
  bool is_armed(const Provider& target) const {
    return target.health && target.breaker.failures > 0 && (alternatives_ || target.breaker_always);
  }
  bool stays_inside() const { return head_->echo || (x_.to.translated && x_.surface.operation == Operation::count_tokens); }

  void begin_target();
  bool may_ask(const Provider& target);
  bool next_credential();
  Task<bool> next_target();
  Task<bool> start_over();
  Task<bool> begin();
  Task<bool> go_on(AnswerVerdict verdict);
  Task<Result<Upstream>> ask_one();
  AnswerVerdict judge(const Result<Upstream>& sent) const;
  void judge_status(int status, AnswerVerdict& verdict) const;
  void tell_health(const AnswerVerdict& verdict, const Result<Upstream>& sent);
  void rest_target(const ReplyHead& head, int status);
  void note(const std::string& label, std::string_view why) { add_attempt(x_.row.attempts, label, why); }
  bool has_credential(const Provider& target);
  void pass_over(const std::string& label, const Error& why);
  void note_answer(std::string_view label) { add_answerer(x_.row.attempts, label); }
  void settle();
  Result<Upstream> give_up(const std::optional<Error>& last);
  Error nobody(bool crowded);

  Exchange& x_;
  bool alternatives_;
  std::shared_ptr<const Provider> head_;  // of the target under way, with its spares
  std::string conversation_;
  std::size_t fallback_ = 0;  // the next of the project's
  std::uint64_t tried_ = 0;   // credentials of head_, by number
  std::uint32_t sticky_ = 0;  // the credential this conversation begins with
  std::size_t number_ = 0;    // of the credential under way
  Health::Gate gate_ = Health::Gate::closed;
  Peeked peeked_;
  bool asked_ = false;        // anybody at all
  bool last_resort_ = false;  // those that rest are asked all the same
  bool any_rests_ = false;
  std::optional<Held> held_;
  std::string attempts_before_, attempts_with_last_;
  std::string missing_;            // "; " and the setting, for each who has no credential
  std::optional<Error> ended_;     // the call itself, while its body was read for somebody else
  std::optional<Millis> soonest_;  // until somebody who was passed over may be asked again
};

Asking::Asking(Exchange& x) : x_(x), alternatives_(has_alternatives(x)), head_(x.to.provider), conversation_(conversation_of(x)) {
  begin_target();
}

void Asking::begin_target() {
  tried_ = 0;
  sticky_ = head_->spares.empty() ? 0 : x_.gw.sticky.find(head_->name, conversation_, now());
  if (sticky_ > head_->spares.size()) sticky_ = 0;
}

bool Asking::has_credential(const Provider& target) {
  const Status able = check_has_credential(target);
  if (able) return true;
  const std::string setting = "; " + able.error().message;
  if (missing_.find(setting) != std::string::npos) return false;  // said once
  note(target.label, "no-credential");
  missing_ += setting;
  return false;
}

bool Asking::may_ask(const Provider& target) {
  gate_ = Health::Gate::closed;
  if (!has_credential(target)) return false;
  if (!target.health) return true;
  const SteadyTime time = now();
  if (alternatives_ && !last_resort_ && target.health->rests(x_.to.model, time)) {
    any_rests_ = true;
    note(target.label, "resting");
    return false;
  }
  if (!is_armed(target)) return true;
  gate_ = target.health->enter(time);
  if (gate_ != Health::Gate::open) return true;
  note(target.label, "breaker-open");
  const Millis wait = target.health->wait("", time);
  soonest_ = soonest_ ? std::min(*soonest_, wait) : wait;
  return false;
}

// The conversation's own credential first, then all in their order.
bool Asking::next_credential() {
  const std::size_t count = std::min(head_->spares.size() + 1, kMostCredentials);
  for (std::size_t i = 0; i <= count; ++i) {
    const std::size_t number = i == 0 ? sticky_ : i - 1;
    const std::uint64_t bit = std::uint64_t{1} << number;
    if ((tried_ & bit) != 0) continue;
    tried_ |= bit;
    const std::shared_ptr<const Provider>& target = credential(number);
    if (!may_ask(*target)) continue;
    number_ = number;
    // An outlet lives in its provider; those with another credential have the same in the same places.
    if (x_.to.outlet != nullptr && x_.to.provider != target)
      x_.to.outlet = target->outlets.data() + (x_.to.outlet - x_.to.provider->outlets.data());
    x_.to.provider = target;
    return true;
  }
  return false;
}

// Somebody the call cannot go to: "blocked" by its guards, "bad_request" for what its dialect cannot say, "not_found" for one
// that has no exit.
void Asking::pass_over(const std::string& label, const Error& why) {
  if (!last_resort_) note(label, code_name(why.code));  // said once
}

// The next one may have other guards: a large body is read through them as it was the first time, beside the streams of others.
Task<bool> Asking::next_target() {
  while (fallback_ < fallbacks_of(*x_.project, x_.route).size()) {
    const Provider& next = *fallbacks_of(*x_.project, x_.route)[fallback_].provider;
    const std::string label = next.label;
    Result<Target> target = choose_fallback(*x_.project, x_.surface.dialect, x_.view.model, x_.route, fallback_++);
    if (!has_credential(next)) continue;
    if (!target) pass_over(label, target.error());
    if (!target || (target.value().provider == head_ && target.value().model == x_.to.model)) continue;
    std::shared_ptr<const Provider> provider = target.value().provider;
    if (is_long_to_read(x_, *provider)) {
      const Status read_through = co_await read_ahead(x_, *provider);
      if (!read_through) {
        ended_ = read_through.error();
        co_return false;
      }
    }
    Sending before = std::exchange(x_.to, Sending());  // what was moved from would keep an empty body
    if (const Status sent = send_to(x_, std::move(target).value());
        !sent) {  // it may not go there, or cannot be said in that dialect
      x_.to = std::move(before);
      pass_over(label, sent.error());
      continue;
    }
    x_.provider_place.release();
    head_ = std::move(provider);
    begin_target();
    if (next_credential()) co_return true;
  }
  co_return false;
}

// Everybody who could be asked rests: then whoever comes first is asked all the same, and says for how long himself.
Task<bool> Asking::start_over() {
  if (ended_ || !any_rests_ || last_resort_ || held_) co_return false;
  last_resort_ = true;
  fallback_ = 0;
  if (!asked_) {
    if (!choose_provider(x_) || !guard_body(x_) || !write_call(x_)) co_return false;
    head_ = x_.to.provider;
    begin_target();
    if (next_credential()) co_return true;
  }
  const bool found = co_await next_target();
  co_return found;
}

// Whether there is anybody to ask at all.
Task<bool> Asking::begin() {
  if (next_credential()) co_return true;
  bool found = co_await next_target();
  if (!found) found = co_await start_over();
  co_return found;
}

Task<Result<Upstream>> Asking::ask_one() {
  if (head_->rate != nullptr && !stays_inside()) {
    const Status counted = count_provider_call(x_);
    asked_ = true;
    if (!counted) co_return counted.error();
  }
  const bool needs_place = head_->capacity != nullptr && !x_.provider_place.held() && !stays_inside();
  if (needs_place) {
    std::string whose = "provider " + head_->name;
    const Status placed = co_await take_place(x_, *head_->capacity, x_.provider_place, std::move(whose));
    asked_ = true;
    if (!placed) co_return placed.error();
  }
  asked_ = true;
  Result<Upstream> sent = co_await send_upstream(x_);
  peeked_ = Peeked();
  if (sent && can_peek(sent.value()) && (alternatives_ || is_armed(*x_.to.provider))) {
    peeked_ = co_await peek_reply(x_, sent.value());
    if (peeked_.left) co_return client_left_error();
    if (x_.revoked) co_return revoked_error(x_);
    if (peeked_.silent) co_return make_error(Code::upstream_timeout, "the provider stopped answering before its first event");
  }
  co_return sent;
}

void Asking::judge_status(int status, AnswerVerdict& verdict) const {
  verdict.failed = status >= 500 && status != 501;
  const AuthStyle auth = x_.to.provider->auth;
  const bool is_ours = auth != AuthStyle::client && auth != AuthStyle::none;
  const bool refused = (status == 401 || status == 403) && is_ours;
  verdict.next_credential = refused || status == 429;
  verdict.fall_back = is_busy(status);
  if (verdict.next_credential || verdict.fall_back) verdict.reason = std::to_string(status);
}

AnswerVerdict Asking::judge(const Result<Upstream>& sent) const {
  AnswerVerdict verdict;
  if (!sent && is_over_rate(sent.error())) {
    verdict.told = false;
    verdict.fall_back = true;
    verdict.reason = sent.error().detail;
    return verdict;
  }
  if (!sent && is_crowded(sent.error())) {
    verdict.told = false;
    verdict.fall_back = true;
    verdict.reason = sent.error().detail;
    return verdict;
  }
  if (sent && !peeked_.cut) {
    judge_status(peeked_.status != 0 ? peeked_.status : sent.value().head.status, verdict);
    return verdict;
  }
  const Code code = sent ? Code::upstream_failed : sent.error().code;
  verdict.failed = code == Code::upstream_failed || code == Code::upstream_timeout;
  verdict.told = verdict.failed;
  verdict.fall_back = verdict.failed && x_.project->fallback_on_failure;
  verdict.reason = code_name(code);
  return verdict;
}

void Asking::rest_target(const ReplyHead& head, int status) {
  Health& health = *x_.to.provider->health;
  if (status == 401 || status == 403) {
    if (!head_->spares.empty()) health.rest("", now() + kRestRefused);
    return;
  }
  // One caller's own credential is over its rate: no reason to keep others away.
  if (status == 429 && x_.to.provider->auth == AuthStyle::client) return;
  const std::optional<Millis> asked = find_retry_after(head, x_.gw.clock.wall());
  const bool unsaid = status == 429 && !head_->spares.empty();
  const Millis rest = asked ? std::min(*asked, kLongestRest) : unsaid ? kRestLimited : Millis{0};
  if (rest > Millis{0}) health.rest(x_.to.model, now() + rest);
}

void Asking::tell_health(const AnswerVerdict& verdict, const Result<Upstream>& sent) {
  const Provider& target = *x_.to.provider;
  if (!target.health || !verdict.told) return;
  if (alternatives_ && sent && !verdict.reason.empty() && !peeked_.cut)
    rest_target(sent.value().head, peeked_.status != 0 ? peeked_.status : sent.value().head.status);
  if (!is_armed(target)) return;
  if (verdict.failed)
    target.health->fail(now(), target.breaker, gate_);
  else
    target.health->succeed();
}

void Asking::settle() {
  if (!head_->spares.empty() && number_ != sticky_)
    x_.gw.sticky.remember(head_->name, conversation_, static_cast<std::uint32_t>(number_), now());
  if (number_ != 0) note_answer(x_.to.provider->label);
}

// Whether somebody else is asked.
Task<bool> Asking::go_on(AnswerVerdict verdict) {
  attempts_before_ = x_.row.attempts;
  note(x_.to.provider->label, verdict.reason);
  attempts_with_last_ = x_.row.attempts;
  if (last_resort_ && held_) co_return false;  // one answer is enough: nobody wanted to be asked
  if (verdict.next_credential && next_credential()) co_return true;
  if (!verdict.fall_back) co_return false;
  bool found = co_await next_target();
  if (!found) found = co_await start_over();
  co_return found;
}

Error Asking::nobody(bool crowded) {
  const Millis wait = soonest_.value_or(Millis{0});
  x_.retry_after = std::max(x_.retry_after, static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(wait).count()));
  Error error = make_error(crowded ? Code::rate_limited : Code::unavailable,
                           fmt::format("no provider can take the call now ({}){}", x_.row.attempts, missing_));
  note_answer("");
  return error;
}

// The last real answer, even from somebody who was asked earlier; else what went wrong, of one or of all.
Result<Upstream> Asking::give_up(const std::optional<Error>& last) {
  // Who was asked last tells by its own answer. It stands among those asked before only when that is not what the client gets.
  const bool is_alone = attempts_before_.empty() || !last;
  if (is_alone && x_.row.attempts == attempts_with_last_) x_.row.attempts = attempts_before_;
  if (held_) {
    x_.to = std::move(held_->to);
    x_.row.body = std::move(held_->body);
    note_target(x_);
    note_guarded(x_);
    if (x_.to.provider->label != x_.to.provider->name) note_answer(x_.to.provider->label);
    return std::move(held_->reply);
  }
  if (x_.row.attempts.empty()) return *last;
  return nobody(is_crowded(*last) || is_over_rate(*last));
}

Task<Result<Upstream>> Asking::run() {
  const bool begun = co_await begin();
  if (!begun) co_return ended_ ? *ended_ : nobody(false);
  for (;;) {
    Result<Upstream> sent = co_await ask_one();
    if (!sent && (is_client_left(sent.error()) || x_.revoked)) co_return sent;
    const AnswerVerdict verdict = judge(sent);
    tell_health(verdict, sent);
    if (verdict.reason.empty()) {
      settle();
      co_return sent;
    }
    std::optional<Error> error;
    if (sent)
      held_ = Held{x_.to, std::move(sent).value(), x_.row.body};
    else
      error = sent.error();
    const bool another = co_await go_on(verdict);
    if (ended_) co_return *ended_;
    if (!another) co_return give_up(error);
  }
}

}  // namespace

bool has_one_target(const Exchange& x) {
  return !has_alternatives(x) && x.to.provider->capacity == nullptr && x.to.provider->rate == nullptr &&
         !x.to.provider->breaker_always;
}

Task<Result<Upstream>> ask_targets(Exchange& x) {
  Asking asking(x);
  Result<Upstream> answer = co_await asking.run();
  co_return answer;
}

}  // namespace pg
