// The pass over a text: '@' by memchr, runs of digits many bytes at a time; each run is offered to the finders its length allows.
#include "core/guard/pii.h"

#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/guard/byte_set.h"
#include "core/guard/edges.h"
#include "core/guard/number_runs.h"
#include "core/guard/pii_finders.h"

namespace pg {
namespace {

const std::array<Rule, kPiiKinds>& rules_of_pii() {
  static const std::array<Rule, kPiiKinds> kRules = {{
      {"email", "EMAIL", "E-mail address", Category::pii, 20},
      {"iban", "IBAN", "Bank account number (IBAN)", Category::pii, 60},
      {"card", "CARD", "Payment card number", Category::pii, 50},
      {"ssn", "SSN", "US social security number", Category::pii, 40},
      {"phone", "PHONE", "Phone number", Category::pii, 10},
      {"ipv4", "IPV4", "Public IPv4 address", Category::pii, 30},
  }};
  return kRules;
}

class Finder {
 public:
  Finder(std::string_view text, const PiiChoice& choice, RuleIndex base, std::vector<Finding>& out)
      : text_(text), choice_(choice), base_(base), out_(out) {}

  void find_emails() {
    const char* data = text_.data();
    for (std::size_t at = 0; at < text_.size();) {
      const void* found = std::memchr(data + at, '@', text_.size() - at);
      if (found == nullptr) return;
      at = static_cast<std::size_t>(static_cast<const char*>(found) - data);
      if (const auto place = email_at(text_, at)) add(*place, Pii::email);
      ++at;
    }
  }

  /// By the runs that `find` finds, or by each in turn.
  void find_numbers(FindNumberRuns* find) {
    if (find == nullptr) return walk_numbers();
    find(text_, [this](std::span<const Place> runs) {
      for (const Place& run : runs) offer(run);
    });
  }

 private:
  void walk_numbers() {
    std::size_t at = 0, begin = 0;
    bool inside = false;  // the byte before `at` is a digit
#if defined(__SSE2__)
    const __m128i zero = _mm_set1_epi8('0');
    const __m128i nine = _mm_set1_epi8(9);
    for (; at + 16 <= text_.size(); at += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text_.data() + at));
      const __m128i value = _mm_sub_epi8(bytes, zero);
      const auto digits = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(value, nine), value)));
      // A set bit where digit and non-digit meet; the run that began last is open while `inside`.
      unsigned edges = digits ^ ((digits << 1 | (inside ? 1U : 0U)) & 0xFFFFU);
      for (; edges != 0; edges &= edges - 1) {
        const std::size_t edge = at + static_cast<std::size_t>(std::countr_zero(edges));
        if (inside)
          offer({begin, edge});
        else
          begin = edge;
        inside = !inside;
      }
    }
#endif
    for (; at < text_.size(); ++at) {
      const bool digit = kDigits.has(text_[at]);
      if (digit == inside) continue;
      if (inside)
        offer({begin, at});
      else
        begin = at;
      inside = digit;
    }
    if (inside) offer({begin, text_.size()});
  }

  void add(const Place& place, Pii kind) {
    out_.push_back({static_cast<std::uint32_t>(place.begin), static_cast<std::uint32_t>(place.end),
                    static_cast<RuleIndex>(base_ + static_cast<RuleIndex>(kind)), false});
    if (kind != Pii::email) taken_ = place.end;
  }
  bool take(const std::optional<Place>& place, Pii kind) {
    if (!place) return false;
    add(*place, kind);
    return true;
  }

  char at(std::size_t place) const {
    return place < text_.size() ? text_[place] : '\0';
  }

  /// The digits that end an escape are none of the number's: %20, %2522 and \u0022.
  std::size_t escape_in(const Place& run) const {
    const char before = text_[run.begin - 1];
    if (before == '%') {
      const std::size_t size = text_.substr(run.begin, 2) == "25" && run.size() > 5 ? 4 : 2;
      const char digit = text_[run.begin + size - 2];
      return run.size() > size && digit >= '2' && digit <= '7' ? size : 0;
    }
    const bool is_code = before == 'u' && run.begin >= 2 && text_[run.begin - 2] == '\\' && run.size() > 4;
    return is_code && text_.substr(run.begin, 2) == "00" ? 4 : 0;
  }

  void offer(const Place& run) {
    offer_digits(run);
    if (run.begin == 0 || (text_[run.begin - 1] != '%' && text_[run.begin - 1] != 'u')) return;
    const std::size_t escape = escape_in(run);
    if (escape > 0 && run.begin >= taken_) offer_digits({run.begin + escape, run.end});
  }

  /// Most runs are short numbers of code: length and neighbours turn them away before a finder is asked.
  void offer_digits(const Place& run) {
    const std::size_t size = run.size();
    const char next = at(run.end);
    if (run.begin > 0 && kWord.has(text_[run.begin - 1])) {
      if (size >= 2 && run.begin >= 2 && choice_.wants(Pii::iban) && kUpper.has(text_[run.begin - 1]) &&
          kUpper.has(text_[run.begin - 2]) && take(iban_at(text_, run), Pii::iban))
        return;
      if (escape_before(text_, run.begin) == 0) return;
    }
    if (kWord.has(next) || run.begin < taken_) return;
    const bool grouped = kGroupJoiner.has(next) && kGroupStart.has(at(run.end + 1));
    if ((size == 4 ? grouped && kDigits.has(at(run.end + 4)) : size >= 14 && size <= 19) && choice_.wants(Pii::card) &&
        take(card_at(text_, run), Pii::card))
      return;
    if ((size == 9 || (size == 3 && grouped)) && choice_.wants(Pii::ssn) && take(ssn_at(text_, run), Pii::ssn)) return;
    if (size <= 3 && next == '.' && grouped && choice_.wants(Pii::ipv4) &&
        take(ipv4_at(text_, run, choice_.private_ipv4), Pii::ipv4))
      return;
    if ((grouped || (size >= 7 && size <= 15)) && choice_.wants(Pii::phone)) take(phone_at(text_, run), Pii::phone);
  }

  std::string_view text_;
  const PiiChoice& choice_;
  RuleIndex base_;
  std::vector<Finding>& out_;
  std::size_t taken_ = 0;
};

}  // namespace

std::span<const Rule> pii_rules() {
  return rules_of_pii();
}

void find_pii(std::string_view text, const PiiChoice& choice, RuleIndex base, std::vector<Finding>& out) {
  static FindNumberRuns* const quickest = quickest_find_number_runs();
  find_pii_by(quickest, text, choice, base, out);
}

void find_pii_by(FindNumberRuns* find, std::string_view text, const PiiChoice& choice, RuleIndex base,
                 std::vector<Finding>& out) {
  Finder finder(text, choice, base, out);
  if (choice.wants(Pii::email)) finder.find_emails();
  if (choice.wants(Pii::iban) || choice.wants(Pii::card) || choice.wants(Pii::ssn) || choice.wants(Pii::phone) ||
      choice.wants(Pii::ipv4))
    finder.find_numbers(find);
}

}  // namespace pg
