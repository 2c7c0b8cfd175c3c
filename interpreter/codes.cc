#include "interpreter/codes.h"

namespace cairn {

const std::vector<CodePage>& program_codes() {
  static const std::vector<CodePage> pages = {
      {"R0301", "a late value is not known",
       "The run has no answer for a value that a step needs: what makes it was not run, or could not say.",
       ""},
      {"R0302", "a setting could not be evaluated", "Something that the setting is computed from has failed.",
       ""},
      {"S0201", "no value of this name",
       "A name is visible in its whole scope, before and after. Blocks of a stage are read from outside "
       "through it: `build.wheel`.",
       "run t { image = missing }\n"},
      {"S0202", "given twice",
       "Within one place, a name, a setting, a key and an argument are given once. Blocks in branches that "
       "exclude each other may share a name if they are of one kind.",
       "let a = 1\nlet a = 2\n"},
      {"S0203", "a name that cannot be read again",
       "Names of values have no `-`, and are not reserved words, since they stand in expressions.",
       "let n-1 = 2\n"},
      {"S0204", "a file cannot be read",
       "The file that is named is not there, is no file, or is outside of the project.",
       "use \"./nothing.stack\"\n"},
      {"S0205", "files that use each other",
       "`use` cannot go in a circle. What both files need belongs into a third.", ""},
      {"S0206", "a statement where it cannot stand",
       "`use`, `stage`, `kind` and `trigger` stand directly in the file, `param` in the file or a kind, "
       "`export` in a kind. Bodies of nodes hold settings only.",
       "stage s { param x = 1 ; run t { image = \"x\" } }\n"},
      {"S0208", "no path of a module",
       "`use` takes `std/x` for the library, `./x.stack` or `../x.stack` for a file, and `as NAME` where the "
       "file's own name is none.",
       "use \"lib.stack\"\n"},
      {"S0209", "too many files", "A program has at most 1000 files.", ""},
      {"S0210", "a value that needs itself",
       "To know the value, it would have to be known already. A name in its own value is the inner one, also "
       "when it hides an outer one.",
       "let a = b\nlet b = a\n"},
      {"S0211", "nothing of this name to read",
       "From outside, a stage shows its blocks, a node and an instance only what they export, a module its "
       "kinds, lets and blocks. A list has no exports: take one of it, or a comprehension.",
       "service a { image = \"x\" }\nrun t { image = \"x\" ; env = { H = a.hots } }\n"},
      {"S0212", "no kind of this name",
       "A block begins with its kind: a built-in one, one of this file, or one of a module, "
       "`postgres.server`.",
       "serivce a { image = \"x\" }\n"},
      {"S0213", "a call that does not fit",
       "The function, or one of its arguments, is not what its declaration says.", "let a = len()\n"},
      {"S0214", "`self` outside of a block", "`self` is the block whose settings it stands in.",
       "let a = self\n"},
      {"S0215", "a param named like a setting of all nodes",
       "An instance keeps `after`, `when`, `profiles`, `timeout`, `retry`, `allow_failure`, `description` "
       "and `pool` for itself.",
       "kind k {\n  param after = 1\n  service main { image = \"x\" }\n}\n"},
      {"S0216", "an export without a value",
       "`export x = value` says what a kind shows; `export self = block` makes the instance stand for one of "
       "its blocks.",
       "kind k {\n  export x\n  service main { image = \"x\" }\n}\n"},
      {"S0217", "a param without a value",
       "It has no default and was not given: by `-p`, `--params`, the environment or `cairn.local.json`.",
       "param target: string\nrun t { image = target }\n"},
      {"S0218", "no param of this name", "What is given from outside has to be a param of the file.", ""},
      {"S0301", "no type of this name",
       "Types are string int float bool duration size path secret any, list(T), map(T), literals in quotes, "
       "kinds, unions with `|`, and `T?`.",
       "param a: strin = \"x\"\n"},
      {"S0302", "a value of the wrong type",
       "The only conversions are int to float, string to path, string to secret.",
       "run t { image = \"x\" ; timeout = 180 }\n"},
      {"S0303", "an operator that cannot take these",
       "`+` joins strings, lists, maps, numbers, durations and sizes of one type; `==` compares values of "
       "one type.",
       "let a = \"x\" + 1\n"},
      {"S0304", "no such key or element",
       "A missing key or index is an error; `lookup(map, key, default)` gives a default.",
       "let a = [1][4]\n"},
      {"S0305", "a hole that cannot be text",
       "`${ }` takes one string, number, bool, duration, size or path.", "let a = \"${[1]}\"\n"},
      {"S0306", "a secret where it would be seen",
       "Names, labels, tags, keys, command lines, `if` and `for` refuse secrets and all that is computed "
       "from one. `reveal(x)` says that it may be seen.",
       "run t { image = \"x\" ; command = [\"login\", secret(\"env:P\")] }\n"},
      {"S0307", "a value that is known too late",
       "`for`, `if`, keys and settings declared `known` decide what there is: they are read before the run. "
       "Addresses, results of steps and secrets are known later.",
       "run build { image = \"b\" }\nfor x in build.json.parts { run t { image = \"a\" } }\n"},
      {"S0308", "a block that is not there", "The `if` around it is false, so it is null.",
       "if false { service db { image = \"x\" } }\nlet h = db.host\n"},
      {"S0309", "elements that cannot name blocks",
       "One variable over a list: its elements, distinct strings or ints, name what is made of them. Two "
       "variables name by position or key.",
       "for y in [\"a\", \"a\"] { run t { image = \"x\" } }\n"},
      {"S0310", "a value that needs too many others",
       "Values that need each other are followed 2000 levels deep.", ""},
      {"S0311", "a program that unfolds too far",
       "A program has at most a million elements of loops and 250000 nodes. Its values hold at most 20 "
       "million "
       "elements, every reading of a value counted, and nest at most 300 levels deep.",
       ""},
      {"S0312", "a function that has no result for this",
       "The function cannot do anything with the value that it was given.", "let a = first([])\n"},
      {"S0313", "a param whose type cannot be seen", "A param needs a type or a default that shows it.",
       "param a = []\n"},
      {"S0401", "something that waits for itself",
       "References and `after` order what runs; an order cannot go in a circle. `self` mentions the node "
       "itself, `nowait(x.host)` another one, without waiting.",
       "service a { image = \"x\" ; env = { H = a.host } }\n"},
      {"S0402", "a graph that can never run",
       "A thing would have to end before something that it is kept for.",
       "service db { image = \"x\" }\nvolume v\nclone cold { from = v ; after = [db.stopped] }\nrun both { "
       "image = \"x\" ; mounts = { \"/c\" = cold } ; env = { H = db.host } }\n"},
      {"S0403", "no place, or two",
       "`run` and `service` take exactly one of `image` and `in`. Nothing runs on this machine unless the "
       "file says so.",
       "run t { command = [\"x\"] }\n"},
      {"S0404", "a setting that is missing",
       "A setting without a default whose type does not end in `?` has to be given.",
       "migrate up { locations = [\"m\"] }\n"},
      {"S0405", "a kind that contains itself", "Each instance would hold another one.", "kind a { a b }\n"},
      {"S0406", "a value inside of code",
       "A shell or a database would run the value as part of its text. It goes in by `env`, by an argument, "
       "or by `vars`.",
       "param x = \"1\"\nrun t { image = \"x\" ; command = [\"sh\", \"-c\", \"echo ${x}\"] }\n"},
      {"S0408", "a block that is like itself", "`like` takes over the settings of another block.",
       "run t { image = \"x\" ; like = t }\n"},
      {"S0411", "no setting of this name", "Every kind has its settings: `cairn explain KIND` lists them.",
       "image a { context = \".\" ; dockerfil = \"D\" }\n"},
      {"S0412", "no place inside of a container",
       "In a container a path has no folder that it could be relative to: `working_dir`, the keys of "
       "`mounts` and of "
       "`files`, and `tmpfs` begin with `/`.",
       "run t { image = \"x:1\" ; mounts = { \"./src\" = \"/app\" } }\n"},
      {"S0413", "a copy that cannot be",
       "The settings of a `snapshot` or `clone` speak against each other, or are its source's to have.",
       "volume seed\nclone data { from = seed ; size = 10GiB }\n"},
      {"S0414", "nothing for a running service",
       "A `run` with `in = service` is a program in the container that is there: it has a command, an "
       "environment, a "
       "user, a folder and files of its own, all else is the service's.",
       "service db { image = \"x:1\" }\nrun t { in = db ; command = [\"y\"] ; cpus = 2 }\n"},
  };
  return pages;
}

}  // namespace cairn
