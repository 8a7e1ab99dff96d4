# Sourced: sets JDK to a Java development kit of at least version 25, or ends with a message.
jdk_version() { sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null; }
JDK=
for candidate in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    [ -n "$candidate" ] && [ -x "$candidate/bin/javac" ] || continue
    version=$(jdk_version "$candidate")
    if [ "${version:-0}" -ge 25 ]; then JDK=$candidate; break; fi
done
if [ -z "$JDK" ]; then
    echo "No JDK 25 found in JAVA_HOME or /usr/lib/jvm. Install a JDK 25 (Temurin, for example) there, or set JAVA_HOME." >&2
    exit 1
fi
