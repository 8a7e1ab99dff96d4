# Sourced: sets product to the built product's folder and builds it when a source is newer.
product=$root/product/target/products/administrator/linux/gtk/x86_64
stamp=$root/target/product-built
if [ ! -e "$stamp" ] || [ -n "$(find "$root/bundles" "$root/features" "$root/product" "$root/targetplatform" "$root/pom.xml" "$root/.mvn" \
    \( -name target -o -path '*/src/test' -o -name '*.tests' \) -prune -o -type f ! -name .tycho-consumer-pom.xml -newer "$stamp" -print -quit)" ]; then
    echo "Building Triple-L (the first time it takes a few minutes)..." >&2
    mkdir -p "$root/target"
    touch "$stamp.next"
    # of old test classes Tycho compiles only what changed, without the rest in view
    rm -rf "$root"/bundles/*/target/test-classes
    log=$root/target/build.log
    if ! (cd "$root" && releng/mvn package -DskipTests -pl '!bundles/org.triplel.ui.tests,!bundles/org.triplel.lab.tests' > "$log" 2>&1); then
        grep -E '^\[ERROR\]|^Error' "$log" | head -n 20 >&2
        echo "The build failed; all of its output is in $log" >&2
        exit 1
    fi
    mv "$stamp.next" "$stamp"
fi
