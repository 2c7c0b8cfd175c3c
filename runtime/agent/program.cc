#include "runtime/agent/program.h"

extern "C" const char cairn_agent_program[], cairn_agent_program_end[];
extern "C" const char cairn_storage_agent_program[], cairn_storage_agent_program_end[];

namespace cairn::agent {

std::string_view program() {
  return {cairn_agent_program, static_cast<std::size_t>(cairn_agent_program_end - cairn_agent_program)};
}

std::string_view storage_program() {
  return {cairn_storage_agent_program,
          static_cast<std::size_t>(cairn_storage_agent_program_end - cairn_storage_agent_program)};
}

}  // namespace cairn::agent
