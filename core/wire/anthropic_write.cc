// Call -> a Messages request: the rules Anthropic has and OpenAI has not (who speaks first, what thinking forbids, max_tokens).
#include <algorithm>
#include <string>

#include "core/base/text.h"
#include "core/wire/anthropic_blocks.h"
#include "core/wire/anthropic_schema.h"
#include "core/wire/call_io.h"

namespace pg {
namespace {

constexpr std::int64_t kMinBudget = 1024;  // Extended thinking: budget_tokens is at least 1024 and below max_tokens
constexpr std::int64_t kMinAnswer = 256;   // what thinking is not worth leaving less than

/// A run of messages of one role, which Anthropic wants as one.
struct MessageRun {
  Role role = Role::user;
  std::vector<const Message*> messages;
};

Role anthropic_role(const Message& message) {
  return message.role == Role::tool ? Role::user : message.role;
}

bool has_blocks(const Message& message) {
  return std::any_of(message.parts.begin(), message.parts.end(), is_anthropic_block);
}

class MessagesWriter {
 public:
  MessagesWriter(const Call& call, WriteWork& work, std::string& out) : call_(call), work_(work), json_(out) {}

  Status write() {
    PG_TRY_STATUS(settle_extras(call_, work_, "Anthropic", {}));
    sort_messages();
    max_tokens_ = call_.max_tokens.value_or(work_.options.model_max_tokens);
    thinks_ = may_think();
    json_.open_object();
    json_.field("model", work_.options.model.empty() ? call_.model : work_.options.model);
    json_.field("max_tokens", max_tokens_);
    PG_TRY_STATUS(write_system());
    json_.open_array("messages");
    for (const MessageRun& run : runs_) PG_TRY_STATUS(write_run(run));
    json_.close_array();
    write_tools();
    write_tool_choice();
    write_sampling();
    write_thinking();
    write_rest();
    json_.close_object();
    return {};
  }

 private:
  void sort_messages() {
    bool leading = true;
    for (const Message& message : call_.messages) {
      leading = leading && message.role == Role::system;
      if (!has_blocks(message)) {
        for (const Part& part : message.parts) {
          if (part.kind == Part::Kind::thinking) work_.warnings.drop("thinking");
        }
        continue;
      }
      const bool hoist = message.role == Role::system && (leading || !work_.options.system_anywhere);
      if (hoist && !leading) work_.warnings.move("system");
      if (hoist) {
        system_.push_back(&message);
        continue;
      }
      const Role role = anthropic_role(message);
      if (runs_.empty() || runs_.back().role != role) runs_.push_back({role, {}});
      runs_.back().messages.push_back(&message);
    }
    if (runs_.empty() || runs_.front().role == Role::assistant) {
      opener_.parts.push_back(text_part("Continue."));
      opener_.plain = true;
      runs_.insert(runs_.begin(), MessageRun{Role::user, {&opener_}});
      work_.warnings.add("add", "messages.user");
    }
  }

  /// Thinking is off where this call would be refused with it: a model that cannot, a forced tool, no room, or a tool turn that
  /// does not begin with the thought that led to it (Extended thinking, "Preserving thinking blocks").
  bool may_think() {
    const Reasoning::Kind kind = call_.reasoning.kind;
    if (kind == Reasoning::Kind::unset || kind == Reasoning::Kind::off || wanted_effort(call_) == "none") return false;
    const bool forced = call_.tool_choice.kind == ToolChoice::Kind::any || call_.tool_choice.kind == ToolChoice::Kind::named;
    const bool room = work_.options.adaptive_thinking || max_tokens_ >= kMinBudget + kMinAnswer;
    if (work_.options.thinking && !forced && room && tool_turn_is_signed()) return true;
    work_.warnings.drop("thinking.enabled");
    return false;
  }
  bool tool_turn_is_signed() const {
    for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
      if (run->role != Role::assistant) continue;
      const auto& parts = run->messages.back()->parts;
      const bool calls =
          std::any_of(parts.begin(), parts.end(), [](const Part& part) { return part.kind == Part::Kind::tool_call; });
      if (!calls) return true;
      const auto& begin = run->messages.front()->parts;
      const auto first = std::find_if(begin.begin(), begin.end(), is_anthropic_block);
      return first != begin.end() && first->kind == Part::Kind::thinking;
    }
    return true;
  }

  Status write_system() {
    if (system_.empty()) return {};
    if (system_.size() == 1 && system_.front()->plain) {
      json_.field("system", system_.front()->parts.front().text);
      return {};
    }
    json_.open_array("system");
    for (const Message* message : system_) {
      for (const Part& part : message->parts) {
        if (part.kind != Part::Kind::text) return cannot_cross("system.content", "Anthropic");
        PG_TRY_STATUS(write_anthropic_block(part, work_, json_));
      }
    }
    json_.close_array();
    return {};
  }

  Status write_run(const MessageRun& run) {
    json_.open_object();
    json_.field("role", run.role == Role::assistant ? "assistant" : run.role == Role::system ? "system" : "user");
    const bool last_assistant = &run == &runs_.back() && run.role == Role::assistant;
    const Message& first = *run.messages.front();
    if (run.messages.size() == 1 && first.plain && first.role != Role::tool) {
      json_.field("content", last_assistant ? trimmed(first.parts.front().text) : first.parts.front().text);
    } else {
      json_.open_array("content");
      for (const Message* message : run.messages) {
        for (const Part& part : message->parts) {
          const bool last = last_assistant && message == run.messages.back() && &part == &message->parts.back();
          PG_TRY_STATUS(write_block(part, last));
        }
      }
      json_.close_array();
    }
    json_.close_object();
    return {};
  }
  Status write_block(const Part& part, bool last) {
    if (!last || part.kind != Part::Kind::text) return write_anthropic_block(part, work_, json_);
    Part cut = part;
    cut.text = trimmed(part.text);
    return write_anthropic_block(cut, work_, json_);
  }
  /// "final assistant content cannot end with trailing whitespace".
  static std::string trimmed(const std::string& text) { return text.substr(0, text.find_last_not_of(" \t\r\n") + 1); }

  void write_tools() {
    if (call_.tools.empty()) return;
    json_.open_array("tools");
    for (const Tool& tool : call_.tools) {
      json_.open_object().field("name", work_.tools.wire(tool.name));
      json_.field_if("description", work_.tools.wraps(tool.name) ? wrapped_description(tool) : tool.description);
      json_.raw("input_schema", tool.name.custom      ? std::string(kWrappedSchema)
                                : tool.schema.empty() ? std::string(R"({"type":"object","properties":{}})")
                                                      : tool_schema(tool));
      const bool strict = tool.strict.value_or(false);
      if (strict && work_.options.structured_output) json_.field("strict", true);
      if (strict && !work_.options.structured_output) work_.warnings.drop("tools.strict");
      json_.raw_if("cache_control", tool.cache).close_object();
    }
    json_.close_array();
  }

  std::string tool_schema(const Tool& tool) {
    const std::string schema = typed_schema(tool.schema);
    if (!tool.strict.value_or(false) || !work_.options.structured_output) return schema;
    bool changed = false;
    std::string fitting = anthropic_schema(schema, changed);
    if (changed) work_.warnings.change("tools.parameters");
    return fitting;
  }

  /// "input_schema.type: Field required".
  static std::string typed_schema(const std::string& schema) {
    JsonDoc doc;
    if (!doc.parse(schema) || !doc.root().is_object() || doc.root()["type"].given()) return schema;
    const std::string_view rest = trim(std::string_view(schema).substr(schema.find('{') + 1));
    return std::string(R"({"type":"object")") + (rest == "}" ? "" : ",") + std::string(rest);
  }

  void write_tool_choice() {
    const bool serial = call_.parallel_tools.has_value() && !*call_.parallel_tools;
    ToolChoice::Kind kind = call_.tool_choice.kind;
    if (call_.tools.empty() || (kind == ToolChoice::Kind::unset && !serial)) return;
    if (kind == ToolChoice::Kind::unset) kind = ToolChoice::Kind::automatic;
    constexpr std::string_view kTypes[] = {"auto", "auto", "any", "none", "tool"};
    json_.open_object("tool_choice").field("type", kTypes[static_cast<std::size_t>(kind)]);
    if (kind == ToolChoice::Kind::named) json_.field("name", work_.tools.wire(call_.tool_choice.name));
    if (serial && kind != ToolChoice::Kind::none) json_.field("disable_parallel_tool_use", true);
    json_.close_object();
  }

  void write_sampling() {
    const bool both = !call_.temperature.empty() && !call_.top_p.empty();
    if (!call_.temperature.empty()) {
      if (thinks_) {
        work_.warnings.drop("temperature");
      } else if (double_of(call_.temperature) > 1.0) {
        work_.warnings.change("temperature");
        json_.raw("temperature", "1");
      } else {
        json_.raw("temperature", call_.temperature);
      }
    }
    // Newer models refuse the two together; with thinking only 0.95 to 1 is taken.
    if (!call_.top_p.empty() && ((both && !thinks_) || (thinks_ && double_of(call_.top_p) < 0.95))) {
      work_.warnings.drop("top_p");
    } else {
      json_.raw_if("top_p", call_.top_p);
    }
    if (!call_.top_k.empty() && thinks_) {
      work_.warnings.drop("top_k");
    } else {
      json_.raw_if("top_k", call_.top_k);
    }
  }

  void write_thinking() {
    std::string_view effort = wanted_effort(call_);
    if (effort == "minimal") {
      work_.warnings.change("reasoning_effort");
      effort = "low";
    }
    if (!thinks_) {
      if (call_.reasoning.kind == Reasoning::Kind::off || effort == "none")
        json_.open_object("thinking").field("type", "disabled").close_object();
      return;
    }
    json_.open_object("thinking");
    if (call_.reasoning.kind == Reasoning::Kind::budget || !work_.options.adaptive_thinking) {
      const std::int64_t wanted = call_.reasoning.kind == Reasoning::Kind::budget ? call_.reasoning.budget : budget_of(effort);
      json_.field("type", "enabled")
          .field("budget_tokens", std::clamp(wanted, kMinBudget, std::max(kMinBudget, max_tokens_ - answer_share())));
    } else {
      json_.field("type", "adaptive");
    }
    json_.field_if("display", call_.reasoning.display).close_object();
  }

  /// Of max_tokens, which thinking is a part of. A budget that the client named is its own affair; one made of an effort leaves a
  /// quarter.
  std::int64_t answer_share() const {
    return call_.reasoning.kind == Reasoning::Kind::budget ? 1 : std::max(kMinAnswer, max_tokens_ / 4);
  }

  void write_rest() {
    json_open_output_config();
    write_stops();
    if (!call_.user.empty()) json_.open_object("metadata").field("user_id", call_.user).close_object();
    if (call_.stream) json_.field("stream", true);
    if (!call_.metadata.empty()) work_.warnings.drop("metadata");
    if (!call_.cache_key.empty()) work_.warnings.drop("prompt_cache_key");
    if (!call_.verbosity.empty()) work_.warnings.drop("verbosity");
    if (!call_.service_tier.empty()) work_.warnings.drop("service_tier");
    if (!call_.presence_penalty.empty()) work_.warnings.drop("presence_penalty");
    if (!call_.frequency_penalty.empty()) work_.warnings.drop("frequency_penalty");
  }
  /// "stop_sequences: each stop sequence must contain non-whitespace".
  void write_stops() {
    std::vector<std::string> stops;
    for (const std::string& stop : call_.stop)
      if (!trimmed(stop).empty()) stops.push_back(stop);
    if (stops.size() != call_.stop.size()) work_.warnings.change("stop");
    json_.strings_if("stop_sequences", stops);
  }
  void json_open_output_config() {
    const bool wanted = call_.format.kind == OutputFormat::Kind::json_schema;
    const bool schema = wanted && work_.options.structured_output;
    const bool effort = thinks_ && work_.options.adaptive_thinking && call_.reasoning.kind == Reasoning::Kind::effort &&
                        !call_.reasoning.effort.empty();
    if (call_.format.kind == OutputFormat::Kind::json_object || wanted != schema) work_.warnings.drop("response_format");
    if (!schema && !effort) return;
    json_.open_object("output_config");
    if (effort) json_.field("effort", call_.reasoning.effort == "minimal" ? "low" : call_.reasoning.effort);
    if (schema) {
      bool changed = false;
      const std::string fitting = anthropic_schema(call_.format.schema, changed);
      if (changed) work_.warnings.change("response_format.schema");
      json_.open_object("format").field("type", "json_schema").raw("schema", fitting).close_object();
    }
    json_.close_object();
  }

  const Call& call_;
  WriteWork& work_;
  JsonOut json_;
  Message opener_;
  std::vector<const Message*> system_;
  std::vector<MessageRun> runs_;
  std::int64_t max_tokens_ = 0;
  bool thinks_ = false;
};

}  // namespace

Status write_anthropic_call(const Call& call, WriteWork& work, std::string& out) {
  return MessagesWriter(call, work, out).write();
}

}  // namespace pg
