// The rows of the README's tables: a measure, what it should be at most, and whether it is.
#pragma once

#include <fmt/format.h>

#include <string>

namespace pg::bench {

/// What a measure should be at most; 0 = nothing is asked of it.
struct Goal {
  double most = 0;
  int digits = 0;
};

inline std::string write_goal(double value, Goal goal) {
  if (goal.most == 0) return "| |";
  return fmt::format("at most {:.{}f} | {} |", goal.most, goal.digits, value <= goal.most ? "yes" : "no");
}

inline void print_head() {
  fmt::print("| | nginx | pg | pg / nginx | goal | met |\n|---|---|---|---|---|---|\n");
}
/// The goal is one for the ratio.
inline void print_ratio(const std::string& label, double nginx, double pg, int digits, Goal goal) {
  const double ratio = nginx != 0 ? pg / nginx : 0;
  fmt::print("| {} | {:.{}f} | {:.{}f} | {:.2f} | {}\n", label, nginx, digits, pg, digits, ratio, write_goal(ratio, goal));
}
/// The goal is one for pg's own value.
inline void print_value(const std::string& label, double nginx, double pg, int digits, Goal goal) {
  const double ratio = nginx != 0 ? pg / nginx : 0;
  fmt::print("| {} | {:.{}f} | {:.{}f} | {:.2f} | {}\n", label, nginx, digits, pg, digits, ratio, write_goal(pg, goal));
}
/// What is measured of pg alone.
inline void print_alone(const std::string& label, double pg, int digits, Goal goal) {
  fmt::print("| {} | | {:.{}f} | | {}\n", label, pg, digits, write_goal(pg, goal));
}

}  // namespace pg::bench
