#!/bin/sh
# Records what Debian's own programs do to their files in the lab's guest while packages are installed, a browser's databases
# are written and a text is edited, and how long they and their user think in between: the traces that ./bench write-intensive
# replays, releng/traces/*.trace. What the user does, and how long they pause, stands in releng/traces/record.sh.
# The guest's clock counts instructions, a nanosecond each, so thinking takes as long as on a real processor of about
# that speed and not as long as its emulation. Works as any user. The lab must have been started once on this machine, strace and
# sqlite3 be installed, and Debian's packages be within reach.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd -P)
traces=$root/releng/traces
. "$root/releng/recorder.sh"

mkdir -p tools/install tools/vim
cp "$traces/record.sh" tools/
chmod 755 tools/record.sh
bring_program /usr/bin/strace 'unwind'
bring_program /usr/bin/sqlite3 'sqlite|libz'
cp /var/lib/dpkg/status tools/status
(cd tools/install && apt-get -q -o APT::Sandbox::User= download jq less libjq1 libonig5 nano tree >&2)
(cd tools/vim && apt-get -q -o APT::Sandbox::User= download vim-tiny >&2 && dpkg-deb -x vim-tiny_*.deb . && rm vim-tiny_*.deb)
packages=$(cd tools/install && echo *.deb)
truncate -s 256M results.raw
record_in_guest 32M /dev/vdc 'record.sh /dev/vdb' -icount shift=0 \
    -drive file=results.raw,format=raw,if=none,id=results -device virtio-blk-pci,drive=results

mkdir results
tar -x -f results.raw -C results
for name in packages database editor; do
    recorded=results/$name
    {
        echo "# Made by releng/record-traces.sh in the lab's guest, of $(
            case $name in
            packages) echo "dpkg $(dpkg-query -W -f '${Version}' dpkg), installing $packages where $(grep -c ^Package: tools/status) are" ;;
            database) echo "$(sqlite3 --version | cut -d' ' -f1-2), sqlite3" ;;
            editor) tools/vim/usr/bin/vim.tiny --version | head -n 1 ;;
            esac
        )."
        /usr/bin/python3 "$traces/from-strace.py" "/srv/$name" "$recorded/before" "$recorded"/strace.*
    } > "$name.trace"
    # Done again without pauses, a trace must leave behind what the programs have left.
    mkdir again
    sed 's/^[0-9]* /0 /' "$name.trace" > quick
    perl "$traces/replay.pl" make quick again
    perl "$traces/replay.pl" run quick again > /dev/null
    (cd again && find . -mindepth 1 '(' -type d -printf 'd 0 %P\n' -o -printf '%y %s %P\n' ')' | sort -k 3) | diff "$recorded/after" - >&2
    rm -rf again
    cp "$name.trace" "$traces/"
done
wc -l "$traces"/*.trace
