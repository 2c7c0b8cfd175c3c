// From settled settings (values of the language) to a kind's typed C++ struct, by one table of fields a kind:
//
//   struct VolumeSpec { std::string driver; std::optional<Size> size; };
//   const std::vector<Field<VolumeSpec>> volume_fields = {field<&VolumeSpec::driver>("driver"),
//   field<&VolumeSpec::size>("size")};
//
// The table is also what a test compares with the declaration in stdlib/kinds: names must match. Defaults
// live in the declaration only; a value always fits its field, because the checker has seen to it.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "interpreter/graph.h"
#include "interpreter/text.h"
#include "interpreter/value.h"

namespace cairn::kinds {

// How a C++ type reads a value. `take` may assume that the value fits the setting's declared type.
template <class T>
struct As;

template <>
struct As<Value> {
  static Value take(const Value& value) { return value; }
};
template <>
struct As<bool> {
  static bool take(const Value& value) { return *value.as<bool>(); }
};
template <>
struct As<std::int64_t> {
  static std::int64_t take(const Value& value) { return *value.as<std::int64_t>(); }
};
template <>
struct As<double> {
  static double take(const Value& value) {
    const std::int64_t* whole = value.as<std::int64_t>();
    return whole != nullptr ? static_cast<double>(*whole) : *value.as<double>();
  }
};
template <>
struct As<std::string> {  // of a string or a path (as written)
  static std::string take(const Value& value) {
    const Path* path = value.as<Path>();
    return path != nullptr ? path->text : *value.as<std::string>();
  }
};
template <>
struct As<Text> {  // of any scalar, as its text, the secret bit kept
  static Text take(const Value& value) { return Text(plain_text(value), value.secret); }
};
template <>
struct As<Duration> {
  static Duration take(const Value& value) { return *value.as<Duration>(); }
};
template <>
struct As<Size> {
  static Size take(const Value& value) { return *value.as<Size>(); }
};
template <>
struct As<Path> {
  static Path take(const Value& value) {
    const Path* path = value.as<Path>();
    return path != nullptr ? *path : Path{*value.as<std::string>(), {}};
  }
};
template <>
struct As<NodeId> {
  static NodeId take(const Value& value) { return value.as<NodeRef>()->node; }
};
template <>
struct As<Made> {
  static Made take(const Value& value) { return *value.as<Made>(); }
};
template <class T>
struct As<std::optional<T>> {
  static std::optional<T> take(const Value& value) {
    return value.null() ? std::optional<T>() : std::optional<T>(As<T>::take(value));
  }
};
// Of a list, of one value where the setting is declared `T | list(T)`, or of null.
template <class T>
struct As<std::vector<T>> {
  static std::vector<T> take(const Value& value) {
    std::vector<T> taken;
    if (value.null()) return taken;
    const List* list = value.as<List>();
    if (list == nullptr) return {As<T>::take(value)};
    for (const Value& item : *list)
      if (!item.null()) taken.push_back(As<T>::take(item));
    return taken;
  }
};
// Of a map, in the order written; entries that are null are dropped.
template <class T>
struct As<std::vector<std::pair<std::string, T>>> {
  static std::vector<std::pair<std::string, T>> take(const Value& value) {
    std::vector<std::pair<std::string, T>> taken;
    if (const Map* map = value.as<Map>())
      for (const auto& [key, item] : map->entries)
        if (!item.null()) taken.emplace_back(key, As<T>::take(item));
    return taken;
  }
};

template <class Spec>
struct Field {
  std::string_view name;
  void (*set)(Spec&, const Value&);
};

template <class>
struct MemberOf;
template <class S, class T>
struct MemberOf<T S::*> {
  using Spec = S;
  using Type = T;
};

template <auto Member>
constexpr auto field(std::string_view name) {
  using Spec = typename MemberOf<decltype(Member)>::Spec;
  using Type = typename MemberOf<decltype(Member)>::Type;
  return Field<Spec>{name, [](Spec& spec, const Value& value) { spec.*Member = As<Type>::take(value); }};
}

// `settings`: every value known. A setting that is null leaves a field that is not optional at its zero.
template <class Spec>
Spec bind(const std::vector<Field<Spec>>& fields, const std::vector<Setting>& settings) {
  Spec spec{};
  for (const Field<Spec>& one : fields)
    for (const Setting& setting : settings)
      if (setting.name == one.name && !setting.value.null()) one.set(spec, setting.value);
  return spec;
}

}  // namespace cairn::kinds
