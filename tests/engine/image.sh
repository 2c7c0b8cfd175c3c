#!/usr/bin/env bash
# Prints the path of a tar of the one image that the engine tests need: `cairn-test:1`, busybox from Debian's
# busybox-static on nothing, as POST /images/load takes it. Made once, kept in the cache folder.
set -euo pipefail

cache="${XDG_CACHE_HOME:-$HOME/.cache}/cairn-tests"
result="$cache/cairn-test-image-1.tar"
if [ ! -s "$result" ]; then
  mkdir -p "$cache"
  work="$(mktemp -d "$cache/image.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/root/bin" "$work/root/etc" "$work/root/tmp" "$work/root/data" "$work/image"
  cp "$(command -v busybox)" "$work/root/bin/busybox"
  for applet in $("$work/root/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$work/root/bin/$applet"
  done
  printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$work/root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$work/root/etc/group"
  chmod 1777 "$work/root/tmp"
  same="--sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000"
  tar $same -C "$work/root" -cf "$work/image/layer.tar" .
  layer="$(sha256sum "$work/image/layer.tar" | cut -d' ' -f1)"
  machine="$(uname -m)"
  case "$machine" in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; esac
  cat >"$work/image/config.json" <<END
{"architecture":"$machine","os":"linux","created":"2023-11-14T22:13:20Z",
 "config":{"Env":["PATH=/bin"],"Cmd":["/bin/sh"]},
 "rootfs":{"type":"layers","diff_ids":["sha256:$layer"]},
 "history":[{"created":"2023-11-14T22:13:20Z","created_by":"busybox on nothing"}]}
END
  echo '[{"Config":"config.json","RepoTags":["cairn-test:1"],"Layers":["layer.tar"]}]' >"$work/image/manifest.json"
  tar $same -C "$work/image" -cf "$work/result.tar" manifest.json config.json layer.tar
  mv "$work/result.tar" "$result"
fi
echo "$result"
