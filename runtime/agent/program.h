// The agents' programs, as they go into their images: static executables for this machine's architecture.
#pragma once

#include <string_view>

namespace cairn::agent {

std::string_view program();          // agent.cc: makes connections
std::string_view storage_program();  // storage_agent.cc: clones volumes

}  // namespace cairn::agent
