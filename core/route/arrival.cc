// Every proxy adds its peer at the right end of a list, so that reading goes from the right and stops at the first address that
// is not ours: whatever stands left of it is what that stranger wrote.
#include "core/route/arrival.h"

#include <algorithm>
#include <vector>

#include "core/base/ascii.h"
#include "core/base/text.h"

namespace pg {
namespace {

/// One proxy's word: whom it was asked by, and how.
struct Hop {
  std::optional<Address> from;  // nullopt: "unknown", an obfuscated name, or nonsense
  std::string host, scheme;
};

bool is_trusted_peer(const Address& address, std::span<const Network> trusted) {
  return std::any_of(trusted.begin(), trusted.end(), [&](const Network& network) { return network.has(address); });
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80".
std::optional<Address> read_node(std::string_view node) {
  const std::size_t close = node.find(']');
  std::string_view port;
  if (node.starts_with('[')) {
    if (close == std::string_view::npos) return std::nullopt;
    port = node.substr(close + 1);
    node = node.substr(0, close + 1);
  } else if (std::count(node.begin(), node.end(), ':') == 1) {
    port = node.substr(node.find(':'));
    node = node.substr(0, node.find(':'));
  }
  if (!port.empty() && (port.front() != ':' || !is_port(port.substr(1)))) return std::nullopt;
  const auto address = parse_address(node);
  return address ? std::optional(unmapped(*address)) : std::nullopt;
}

// All fields of that name as one list (RFC 9110 §5.3); empty elements are none.
std::vector<std::string_view> read_list(const RequestHead& head, std::string_view name) {
  std::vector<std::string_view> list;
  for (const Field& field : head.fields) {
    if (!equals_ignore_case(field.name, name)) continue;
    for (const std::string_view piece : Pieces(field.value, ','))
      if (const std::string_view element = trim(piece); !element.empty()) list.push_back(element);
  }
  return list;
}

// The scheme or host that goes with hop `at`: its own word when there is one for each hop, else that of the proxy next to us.
std::string_view beside(const std::vector<std::string_view>& list, std::size_t hops, std::size_t at) {
  if (list.empty()) return "";
  return list.size() == hops ? list[at] : list.back();
}

std::vector<Hop> read_x_forwarded(const RequestHead& head) {
  const auto nodes = read_list(head, "x-forwarded-for");
  const auto hosts = read_list(head, "x-forwarded-host");
  const auto schemes = read_list(head, "x-forwarded-proto");
  std::vector<Hop> hops;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    hops.push_back(
        {read_node(nodes[i]), std::string(beside(hosts, nodes.size(), i)), to_lower(beside(schemes, nodes.size(), i))});
  if (!hops.empty() || (hosts.empty() && schemes.empty())) return hops;
  return {{std::nullopt, std::string(beside(hosts, 0, 0)), to_lower(beside(schemes, 0, 0))}};
}

// RFC 7239 §4: value = token / quoted-string. Takes one off the front.
std::string take_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find_first_of(";,"), rest.size());
    value = trim(rest.substr(0, end));
    rest.remove_prefix(end);
    return value;
  }
  std::size_t at = 1;
  for (; at < rest.size() && rest[at] != '"'; ++at) {
    if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
    value += rest[at];
  }
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return value;
}

void take_pair(std::string_view& rest, Hop& hop) {
  const std::size_t end = std::min(rest.find_first_of("=;,"), rest.size());
  const std::string_view name = trim(rest.substr(0, end));
  rest.remove_prefix(end);
  if (!rest.starts_with('=')) return;
  rest.remove_prefix(1);
  std::string value = take_value(rest);
  if (equals_ignore_case(name, "for")) hop.from = read_node(value);
  if (equals_ignore_case(name, "host")) hop.host = std::move(value);
  if (equals_ignore_case(name, "proto")) hop.scheme = to_lower(value);
}

std::vector<Hop> read_forwarded(const RequestHead& head) {
  std::vector<Hop> hops;
  for (const Field& field : head.fields) {
    if (!equals_ignore_case(field.name, "forwarded")) continue;
    std::string_view rest = field.value;
    hops.emplace_back();
    while (!rest.empty()) {
      take_pair(rest, hops.back());
      const std::size_t mark = rest.find_first_of(";,");  // nonsense behind a closing quote is passed over
      const bool next = mark != std::string_view::npos && rest[mark] == ',';
      rest.remove_prefix(mark == std::string_view::npos ? rest.size() : mark + 1);
      if (next) hops.emplace_back();
    }
  }
  return hops;
}

// The hop that brought the request in from outside.
const Hop& outermost(const std::vector<Hop>& hops, std::span<const Network> trusted) {
  std::size_t at = hops.size() - 1;
  while (at > 0 && hops[at].from && is_trusted_peer(*hops[at].from, trusted)) --at;
  return hops[at];
}

}  // namespace

std::string_view without_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos) return authority;
  const std::string_view port = authority.substr(colon + 1);  // or the end of an address in brackets
  return !port.empty() && std::all_of(port.begin(), port.end(), is_digit) ? authority.substr(0, colon) : authority;
}

Result<Arrival> read_arrival(const RequestHead& head, const Address& peer, std::span<const Network> trusted) {
  Arrival arrival;
  arrival.client = unmapped(peer);
  arrival.host = to_lower(without_port(head.find("host").value_or("")));
  if (!is_trusted_peer(peer, trusted)) return arrival;
  const std::vector<Hop> plain = read_x_forwarded(head);
  const std::vector<Hop> standard = read_forwarded(head);
  if (plain.empty() && standard.empty()) return arrival;
  const Hop& hop = outermost(plain.empty() ? standard : plain, trusted);
  // A proxy that writes one family may let the other through as the client sent it.
  if (!plain.empty() && !standard.empty() && outermost(standard, trusted).from != hop.from)
    return make_error(Code::bad_request, "Forwarded and X-Forwarded-For name different clients");
  arrival.forwarded = true;
  arrival.client = hop.from;
  if (!hop.host.empty()) arrival.host = to_lower(without_port(hop.host));
  arrival.scheme = hop.scheme;
  return arrival;
}

}  // namespace pg
