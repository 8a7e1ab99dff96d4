#!/bin/sh
# Runs in the lab's guest: what somebody at a desktop does, each part in a folder of its own, watched by strace.
# usage: record.sh RESULTS-DISK, beside its tools
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
tools=$(cd "$(dirname "$0")" && pwd)
results=$1
user_pauses=0.3 # seconds between two things that the user does

# All that changes files, and what their offsets follow from
calls=open,openat,creat,close,dup,dup2,dup3,fcntl,chdir,fchdir,lseek,read,readv,write,writev,pwrite64,pwritev,pwritev2,\
ftruncate,truncate,fallocate,copy_file_range,sendfile,splice,fsync,fdatasync,sync,syncfs,sync_file_range,\
rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat

listing() { # FOLDER
    (cd "$1" && find . -mindepth 1 '(' -type d -printf 'd 0 %P\n' -o -printf '%y %s %P\n' ')' | sort -k 3)
}

record() { # NAME COMMAND...: the files of the program are those in /srv/NAME
    name=$1
    shift
    mkdir -p "/run/results/$name"
    listing "/srv/$name" > "/run/results/$name/before"
    (cd / && LD_LIBRARY_PATH=$tools/lib "$tools/strace" -ff --seccomp-bpf -ttt -T -y -s 0 -e trace=$calls \
        -o "/run/results/$name/strace" "$@")
    listing "/srv/$name" > "/run/results/$name/after"
}

# Packages are installed, where as many are installed already as on a desktop.
packages() {
    mkdir -p /srv/packages/var/lib/dpkg/info /srv/packages/var/lib/dpkg/updates /srv/packages/var/lib/dpkg/triggers
    cp "$tools/status" /srv/packages/var/lib/dpkg/status
    : > /srv/packages/var/lib/dpkg/available
    cat "$tools"/install/*.deb > /dev/null # they have just been downloaded
    record packages dpkg --root=/srv/packages --force-depends --force-not-root --force-script-chrootless --log=/dev/null \
        -i "$tools"/install/*.deb > /run/packages.log 2>&1
}

# A browser keeps its history in WAL mode and its cookies and settings in the default one; each page changes all three.
database() {
    mkdir -p /srv/database
    {
        echo "ATTACH '/srv/database/cookies.db' AS cookies; ATTACH '/srv/database/settings.db' AS settings;"
        echo 'PRAGMA main.journal_mode=wal; PRAGMA cookies.journal_mode=delete; PRAGMA settings.journal_mode=delete;'
        echo 'CREATE TABLE main.place (id INTEGER PRIMARY KEY, url TEXT UNIQUE, title TEXT, visits INTEGER);'
        echo 'CREATE TABLE main.visit (id INTEGER PRIMARY KEY, place INTEGER, time INTEGER); CREATE INDEX main.of ON visit(place);'
        echo 'CREATE TABLE cookies.cookie (host TEXT, name TEXT, value TEXT, PRIMARY KEY (host, name));'
        echo 'CREATE TABLE settings.setting (name TEXT PRIMARY KEY, value TEXT);'
        for n in $(seq 15); do
            echo "BEGIN; INSERT INTO place VALUES ($n, printf('https://host-%d.example/%.*c', $n, 60, 'p'), printf('%.*c', 80, 't'), 1);"
            echo "INSERT INTO visit VALUES ($n, $n, $n); COMMIT;"
            echo 'BEGIN;'
            for cookie in $(seq 5); do
                echo "INSERT INTO cookie VALUES ('host-$n', 'name-$cookie', printf('%.*c', 200, 'v'));"
            done
            echo "COMMIT; INSERT OR REPLACE INTO setting VALUES ('last', 'host-$n');"
            echo ".system sleep $user_pauses"
        done
    } > /run/database.sql
    LD_LIBRARY_PATH=$tools/lib record database "$tools/sqlite3" /srv/database/history.db < /run/database.sql > /run/database.log
}

# A text of 40 kB is changed and saved.
editor() {
    mkdir -p /srv/editor
    yes 'what somebody writes, line by line' | head -c 40000 > /srv/editor/text
    {
        for n in $(seq 15); do
            printf '%sappend\nline %s\n.\n' $((n * 20)) "$n"
            echo "sleep ${user_pauses#0.}00m"
            echo write
        done
        echo quit
    } > /run/editor.commands
    record editor "$tools/vim/usr/bin/vim.tiny" -u NONE -N -e -s /srv/editor/text < /run/editor.commands > /run/editor.log
}

packages
database
editor
tar -c -f "$results" -C /run/results .
echo RECORDED
