// How journal records look on disk.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/effects/journal.h"

namespace cairn::journal_format {

// What this cairn writes; it reads the version before as well.
inline constexpr int kVersion = 1;

std::string header_line(const JournalHeader& header);
std::string incarnation_line(std::uint64_t number, int incarnation);
std::string entry_line(std::uint64_t number, int incarnation, const JournalEntry& entry);

// The record as a line, with its checksum.
std::string sealed(const nlohmann::json& record);
// The object of a line without its newline; none if it is not whole: no JSON object, or not its checksum.
std::optional<nlohmann::json> checked(std::string_view line);
// None: a type that this cairn does not know.
std::optional<JournalEntry> entry_of(const nlohmann::json& record);
JournalHeader header_of(const nlohmann::json& record);

}  // namespace cairn::journal_format
