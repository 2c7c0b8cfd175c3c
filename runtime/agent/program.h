// The agent's program, as it goes into its image: a static executable for this machine's architecture.
#pragma once

#include <string_view>

namespace cairn::agent {

std::string_view program();

}  // namespace cairn::agent
