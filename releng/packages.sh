# Sourced: makes sure that the Debian packages of releng/debian-packages are installed.
wanted=$(sed 's/#.*//' "$root/releng/debian-packages")
# shellcheck disable=SC2086 -- a list of package names
installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' $wanted 2>/dev/null | sed -n 's/ installed$//p')
# shellcheck disable=SC2086
missing=$(printf '%s\n' $wanted | grep -vxF -e "$installed" | tr '\n' ' ')
if [ -n "$missing" ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "Debian packages are missing. As root, run:" >&2
        echo "    apt-get update && apt-get install --no-install-recommends $missing" >&2
        exit 1
    fi
    echo "Installing Debian packages: $missing" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2
    # shellcheck disable=SC2086 -- a list of package names
    apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 $missing >&2
fi
