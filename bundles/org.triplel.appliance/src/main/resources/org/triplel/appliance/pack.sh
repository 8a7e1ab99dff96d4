#!/bin/sh
# Makes the initial RAM disk of the appliance: that of a VM, which has the drivers that its kernel needs, and after it our own
# with e2fsprogs as this host has them. Works as any user.
# usage: pack.sh PARTS INITRD RESULT, where PARTS is the folder of this script; it works in the current folder
set -eu
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C
parts=$1 initrd=$2 result=$3

mkdir -p root/lib64 root/triplel/bin root/triplel/lib root/triplel/root
for tool in dash mount umount modprobe cp mv rm sync e2fsck mke2fs tune2fs; do
    file=$(command -v $tool) || { echo "There is no $tool on this host." >&2; exit 1; }
    cp -L "$file" root/triplel/bin/$tool
    ldd "$file" | grep -o '/[^ ]*' >> libraries
done
sort -u libraries | while read -r library; do cp -L "$library" root/triplel/lib/; done
mv root/triplel/lib/ld-linux-x86-64.so.2 root/lib64/
install -m 755 "$parts/init" "$parts/journal-disk" "$parts/fstab" root/triplel/

cat "$initrd" > "$result" # which may be of a mode that we could not write
truncate -s %4 "$result" # the kernel looks for the next archive there
(cd root && find lib64 triplel | cpio -o -H newc --quiet -R 0:0) >> "$result"
rm -r root libraries
