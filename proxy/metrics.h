// Metrics: what Prometheus reads at /metrics, summed up from rows on the journal's writer thread. Shared by all threads; locked
// inside. How many series there are is bounded, whatever clients call their models.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/store/log_store.h"

namespace pg {

/// What is not a sum over rows, as it is now.
struct MetricsNow {
  std::uint32_t in_flight = 0;
  std::uint64_t log_dropped = 0;
  bool log_failing = false;
  bool settings_good = true;
};

class Metrics {
 public:
  /// Rows that were cleaned and priced, each once.
  void note(std::span<const LogRow> rows);
  /// All of it in Prometheus' text format 0.0.4.
  std::string write(const MetricsNow& now) const;

 private:
  static constexpr std::array<std::int64_t, 16> kBounds{10,    20,    40,     80,     160,    320,    640,     1'280,
                                                        2'560, 5'120, 10'240, 20'480, 40'960, 81'920, 163'840, 327'680};  // ms
  struct Histogram {
    std::array<std::uint64_t, kBounds.size() + 1> counts{};
    std::int64_t sum_ms = 0;
    void add(std::int64_t ms);
    void write(std::string& out, std::string_view name, std::string_view help) const;
  };
  template <class Text>
  struct Labels {
    Text provider, model, project, agent;
    int code = 0;
  };
  struct LabelsHash {
    using is_transparent = void;
    template <class Text>
    std::size_t operator()(const Labels<Text>& labels) const {
      std::size_t hash = static_cast<std::size_t>(labels.code);
      for (const std::string_view part : {std::string_view(labels.provider), std::string_view(labels.model),
                                          std::string_view(labels.project), std::string_view(labels.agent)})
        hash = hash * 31 + std::hash<std::string_view>()(part);
      return hash;
    }
  };
  struct LabelsSame {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const Labels<A>& a, const Labels<B>& b) const {
      return a.code == b.code && a.model == b.model && a.agent == b.agent && a.project == b.project && a.provider == b.provider;
    }
  };
  using Counts = std::map<std::string, std::uint64_t, std::less<>>;

  void note_request(const LogRow& row);
  void note_tokens(const LogRow& row);
  void note_findings(const LogRow& row);
  void note_failures(const LogRow& row);
  std::string_view model_label(const LogRow& row);
  static void add(Counts& counts, std::string_view name, std::int64_t more = 1);
  static void write_counts(std::string& out, std::string_view name, std::string_view label, std::string_view help,
                           const Counts& counts);
  void write_requests(std::string& out) const;
  void write_sums(std::string& out) const;

  mutable std::mutex mutex_;
  std::unordered_map<Labels<std::string>, std::uint64_t, LabelsHash, LabelsSame> requests_;
  std::set<std::string, std::less<>> models_;  // that have series of their own
  Histogram duration_, first_token_;
  std::array<std::uint64_t, 5> tokens_{};
  std::int64_t cost_ = 0;  // nano-USD
  Counts redactions_, blocked_, failures_;
};

}  // namespace pg
