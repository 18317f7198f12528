#!/usr/bin/env bash
# Drives FileZilla's window on a screen of its own against `sallyport serve`: in both TLS modes it lists, downloads and
# uploads, and continues an upload during which it was killed. On demand only: clicks and waiting make it slow, and the
# keys that it types are those of FileZilla 3.63. Needs the Debian packages filezilla, xvfb, openbox, xdotool, xxd and
# openssl. Prints a line for each thing that went well; at a failure leaves the folder with logs and a picture.
set -euo pipefail

repository=$(cd "$(dirname "$0")/../.." && pwd)
for program in filezilla Xvfb openbox xdotool xxd openssl; do
  command -v "$program" >/dev/null || { echo "filezilla.sh needs $program" >&2; exit 69; }
done

folder=$(mktemp -d)
root=$folder/root state=$folder/state near=$folder/near log=$folder/server.log
export HOME=$folder/home LANG=C.UTF-8
unset XDG_CONFIG_HOME
config=$HOME/.config/filezilla
mkdir -p "$root/papers" "$near" "$config"
started=()
client=

finish() {
  local outcome=$?
  # ImageMagick's import, where it is there.
  [ $outcome = 0 ] || import -window root "$folder/screen.png" 2>/dev/null || true
  for process in $client "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  wait
  if [ $outcome = 0 ]; then rm -r "$folder"; else echo "failed; see $folder" >&2; fi
}
trap finish EXIT

# until_true SECONDS WHAT COMMAND…: repeats the command until it succeeds.
until_true() {
  local tries=$(($1 * 10)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((tries-- > 0)) || { echo "$what did not happen" >&2; exit 1; }
    sleep 0.1
  done
}

window() { xdotool search --onlyvisible --name "$1"; }
press() { xdotool key --clearmodifiers "$1"; sleep 0.3; }
port_of() { grep -o "\"listener-bound\",\"tlsMode\":\"$1\",\"address\":\"[^\"]*\",\"port\":[0-9]*" "$log" | grep -o '[0-9]*$'; }
in_log() { grep -q "$1" "$log"; }
octets() { find "$root" -type f -printf '%s\n' | awk -v sum=0 '{ sum += $1 } END { print sum }'; }
has_octets() { [ "$(octets)" -ge "$1" ]; }

start_server() {
  echo secret | "$repository/sallyport" user add alice --state "$state" --password-stdin >/dev/null
  local as_root=()
  [ "$(id -u)" != 0 ] || as_root=(--allow-root)
  "$repository/sallyport" serve "$root" --state "$state" --listen 127.0.0.1 --explicit-port 0 --implicit-port 0 \
    --json --verbose "${as_root[@]}" >>"$log" 2>&1 &
  started+=($!)
  until_true 20 "the start of the server" in_log '"service-started"'
}

start_screen() {
  Xvfb -displayfd 3 -screen 0 1280x900x24 3>"$folder/display" >/dev/null 2>&1 &
  started+=($!)
  until_true 10 "the start of Xvfb" test -s "$folder/display"
  DISPLAY=:$(cat "$folder/display")
  export DISPLAY
  openbox >/dev/null 2>&1 &
  started+=($!)
}

# The certificate as if a person had looked at it and chosen to trust it.
trusted_certificate() {
  local leaf=$state/tls/cert.pem from to
  from=$(openssl x509 -in "$leaf" -noout -startdate) to=$(openssl x509 -in "$leaf" -noout -enddate)
  cat <<XML
<Certificate>
  <Data>$(openssl x509 -in "$leaf" -outform DER | xxd -p | tr -d '\n')</Data>
  <ActivationTime>$(date -d "${from#*=}" +%s)</ActivationTime><ExpirationTime>$(date -d "${to#*=}" +%s)</ExpirationTime>
  <Host>127.0.0.1</Host><Port>$1</Port><TrustSANs>0</TrustSANs>
</Certificate>
XML
}

# configure LIMIT: what a person would have clicked; 5 is "resume", LIMIT the KiB a second of uploads, 0 without limit.
configure() {
  cat >"$config/filezilla.xml" <<XML
<?xml version="1.0"?>
<FileZilla3 version="3.63.0" platform="*nix"><Settings>
  <Setting name="Greeting version">3.99.0</Setting>
  <Setting name="Update Check">0</Setting>
  <Setting name="Number of Transfers">1</Setting>
  <Setting name="File exists action upload">5</Setting>
  <Setting name="File exists action download">5</Setting>
  <Setting name="Enable speed limits">$(($1 > 0 ? 1 : 0))</Setting>
  <Setting name="Speedlimit inbound">0</Setting>
  <Setting name="Speedlimit outbound">$1</Setting>
</Settings></FileZilla3>
XML
}

# queued UPLOAD|DOWNLOAD NAME: one file of a queue.
queued() {
  local download=0
  [ "$1" = UPLOAD ] || download=1
  echo "<File><LocalFile>$near/$2</LocalFile><RemoteFile>$2</RemoteFile><RemotePath>1 0 6 papers</RemotePath>"
  echo "<Download>$download</Download><DataType>1</DataType></File>"
}

# write_queue PORT PROTOCOL FILES: 4 is explicit TLS, 3 implicit.
write_queue() {
  cat >"$folder/queue.xml" <<XML
<?xml version="1.0"?>
<FileZilla3 version="3.63.0" platform="*nix"><Queue><Server>
  <Host>127.0.0.1</Host><Port>$1</Port><Protocol>$2</Protocol><Type>0</Type>
  <User>alice</User><Pass encoding="base64">$(printf secret | base64)</Pass><Logontype>1</Logontype>
  <PasvMode>MODE_DEFAULT</PasvMode><EncodingType>Auto</EncodingType><BypassProxy>0</BypassProxy>
  $3
</Server></Queue></FileZilla3>
XML
}

start_client() {
  filezilla "$@" >>"$folder/filezilla.log" 2>&1 &
  client=$!
  until_true 20 "FileZilla's window" window 'FileZilla$'
  sleep 1
}

# Imports the queue by the menu and starts it.
process_queue() {
  xdotool windowactivate --sync "$(window 'FileZilla$' | tail -1)"
  press alt+f
  press i
  until_true 10 "the file dialogue" window 'Select file to import'
  xdotool type --delay 20 "$folder/queue.xml"
  sleep 0.5
  press Return
  until_true 10 "the choice of what to import" window '^Import settings$'
  press Return
  until_true 10 "the import" window 'Import successful'
  press Return
  press ctrl+p
}

leave() {
  kill "$1" "$client"
  wait "$client" 2>/dev/null || true
  client=
}

run_mode() {
  local mode=$1 port=$2 scheme=$3 protocol=$4
  head -c 300001 /dev/urandom >"$root/papers/$mode-down.bin"
  head -c 300001 /dev/urandom >"$near/$mode-up.bin"
  head -c 24000000 /dev/urandom >"$near/$mode-cut.bin"

  configure 0
  : >"$log"
  start_client "$scheme://alice:secret@127.0.0.1:$port/papers"
  until_true 20 "a listing" in_log '"verb":"MLSD".*"complete":true'
  echo "$mode: lists"
  write_queue "$port" "$protocol" "$(queued DOWNLOAD "$mode-down.bin")$(queued UPLOAD "$mode-up.bin")"
  process_queue
  until_true 30 "an identical download" cmp "$root/papers/$mode-down.bin" "$near/$mode-down.bin"
  echo "$mode: downloads"
  until_true 30 "an identical upload" cmp "$root/papers/$mode-up.bin" "$near/$mode-up.bin"
  echo "$mode: uploads"
  leave -TERM

  configure 2000
  local before
  before=$(octets)
  write_queue "$port" "$protocol" "$(queued UPLOAD "$mode-cut.bin")"
  start_client
  process_queue
  until_true 30 "the middle of an upload" has_octets $((before + 6000000))
  : >"$log"
  leave -KILL
  until_true 10 "the end of the cut upload" in_log '"complete":false'
  [ ! -e "$root/papers/$mode-cut.bin" ] || { echo "half a file was published" >&2; exit 1; }
  echo "$mode: killed in an upload, of which nothing is published"

  configure 0
  : >"$log"
  start_client
  process_queue
  until_true 30 "the whole of the continued upload" cmp "$near/$mode-cut.bin" "$root/papers/$mode-cut.bin"
  until_true 10 "the end of the continued upload" in_log '"direction":"upload"'
  local moved
  moved=$(grep '"direction":"upload"' "$log" | grep -o '"bytes":[0-9]*' | tail -1)
  [ "${moved#*:}" -lt 24000000 ] || { echo "the whole file was sent again" >&2; exit 1; }
  echo "$mode: continues it with ${moved#*:} of 24000000 octets: $(grep -o '"line":"\(REST\|APPE\|STOR\) [^"]*' "$log" | cut -d '"' -f 4 | xargs)"
  leave -TERM
}

start_server
start_screen
explicit=$(port_of explicit) implicit=$(port_of implicit)
echo "<?xml version=\"1.0\"?><FileZilla3 version=\"3.63.0\" platform=\"*nix\"><TrustedCerts>
$(trusted_certificate "$explicit")$(trusted_certificate "$implicit")</TrustedCerts></FileZilla3>" >"$config/trustedcerts.xml"
run_mode explicit "$explicit" ftpes 4
run_mode implicit "$implicit" ftps 3
