#include "runtime/plan/verdict.h"

namespace cairn::plan {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::perform:
      return "do";
    case Verdict::keep:
      return "keep";
    case Verdict::replace:
      return "replace";
    case Verdict::undo:
      return "undo";
    case Verdict::not_needed:
      return "not needed";
  }
  return {};
}

}  // namespace cairn::plan
