#!/bin/sh
# Records what a real guest's kernel does to its disk under fio, dpkg and sqlite, and when a journal moves: the recordings
# which the router's WorkloadCutTest does again, in dm-log-writes' format, by QEMU's blklogwrites. Works as any user.
# The lab must have been started once on this machine, and sqlite3 be installed.
set -eu
export PATH="/usr/bin:$PATH:/usr/sbin:/sbin" LC_ALL=C
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd -P)
to=$root/bundles/org.triplel.router/src/test/resources/org/triplel/router
disk_MiB=16
cache=${XDG_CACHE_HOME:-$HOME/.cache}/triplel
[ "$(id -u)" != 0 ] || cache=/var/cache/triplel
guest=$(echo "$cache"/guest-*)
[ -f "$guest/base.raw" ] || { echo "No guest in $cache: start the lab once (./triplel lab start)." >&2; exit 1; }
work=$(mktemp -d)
qemu=
trap '[ -z "$qemu" ] || kill $qemu 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"

mkdir -p tools/lib
cp "$root/releng/workloads/guest.sh" tools/
chmod 755 tools/guest.sh
cp /usr/bin/sqlite3 tools/
ldd /usr/bin/sqlite3 | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | grep -E 'sqlite|readline|tinfo|libz' | xargs -I{} cp {} tools/lib/
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
truncate -s 24M tools.raw
mke2fs -q -F -t ext2 -d tools tools.raw

set --
for name in fio dpkg sqlite journal; do
    truncate -s ${disk_MiB}M $name.raw
    truncate -s 256M $name.log
    set -- "$@" -blockdev "driver=blklogwrites,node-name=$name,discard=unmap,log-super-update-interval=1000000,file.driver=file,file.filename=$name.raw,file.discard=unmap,log.driver=file,log.filename=$name.log" \
        -device virtio-blk-pci,drive=$name
done
mkfifo console
timeout 600 qemu-system-x86_64 -machine q35 -cpu qemu64 -m 384 -nodefaults -display none -no-reboot \
    -kernel "$guest/vmlinuz" -initrd "$guest/initrd" -append "console=ttyS0 quiet panic=-1 root=/dev/vda1 hostname=recorder" \
    -drive "file=$guest/base.raw,format=raw,if=none,id=root,snapshot=on" -device virtio-blk-pci,drive=root "$@" \
    -drive file=tools.raw,format=raw,if=none,id=tools,readonly=on -device virtio-blk-pci,drive=tools -serial stdio < console > out 2>&1 &
qemu=$!
exec 3> console
until grep -qs 'TRIPLEL-GUEST READY' out; do
    kill -0 $qemu 2> /dev/null || { cat out >&2; exit 1; }
    sleep 0.2
done
echo 'mkdir -p /run/tools && mount -o ro /dev/vdf /run/tools && /run/tools/guest.sh; sync; poweroff' >&3
wait $qemu
qemu=
tr -d '\r' < out | grep -q '^RECORDED' || { tail -20 out >&2; exit 1; }

mkdir -p "$to"
for name in fio dpkg sqlite journal; do
    truncate -s "$(/usr/bin/python3 "$to/replay-writes.py" $name.log | sed -n 's/^length //p')" $name.log
    gzip -9n < $name.log > "$to/$name.writes.gz"
done
ls -l "$to"
