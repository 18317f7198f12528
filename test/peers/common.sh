# What the starters of peers share; sourced by them with DIR (their folder), EXPLICIT_PORT and IMPLICIT_PORT as arguments.
# Every peer listens on 127.0.0.1 alone, knows the user alice with the password secret, and serves DIR/home.
#
# For benchmarks: PEER_HOME serves that folder instead, PEER_CERTIFICATES copies that folder to DIR/certs, and PEER_TUNED=1
# asks for speed where it costs no safety: MD5-crypt, so that logins do not measure the hash; any passive port, or the hundred from PEER_PASSIVE_FIRST on (Pure-FTPd); the logs
# that the package's own configuration keeps and no more; limits out of the way of the load.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
unpacked=${SALLYPORT_PEERS:-$here/../../.peers}
[ $# -ge 2 ] || { echo "usage: $(basename "$0") DIR EXPLICIT_PORT [IMPLICIT_PORT]" >&2; exit 64; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
explicit_port=$2
implicit_port=${3:-}
passive_first=${PASSIVE_FIRST:-19500}
passive_last=${PASSIVE_LAST:-$((passive_first + 99))}
user_id=5001
home=${PEER_HOME:-$dir/home}
tuned=${PEER_TUNED:-}
hash_scheme=-6
if [ "$tuned" ]; then
  passive_first=${PEER_PASSIVE_FIRST:-}
  passive_last=${passive_first:+$((passive_first + 99))}
  hash_scheme=-1
  # Servers that fork close every number below the bound at each login, in millions of calls where it is huge.
  ulimit -n 8192
fi

program() {
  for folder in "$unpacked/usr/sbin" "$unpacked/usr/bin" /usr/sbin /usr/bin; do
    [ -x "$folder/$1" ] && { echo "$folder/$1"; return; }
  done
  echo "there is no $1; test/peers/install.sh gets it" >&2
  exit 69
}

must_be_root() { [ "$(id -u)" = 0 ] || { echo "$(basename "$0") must run as root" >&2; exit 77; }; }

# library NAME: a preloadable library of Debian's, whatever the architecture.
library() { ls /usr/lib/*/"$1" 2>/dev/null | head -n 1; }

# DIR/certs: ca.pem, cert.pem and key.pem for localhost and 127.0.0.1, both.pem with the two.
make_certificates() {
  [ -e "$dir/certs/both.pem" ] && return
  mkdir -p "$dir/certs"
  if [ "${PEER_CERTIFICATES:-}" ]; then cp "$PEER_CERTIFICATES"/*.pem "$dir/certs" && return; fi
  (
    cd "$dir/certs"
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout ca.key -out ca.pem -subj "/CN=Peer test authority"
    openssl req -newkey rsa:2048 -nodes -keyout key.pem -out leaf.csr -subj "/CN=localhost"
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' >leaf.ext
    openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile leaf.ext -out cert.pem
    cat cert.pem key.pem >both.pem
    chmod 600 ca.key key.pem both.pem
  ) >"$dir/openssl.log" 2>&1
}

# DIR/home: a small tree with awkward names, alice's.
make_home() {
  if [ "${PEER_HOME:-}" ]; then
    chmod 755 "$dir"
    return
  fi
  mkdir -p "$dir/home/sub/deep" "$dir/home/incoming"
  (
    cd "$dir/home"
    echo "hello world" >hello.txt
    touch -d '2020-02-29 12:34:56 UTC' hello.txt
    head -c 300000 /dev/urandom >random.bin
    printf 'a\r\nb\n' >crlf.txt
    : >empty
    echo x >'name with space.txt'
    echo x >'žluťoučký.txt'
    echo deep >sub/deep/file
    ln -sf hello.txt link
  )
  chmod 755 "$dir" "$dir/home"
  if [ "$(id -u)" = 0 ]; then chown -R "$user_id:$user_id" "$dir/home"; fi
}

# start NAME COMMAND…: in a process group of its own, whose id goes to DIR/NAME.pid.
start() {
  local name=$1
  shift
  setsid "$@" >"$dir/$name.out" 2>&1 </dev/null &
  echo $! >"$dir/$name.pid"
}

wait_for_ports() {
  local port
  for port in "$@"; do
    for _ in $(seq 100); do
      all_run || break
      (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && all_run && continue 2
      sleep 0.05
    done
    echo "port $port did not open:" >&2
    cat "$dir"/*.out >&2
    exit 69
  done
}

all_run() {
  local file
  for file in "$dir"/*.pid; do
    case $file in *-own.pid) continue ;; esac
    kill -0 "$(cat "$file")" 2>/dev/null || return 1
  done
}

announce() {
  echo "explicit 127.0.0.1:$explicit_port${implicit_port:+, implicit 127.0.0.1:$implicit_port}, alice/secret, CA $dir/certs/ca.pem"
}
