// Asio's own code, compiled once (BOOST_ASIO_SEPARATE_COMPILATION). Its reactor waits in epoll_wait(): a name that is declared in
// its namespace before it is found first, and lets a loop that has a ring wait there for both. Should a later Asio call another,
// a loop with a ring would hear of nothing: ring_test fails then.
#ifdef PG_HAS_IO_URING

#include <sys/epoll.h>

#include "proxy/net/ring.h"

namespace boost::asio::detail {
namespace {

// An object: with a function, those of the arguments' namespace would be looked at as well.
constexpr struct {
  int operator()(int epoll_fd, epoll_event* events, int most, int timeout) const {
    pg::Ring* const ring = pg::Ring::of_this_thread();
    return ring != nullptr ? ring->wait(epoll_fd, events, most, timeout) : ::epoll_wait(epoll_fd, events, most, timeout);
  }
} epoll_wait;

}  // namespace
}  // namespace boost::asio::detail

#endif

#include <boost/asio/impl/src.hpp>
