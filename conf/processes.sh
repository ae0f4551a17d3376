# Sourced by conf/quickstart and tests/instance: programs as ordinary processes, each with NAME.pid and NAME.log in $DIR.
port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

is_running() { [ -s "$DIR/$1.pid" ] && kill -0 "$(cat "$DIR/$1.pid")" 2>/dev/null; }

# launch NAME COMMAND...
launch() {
	local name=$1
	shift
	setsid "$@" >>"$DIR/$name.log" 2>&1 </dev/null &
	echo $! >"$DIR/$name.pid"
}

# await NAME PORT: until it answers.
await() {
	local i=0
	until port_open "$2"; do
		i=$((i + 1))
		[ $i -lt 150 ] || { tail -n 20 "$DIR/$1.log" >&2; die "$1 does not answer on port $2; see $DIR/$1.log"; }
		sleep 0.1
	done
}

# quit NAME: ends it politely and waits. False: it was not running.
quit() {
	local pid i=0
	[ -s "$DIR/$1.pid" ] || return 1
	pid=$(cat "$DIR/$1.pid")
	kill "$pid" 2>/dev/null || :
	while grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$pid/status"; do
		i=$((i + 1))
		[ $i -lt 200 ] || die "process $pid does not end"
		sleep 0.1
	done
	rm -f "$DIR/$1.pid"
}
