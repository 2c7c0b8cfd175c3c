#include "interpreter/lint/codes.h"

namespace cairn::lint {

const std::vector<CodePage>& lint_codes() {
  static const std::vector<CodePage> pages = {
      {"L0401", "a volume that two use at the same time",
       "Both hold the volume, at least one of them may write, and no edge orders them: which comes first "
       "differs from run to run. A reference or `after` orders them; `readonly(…)` says that a mount only "
       "reads.",
       "volume cache\n"
       "run fill { image = \"alpine:3\" ; mounts = { \"/c\" = cache } }\n"
       "run take { image = \"alpine:3\" ; mounts = { \"/c\" = cache } }\n"},
      {"L0402", "a folder of this machine that two use at the same time",
       "Both use the same folder, or one a part of the other's, at least one of them may write, and no edge "
       "orders "
       "them. A process of this machine uses its `artifacts`; a build reads its `context`.",
       "run make { image = \"alpine:3\" ; mounts = { \"/out\" = \"./site\" } }\n"
       "run pack { image = \"alpine:3\" ; mounts = { \"/in\" = \"./site/../site\" } }\n"},
      {"L0403", "a port of this machine that two want at the same time",
       "A fixed host port belongs to one process at a time: a published one, or one that a process of this "
       "machine is "
       "probed at. `self.port(\"http\")` is a free one. A plain container port, `ports = [80]`, is "
       "published at a free one, and `x.port(80)` tells readers which.",
       "service blue  { image = \"nginx:1.27\" ; ports = [\"8080:80\"] }\n"
       "service green { image = \"nginx:1.27\" ; ports = [\"127.0.0.1:8080:80\"] }\n"},
      {"L0404", "a name or a tag that two give at the same time",
       "An engine knows one volume, network or image by a name: the second one takes it from the first, or "
       "fails.",
       "image a { context = \"site\" ; tags = [\"acme/app:1.0\"] }\n"
       "image b { context = \"site\" ; tags = [\"acme/app:1.0\"] }\n"},
      {"L0405", "a database that two change at the same time",
       "Two steps work on one database, at least one of them changes it, and no edge orders them. A step "
       "hands on what it acted on: `on = schema.database` orders by use.",
       "use \"std/postgres\"\n"
       "postgres.server pg\n"
       "sql one { on = pg.database ; text = \"insert into t values (1)\" }\n"
       "sql two { on = pg.database ; text = \"select * from t\" }\n"},
      {"L0406", "a service that is reached and not waited for",
       "A text names the host of a service, or a port of this machine that it has, and nothing makes the "
       "reader wait until that service is ready. A "
       "reference to it is an edge, and gives the right address wherever the reader runs.",
       "service db { image = \"postgres:16\" }\n"
       "run unit { image = \"node:22\" ; env = { DB_HOST = \"db\" } }\n"},
      {"L0407", "a service that others use and that never says it is ready",
       "A process of this machine without `ready` counts as ready as soon as it runs, long before it "
       "listens.",
       "service api { in = \"host\" ; command = [\"python3\", \"api.py\"] }\n"
       "run unit { in = \"host\" ; command = [\"true\"] ; after = [api] }\n"},
      {"L0408", "a clone of what is being written",
       "The volume is copied while a service that writes it may run: the copy may hold half of a change. "
       "`after = [db.stopped]` makes the copy cold; an array's snapshot cuts at one point in time.",
       "volume data\n"
       "service db { image = \"postgres:16\" ; mounts = { \"/data\" = data } }\n"
       "clone copy { from = data ; after = [db] }\n"
       "run take { image = \"node:22\" ; mounts = { \"/data\" = copy } }\n"},
      {"L0501", "a wait by the clock",
       "A `sleep` is too short on a slow day and too long on all others. `ready`, a `probe` or a reference "
       "waits for the thing itself.",
       "run unit { image = \"node:22\" ; command = [\"sh\", \"-c\", \"sleep 5 && npm test\"] }\n"},
      {"L0502", "an image without a version",
       "`latest`, or no tag, is whatever is newest that day: the same file gives another result tomorrow.",
       "run unit { image = \"node\" ; command = [\"npm\", \"test\"] }\n"},
      {"L0503", "a secret that is written in the file",
       "Whoever can read the file can read it, and so can everybody who ever could. `secret(\"env:NAME\")` "
       "reads it where it is needed; `secret(\"generate:24\")` makes a new one for each run.",
       "service db { image = \"postgres:16\" ; env = { POSTGRES_PASSWORD = \"hunter2\" } }\n"},
      {"L0504", "a secret on a command line",
       "Every user of the machine can read command lines in its list of processes. `env` and `files` are for "
       "secrets.",
       "run login { image = \"docker:27\" ; command = [\"docker\", \"login\", \"--password\", "
       "reveal(secret(\"env:P\"))] }\n"},
      {"L0505", "a fixed host port of a service with replicas",
       "Each replica wants the same port of the machine, and only the first one gets it.",
       "service web { image = \"nginx:1.27\" ; replicas = 3 ; ports = [\"8080:80\"] }\n"},
      {"L0506", "a path that does not exist",
       "The file names a file or a folder of the project that is not there. Paths are relative to the file "
       "that they are written in; `dockerfile` is relative to `context`.",
       "image app { context = \"nowhere\" }\n"},
      {"L0507", "two steps that write the same file",
       "Both promise the same report or artifact in the same folder, and no edge orders them: one overwrites "
       "the other.",
       "for shard in range(2) {\n"
       "  run unit { in = \"host\" ; command = [\"make\", \"test\"] ; reports = [junit(\"out.xml\")] }\n"
       "}\n"},
      {"L0508", "a promised report that nothing makes",
       "A report that is promised and missing fails its step. Where a mount is only read no step can write "
       "it, "
       "and a report of a step without `reports` has no case.",
       "run unit { image = \"node:22\" ; mounts = { \"/src\" = readonly(\"./site\") } ; reports = "
       "[junit(\"/src/out.xml\")] }\n"},
      {"L0509", "an `after` that a reference says already",
       "A setting reads the other block, and a reference is an edge.",
       "service db { image = \"postgres:16\" }\n"
       "run unit { image = \"node:22\" ; env = { DB_HOST = db.host } ; after = [db] }\n"},
      {"L0510", "a container that may do anything",
       "A privileged container is root on the machine that it runs on. Most need one capability or one "
       "device.",
       "run build { image = \"docker:27\" ; privileged = true }\n"},
      {"L0511", "a container on the machine's network",
       "Its ports are taken on the machine itself, and the names of services do not resolve in it.",
       "service web { image = \"nginx:1.27\" ; network_mode = \"host\" }\n"},
      {"L0512", "a question without an end",
       "Without `within` or `timeout` the step asks until the answer is right, which may be never.",
       "http done { url = \"https://ci.acme.example/1\" ; until = self.status == 200 }\n"},
      {"L0513", "a certificate that nobody looks at",
       "Whoever answers is believed. `fingerprint` pins the one certificate that an array has.",
       "flasharray pure { endpoint = \"https://array.acme.example\" ; token = secret(\"env:T\") ; verify_tls "
       "= false }\n"
       "volume v { driver = \"pure\" }\n"
       "clone c { from = v ; on = pure }\n"
       "run take { image = \"node:22\" ; mounts = { \"/d\" = c } }\n"},
      {"L0514", "a probe that outlasts its step",
       "`timeout` ends the step before the probe has used the time that it was given.",
       "service db { image = \"postgres:16\" ; timeout = 1m ; ready = [tcp(5432, within = 2m)] }\n"},
      {"L0515", "an image that is pushed before its tests",
       "A step tests the image, and the push does not wait for it.",
       "image app { context = \"site\" }\n"
       "run unit { image = app ; reports = [junit(\"/r.xml\")] }\n"
       "push app_to_hub { image = app ; tags = [\"acme/app:1.0\"] }\n"},
      {"L0516", "a setting for imported Compose files",
       "The setting exists so that a Compose file means the same here. A file of this language has a better "
       "word for it.",
       "service web { image = \"nginx:1.27\" ; deploy = { replicas = 2 } }\n"},
      {"L0517", "something that is not this file's",
       "A volume that is `external`, a database on a server that no service of this file is: it belongs to "
       "somebody, "
       "and is about to be emptied or overwritten.",
       "database live { driver = \"postgres\" ; host = \"db.acme.example\" ; name = \"shop\" ; user = \"ci\" "
       "}\n"
       "migrate clean { on = live ; action = \"clean\" }\n"},
      {"L0518", "a variable that nobody expands",
       "`$NAME` is for a shell. In `env`, `user`, `working_dir`, and in a `command` that is not a "
       "shell's, it "
       "is handed on as it stands. `env(\"NAME\")` reads a variable of the environment that cairn was "
       "started in.",
       "run unit { image = \"node:22\" ; env = { CACHE = \"$HOME/.cache\" } }\n"},
      {"L0601", "a name that nobody reads", "A param, a let, a `use` or a kind that nothing refers to.",
       "let version = \"1.0\"\n"
       "run unit { image = \"node:22\" }\n"},
      {"L0602", "an allowance for nothing",
       "The comment allows a finding that there is not. It would hide the next one.",
       "# cairn: allow L0502 because the newest is wanted\n"
       "run unit { image = \"node:22\" }\n"},
      {"L0603", "an allowance without a reason", "Who reads the comment next year wants to know why.",
       "# cairn: allow L0502\n"
       "run unit { image = \"node\" }\n"},
      {"L0604", "a name that hides another", "Inside, the outer name cannot be read any more.",
       "param version = \"1.0\"\n"
       "stage test {\n"
       "  let version = \"2.0\"\n"
       "  run unit { image = \"node:${version}\" }\n"
       "}\n"
       "run other { image = \"node:${version}\" }\n"},
      {"L0605", "a key that looks like a name",
       "A bare word before `=` in a map is a text, whatever the scope declares. `\"${x}\"` is the value of "
       "`x`.",
       "for region in [\"eu\", \"us\"] {\n"
       "  run unit { image = \"node:22\" ; env = { region = \"on\" } }\n"
       "}\n"},
  };
  return pages;
}

}  // namespace cairn::lint
