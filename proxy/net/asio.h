// Asio with concrete executor types: one io_context per thread, no strands, no type-erased executors on the request path.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pg {

namespace asio = boost::asio;

using Executor = asio::io_context::executor_type;

template <class T>
using Task = asio::awaitable<T, Executor>;

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// Completion token of every asynchronous operation here: the result is a tuple that begins with the error_code.
using Await = asio::as_tuple_t<asio::use_awaitable_t<Executor>>;
inline constexpr Await kAwait{asio::use_awaitable_t<Executor>{}};

}  // namespace pg
