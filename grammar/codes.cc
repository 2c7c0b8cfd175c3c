#include "grammar/codes.h"

namespace cairn {

const std::vector<CodePage>& syntax_codes() {
  static const std::vector<CodePage> pages{
      {"S0101", "Something else was expected",
       "The text does not go on as the grammar says. The message names what was expected and what stands "
       "there instead. "
       "A text stands in quotes, elements of a list or map are separated by `,` or a new line, statements by "
       "a new line or `;`.",
       "x = [1 2]\n"},
      {"S0102", "A block is never closed",
       "The file ends before the `}` of this block. When a line further down is not indented deeper than the "
       "head of the "
       "block, the block is the one that its indentation gives away, and that line is marked.",
       "stage test {\n  service db {\n    image = \"postgres:16\"\n\n  run unit {\n    image = \"app:1\"\n  "
       "}\n}\n"},
      {"S0103", "A setting is written with one `=`",
       "`==` compares two values, `+=` and `:=` do not exist: nothing is ever assigned a second time.",
       "replicas == 3\n"},
      {"S0104", "A colon, or quotes around a name, where `=` belongs",
       "Settings and the entries of a map are written `name = value`; the body of a block stands between `{` "
       "and `}`. "
       "`:` separates a name from its type, and the parts of `a ? b : c`. Lines indented deeper belong to "
       "the same mistake.",
       "service db {\n  image: \"postgres:16\"\n}\n"},
      {"S0105", "The name of a block has no quotes, and there is one",
       "A block is written `kind name { … }`. The kind and the name are words.",
       "service \"db\" {\n  image = \"postgres:16\"\n}\n"},
      {"S0106", "A sign between a block and its `{`",
       "A block is `kind name {`. With `=` it would be a setting, and the name of a setting is one word.",
       "service db = {\n  image = \"postgres:16\"\n}\n"},
      {"S0107", "`{` stands on the next line",
       "A block may have no body, so `service db` is complete at the end of its line. Its `{` has to stand "
       "on the same line.",
       "service db\n{\n  image = \"postgres:16\"\n}\n"},
      {"S0108", "A closing bracket closes nothing", "There is one more closing bracket than opening ones.",
       "volume a\n}\nvolume b\n"},
      {"S0109", "A bracket of a value is never closed",
       "The `[`, `(`, `{` or `${` that is marked has no partner. The place where it was expected is the end "
       "of the file, another "
       "closing bracket, or the first line that is not indented deeper than the line of the opening one.",
       "service db {\n  ports = [5432, 5433\n  cpus  = 2\n}\n"},
      {"S0110", "A text has no closing quote on its line",
       "A text between `\"` or `'` ends on its line. One over several lines stands between `\"\"\"` or "
       "`'''`.",
       "image = \"postgres:16\n"},
      {"S0111", "A text over several lines is never closed",
       "Everything up to the end of the file would be part of it.", "script = \"\"\"\n  echo hello\n"},
      {"S0112", "An unknown escape",
       "Between `\"` a backslash begins one of `\\n` `\\t` `\\r` `\\\"` `\\\\` `\\$` `\\u{e9}`. For "
       "expressions full of backslashes use "
       "raw text, `'…'`: nothing in it has a meaning.",
       "pattern = \"\\d+\"\n"},
      {"S0113", "An escape that is not a character",
       "`\\u{…}` takes the hexadecimal number of a Unicode character: 1 to 10FFFF, without D800 to DFFF.",
       "x = \"\\u{110000}\"\n"},
      {"S0114", "Text on the line of the opening quotes",
       "What stands between `\"\"\"` or `'''` begins on the next line; the indentation that all its lines "
       "share is taken away.",
       "query = \"\"\"select 1\"\"\"\n"},
      {"S0115", "Quotes that are not straight",
       "Texts stand between `\"` or `'`. Typographic quotes come from word processors and chat programs, "
       "backticks from Markdown.",
       "image = “postgres:16”\n"},
      {"S0116", "A value is missing",
       "Behind `=` a value begins on the same line; inside brackets, and behind an operator, it may go on "
       "over lines. A `${ }` holds a value too.",
       "image =\nports = [80]\n"},
      {"S0117", "A line begins with an operator",
       "A new line ends a statement. A value that is too long for one line is broken behind an operator, or "
       "stands in brackets.",
       "x = a\n  + b\n"},
      {"S0118", "A list in the form of YAML",
       "A list is written `[a, b]`, or with one element a line between the brackets.",
       "stage test {\n  - one\n  - two\n}\n"},
      {"S0119", "A bracket is closed by another kind", "`(` is closed by `)`, `[` by `]`, `{` by `}`.",
       "x = [1, 2)\n"},
      {"S0120", "The parts of a duration are out of order",
       "A duration goes from large to small, d h m s ms, each at most once: `1h30m`.", "within = 30m1h\n"},
      {"S0121", "A number with a leading zero",
       "Some languages read `010` as eight. Here it is a mistake; what is not a number to calculate with is "
       "a text.",
       "x = 007\n"},
      {"S0122", "A `_` at the wrong place in a number",
       "`_` makes long numbers readable, between two digits: `1_000`.", "x = 1_\n"},
      {"S0123", "A number with a hyphen",
       "`8000-8010` is neither a subtraction, which has a blank on both sides of `-`, nor a text, which "
       "stands in quotes.",
       "ports = [8000-8010]\n"},
      {"S0124", "A text without quotes that looks like a number or a port",
       "Versions, addresses, port pairs and images are texts: `\"1.2.3\"`, `\"8080:80\"`, `\"postgres:16\"`.",
       "version = 1.2.3\n"},
      {"S0125", "A fraction with a unit",
       "Durations and sizes are made of whole numbers: `1h30m`, `1536MiB`.", "timeout = 1.5h\n"},
      {"S0126", "A number is too large",
       "Whole numbers, durations in milliseconds and sizes in bytes have 63 bits.",
       "x = 99999999999999999999\n"},
      {"S0127", "An unknown unit",
       "Durations have d h m s ms, sizes B kB MB GB TB KiB MiB GiB TiB. `m` is a minute, never a megabyte.",
       "memory = 512Mi\n"},
      {"S0130", "Comparisons do not chain", "`a < b < c` would compare a bool with `c`.", "x = a < b < c\n"},
      {"S0131", "An operator of another language",
       "The operators are `&&`, `||`, `!`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `+`, `-`, `*`, `/`, `%` and `? "
       ":`.",
       "x = a and b\n"},
      {"S0132", "`if` behind a value", "A choice between two values is `condition ? value : other value`.",
       "x = a if c else b\n"},
      {"S0133", "A `-` without blanks",
       "Names may hold `-`, so a subtraction has a blank on both sides of it.", "x = n -1\n"},
      {"S0134", "`? :` inside the head of a comprehension",
       "Its `:` would be taken for that of the comprehension: put it in parentheses.",
       "x = [for s in xs if c ? a : b: s]\n"},
      {"S0135", "A `*` as an index", "There is no splat: a comprehension says what becomes of each element.",
       "x = sql[*].host\n"},
      {"S0136", "A single `=` that should compare",
       "`=` gives a setting, an entry or an argument its value; `==` compares.",
       "if shards = 3 {\n  volume v\n}\n"},
      {"S0140", "A reserved word as a name",
       "`use as param let kind for in if else export true false null` are reserved where a name is declared "
       "or read. "
       "Before `=` and behind `.` any word will do.",
       "let in = 3\n"},
      {"S0141", "A statement lacks its `=`, or says nothing",
       "A setting is `name = value` and its name is one word. A block is `kind name`, `kind name { … }` or "
       "`kind { … }`.",
       "service db {\n  image \"postgres:16\"\n}\n"},
      {"S0142", "A comment that does not begin with `#`",
       "`#` begins a comment; `##` above a declaration documents it.", "// the database\nvolume data\n"},
      {"S0143", "A `$` outside of a text",
       "A value is read by its name alone; `${ }` stands only inside texts. The environment is read with "
       "`env(\"NAME\")`.",
       "x = $HOME\n"},
      {"S0144", "Two statements on one line", "Between two statements on one line stands `;`.",
       "volume a volume b\n"},
      {"S0145", "A body is missing",
       "The heads of `for`, `if`, `else` and `kind` are followed by `{ … }` on the same line.",
       "for x in range(3):\n  volume v\n"},
      {"S0146", "`else` without an `if`", "`else` follows the `}` of an `if`.",
       "volume a\nelse {\n  volume b\n}\n"},
      {"S0147", "The path of a `use`",
       "`use` takes a plain text: `\"std/postgres\"` from the library, `\"./lib.stack\"` for a file of one's "
       "own.",
       "use std/postgres\n"},
      {"S0148", "A loop of another language",
       "There are no loops that may not end: `for x in list { … }` makes what it holds once for each "
       "element, and "
       "`[for x in list: …]` computes a list.",
       "foreach x in [1] { volume v }\n"},
      {"S0150", "Not a text file in UTF-8", "The file holds bytes that are not UTF-8, or it is binary.", ""},
      {"S0151", "A YAML or Compose file",
       "Compose files cannot be read. Each of their services is a block here: `service name { image = \"…\" "
       "}`; words that "
       "are called otherwise are answered one by one.",
       "services:\n  db:\n    image: postgres:16\n"},
      {"S0152", "A JSON file", "Params are read from JSON with `--params`; a `.stack` file is not JSON.",
       "{\n  \"image\": \"postgres:16\"\n}\n"},
      {"S0153", "A file in another format", "The file is a script, a Dockerfile, TOML, XML or the like.",
       "FROM debian:12\nRUN make\n"},
      {"S0154", "A control character in the text",
       "Control characters, and those that reorder the text around them, could hide what a file says. In "
       "texts they are written as `\\u{…}`.",
       ""},
      {"S0155", "The file is too large", "A file has at most 64 MiB.", ""},
      {"S0160", "Nested too deeply", "Values and blocks may stand inside each other 200 levels deep.", ""},
      {"S0161", "Too many operators in a row",
       "One value may have at most 1000 operators, members and indices that follow each other.", ""},
      {"S0162", "Too many mistakes", "After 1000 mistakes the rest of the file is not read.", ""},
  };
  return pages;
}

}  // namespace cairn
