// Ports as the file writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "interpreter/value.h"
#include "runtime/effects/result.h"
#include "runtime/platform/docker/spec.h"

namespace cairn::kinds {

// "8080", 1 to 65535; none: it is something else.
std::optional<std::uint16_t> port_in(std::string_view text);
// 8080, "80:8080", "127.0.0.1:80:8080", "53:53/udp". A bare number is published on loopback, on a port that
// the engine chooses.
Result<docker::PublishedPort> published_port(const Value& value);

}  // namespace cairn::kinds
