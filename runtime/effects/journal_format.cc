#include "runtime/effects/journal_format.h"

#include <fmt/format.h>

#include <array>

namespace cairn::journal_format {
namespace {

using Json = nlohmann::json;

// CRC-32 as in ISO 3309 (zlib, PNG): reflected polynomial 0xEDB88320.
std::uint32_t crc32(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320u : 0u);
      made[i] = value;
    }
    return made;
  }();
  std::uint32_t sum = 0xFFFFFFFFu;
  for (const char byte : bytes) sum = table[(sum ^ static_cast<unsigned char>(byte)) & 0xFF] ^ (sum >> 8);
  return ~sum;
}

constexpr std::string_view kSumBegin = ",\"crc\":\"";
constexpr std::size_t kSumSize = kSumBegin.size() + 8 + 2;  // …01234567"}

std::string_view name_of(EffectClass effect_class) {
  switch (effect_class) {
    case EffectClass::found:
      return "found";
    case EffectClass::unfound:
      return "unfound";
    case EffectClass::once:
      break;
  }
  return "once";
}

EffectClass class_named(std::string_view name) {
  if (name == "found") return EffectClass::found;
  return name == "unfound" ? EffectClass::unfound
                           : EffectClass::once;  // what is not known is treated with most care
}

void describe(const StepBegun& begun, Json& record) {
  record["type"] = "begun";
  record["step"] = begun.step;
  record["attempt"] = begun.attempt;
}
void describe(const Intent& intent, Json& record) {
  record["type"] = "intent";
  record["step"] = intent.step;
  record["effect"] = intent.effect;
  record["class"] = name_of(intent.is);
  record["attempt"] = intent.attempt;
  if (!intent.name.empty())
    record["where"] = intent.where, record["what"] = intent.what, record["name"] = intent.name;
  if (intent.repeatable) record["repeatable"] = true;
}
void describe(const EffectOutcome& outcome, Json& record) {
  record["type"] = "effect";
  record["intent"] = outcome.intent;
  record["happened"] = outcome.happened;
  if (!outcome.id.empty()) record["id"] = outcome.id;
}
void describe(const StepOutcome& outcome, Json& record) {
  record["type"] = "step";
  record["step"] = outcome.step;
  record["outcome"] = outcome.outcome;
  record["attempt"] = outcome.attempt;
  for (const auto& [name, value] : outcome.facts) record["facts"].push_back({name, value});
}
void describe(const RunEnd& end, Json& record) {
  record["type"] = "end";
  record["exit_code"] = end.exit_code;
}

Json numbered(std::uint64_t number, int incarnation) {
  Json record;
  record["seq"] = number;
  record["inc"] = incarnation;
  return record;
}

}  // namespace

// The checksum stands last and covers all that stands before it.
std::string sealed(const Json& record) {
  std::string line = record.dump(-1, ' ', false, Json::error_handler_t::replace);
  line.pop_back();
  const std::uint32_t sum = crc32(line);
  return fmt::format("{}{}{:08x}\"}}\n", line, kSumBegin, sum);
}

std::string header_line(const JournalHeader& header) {
  Json record;
  record["cairn_journal"] = kVersion;
  record["cairn"] = header.cairn;
  record["run"] = header.run;
  record["project"] = header.project;
  record["std"] = header.std_hash;
  record["capsule"] = header.capsule;
  record["owner"] = header.owner;
  return sealed(record);
}

std::string incarnation_line(std::uint64_t number, int incarnation) {
  Json record = numbered(number, incarnation);
  record["type"] = "incarnation";
  return sealed(record);
}

std::string entry_line(std::uint64_t number, int incarnation, const JournalEntry& entry) {
  Json record = numbered(number, incarnation);
  std::visit([&](const auto& is) { describe(is, record); }, entry);
  return sealed(record);
}

std::optional<Json> checked(std::string_view line) {
  if (line.size() < kSumSize || !line.ends_with("\"}")) return std::nullopt;
  const std::string_view body = line.substr(0, line.size() - kSumSize);
  const std::string_view sum = line.substr(body.size());
  if (!sum.starts_with(kSumBegin) || sum.substr(kSumBegin.size(), 8) != fmt::format("{:08x}", crc32(body))) {
    return std::nullopt;
  }
  Json record = Json::parse(line, nullptr, false);
  if (!record.is_object()) return std::nullopt;
  return record;
}

std::optional<JournalEntry> entry_of(const Json& record) {
  const std::string type = record.value("type", "");
  if (type == "begun") return StepBegun{record.value("step", ""), record.value("attempt", 1)};
  if (type == "intent") {
    Intent intent;
    intent.step = record.value("step", "");
    intent.effect = record.value("effect", "");
    intent.is = class_named(record.value("class", ""));
    intent.attempt = record.value("attempt", 1);
    intent.where = record.value("where", "");
    intent.what = record.value("what", "");
    intent.name = record.value("name", "");
    intent.repeatable = record.value("repeatable", false);
    return intent;
  }
  if (type == "effect") {
    return EffectOutcome{record.value("intent", std::uint64_t{0}), record.value("happened", true),
                         record.value("id", "")};
  }
  if (type == "step") {
    StepOutcome outcome{
        record.value("step", ""), record.value("outcome", ""), record.value("attempt", 1), {}};
    for (const Json& fact : record.value("facts", Json::array())) {
      if (fact.is_array() && fact.size() == 2) outcome.facts.emplace_back(fact[0], fact[1]);
    }
    return outcome;
  }
  if (type == "end") return RunEnd{record.value("exit_code", 0)};
  return std::nullopt;
}

JournalHeader header_of(const Json& record) {
  JournalHeader header;
  header.cairn = record.value("cairn", "");
  header.run = record.value("run", "");
  header.project = record.value("project", "");
  header.std_hash = record.value("std", "");
  header.capsule = record.value("capsule", "");
  header.owner = record.value("owner", "");
  return header;
}

}  // namespace cairn::journal_format
