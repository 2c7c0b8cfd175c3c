// Style and behaviour of the HTML report. The script only hides, shows and sorts rows that are there: without
// it the page is whole.
#pragma once

#include <string_view>

namespace cairn::report {

std::string_view report_style();
std::string_view report_script();

}  // namespace cairn::report
