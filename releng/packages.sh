# Sourced: makes sure that the Debian packages of releng/debian-packages are installed.
wanted=$(sed 's/#.*//' "$root/releng/debian-packages")
missing=
for package in $wanted; do
    case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in
    installed) ;;
    *) missing="$missing $package" ;;
    esac
done
if [ -n "$missing" ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "Debian packages are missing. As root, run:" >&2
        echo "    apt-get update && apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
    echo "Installing Debian packages:$missing" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2
    # shellcheck disable=SC2086 -- a list of package names
    apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 $missing >&2
fi
