// Runs bodies through the guards and undoes it, the slow and obvious way.
#include "tests/support/guarded.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/base/encode.h"
#include "core/base/text.h"
#include "core/guard/secrets.h"
#include "tests/support/result.h"

namespace pg::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

/// One pass: what was restored is not looked at again.
std::string restore_text(const std::string& text, const Vault& vault) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.compare(at, 2, "[[") == 0 ? text.find("]]", at) : std::string::npos;
    const Vault::Entry* entry = end == std::string::npos ? nullptr : vault.find(text.substr(at, end + 2 - at));
    if (entry == nullptr) {
      out += text[at++];
    } else {
      out += entry->original.reveal();
      at = end + 2;
    }
  }
  return out;
}

OrderedJson restore_json(const OrderedJson& json, const Vault& vault);

OrderedJson restore_string(const std::string& text, const Vault& vault) {
  if (!text.empty() && (text.front() == '{' || text.front() == '[') && OrderedJson::accept(text)) {
    return restore_json(OrderedJson::parse(text), vault).dump();
  }
  const std::size_t comma = text.rfind("data:", 0) == 0 ? text.find(";base64,") : std::string::npos;
  const std::size_t begin = comma == std::string::npos ? 0 : comma + 8;
  const auto plain = text.size() - begin >= 24 ? from_base64(std::string_view(text).substr(begin)) : std::nullopt;
  if (plain && is_utf8(*plain)) return text.substr(0, begin) + to_base64(restore_text(*plain, vault));
  return restore_text(text, vault);
}

OrderedJson restore_json(const OrderedJson& json, const Vault& vault) {
  if (json.is_string()) return restore_string(json.get<std::string>(), vault);
  OrderedJson out = json;
  if (json.is_structured()) {
    for (auto& [key, value] : out.items()) value = restore_json(value, vault);
  }
  return out;
}

}  // namespace

std::shared_ptr<const Guards> make_guards(GuardSettings settings) {
  auto guards = Guards::make(shipped_secret_rules(), std::move(settings));
  REQUIRE(guards);
  return *guards;
}

Guarded guard_body_after(const Vault& earlier, std::string_view body, DialectId dialect, const Guards& guards) {
  Guarded out;
  out.vault.adopt(earlier);
  REQUIRE(read_spans(body, dialect, out.view));
  out.call = guard_call(body, out.view, guards, out.vault, nullptr);
  out.body = apply_edits(body, out.call.edits);
  return out;
}

Guarded guard_body(std::string_view body, DialectId dialect, const Guards& guards, VerdictCache* cache) {
  Guarded out;
  REQUIRE(read_spans(body, dialect, out.view));
  out.call = guard_call(body, out.view, guards, out.vault, cache);
  out.body = apply_edits(body, out.call.edits);
  return out;
}

void check_edits(std::string_view body, const Guarded& guarded) {
  std::size_t last = 0;
  std::string by_hand;
  for (const Edit& edit : guarded.call.edits) {
    REQUIRE(edit.begin >= last);
    REQUIRE(edit.begin < edit.end);
    REQUIRE(edit.end <= body.size());
    CHECK(edit.text.find('"') == std::string::npos);
    by_hand += std::string(body.substr(last, edit.begin - last)) + edit.text;
    last = edit.end;
  }
  CHECK(by_hand + std::string(body.substr(last)) == guarded.body);
  CHECK(OrderedJson::accept(guarded.body));
}

std::string restored(std::string_view body, const Vault& vault) {
  return restore_json(OrderedJson::parse(body), vault).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace pg::test
