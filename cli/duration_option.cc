#include "cli/duration_option.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace cairn::cli {

std::optional<Milliseconds> read_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> units = {
      {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
  std::int64_t sum = 0;
  std::size_t largest = 0;  // of the units that may still come: large to small
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::size_t length = std::min(text.find_first_of("0123456789"), text.size());
    const std::string_view unit = text.substr(0, length);
    text.remove_prefix(length);
    std::size_t which = largest;
    while (which < units.size() && units[which].first != unit) ++which;
    if (which == units.size() || number > INT64_MAX / 2 / units[which].second) return std::nullopt;
    sum += number * units[which].second;
    largest = which + 1;
  }
  return sum > 0 ? std::optional<Milliseconds>(sum) : std::nullopt;
}

CLI::Option* add_duration(CLI::App& command, const std::string& name, std::optional<Milliseconds>& value,
                          const std::string& description) {
  return command
      .add_option_function<std::string>(
          name, [&value](const std::string& text) { value = read_duration(text); }, description)
      ->check([](const std::string& text) {
        return read_duration(text) ? std::string()
                                   : "`" + text + "` is no duration: write `90s`, `10m` or `1h30m`";
      });
}

}  // namespace cairn::cli
