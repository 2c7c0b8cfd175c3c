// The declarations in stdlib/ hold what the checker, the docs and did-you-mean expect of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "grammar/source.h"
#include "interpreter/functions/functions.h"
#include "interpreter/kinds.h"

namespace cairn {
namespace {

using Form = Type::Form;

std::string complaints(const Vocabulary& vocabulary, const Sources& sources) {
  std::string all;
  for (const Diagnostic& one : vocabulary.mistakes().sorted())
    all += sources.show(one.primary.span) + " " + one.code + " " + one.message + "\n";
  return all;
}

// The type of a default as far as its syntax tells; nothing for what has to be evaluated.
std::optional<Form> form_of(const syntax::Expr& expression) {
  if (std::holds_alternative<syntax::NullLiteral>(expression.is)) return Form::null;
  if (std::holds_alternative<syntax::BoolLiteral>(expression.is)) return Form::boolean;
  if (std::holds_alternative<syntax::IntLiteral>(expression.is)) return Form::integer;
  if (std::holds_alternative<syntax::FloatLiteral>(expression.is)) return Form::floating;
  if (std::holds_alternative<syntax::DurationLiteral>(expression.is)) return Form::duration;
  if (std::holds_alternative<syntax::SizeLiteral>(expression.is)) return Form::size;
  if (std::holds_alternative<syntax::Text>(expression.is)) return Form::string;
  if (std::holds_alternative<syntax::ListLiteral>(expression.is)) return Form::list;
  if (std::holds_alternative<syntax::MapLiteral>(expression.is)) return Form::map;
  return std::nullopt;
}

bool takes(const Type& type, Form form, const syntax::Expr& value) {
  if (type.form == Form::one_of) {
    for (const Type& alternative : type.of)
      if (takes(alternative, form, value)) return true;
    return false;
  }
  if (type.form == Form::any || type.form == Form::variable || type.form == form) return true;
  if (form != Form::string) return false;
  if (type.form == Form::path || type.form == Form::secret) return true;
  const syntax::Text& text = std::get<syntax::Text>(value.is);
  return type.form == Form::literal && text.parts.size() == 1 && text.parts[0].text == type.text;
}

struct Declarations : testing::Test {
  Sources sources;
  Vocabulary vocabulary{sources};
};

TEST_F(Declarations, EveryKindOfTheLanguageIsThere) {
  const std::vector<std::string> names = vocabulary.kind_names();
  EXPECT_THAT(names, testing::ElementsAre("check", "clone", "compare", "database", "dbtest", "engine",
                                          "flasharray", "host", "http", "image", "migrate", "network", "pool",
                                          "probe", "push", "registry", "report", "run", "service", "snapshot",
                                          "sql", "stage", "trigger", "verify", "volume"));
}

TEST_F(Declarations, ParseAndResolveAllOfThem) {
  for (const std::string& name : vocabulary.kind_names()) {
    const KindDecl* kind = vocabulary.kind(name);
    ASSERT_NE(kind, nullptr) << name;
    EXPECT_EQ(kind->name, name);
    EXPECT_TRUE(kind->native) << name;
    EXPECT_FALSE(kind->base) << name;
  }
  EXPECT_FALSE(vocabulary.function_names().empty());
  EXPECT_EQ(complaints(vocabulary, sources), "");
}

TEST_F(Declarations, SayWhatEverythingIs) {
  for (const std::string& name : vocabulary.kind_names()) {
    const KindDecl& kind = *vocabulary.kind(name);
    EXPECT_GT(kind.doc.size(), 40u) << name;
    for (const ParamDecl& param : kind.params) {
      EXPECT_GT(param.doc.size(), 15u) << name << "." << param.name;
      EXPECT_TRUE(param.doc.ends_with('.')) << name << "." << param.name;
    }
    for (const ExportDecl& exported : kind.exports)
      EXPECT_GT(exported.doc.size(), 8u) << name << "." << exported.name;
  }
  for (const std::string& name : vocabulary.function_names())
    EXPECT_GT(vocabulary.function(name)->doc.size(), 15u) << name;
}

TEST_F(Declarations, DefaultsFitTheirTypes) {
  const auto check = [](const std::string& what, const Type& type, const syntax::Expr* value) {
    if (value == nullptr) return;
    const std::optional<Form> form = form_of(*value);
    ASSERT_TRUE(form.has_value()) << what << " has a default that is no literal";
    EXPECT_TRUE(takes(type, *form, *value)) << what << " is " << show(type);
  };
  for (const std::string& name : vocabulary.kind_names()) {
    for (const ParamDecl& param : vocabulary.kind(name)->params)
      check(name + "." + param.name, param.type, param.default_value);
    for (const ExportDecl& exported : vocabulary.kind(name)->exports)
      for (const TakesDecl& one : exported.takes)
        check(name + "." + exported.name, one.type, one.default_value);
  }
  for (const std::string& name : vocabulary.function_names())
    for (const TakesDecl& one : vocabulary.function(name)->takes)
      check(name + "(" + one.name + ")", one.type, one.default_value);
}

TEST_F(Declarations, NoNameTwiceInAKind) {
  for (const std::string& name : vocabulary.kind_names()) {
    std::set<std::string> params, exports;
    for (const ParamDecl& param : vocabulary.kind(name)->params)
      EXPECT_TRUE(params.insert(param.name).second) << name << "." << param.name;
    for (const ExportDecl& exported : vocabulary.kind(name)->exports)
      EXPECT_TRUE(exports.insert(exported.name).second) << name << "." << exported.name;
  }
}

TEST_F(Declarations, ClassesFollowFromTheRoot) {
  const auto class_of = [&](std::string_view kind) { return vocabulary.kind(kind)->node_class; };
  EXPECT_EQ(class_of("engine"), NodeClass::endpoint);
  EXPECT_EQ(class_of("trigger"), NodeClass::endpoint);
  EXPECT_EQ(class_of("clone"), NodeClass::thing);
  EXPECT_EQ(class_of("service"), NodeClass::service);
  EXPECT_EQ(class_of("run"), NodeClass::task);
  EXPECT_EQ(class_of("sql"), NodeClass::task);
  EXPECT_EQ(class_of("stage"), NodeClass::group);
}

TEST_F(Declarations, InheritSettingsAndExports) {
  const KindDecl& clone = *vocabulary.kind("clone");
  EXPECT_NE(clone.param("after"), nullptr);
  EXPECT_NE(clone.param("driver_opts"), nullptr);
  EXPECT_NE(clone.find_export("path"), nullptr);
  ASSERT_NE(clone.param("from"), nullptr);
  EXPECT_EQ(show(clone.param("from")->type), "volume | snapshot | path");
  EXPECT_TRUE(vocabulary.inherits("clone", "volume"));
  EXPECT_TRUE(vocabulary.inherits("clone", "clone"));
  EXPECT_FALSE(vocabulary.inherits("volume", "clone"));
  EXPECT_FALSE(vocabulary.inherits("nothing", "volume"));
}

TEST_F(Declarations, KnowWhatIsLateKnownCallableAndDeferred) {
  const KindDecl& service = *vocabulary.kind("service");
  EXPECT_TRUE(service.param("image")->known);
  EXPECT_FALSE(service.param("env")->known);
  EXPECT_TRUE(service.find_export("port")->callable);
  EXPECT_TRUE(service.find_export("port")->late);
  EXPECT_EQ(service.find_export("url")->takes.size(), 2u);
  EXPECT_TRUE(vocabulary.kind("http")->param("until")->deferred);
  EXPECT_EQ(vocabulary.kind("trigger")->param("params")->takes.size(), 1u);
}

TEST_F(Declarations, AreReadOnlyWhenAskedFor) {
  vocabulary.kind("volume");
  EXPECT_EQ(sources.size(), 4u);  // volume, thing, work, node
  EXPECT_EQ(vocabulary.kind("base/node"), nullptr);
  EXPECT_EQ(vocabulary.kind("servce"), nullptr);
}

// What the functions are that are not in functions/: the evaluator's own, and constructors.
TEST_F(Declarations, EveryFunctionHasSomebodyWhoDoesIt) {
  const std::set<std::string> evaluators{"nowait", "reveal", "secret"};
  std::set<std::string> natives;
  for (const std::string& name : vocabulary.function_names()) {
    const bool constructor = vocabulary.function(name)->result.form == Form::made;
    const bool native = find_native(name) != nullptr;
    EXPECT_EQ(native, !constructor && !evaluators.contains(name)) << name;
  }
}

TEST_F(Declarations, EveryFunctionOfTheLanguageIsThere) {
  for (const char* name :
       {"string",     "int",         "float",      "upper",      "lower",         "trim",
        "split",      "join",        "replace",    "matches",    "capture",       "starts_with",
        "ends_with",  "contains",    "lines",      "sha256",     "base64_encode", "base64_decode",
        "url_encode", "shell_quote", "json",       "parse_json", "len",           "range",
        "keys",       "values",      "merge",      "flatten",    "distinct",      "sort",
        "reverse",    "first",       "last",       "min",        "max",           "sum",
        "chunks",     "coalesce",    "lookup",     "zip",        "div",           "abs",
        "ceil",       "floor",       "round",      "seconds",    "milliseconds",  "bytes",
        "basename",   "dirname",     "extension",  "readonly",   "subpath",       "retries",
        "secret",     "reveal",      "nowait",     "tcp",        "http",          "exec",
        "sql",        "log",         "healthy",    "exists",     "socket",        "junit",
        "tap",        "cobertura",   "trx",        "gotest",     "file",          "glob",
        "env",        "git_sha",     "git_branch", "git_tag",    "git_changed",   "now",
        "run_id"})
    EXPECT_NE(vocabulary.function(name), nullptr) << name;
}

}  // namespace
}  // namespace cairn
