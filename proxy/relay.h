// The relay of one reply: what relay_reply.cc and relay_whole.cc share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/compress.h"
#include "core/reply_path.h"
#include "core/wire/event_frames.h"
#include "core/wire/reply_translator.h"
#include "proxy/keep_body.h"
#include "proxy/reply_head.h"
#include "proxy/send_upstream.h"

namespace pg {

class Relay {
 public:
  Relay(Exchange& x, Upstream& upstream)
      : x_(x),
        upstream_(upstream),
        translator_(translator_for(x, upstream)),
        streams_(translator_ ? translator_->writes_stream() : is_event_stream(upstream) && !has_unreadable_coding(upstream.head)),
        path_(reply_options(x, upstream, translator_ ? &*translator_ : nullptr)) {
    if (upstream.framed) frames_.emplace();
    if (x.row.body != nullptr) begin_kept_reply(x, is_event_stream(upstream), !has_unreadable_coding(upstream.head));
  }

  // What was used until a fault ended it is paid for.
  ~Relay() {
    if (!ended_) x_.row.usage = usage();
  }

  /// Passes the reply on.
  Task<void> run();
  /// Reads it to its end instead, as the client would get it.
  Task<void> collect(std::string& body);
  /// The status that goes with it.
  int status() const { return translator_ ? translator_->status() : upstream_.head.status; }
  /// What is left to do when all of it was passed on, or collected.
  void end();

 private:
  IoEnd take_some();
  Task<IoEnd> next_bytes();
  IoEnd unfold(IoEnd end);
  Task<void> read_whole(std::string& body);
  Task<void> relay_whole();
  Task<void> relay_running();
  Task<bool> flush(bool last);
  IoEnd unframe(IoEnd end);
  void end_endpoint();
  Task<void> send_ping();
  Status decode();
  Status prepare();
  void note_first_content();
  void note_facts();
  void note_losses();
  const Usage& usage() const { return translator_ ? translator_->usage() : path_.facts().usage; }
  std::string model_served() const;
  void remember_vault(bool last = false);
  void translate(IoEnd end);
  void translate_embeddings(IoEnd end);
  const ReplyTranslator* translator() const { return translator_ ? &*translator_ : nullptr; }
  bool must_hold() const {
    return path_.holds_whole_body() || is_masked_error() || (translator_ && !streams_) || x_.to.embedding || names_next_turn();
  }
  // Its id must be known, and the vault put under it, before the client has the last byte and can ask again.
  bool names_next_turn() const {
    return !streams_ && x_.project->keep_vaults && x_.view.kept_by_provider && !has_unreadable_coding(upstream_.head);
  }
  // Its events are made of the provider's.
  bool is_of_endpoint() const { return x_.endpoint != nullptr && x_.endpoint->stream.has_value(); }
  bool is_masked_error() const {
    return upstream_.head.status >= 400 && (!x_.to.provider->credential.empty() || x_.to.token) && !(streams_ && translator_);
  }
  Error web_page_error() const;
  void check_start(std::string_view body) const;
  [[noreturn]] void refuse_cut(IoEnd end) const;

  Exchange& x_;
  Upstream& upstream_;
  std::optional<ReplyTranslator> translator_;  // before path_: what it writes is in the client's dialect
  bool streams_;                               // events go to the client
  ReplyPath path_;
  std::optional<Decompressor> decoder_;
  std::optional<BedrockEvents> frames_;
  std::string embeddings_;  // as the provider says them
  std::string raw_, plain_, said_, out_, framed_, head_;
  bool chunked_ = false;
  bool client_left_ = false;
  bool remembered_ = false;
  bool ended_ = false;
};

}  // namespace pg
