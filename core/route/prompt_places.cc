// A key that stands twice is noted twice: whichever of them a provider believes, the policy is in it.
#include "core/route/prompt_places.h"

#include <utility>

#include "core/wire/json_walk.h"

namespace pg {
namespace {

class PromptVisitor {
 public:
  enum class Spot : std::uint8_t { root, value, block, text, cache, messages, message, role, other };
  struct Ctx {
    Spot spot;
  };

  PromptVisitor(std::string_view body, DialectId dialect) : body_(body), dialect_(dialect) {}

  Ctx root() const { return {Spot::root}; }
  Ctx member(Ctx parent, std::string_view key) {
    if (parent.spot == Spot::other || parent.spot == Spot::text || parent.spot == Spot::cache) return {Spot::other};
    // "syst\u0065m" is "system" to the provider.
    if (key.find('\\') == std::string_view::npos) return {spot_of(parent.spot, key)};
    return {spot_of(parent.spot, unescape_json(key))};
  }
  Ctx element(Ctx parent, std::uint32_t) {
    if (parent.spot == Spot::value) return {Spot::block};
    return {parent.spot == Spot::messages && leading_ ? Spot::message : Spot::other};
  }

  void bracket(std::size_t at) { bracket_ = static_cast<std::uint32_t>(at); }
  void open(Ctx ctx, bool is_object) {
    if (ctx.spot == Spot::root) places_.root = bracket_ + 1;
    if (ctx.spot == Spot::value) add_value({is_object ? PromptValue::Kind::other : PromptValue::Kind::list, {bracket_, 0}, {}});
    if (ctx.spot == Spot::block) value().blocks.push_back({{bracket_, 0}, {}, {}});
    if (ctx.spot == Spot::cache && is_object) value().blocks.back().cache.begin = bracket_;
    if (ctx.spot == Spot::messages) {
      places_.conversations.push_back({bracket_ + 1, true, {}});
      leading_ = !is_object;
    }
    if (ctx.spot == Spot::message) places_.conversations.back().leading.push_back({{bracket_, 0}, {}, {}});
    if (ctx.spot == Spot::message) places_.conversations.back().empty = false;
  }
  void close(Ctx ctx, bool is_object) {
    if (ctx.spot == Spot::value) value().range.end = bracket_;
    if (ctx.spot == Spot::block) value().blocks.back().whole.end = bracket_;
    if (ctx.spot == Spot::cache && is_object) value().blocks.back().cache.end = bracket_;
    if (ctx.spot == Spot::message) end_message();
    if (ctx.spot == Spot::messages) leading_ = false;
  }

  void key(Ctx, std::size_t, std::size_t, bool) {}
  void scalar(Ctx ctx, std::size_t begin, std::size_t end) {
    if (ctx.spot == Spot::value)
      add_value({body_[begin] == 'n' ? PromptValue::Kind::null : PromptValue::Kind::other, range(begin, end), {}});
    if (ctx.spot == Spot::block) value().blocks.push_back({range(begin, end), {}, {}});
    if (ctx.spot == Spot::message) stop_leading();
  }
  void string(Ctx ctx, std::size_t begin, std::size_t end, bool) {
    if (ctx.spot == Spot::value) add_value({PromptValue::Kind::text, range(begin, end), {}});
    if (ctx.spot == Spot::block) value().blocks.push_back({range(begin - 1, end + 1), {}, {}});
    if (ctx.spot == Spot::text && value().blocks.back().text.empty()) value().blocks.back().text = range(begin, end);
    if (ctx.spot == Spot::message) stop_leading();
    if (ctx.spot == Spot::role) message().role = unescape_json(body_.substr(begin, end - begin));
  }

  PromptPlaces take() { return std::move(places_); }

 private:
  static ByteRange range(std::size_t begin, std::size_t end) {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }

  Spot spot_of(Spot parent, std::string_view key) const {
    const bool is_chat = dialect_ == DialectId::openai_chat;
    const bool is_anthropic = dialect_ == DialectId::anthropic;
    if (parent == Spot::root && !is_chat && key == (is_anthropic ? "system" : "instructions")) return Spot::value;
    if (parent == Spot::root && !is_anthropic && key == (is_chat ? "messages" : "input")) return Spot::messages;
    if (parent == Spot::message && key == "content") return Spot::value;
    if (parent == Spot::message && key == "role") return Spot::role;
    if (parent == Spot::block && key == "text") return Spot::text;
    if (parent == Spot::block && key == "cache_control") return Spot::cache;
    return Spot::other;
  }

  PromptMessage& message() { return places_.conversations.back().leading.back(); }
  std::vector<PromptValue>& values() { return leading_ ? message().contents : places_.heads; }
  PromptValue& value() { return values().back(); }
  void add_value(PromptValue fresh) { values().push_back(std::move(fresh)); }

  // From the first message that is not the system's on, nothing is noted.
  void end_message() {
    message().whole.end = bracket_;
    if (message().role == "system" || message().role == "developer") return;
    places_.conversations.back().leading.pop_back();
    leading_ = false;
  }
  void stop_leading() {
    places_.conversations.back().empty = false;
    leading_ = false;
  }

  std::string_view body_;
  DialectId dialect_;
  PromptPlaces places_;
  std::uint32_t bracket_ = 0;
  bool leading_ = false;
};

}  // namespace

Result<PromptPlaces> find_prompt_places(std::string_view body, DialectId dialect) {
  PromptVisitor visitor(body, dialect);
  PG_TRY_STATUS(walk_json(body, visitor));
  return visitor.take();
}

}  // namespace pg
