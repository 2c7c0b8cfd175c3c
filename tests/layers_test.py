"""Fails when a source file includes what its room may not see, or a heavy library outside the room that owns it."""
import pathlib
import re
import sys

MAY_SEE = {  # folder -> what it may include from
    "grammar": {"grammar"},
    "stdlib": {"stdlib"},
    "interpreter": {"interpreter", "stdlib", "grammar"},
    "runtime/plan": {"runtime/plan", "interpreter", "grammar"},
    "runtime": {"runtime", "interpreter", "grammar"},
    "cli": {"cli", "runtime", "interpreter", "stdlib", "grammar"},
}
ONLY_IN = {  # header -> the places that may include it
    r"tao/": ("grammar/", "tests/grammar/"),
    r"boost/": ("interpreter/graph",),
    r"curl/": ("runtime/http/",),
    r"archive": ("runtime/platform/docker/", "tests/docker/", "tests/sim/engine/"),
    r"pugixml": ("runtime/report/", "tests/report/"),
    r"httplib": ("runtime/array/simulator/", "tests/"),
    r"CLI/": ("cli/",),
    r"nlohmann/json\.hpp": ("runtime/", "cli/", "tests/", "interpreter/functions/encodings.cc", "interpreter/inputs_capsule.cc", "interpreter/params.cc"),
    r"spdlog/": ("runtime/", "cli/"),
}
# Time, chance and waiting go through the seams, so that tests and the simulation can turn them.
SEAMS = ("runtime/effects/", "runtime/http/", "runtime/keeper/", "runtime/progress/", "runtime/execute/", "runtime/array/", "tests/")
FORBIDDEN = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|std::rand|srand|random_device)\b(?!\s*\(?\s*Nano)")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)

root = pathlib.Path(sys.argv[1])
wrong = []
for folder in ("grammar", "stdlib", "interpreter", "runtime", "cli", "tests"):
    for path in sorted((root / folder).rglob("*")):
        if path.suffix not in {".h", ".cc"}:
            continue
        here = path.relative_to(root).as_posix()
        text = path.read_text()
        room = next((r for r in sorted(MAY_SEE, key=len, reverse=True) if here.startswith(r + "/")), None)
        for target in INCLUDE.findall(text):
            if room and target.split("/")[0] in {r.split("/")[0] for r in MAY_SEE}:
                if not any(target.startswith(seen + "/") for seen in MAY_SEE[room]):
                    wrong.append(f"{here}: {room} may not include {target}")
            for pattern, allowed in ONLY_IN.items():
                if re.match(pattern, target) and not here.startswith(allowed):
                    wrong.append(f"{here}: {target} belongs in {', '.join(allowed)}")
        if "TODO(now)" in text:
            wrong.append(f"{here}: TODO(now) is for an editor, not for a commit")
print("\n".join(wrong) or "layers ok")
sys.exit(bool(wrong))
