// A little more than the limit is taken, so that what the writer cuts off afterwards is no half of a secret.
#include "proxy/keep_body.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/store/body_store.h"

namespace pg {
namespace {

constexpr std::size_t kUncompressedMargin = 16 * 1024;

void append_up_to(std::string& out, std::string_view bytes, std::size_t most) {
  if (out.size() < most) out += bytes.substr(0, most - out.size());
}

std::size_t most_of(const Exchange& x) {
  return x.policy->logs.body_max_size + kUncompressedMargin;
}

}  // namespace

void mask_credential(std::string_view credential, std::string& body, std::size_t from) {
  if (credential.size() < 8) return;
  for (std::size_t at = body.find(credential, from); at != std::string::npos; at = body.find(credential, at))
    body.replace(at, credential.size(), credential.size(), '*');
}

void hide_credentials(const Exchange& x, std::string& text, std::size_t from) {
  if (x.to.provider == nullptr) return;
  mask_credential(x.to.provider->credential.reveal(), text, from);
  if (x.to.token != nullptr) mask_credential(x.to.token->reveal(), text, from);
}

void keep_request(Exchange& x, std::string_view body, const std::vector<Edit>& edits) {
  if (!x.project->keep_bodies) return;
  auto kept = std::make_shared<LogBody>();
  const std::size_t most = most_of(x);
  std::size_t at = 0;
  kept->request_size = body.size();
  for (const Edit& edit : edits) {
    append_up_to(kept->request, body.substr(at, edit.begin - at), most);
    append_up_to(kept->request, edit.text, most);
    kept->request_size += edit.text.size() - (edit.end - edit.begin);
    at = edit.end;
  }
  append_up_to(kept->request, body.substr(at), most);
  kept->request_cut = kept->request_size > kept->request.size();
  const bool translated = x.to.translated && x.to.outlet != nullptr;
  kept->dialect = dialect(translated ? x.to.outlet->dialect : x.surface.dialect).name;
  x.row.body = std::move(kept);
}

void begin_kept_reply(Exchange& x, bool events, bool readable) {
  if (x.row.body == nullptr) return;
  LogBody& body = *x.row.body;
  body.reply.clear();
  body.reply_size = 0;
  body.events = events;
  body.reply_cut = !readable;
}

void keep_reply(Exchange& x, std::string_view bytes) {
  if (x.row.body == nullptr) return;
  LogBody& body = *x.row.body;
  const bool readable = !body.reply_cut || !body.reply.empty();
  body.reply_size += bytes.size();
  if (readable) append_up_to(body.reply, bytes, most_of(x));
  body.reply_cut = body.reply_size > body.reply.size();
}

void settle_body(Exchange& x) {
  if (x.row.body == nullptr) return;
  if (x.row.outcome == "blocked" || !x.row.blocked.empty()) return x.row.body.reset();
  std::string& reply = x.row.body->reply;
  hide_credentials(x, reply);
  for (const std::string_view name : {"authorization", "x-api-key", "api-key", "x-goog-api-key", "x-pg-key", "cookie"})
    if (const auto value = x.head.find(name)) mask_credential(trim(value->substr(value->find(' ') + 1)), reply);
}

}  // namespace pg
