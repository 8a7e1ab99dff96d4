#!/bin/sh
# Builds the lab's guest from Debian's packages into the current folder: base.raw, vmlinuz and initrd.
# Works as any user: nothing is mounted, installed or run from the packages. Progress goes to stdout, the rest to stderr.
# usage: build.sh FOLDER, where FOLDER holds the files beside this script.
set -eu
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C
umask 022
parts=$1
here=$PWD

image_MiB=1024
root_MiB=895
swap_MiB=127

# An apt of its own, so that it sees nothing as installed and needs no rights; its sources and keys are the machine's.
mkdir -p apt/lists/partial apt/cache/archives/partial
: > apt/status
cat > apt/preferences <<'END'
Package: *
Pin: release o=Debian
Pin-Priority: 500

Package: *
Pin: release a=*
Pin-Priority: -1
END
cat > apt/conf <<END
Dir::State "$here/apt";
Dir::State::status "$here/apt/status";
Dir::Cache "$here/apt/cache";
Dir::Etc::preferences "$here/apt/preferences";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
Acquire::Retries "2";
APT::Sandbox::User "";
APT::Architecture "amd64";
APT::Install-Recommends "false";
Debug::NoLocking "true";
END
export APT_CONFIG="$here/apt/conf"

echo "Reading Debian's package lists"
apt-get -q update >&2

echo "Fetching Debian packages"
apt-get -q -y --download-only install '?essential' $(grep -v '^#' "$parts/packages") >&2
kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
mkdir kernel
(cd kernel && apt-get -q download "$kernel" >&2)

echo "Unpacking $(ls apt/cache/archives/*.deb | wc -l) packages"
mkdir -p root/usr/bin root/usr/sbin root/usr/lib root/usr/lib64
for folder in bin sbin lib lib64; do ln -s usr/$folder root/$folder; done
for package in apt/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C root --no-same-owner --keep-directory-symlink \
        --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/info/*' \
        --exclude='./usr/share/locale/*' --exclude='./usr/share/lintian/*'
done
dpkg-deb --fsys-tarfile kernel/*.deb | tar -x -C kernel --no-same-owner
version=$(ls kernel/lib/modules)
cp kernel/boot/vmlinuz-* vmlinuz

# What the packages' own scripts would have done, as far as this guest needs it
sed 's/^root:[^:]*:/root::/; s,^\(root:.*\):[^:]*$,\1:/bin/bash,' root/usr/share/base-passwd/passwd.master > root/etc/passwd
cp root/usr/share/base-passwd/group.master root/etc/group
ln -s mawk root/usr/bin/awk

# Our own boot and shutdown: busybox's init
for applet in init poweroff reboot halt acpid crond; do ln -sf ../bin/busybox "root/sbin/$applet"; done
install -m 755 "$parts/shutdown" root/sbin/shutdown
install -m 644 "$parts/inittab" root/etc/inittab
install -m 644 "$parts/fstab" root/etc/fstab
install -D -m 755 "$parts/start" root/etc/init.d/start
install -D -m 755 "$parts/stop" root/etc/init.d/stop
install -D -m 755 "$parts/power-button" root/etc/acpi/PWRF/00000080
mkdir -p root/var/spool/cron/crontabs

echo "Making the initial RAM disk"
mkdir -p initrd/bin initrd/dev initrd/proc initrd/sys initrd/root
cp root/bin/busybox initrd/bin/
install -m 755 "$parts/initrd-init" initrd/init
modules=lib/modules/$version
for module in $(grep -v '^#' "$parts/modules"); do
    file=$(cd kernel/$modules && find . -name "$module.ko")
    [ -n "$file" ] || { echo "The kernel $version has no module $module." >&2; exit 1; }
    install -D -m 644 "kernel/$modules/$file" "initrd/$modules/$file"
done
depmod -b initrd "$version" >&2
(cd initrd && find . | sort | cpio -o -H newc --quiet -R 0:0 | gzip -1) > initrd.gz

echo "Making the disk image"
truncate -s ${image_MiB}M base.raw
sfdisk -q base.raw >&2 <<END
label: gpt
start=1MiB, size=${root_MiB}MiB, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name=root
size=${swap_MiB}MiB, type=0657FD6D-A4AB-43C4-84E5-0933C84B4F4F, name=swap
END
# fakeroot: the files belong to root in the guest, whoever builds
fakeroot mke2fs -q -F -t ext4 -L root -O has_journal -m 1 \
    -E offset=1048576,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0 -d root base.raw ${root_MiB}M >&2
truncate -s ${swap_MiB}M swap
mkswap -q -L swap swap >&2
dd if=swap of=base.raw bs=1M seek=$((1 + root_MiB)) conv=notrunc,sparse status=none

rm -rf apt kernel root initrd swap
mv initrd.gz initrd
chmod 444 base.raw vmlinuz initrd
