#include "grammar/foreign.h"

namespace cairn {

bool refuse_binary(std::string_view, std::uint32_t, Diagnostics&) { return false; }
bool explain_foreign(std::string_view, std::uint32_t, Diagnostics&) { return false; }

}  // namespace cairn
