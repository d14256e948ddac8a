// libFuzzer over the event reader and the relay: any split gives the same events, no byte is lost, half events never get out.
// The first byte says where the input is split.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/reply_path.h"
#include "core/wire/first_event.h"
#include "core/wire/sse.h"
#include "core/wire/translate.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

struct EventList {
  std::vector<std::string> parts;  // raw, type, data of each event
  std::string raws;
};

void read_events(SseReader& reader, std::string_view piece, EventList& list) {
  reader.feed(piece);
  SseEvent event;
  while (reader.next(event).value()) {
    list.raws += event.raw;
    for (std::string_view part : {event.raw, event.type, event.data}) list.parts.emplace_back(part);
  }
}

EventList read_split(std::string_view text, std::size_t at) {
  SseReader reader(1 << 24);
  EventList list;
  read_events(reader, text.substr(0, at), list);
  read_events(reader, text.substr(at), list);
  SseEvent rest;
  if (reader.rest(rest)) list.raws += rest.raw;
  return list;
}

std::string relay_split(std::string_view text, std::size_t at, DialectId dialect) {
  ReplyOptions options;
  options.dialect = dialect;
  options.event_stream = true;
  ReplyPath path(options);
  std::string out;
  expect(path.push(text.substr(0, at), out).has_value() && path.push(text.substr(at), out).has_value());
  expect(text.starts_with(out));
  expect(path.finish(true, "R", out).has_value());
  return out;
}

// The verdict and the status it means.
std::pair<FirstEvent::Says, int> first_split(std::string_view text, std::size_t at, DialectId dialect) {
  FirstEvent first(wire_of(dialect));
  FirstEvent::Says says = first.push(text.substr(0, at));
  if (says == FirstEvent::Says::nothing) says = first.push(text.substr(at));
  return {says, first.status()};
}

}  // namespace
}  // namespace pg

int fuzz_sse_one(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t at = data[0] % (text.size() + 1);
  const pg::EventList whole = pg::read_split(text, 0);
  pg::expect(whole.raws == text);
  pg::expect(pg::read_split(text, at).parts == whole.parts);
  for (pg::DialectId dialect : {pg::DialectId::anthropic, pg::DialectId::openai_chat}) {
    pg::expect(pg::relay_split(text, at, dialect) == pg::relay_split(text, 0, dialect));
    pg::expect(pg::first_split(text, at, dialect) == pg::first_split(text, 0, dialect));
  }
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_sse_one(data, size);
}
#endif
