#!/bin/sh
# Runs in the lab's guest: each workload on a disk of its own, which QEMU records. What is durable by then is said in the
# disk's last MiB, behind the file system: the N-th acknowledgement in its N-th sector, as one line of text.
# usage: guest.sh, beside its tools, with the disks /dev/vdb (fio), vdc (dpkg), vdd (sqlite) and vde (journal)
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
tools=$(dirname "$0")
fs_MiB=15
journal_MiB=4

begin() { # DISK: a file system of its own, mounted
    disk=$1
    acks=/run/acks-${disk#/dev/}
    echo 0 > "$acks"
    umount /work 2> /dev/null || true
    mkdir -p /work
    mke2fs -q -F -t ext4 -b 4096 -m 0 -J size=$journal_MiB -E lazy_itable_init=0,lazy_journal_init=0 "$disk" ${fs_MiB}M
    mount "$disk" /work
    sync
    ack mounted
}

ack() { # WORD...
    n=$(cat "$acks")
    printf '%s\n' "$*" | dd of="$disk" bs=512 count=1 seek=$((fs_MiB * 2048 + n)) conv=sync,notrunc oflag=direct 2> /dev/null
    echo $((n + 1)) > "$acks"
}

ack_file() { # FILE: says what it holds
    ack file "${1#/work}" "$(sha256sum < "$1" | cut -d' ' -f1)"
}

run_fio() {
    begin /dev/vdb
    for i in 1 2 3 4 5 6 7 8; do
        fio --name=w --filename=/work/file-$i --size=256k --io_size=192k --rw=randwrite --bs=4k --fsync=6 --end_fsync=1 \
            --randseed=$i --verify=meta --verify_pattern=0x$i$i --do_verify=0 --output=/run/fio.log
        ack_file /work/file-$i
    done
    umount /work
}

run_dpkg() {
    begin /dev/vdc
    mkdir -p /work/var/lib/dpkg/info /work/var/lib/dpkg/updates /work/var/lib/dpkg/triggers
    : > /work/var/lib/dpkg/status
    : > /work/var/lib/dpkg/available
    for package in "$tools"/*.deb; do
        dpkg --root=/work --force-not-root --force-script-chrootless --log=/dev/null -i "$package" > /run/dpkg.log
        name=$(dpkg-deb -f "$package" Package)
        ack package "$name" "$(dpkg-deb -f "$package" Version)"
        for file in $(dpkg-deb --fsys-tarfile "$package" | tar -t | grep '[^/]$' | sort | head -4); do
            ack_file "/work/${file#./}"
        done
    done
    umount /work
}

run_sqlite() {
    begin /dev/vdd
    for mode in delete wal; do
        {
            echo "PRAGMA journal_mode=$mode; PRAGMA synchronous=EXTRA; PRAGMA cache_size=20;"
            echo 'CREATE TABLE t (n INTEGER PRIMARY KEY, twice INTEGER, filler TEXT);'
            echo 'CREATE TABLE sum (total INTEGER); INSERT INTO sum VALUES (0);'
            for n in $(seq 25); do
                echo "BEGIN; INSERT INTO t VALUES ($n, 2 * $n, printf('%.*c', 3000, 'x'));"
                echo "UPDATE t SET twice = 2 * n; UPDATE sum SET total = total + $n; COMMIT;"
                echo ".system $tools/guest.sh ack /dev/vdd rows /$mode.db $n"
            done
        } > /run/$mode.sql
        LD_LIBRARY_PATH=$tools/lib "$tools/sqlite3" /work/$mode.db < /run/$mode.sql > /run/sqlite.log
    done
    umount /work
}

write_file() { # FILE KIB
    yes "$1" | head -c $(($2 << 10)) > "$1"
}

# The place of a journal that is given up is taken by files, and a new one gets another place.
run_journal() {
    begin /dev/vde
    mkdir /work/first /work/second
    for i in $(seq 22); do write_file /work/first/$i 400; done
    for i in 1 2 3; do
        write_file /work/kept-$i 60 && sync /work/kept-$i /work
        ack_file /work/kept-$i
    done
    umount /work
    tune2fs -O ^has_journal /dev/vde > /run/tune2fs.log
    ack without-journal
    mount /dev/vde /work
    i=0
    while [ "$(df --output=avail -k /work | tail -1)" -gt 500 ]; do
        i=$((i + 1))
        write_file /work/second/$i 400 && sync
        ack_file /work/second/$i
    done
    rm -r /work/first
    umount /work
    e2fsck -fn /dev/vde > /run/e2fsck.log
    tune2fs -J size=$journal_MiB /dev/vde > /run/tune2fs.log
    sync
    ack with-journal
    mount /dev/vde /work
    for i in 1 2 3 4 5 6; do
        write_file /work/third-$i 30 && sync /work/third-$i /work
        ack_file /work/third-$i
    done
    umount /work
}

case ${1:-all} in
ack)
    disk=$2
    acks=/run/acks-${disk#/dev/}
    shift 2
    ack "$@"
    ;;
all)
    run_fio
    run_dpkg
    run_sqlite
    run_journal
    echo RECORDED
    ;;
esac
