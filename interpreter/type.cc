#include "interpreter/type.h"

namespace cairn {

std::string show(const Type& type) {
  using Form = Type::Form;
  switch (type.form) {
    case Form::poison:
      return "?";
    case Form::any:
      return "any";
    case Form::null:
      return "null";
    case Form::boolean:
      return "bool";
    case Form::integer:
      return type.text.empty() ? "int" : type.text;
    case Form::floating:
      return type.text.empty() ? "float" : type.text;
    case Form::string:
      return type.text.empty() ? "string" : type.text;
    case Form::duration:
      return "duration";
    case Form::size:
      return "size";
    case Form::path:
      return type.text.empty() ? "path" : type.text;
    case Form::secret:
      return "secret";
    case Form::literal:
      return '"' + type.text + '"';
    case Form::list:
      return "list(" + (type.of.empty() ? std::string("any") : show(type.of.front())) + ")";
    case Form::map:
      return "map(" + (type.of.empty() ? std::string("any") : show(type.of.front())) + ")";
    case Form::node:
      return type.text.empty() ? "node" : type.text;
    case Form::made:
    case Form::variable:
      return type.text;
    case Form::one_of:
      break;
  }
  // `T?` where one alternative is left beside null; otherwise null is written last, as its own alternative.
  std::string text;
  std::size_t others = 0;
  bool null = false;
  for (const Type& alternative : type.of) {
    if (alternative.form == Form::null) {
      null = true;
      continue;
    }
    text += (others++ > 0 ? " | " : "") + show(alternative);
  }
  if (!null) return text;
  if (others == 0) return "null";
  return others == 1 ? text + "?" : text + " | null";
}

}  // namespace cairn
