// libFuzzer over heads and paths: what is accepted is sound, and no path shows its key. First byte: what the rest is.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/route/arrival.h"
#include "proxy/net/http_parse.h"
#include "proxy/surfaces.h"
#include "tests/fuzz/harness.h"

namespace pg {
namespace {

using namespace std::string_view_literals;  // for bytes with NULs in them

void check_fields_of_head(const FieldList& fields) {
  expect(fields.size() <= kMaxFields);
  for (const Field& field : fields) {
    expect(!field.name.empty() && field.name.find_first_of("\r\n\0: "sv) == std::string_view::npos);
    expect(field.value.find_first_of("\r\n\0"sv) == std::string_view::npos);
  }
}

/// `target` as parse_request_head would have let it through.
void read_path(std::string_view method, std::string_view target, bool upgrade) {
  for (const char c : target)
    if (c <= ' ' || c >= 0x7F) return;
  Surface by_host;
  (void)find_surface(method, target, upgrade, by_host, "p");
  expect(by_host.path.find_first_of("\r\n\0"sv) == std::string::npos);
  Surface surface;
  const Status status = find_surface(method, target, upgrade, surface);
  expect(surface.path.find_first_of("\r\n\0"sv) == std::string::npos);
  // A key that the client repeats elsewhere in the path is no concern of ours.
  const bool once = target.find(surface.key) == target.rfind(surface.key);
  if (surface.key.size() > 8 && once) expect(surface.path.find(surface.key) == std::string::npos);
  if (!status) expect(surface.key.size() <= 8 || status.error().message.find(surface.key) == std::string::npos);
}

void read_request(std::string_view raw) {
  const std::size_t end = find_head_end(raw);
  expect(end <= raw.size());
  if (end == 0) return;
  expect(raw.substr(0, end).ends_with("\n"));
  const auto head = parse_request_head(raw.substr(0, end));
  if (!head) return;
  check_fields_of_head(head->fields);
  expect(!head->method.empty() && head->method.size() <= kMaxMethod && head->target.size() <= kMaxTarget);
  expect(!(head->chunked && head->content_length));
  expect(head->find("host").has_value() || head->minor_version == 0);
  read_path(head->method, head->target, head->upgrade);
  const Address peer = *parse_address("10.0.0.1");
  const Network trusted[] = {*parse_network("10.0.0.0/8")};
  const auto from_ours = read_arrival(*head, peer, trusted);
  if (from_ours) expect(from_ours->forwarded || from_ours->client == peer);
  const auto from_stranger = read_arrival(*head, *parse_address("203.0.113.9"), trusted);
  expect(from_stranger && !from_stranger->forwarded && from_stranger->scheme.empty());
}

void read_reply(std::string_view raw) {
  const auto head = parse_reply_head(raw);
  if (!head) return expect(head.error().code == Code::upstream_failed);
  check_fields_of_head(head->fields);
  expect(head->status >= 100 && head->status <= 999);
  expect(!(head->chunked && head->content_length));
}

}  // namespace
}  // namespace pg

int fuzz_head_one(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 3) {
    case 0:
      pg::read_request(text);
      break;
    case 1:
      pg::read_reply(text);
      break;
    default:
      for (const char* method : {"POST", "GET", "CONNECT"}) pg::read_path(method, text, data[0] > 127);
      break;
  }
  return 0;
}

#ifndef PG_FUZZ_REPLAY
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_head_one(data, size);
}
#endif
