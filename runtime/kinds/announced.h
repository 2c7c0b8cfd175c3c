// Causing something that the journal knows of first.
#pragma once

#include <string>
#include <utility>

#include "runtime/execute/performer.h"

namespace cairn::kinds {

// An object that is about to be made: "create container", on the engine or array `where`.
inline Intent making(EffectClass is, std::string effect, std::string where, std::string what,
                     std::string name) {
  Intent intent;
  intent.effect = std::move(effect);
  intent.is = is;
  intent.where = std::move(where);
  intent.what = std::move(what);
  intent.name = std::move(name);
  return intent;
}

// Announces it, causes it, and says how that came out, as far as anybody knows. `cause` gives a Result,
// `id_of` what the other side calls what came of it.
template <class Cause, class IdOf>
auto announced(execute::StepContext& context, Intent intent, Cause cause, IdOf id_of) -> decltype(cause()) {
  const Result<execute::Announced> allowed = context.announce(std::move(intent));
  if (!allowed) return allowed.failure();
  auto result = cause();
  if (result.ok())
    context.came_out(*allowed, true, id_of(*result));
  else if (result.failure().nothing_done)
    context.came_out(*allowed, false);
  return result;
}

}  // namespace cairn::kinds
