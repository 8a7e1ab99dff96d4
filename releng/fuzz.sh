#!/bin/sh
# Drives the NBD server's connection from memory, guided by coverage: more than ten million requests. After ./test has built
# all. What is found is left in target/fuzz.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/releng/jdk.sh"
version=0.30.0
fuzz=$root/target/fuzz
mkdir -p "$fuzz/corpus"
cd "$fuzz"
for artifact in jazzer jazzer-api; do
    [ -f "$artifact-$version.jar" ] ||
        "$root/releng/mvn" -q dependency:copy "-Dartifact=com.code-intelligence:$artifact:$version" "-DoutputDirectory=$fuzz" >&2
done
for seed in 1 2 3 4 5 6 7 8; do
    [ -f "corpus/random-$seed" ] || { printf '\2' && head -c 4088 /dev/urandom; } > "corpus/random-$seed" # long from the beginning
done
echo 'handlers=' > quiet.properties
block=$root/bundles/org.triplel.block/target
exec "$JDK/bin/java" -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED -XX:+EnableDynamicAgentLoading \
    -Djava.util.logging.config.file=quiet.properties \
    -cp "jazzer-$version.jar:jazzer-api-$version.jar:$block/classes:$block/test-classes" com.code_intelligence.jazzer.Jazzer \
    --target_class=org.triplel.block.nbd.NbdFuzzTarget '--instrumentation_includes=org.triplel.block.nbd.**' '--disabled_hooks=.*' \
    -len_control=0 -max_len=4096 -timeout=25 "-runs=${1:-60000}" corpus
