# Runs a server, its output going to the log named first, so that it cannot outlive the lab.
# Standard input is a pipe whose other end only the lab holds: it closes when the lab ends, however it ends, and then
# the whole process group is killed. Standard output gets the server's process id. The exit code is the server's.
log=$1
shift
exec 3<&0
"$@" </dev/null >>"$log" 2>&1 3<&- &
server=$!
(
    trap '' HUP INT QUIT TERM
    read -r _ <&3
    kill -KILL 0
) >/dev/null 2>&1 &
watcher=$!
exec 3<&-
echo "$server"
exec >/dev/null
wait "$server"
code=$?
kill -KILL "$watcher"
exit "$code"
