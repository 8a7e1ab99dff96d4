# Sourced: sets java to a Java 25 runtime: TRIPLEL_JAVA_HOME, JAVA_HOME or one of /usr/lib/jvm.
java=
for candidate in "${TRIPLEL_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    [ -n "$candidate" ] && [ -x "$candidate/bin/java" ] || continue
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$candidate/release" 2>/dev/null)
    if [ "${version:-0}" -ge 25 ]; then java=$candidate/bin/java; break; fi
done
if [ -z "$java" ]; then
    echo "triplel: no Java 25 found in JAVA_HOME or /usr/lib/jvm. Install one there, or set TRIPLEL_JAVA_HOME." >&2
    exit 1
fi
