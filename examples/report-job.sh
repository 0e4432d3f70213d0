#!/bin/sh
# Fetch the figures of a wave as CSV when there are new ones, and keep what was fetched before until then.
#
#     SOUNDINGS_URL=https://survey.example.org SOUNDINGS_KEY=snd_... report-job.sh 2022-fall /srv/reports
#
# The key is a reporter's. A line for cron, each morning at 6:15, with the key in a file that its owner alone can read:
#
#     15 6 * * *  SOUNDINGS_URL=https://survey.example.org SOUNDINGS_KEY_FILE=/etc/soundings.key /opt/report-job.sh 2022-fall /srv/reports
#
# Ends with 0 when there is nothing to worry about, 75 when it is worth another try, 1 when somebody has to look. It
# needs curl and nothing else.
set -eu

wave=${1:?which wave?}
folder=${2:-.}
: "${SOUNDINGS_URL:?where is the server?}"
key=${SOUNDINGS_KEY:-$(cat "${SOUNDINGS_KEY_FILE:?where is the key?}")}
file=$folder/$wave.csv

new=$(mktemp -d "$folder/.soundings.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM

etag=
if [ -s "$file" ] && [ -s "$file.etag" ]; then etag=$(cat "$file.etag"); fi

# The key goes through a pipe: what stands on a command line can be read by everybody on the machine.
status=$(printf 'header = "Authorization: Bearer %s"\n' "$key" |
  curl --config - --silent --show-error --retry 4 --retry-max-time 120 --max-time 300 \
    --dump-header "$new/headers" --output "$new/body" --write-out '%{http_code}' \
    ${etag:+--header "If-None-Match: $etag"} "$SOUNDINGS_URL/v1/waves/$wave/summary?format=csv") || exit 75

case $status in
  200)
    sed -n 's/^[Ee][Tt][Aa][Gg]: *\(".*"\).*$/\1/p' "$new/headers" >"$new/etag"
    mv "$new/body" "$file"
    mv "$new/etag" "$file.etag"
    echo "new: $file"
    ;;
  304) echo "nothing new" ;;
  409) echo "not released yet" ;; # the wave is open, or the director has to release it: the body says which
  429 | 5??)
    cat "$new/body" >&2
    exit 75
    ;;
  *)
    cat "$new/body" >&2
    exit 1
    ;;
esac
