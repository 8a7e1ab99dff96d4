#!/bin/sh
# Records what a real guest's kernel does to its disk under fio, dpkg and sqlite, when a journal moves, and in the short sequences
# of workloads/sequences.py: the recordings which the router's WorkloadCutTest does again, in dm-log-writes' format, by QEMU's
# blklogwrites. Works as any user.
# The lab must have been started once on this machine, and sqlite3 be installed.
# usage: record-workloads.sh [WORKLOAD...]: all, or these
set -eu
all="fio dpkg sqlite journal sequences"
workloads=${*:-$all}
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd -P)
to=$root/bundles/org.triplel.router/src/test/resources/org/triplel/router
disk_MiB=16
. "$root/releng/recorder.sh"

mkdir tools
cp "$root/releng/workloads/guest.sh" "$root/releng/workloads/sequences.py" tools/
chmod 755 tools/guest.sh tools/sequences.py
bring_program /usr/bin/sqlite3 'sqlite|readline|tinfo|libz'
for package in one two three; do
    mkdir -p deb/DEBIAN "deb/usr/share/$package/more"
    printf 'Package: workload-%s\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: files\n' \
        $package > deb/DEBIAN/control
    for i in $(seq 12); do
        yes "$package $i" | head -c $((i * 3000)) > "deb/usr/share/$package/more/$i"
    done
    dpkg-deb --root-owner-group -b deb tools/$package.deb > /dev/null
    rm -rf deb
done

set --
for name in $all; do
    truncate -s ${disk_MiB}M $name.raw
    truncate -s 256M $name.log
    set -- "$@" -blockdev "driver=blklogwrites,node-name=$name,discard=unmap,log-super-update-interval=1000000,file.driver=file,file.filename=$name.raw,file.discard=unmap,log.driver=file,log.filename=$name.log" \
        -device virtio-blk-pci,drive=$name
done
record_in_guest 24M /dev/vdg "guest.sh $workloads" "$@"

mkdir -p "$to"
for name in $workloads; do
    truncate -s "$(/usr/bin/python3 "$to/replay-writes.py" $name.log | sed -n 's/^length //p')" $name.log
    gzip -9n < $name.log > "$to/$name.writes.gz"
done
ls -l "$to"
