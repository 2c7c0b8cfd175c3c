#pragma once

#include <string>

namespace cairn::cli {

// "0.1.0"
std::string version_text();

}  // namespace cairn::cli
