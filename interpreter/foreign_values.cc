#include "interpreter/foreign.h"

namespace cairn {
namespace {

constexpr ForeignValue values[] = {
    {"False", "`False` (Python) is `false` here"},
    {"None", "`None` (Python) is `null` here"},
    {"Null", "`Null` is `null` here"},
    {"True", "`True` (Python) is `true` here"},
    {"count", "`count.index` (Terraform) is the variable of a loop: `for i in range(3) { … }`"},
    {"data", "`data.` (Terraform) is not needed here: a block is read by its name"},
    {"each", "`each` (Terraform) is the variable of a loop: `for x in list { … }`"},
    {"ENV", "a variable of the environment is read with `env(\"NAME\")`"},
    {"github",
     "`github` (GitHub Actions) is `git_sha()`, `git_branch()`, `git_tag()`, or `env(\"GITHUB_…\")`, here"},
    {"inputs", "`inputs` (GitHub Actions) are params, read by their names alone, here"},
    {"local", "params and lets are read by their names alone, without `local.`"},
    {"matrix", "`matrix` (GitHub Actions) is the variable of a loop: `for x in list { … }`"},
    {"module", "`module.` (Terraform) is not needed here: a block is read by its name"},
    {"needs", "`needs.x.outputs` (GitHub Actions) is `x.outputs` here: a block is read by its name"},
    {"nil", "`nil` is `null` here"},
    {"no", "`no` (YAML) is `false` here"},
    {"none", "`none` is `null` here"},
    {"off", "`off` (YAML) is `false` here"},
    {"on", "`on` (YAML) is `true` here"},
    {"os", "a variable of the environment is read with `env(\"NAME\")`"},
    {"parameters", "params are read by their names alone, without `parameters.`"},
    {"params", "params and lets are read by their names alone, without `params.`"},
    {"process", "a variable of the environment is read with `env(\"NAME\")`"},
    {"secrets", "`secrets.NAME` (GitHub Actions) is `secret(\"env:NAME\")` here"},
    {"steps", "`steps.x.outputs` (GitHub Actions) is `x.outputs` here: a block is read by its name"},
    {"terraform",
     "`terraform.workspace` has no counterpart here; a param tells one environment from another"},
    {"undefined", "`undefined` is `null` here"},
    {"var", "params and lets are read by their names alone, without `var.`"},
    {"variables", "params and lets are read by their names alone, without `variables.`"},
    {"vars", "params and lets are read by their names alone, without `vars.`"},
    {"yes", "`yes` (YAML) is `true` here"},
};

constexpr ForeignValue functions[] = {
    {"abspath", "`abspath` (Terraform) is not needed here: a path is relative to the file it stands in"},
    {"always", "`always()` (GitHub Actions) is `when = \"always\"` here"},
    {"append", "`append` is `+` here: `list + [element]`"},
    {"base64decode", "`base64decode` (Terraform) is `base64_decode` here"},
    {"base64encode", "`base64encode` (Terraform) is `base64_encode` here"},
    {"can",
     "`can` (Terraform) has no counterpart here; `lookup(map, key, default)` reads what may be missing"},
    {"cancelled",
     "`cancelled()` (GitHub Actions) has no counterpart here; `when = \"always\"` runs after Ctrl-C as well"},
    {"concat", "`concat` (Terraform) is `+` here: `a + b`"},
    {"counter", "`counter` (Azure Pipelines) has no counterpart here; `run_id()` is of each run alone"},
    {"element", "`element` (Terraform) is an index here: `list[0]`"},
    {"eq", "`eq` (Azure Pipelines) is `==` here"},
    {"failed", "`failed()` (Azure Pipelines) is `when = \"failure\"` here"},
    {"failure", "`failure()` (GitHub Actions) is `when = \"failure\"` here"},
    {"fileexists", "`fileexists` (Terraform) is `len(glob(\"path\")) > 0` here"},
    {"filebase64", "`filebase64` (Terraform) is `base64_encode(file(\"path\"))` here"},
    {"filter", "`filter` is a comprehension here: `[for x in list if x.on: x]`"},
    {"format", "`format` is a text with holes here: `\"${a}-${b}\"`"},
    {"fromJSON", "`fromJSON` (GitHub Actions) is `parse_json` here"},
    {"getenv", "`getenv` is `env(\"NAME\")` here"},
    {"hashFiles", "`hashFiles` (GitHub Actions) is `sha256(file(\"path\"))` here"},
    {"jsondecode", "`jsondecode` (Terraform) is `parse_json` here"},
    {"jsonencode", "`jsonencode` (Terraform) is `json` here"},
    {"length", "`length` (Terraform) is `len` here"},
    {"map", "`map` is a comprehension here: `[for x in list: x.name]`"},
    {"ne", "`ne` (Azure Pipelines) is `!=` here"},
    {"path", "a path is a text here: `\"./data\"`, relative to the file it stands in"},
    {"print", "`print` has no counterpart here; `cairn params` and `cairn plan --show model` show values"},
    {"regex", "`regex` (Terraform) is `capture(text, '…')`, or `matches(text, '…')`, here"},
    {"retry", "`retry` is a setting here: `retry = 3`, or `retry = retries(3, delay = 5s)`"},
    {"sleep", "nothing sleeps here: a probe in `ready`, or `until`, waits for what is meant"},
    {"substr", "`substr` is `capture(text, '^(…)')` here"},
    {"succeeded", "`succeeded()` (Azure Pipelines) is the default here"},
    {"success", "`success()` (GitHub Actions) is the default here"},
    {"templatefile", "`templatefile` (Terraform) is a text with holes here, or `replace(file(\"path\"), …)`"},
    {"timestamp", "`timestamp` (Terraform) is `now` here"},
    {"toJSON", "`toJSON` (GitHub Actions) is `json` here"},
    {"tobool", "`tobool` (Terraform) is `bool` here"},
    {"tolist", "`tolist` (Terraform) is not needed here"},
    {"tomap", "`tomap` (Terraform) is not needed here"},
    {"tonumber", "`tonumber` (Terraform) is `int` or `float` here"},
    {"toset", "`toset` (Terraform) is `distinct` here"},
    {"tostring", "`tostring` (Terraform) is `string` here"},
    {"try", "`try` (Terraform) is `coalesce(a, b)`, or `lookup(map, key, default)`, here"},
    {"uuid", "`uuid` has no counterpart here; `run_id()` is of each run alone"},
    {"yamldecode", "`yamldecode` (Terraform) has no counterpart here; `parse_json` reads JSON"},
    {"yamlencode", "`yamlencode` (Terraform) is `json` here: JSON is YAML, too"},
};

const ForeignValue* find(std::span<const ForeignValue> all, std::string_view name) {
  for (const ForeignValue& one : all)
    if (one.name == name) return &one;
  return nullptr;
}

}  // namespace

const ForeignValue* foreign_value(std::string_view name) {
  return find(values, name);
}

std::span<const ForeignValue> foreign_values() {
  return values;
}

const ForeignValue* foreign_function(std::string_view name) {
  return find(functions, name);
}

std::span<const ForeignValue> foreign_functions() {
  return functions;
}

}  // namespace cairn
