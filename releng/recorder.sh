# Sourced: a folder $work that goes at the end, and the lab's guest to record in. root must be set.
export PATH="/usr/bin:$PATH:/usr/sbin:/sbin" LC_ALL=C
cache=${XDG_CACHE_HOME:-$HOME/.cache}/triplel
[ "$(id -u)" != 0 ] || cache=/var/cache/triplel
guest=$(echo "$cache"/guest-*)
[ -f "$guest/base.raw" ] || { echo "No guest in $cache: start the lab once (./triplel lab start)." >&2; exit 1; }
work=$(mktemp -d)
qemu=
trap '[ -z "$qemu" ] || kill $qemu 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"

# Puts a program of this machine into the folder tools, and those libraries that the guest lacks into tools/lib.
bring_program() { # FILE PATTERN-OF-LIBRARIES
    mkdir -p tools/lib
    cp "$1" tools/
    ldd "$1" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | grep -E "$2" | xargs -I{} cp {} tools/lib/
}

# Boots the guest with the folder tools as a disk of SIZE, and more of QEMU's arguments, and runs a command beside the tools, which
# must print RECORDED.
record_in_guest() { # SIZE TOOLS-DISK COMMAND QEMU-ARGUMENT...
    truncate -s "$1" tools.raw
    mke2fs -q -F -t ext2 -d tools tools.raw
    command="mkdir -p /run/tools && mount -o ro $2 /run/tools && /run/tools/$3; sync; poweroff"
    shift 3
    mkfifo console
    timeout 600 qemu-system-x86_64 -machine q35 -cpu qemu64 -m 384 -nodefaults -display none -no-reboot \
        -kernel "$guest/vmlinuz" -initrd "$guest/initrd" -append "console=ttyS0 quiet panic=-1 root=/dev/vda1 hostname=recorder" \
        -drive "file=$guest/base.raw,format=raw,if=none,id=root,snapshot=on" -device virtio-blk-pci,drive=root "$@" \
        -drive file=tools.raw,format=raw,if=none,id=tools,readonly=on -device virtio-blk-pci,drive=tools \
        -serial stdio < console > out 2>&1 &
    qemu=$!
    exec 3> console
    until grep -qs 'TRIPLEL-GUEST READY' out; do
        kill -0 $qemu 2> /dev/null || { cat out >&2; exit 1; }
        sleep 0.2
    done
    echo "$command" >&3
    wait $qemu
    qemu=
    tr -d '\r' < out | grep -q '^RECORDED' || { tail -20 out >&2; exit 1; }
}
