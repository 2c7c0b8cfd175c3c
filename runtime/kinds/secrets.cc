#include "runtime/kinds/secrets.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <fstream>

namespace cairn::kinds {
namespace {

constexpr std::size_t longest_generated = 4096;

Unanswered bad_place(const SecretPlace& place) {
  return {fmt::format("`{}` is no place for a secret", place.place),
          {},
          "write `env:NAME`, `file:PATH` or `generate:24`"};
}

}  // namespace

std::string random_text(std::size_t characters) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  constexpr unsigned fair = 256 / 62 * 62;  // bytes from here on would favour the first letters
  std::string text;
  while (text.size() < characters) {
    unsigned char bytes[64];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) continue;
    for (unsigned char byte : bytes)
      if (byte < fair && text.size() < characters) text += letters[byte % letters.size()];
  }
  return text;
}

LateAnswer Secrets::read(const SecretPlace& place) {
  std::lock_guard lock(mutex_);
  const auto known = known_.find(place.place);
  if (known != known_.end()) return Value{known->second, true};
  LateAnswer answer = find(place);
  if (const Value* value = std::get_if<Value>(&answer)) {
    const std::string text = plain_text(*value);
    known_.emplace(place.place, text);
    masker_.add(place.place, text);
    return Value{text, true};
  }
  return answer;
}

void Secrets::mask(const std::string& param, const Value& value, bool secret) {
  if (const std::string* text = value.as<std::string>(); text != nullptr && (secret || value.secret))
    masker_.add(param, *text);
  if (const List* list = value.as<List>())
    for (const Value& one : *list) mask(param, one, secret || value.secret);
  if (const Map* map = value.as<Map>())
    for (const auto& [key, one] : map->entries) mask(param, one, secret || value.secret);
}

LateAnswer Secrets::find(const SecretPlace& place) {
  const std::string_view text = place.place;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return bad_place(place);
  const std::string_view scheme = text.substr(0, colon);
  const std::string rest(text.substr(colon + 1));
  if (scheme == "generate") {
    std::size_t characters = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), characters);
    if (error != std::errc() || end != rest.data() + rest.size() || characters == 0 ||
        characters > longest_generated)
      return bad_place(place);
    return Value{generated(place.place, characters), true};
  }
  if (scheme != "env" && scheme != "file") return bad_place(place);
  std::optional<std::string> found = scheme == "env" ? sources_.environment(rest) : sources_.file(rest);
  if (found && scheme == "file")
    while (found->ends_with('\n') || found->ends_with('\r')) found->pop_back();
  if (found) return Value{*found, true};
  if (place.fallback != nullptr) return *place.fallback;
  if (scheme == "env")
    return Unanswered{
        fmt::format("the secret `{}` is not there: the environment has no `{}`", place.place, rest),
        {},
        fmt::format("set it in the environment or in `.env`: `{}=…`", rest)};
  return Unanswered{fmt::format("the secret `{}` is not there: no file `{}` can be read", place.place, rest),
                    {},
                    "the path is relative to the project's folder"};
}

std::string Secrets::generated(const std::string& place, std::size_t characters) {
  if (sources_.kept_in.empty()) return sources_.generate(characters);
  std::ifstream kept(sources_.kept_in);
  for (std::string line; std::getline(kept, line);)
    if (line.starts_with(place + " ")) return line.substr(place.size() + 1);
  const mode_t before = umask(0077);
  std::ofstream file(sources_.kept_in, std::ios::app);
  umask(before);
  const std::string fresh = sources_.generate(characters);
  file << place << ' ' << fresh << '\n';
  return fresh;
}

}  // namespace cairn::kinds
