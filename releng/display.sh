# Sourced: starts an own virtual display with a window manager, sets DISPLAY, ends both with the script.
display_dir=$(mktemp -d)
mkfifo "$display_dir/number"
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -noreset 3> "$display_dir/number" 2> "$display_dir/Xvfb.log" &
xvfb=$!
openbox=
end_display() {
    for pid in $openbox $xvfb; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
    rm -rf "$display_dir"
}
trap end_display EXIT
trap 'exit 130' INT TERM
read -r number < "$display_dir/number" || { echo "Xvfb does not start:" >&2; cat "$display_dir/Xvfb.log" >&2; exit 1; }
export DISPLAY=:$number
unset WAYLAND_DISPLAY
openbox 2> /dev/null &
openbox=$!
