// What a name and a text say to a reader of the file.
#pragma once

#include <string>
#include <string_view>

namespace cairn::lint {

// PASSWORD = "hunter2", API_TOKEN = "abc": not PASSWORD_FILE, not ALLOW_EMPTY_PASSWORD = "yes".
bool is_literal_secret(std::string name, std::string_view text);

}  // namespace cairn::lint
