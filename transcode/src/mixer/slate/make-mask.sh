#!/bin/sh
# Renders back-soon.html into the gray mask back-soon.png. Needs chromium, ffmpeg and the Noto Sans CJK fonts.
set -eu
cd "$(dirname "$0")"
shot=$(mktemp --suffix=.png)
chromium --headless --no-sandbox --disable-gpu --disable-background-networking --hide-scrollbars \
  --window-size=1280,360 --screenshot="$shot" "file://$PWD/back-soon.html"
ffmpeg -v error -y -i "$shot" -vf format=gray -frames:v 1 back-soon.png
rm "$shot"
