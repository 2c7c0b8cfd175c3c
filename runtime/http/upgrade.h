// Request with `Upgrade: tcp`, for the reactor's client.
#pragma once

#include "runtime/http/client.h"

namespace cairn::http {

// `socket_path` is the request's unix socket as the kernel takes it; empty: over TCP. The answer is awaited
// for at most Request::timeout (none: a minute).
Result<Upgraded> upgrade_connection(const Request& request, const std::string& socket_path,
                                    std::stop_token stop);

}  // namespace cairn::http
