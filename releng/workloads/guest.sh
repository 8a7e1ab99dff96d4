#!/bin/sh
# Runs in the lab's guest: each workload on a disk of its own, which QEMU records. What is durable by then is said in the
# disk's last MiB, behind the file system: the N-th acknowledgement in its N-th sector, as one line of text.
# usage: guest.sh WORKLOAD..., beside its tools, with the disks /dev/vdb (fio), vdc (dpkg), vdd (sqlite), vde (journal)
# and vdf (sequences)
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
tools=$(dirname "$0")
fs_MiB=15
journal_MiB=4

begin() { # DISK: a file system of its own, mounted
    disk=$1
    acks=/run/acks-${disk#/dev/}
    echo 0 > "$acks"
    umount /mnt/disk 2> /dev/null || true
    mkdir -p /mnt/disk
    mke2fs -q -F -t ext4 -b 4096 -m 0 -J size=$journal_MiB -E lazy_itable_init=0,lazy_journal_init=0 "$disk" ${fs_MiB}M
    mount "$disk" /mnt/disk
    sync
    ack mounted
}

ack() { # WORD...
    read -r n < "$acks"
    printf '%s\n' "$*" | dd of="$disk" bs=512 count=1 seek=$((fs_MiB * 2048 + n)) conv=sync,notrunc oflag=direct 2> /dev/null
    echo $((n + 1)) > "$acks"
}

ack_file() { # FILE: says what it holds
    ack file "${1#/mnt/disk}" "$(sha256sum < "$1" | cut -d' ' -f1)"
}

run_fio() {
    begin /dev/vdb
    for i in 1 2 3 4 5 6 7 8; do
        fio --name=w --filename=/mnt/disk/file-$i --size=256k --io_size=192k --rw=randwrite --bs=4k --fsync=6 --end_fsync=1 \
            --randseed=$i --verify=meta --verify_pattern=0x$i$i --do_verify=0 --output=/run/fio.log
        ack_file /mnt/disk/file-$i
    done
    umount /mnt/disk
}

run_dpkg() {
    begin /dev/vdc
    mkdir -p /mnt/disk/var/lib/dpkg/info /mnt/disk/var/lib/dpkg/updates /mnt/disk/var/lib/dpkg/triggers
    : > /mnt/disk/var/lib/dpkg/status
    : > /mnt/disk/var/lib/dpkg/available
    for package in "$tools"/*.deb; do
        dpkg --root=/mnt/disk --force-not-root --force-script-chrootless --log=/dev/null -i "$package" > /run/dpkg.log
        name=$(dpkg-deb -f "$package" Package)
        ack package "$name" "$(dpkg-deb -f "$package" Version)"
        for file in $(dpkg-deb --fsys-tarfile "$package" | tar -t | grep '[^/]$' | sort | head -4); do
            ack_file "/mnt/disk/${file#./}"
        done
    done
    umount /mnt/disk
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
        LD_LIBRARY_PATH=$tools/lib "$tools/sqlite3" /mnt/disk/$mode.db < /run/$mode.sql > /run/sqlite.log
    done
    umount /mnt/disk
}

write_file() { # FILE KIB
    yes "$1" | head -c $(($2 << 10)) > "$1"
}

# The place of a journal that is given up is taken by files, and a new one gets another place.
run_journal() {
    begin /dev/vde
    mkdir /mnt/disk/first /mnt/disk/second
    for i in $(seq 22); do write_file /mnt/disk/first/$i 400; done
    for i in 1 2 3; do
        write_file /mnt/disk/kept-$i 60 && sync /mnt/disk/kept-$i /mnt/disk
        ack_file /mnt/disk/kept-$i
    done
    umount /mnt/disk
    tune2fs -O ^has_journal /dev/vde > /run/tune2fs.log
    ack without-journal
    mount /dev/vde /mnt/disk
    i=0
    while [ "$(df --output=avail -k /mnt/disk | tail -1)" -gt 500 ]; do
        i=$((i + 1))
        write_file /mnt/disk/second/$i 400 && sync
        ack_file /mnt/disk/second/$i
    done
    rm -r /mnt/disk/first
    umount /mnt/disk
    e2fsck -fn /dev/vde > /run/e2fsck.log
    tune2fs -J size=$journal_MiB /dev/vde > /run/tune2fs.log
    sync
    ack with-journal
    mount /dev/vde /mnt/disk
    for i in 1 2 3 4 5 6; do
        write_file /mnt/disk/third-$i 30 && sync /mnt/disk/third-$i /mnt/disk
        ack_file /mnt/disk/third-$i
    done
    umount /mnt/disk
}

run_sequences() {
    begin /dev/vdf
    "$tools/sequences.py" /mnt/disk "$tools/guest.sh" ack /dev/vdf
    umount /mnt/disk
}

case $1 in
ack)
    disk=$2
    acks=/run/acks-${disk#/dev/}
    shift 2
    ack "$@"
    ;;
*)
    for workload in "$@"; do run_$workload; done
    echo RECORDED
    ;;
esac
