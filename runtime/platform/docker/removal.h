// Removals, said again when an engine in trouble refuses them: saying them twice does nothing.
#pragma once

#include <stop_token>

#include "runtime/platform/docker/engine.h"

namespace cairn::docker {

// The answer to a call that may be repeated. A lost answer is asked for once more, at once; a 5xx three
// times, each time after a longer pause. What a teardown leaves because of one bad moment stays for ever.
Result<http::Response> insist(Engine& engine, const Call& call, std::stop_token stop);

}  // namespace cairn::docker
