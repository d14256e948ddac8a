// Beast tokenises; the checks around it refuse what Beast lets through (obs-fold, equal duplicate lengths) and say which.
#include "proxy/net/http_parse.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>
#include <optional>
#include <string>

#include "core/base/text.h"

namespace pg {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

std::string_view view_of(BeastView text) {
  return {text.data(), text.size()};
}

// Hands out views into the buffer that is parsed; nothing is copied.
template <bool kIsRequest>
class HeadParser : public http::basic_parser<kIsRequest> {
 public:
  std::string_view method, target, reason;
  int version = 0;
  int status = 0;
  FieldList fields;

 private:
  void on_request_impl(http::verb, BeastView method_text, BeastView target_text, int http_version, error_code&) override {
    method = view_of(method_text);
    target = view_of(target_text);
    version = http_version;
  }
  void on_response_impl(int code, BeastView reason_text, int http_version, error_code&) override {
    status = code;
    reason = view_of(reason_text);
    version = http_version;
  }
  void on_field_impl(http::field, BeastView name, BeastView value, error_code&) override {
    fields.push_back(Field{view_of(name), view_of(value)});
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(BeastView body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, BeastView, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}
};

Error bad(std::string message) {
  return make_error(Code::bad_request, std::move(message));
}

Error too_many_fields() {
  return make_error(Code::headers_too_large, "more than 100 header fields");
}

// Nothing of what check_lines() looks for: one look at every byte, without a question in between. `raw` ends with a line's end.
bool has_plain_lines(std::string_view raw) {
  if (raw.size() > kMaxFieldLine || raw[0] == '\n') return false;
  unsigned char flaws = raw[0] == '\0' ? 1 : 0;
  for (std::size_t i = 1; i < raw.size(); ++i) {
    const char before = raw[i - 1], c = raw[i];
    flaws |= static_cast<unsigned char>(((before == '\r') ^ (c == '\n')) | (c == '\0') |
                                        ((before == '\n') & ((c == ' ') | (c == '\t'))));
  }
  return flaws == 0;
}

// Bare CR or LF, NUL, folded lines, long lines, too many fields: judged on the bytes, before anything interprets them.
Status check_lines(std::string_view raw) {
  std::size_t begin = 0, count = 0;
  while (begin < raw.size()) {
    const std::size_t end = raw.find('\n', begin);
    if (end == std::string_view::npos || end == begin || raw[end - 1] != '\r')
      return bad("a line of the request head does not end with CRLF");
    const std::string_view line = raw.substr(begin, end - 1 - begin);
    if (line.find('\r') != std::string_view::npos || line.find('\0') != std::string_view::npos)
      return bad("a control character in the request head");
    if (count > 0 && line.size() > kMaxFieldLine)
      return make_error(Code::headers_too_large, "a header line is longer than 16 KiB");
    if (count > 0 && !line.empty() && (line[0] == ' ' || line[0] == '\t')) return bad("folded header lines are not accepted");
    if (count++ > kMaxFields + 1) return too_many_fields();
    begin = end + 1;
  }
  return {};
}

// A line that begins with a blank goes on with the one before (obs-fold, RFC 9112 §5.2).
bool has_folded_line(std::string_view raw) {
  for (std::size_t end = raw.find('\n'); end != std::string_view::npos; end = raw.find('\n', end + 1))
    if (const std::string_view next = raw.substr(end + 1); next.starts_with(' ') || next.starts_with('\t')) return true;
  return false;
}

Status check_request_line(std::string_view raw) {
  const std::string_view line = raw.substr(0, raw.find('\r'));
  const std::size_t method_end = line.find(' ');
  if (std::min(method_end, line.size()) > kMaxMethod) return make_error(Code::not_implemented, "the method is too long");
  if (method_end == std::string_view::npos) return bad("the request line is not HTTP");
  const std::size_t target_end = line.find(' ', method_end + 1);
  if (target_end == std::string_view::npos) return bad("the request line is not HTTP");
  if (target_end - method_end - 1 > kMaxTarget) return make_error(Code::uri_too_long, "the URL is longer than 8 KiB");
  const std::string_view version = line.substr(target_end + 1);
  if (version == "HTTP/1.1" || version == "HTTP/1.0") return {};
  if (version.starts_with("HTTP/") && version.size() == 8)
    return make_error(Code::version_not_supported, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  return bad("the request line is not HTTP");
}

Result<std::optional<std::uint64_t>> read_length(const FieldList& fields) {
  std::optional<std::uint64_t> length;
  if (!fields.may_hold("content-length")) return length;
  for (const Field& field : fields) {
    if (!equals_ignore_case(field.name, "content-length")) continue;
    if (length) return bad("more than one Content-Length");
    std::uint64_t value = 0;
    const char* const end = field.value.data() + field.value.size();
    const auto parsed = std::from_chars(field.value.data(), end, value);
    if (field.value.empty() || parsed.ec != std::errc() || parsed.ptr != end || field.value[0] == '-')
      return bad("Content-Length is not a number");
    length = value;
  }
  return length;
}

/// True when there is a Transfer-Encoding and it is exactly `chunked`.
Result<bool> read_transfer_coding(const FieldList& fields) {
  bool chunked = false;
  if (!fields.may_hold("transfer-encoding")) return chunked;
  for (const Field& field : fields) {
    if (!equals_ignore_case(field.name, "transfer-encoding")) continue;
    if (chunked) return bad("more than one Transfer-Encoding");
    if (!equals_ignore_case(field.value, "chunked"))
      return make_error(Code::not_implemented, "only the chunked transfer coding is understood");
    chunked = true;
  }
  return chunked;
}

bool has_token(std::string_view list, std::string_view token) {
  for (const std::string_view piece : Pieces(list, ','))
    if (equals_ignore_case(trim(piece), token)) return true;
  return false;
}

bool keeps_alive(const FieldList& fields, int minor_version) {
  bool keep = minor_version >= 1;
  if (!fields.may_hold("connection")) return keep;
  for (const Field& field : fields) {
    if (!equals_ignore_case(field.name, "connection")) continue;
    if (has_token(field.value, "close")) return false;
    if (has_token(field.value, "keep-alive")) keep = true;
  }
  return keep;
}

bool is_foreign_to_host(char c) {
  return c == ',' || c == ' ' || c == '\t' || c == '/' || c == '@' || c == '?' || c == '#' || c == '\\';
}

Status check_host(const RequestHead& head) {
  std::size_t count = 0;
  for (const Field& field : head.fields) {
    if (!equals_ignore_case(field.name, "host")) continue;
    if (++count > 1) return bad("more than one Host");
    if (field.value.empty() || std::any_of(field.value.begin(), field.value.end(), is_foreign_to_host))
      return bad("the Host field is malformed");
  }
  if (count == 0 && head.minor_version >= 1) return bad("the Host field is missing");
  return {};
}

Status check_target(RequestHead& head) {
  unsigned char flaws = 0;
  for (const char c : head.target)  // bytes from 0x80 on are negative
    flaws |= static_cast<unsigned char>((c <= ' ') | (c == 0x7f) | (c == '#'));
  if (flaws != 0) return bad("a character in the URL that cannot stand there");
  if (head.target.starts_with('/')) return {};
  if (head.target == "*" && head.method == "OPTIONS") return {};
  for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")}) {
    if (!starts_with_ignore_case(head.target, scheme)) continue;
    const std::string_view rest = head.target.substr(scheme.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    if (!equals_ignore_case(rest.substr(0, slash), head.find("host").value_or("")))
      return make_error(Code::misdirected, "this is not a proxy for other hosts");
    head.target = slash == rest.size() ? std::string_view("/") : rest.substr(slash);
    return {};
  }
  if (head.method == "CONNECT") return {};  // answered 405 by the surface table
  return bad("the request target is malformed");
}

Status read_expectation(RequestHead& head) {
  const std::optional<std::string_view> expect = head.find("expect");
  if (!expect) return {};
  if (!equals_ignore_case(*expect, "100-continue")) return make_error(Code::expectation_failed, "this expectation cannot be met");
  head.expects_continue = head.minor_version >= 1;
  return {};
}

template <bool kIsRequest>
bool run_parser(HeadParser<kIsRequest>& parser, std::string_view raw) {
  parser.eager(false);
  parser.header_limit(static_cast<std::uint32_t>(raw.size() + 1));
  parser.body_limit(boost::none);
  parser.fields.reserve(32);
  error_code ec;
  parser.put(boost::asio::const_buffer(raw.data(), raw.size()), ec);
  return !ec && parser.is_header_done();
}

}  // namespace

std::size_t find_head_end(std::string_view bytes) {
  const std::size_t at = bytes.find("\r\n\r\n");
  return at == std::string_view::npos ? 0 : at + 4;
}

Result<RequestHead> parse_request_head(std::string_view raw) {
  PG_TRY_STATUS(check_request_line(raw));
  if (!has_plain_lines(raw)) PG_TRY_STATUS(check_lines(raw));
  HeadParser<true> parser;
  const bool parsed = run_parser(parser, raw);
  if (parser.fields.size() > kMaxFields) return too_many_fields();
  // The lengths come first: Beast refuses some of these too, but with one answer for all.
  PG_TRY(auto length, read_length(parser.fields));
  PG_TRY(const bool chunked, read_transfer_coding(parser.fields));
  if (chunked && length) return bad("both Content-Length and Transfer-Encoding");
  if (!parsed) return bad("the request head is malformed");
  RequestHead head;
  head.method = parser.method;
  head.target = parser.target;
  head.minor_version = parser.version % 10;
  head.fields = std::move(parser.fields);
  head.content_length = length;
  head.chunked = chunked;
  if (head.chunked && head.minor_version == 0) return bad("Transfer-Encoding in HTTP/1.0");
  head.keep_alive = keeps_alive(head.fields, head.minor_version);
  head.upgrade = head.find("upgrade").has_value();
  PG_TRY_STATUS(check_host(head));
  PG_TRY_STATUS(check_target(head));
  PG_TRY_STATUS(read_expectation(head));
  return head;
}

Result<ReplyHead> parse_reply_head(std::string_view raw) {
  HeadParser<false> parser;
  const auto broken = [](std::string detail) {
    return make_error(Code::upstream_failed, "the provider's reply is not valid HTTP", std::move(detail));
  };
  // Beast unfolds a folded line in a buffer of its own, which would be gone before its view is read.
  if (has_folded_line(raw)) return broken("folded lines");
  if (!run_parser(parser, raw) || parser.status < 100) return broken("reply head");
  ReplyHead head;
  head.status = parser.status;
  head.reason = parser.reason;
  head.minor_version = parser.version % 10;
  head.fields = std::move(parser.fields);
  const auto length = read_length(head.fields);
  const auto chunked = read_transfer_coding(head.fields);
  if (!length || !chunked) return broken("reply framing");
  head.content_length = length.value();
  head.chunked = chunked.value();
  if (head.chunked && head.content_length) return broken("both lengths");
  head.keep_alive = keeps_alive(head.fields, head.minor_version);
  return head;
}

}  // namespace pg
