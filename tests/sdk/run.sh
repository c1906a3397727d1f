#!/bin/bash
# sdk/run.sh CASE: one check of the SDK headers as an author's compiler sees them. Exit 77: a tool is missing, named.
#   headers COMPILER STD   each header alone, every kind and macro, and the numbers of sdk/ABI.md
#   wrong COMPILER         what must not compile does not, and the compiler says why
#   exports                a plugin exports one symbol of default visibility
#   notes                  the notes survive optimisation, section garbage collection, LTO and strip
#   pkgconfig MESON        the installed actor-sdk.pc builds a plugin
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
sdk=$root/sdk/include
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
warn="-Wall -Wextra -Wconversion -Werror"
shared="-fPIC -shared -fvisibility=hidden -Wl,-z,defs"
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}
need() {
    command -v "$1" >/dev/null || {
        echo "skipped: $1 is not installed (tools/setup installs it)"
        exit 77
    }
}
# clang has its version in its name on Debian; take what is there.
compiler() {
    local c
    for c in "$1" "$1-14" "$1-19" "$1-16"; do
        if command -v "$c" >/dev/null; then
            echo "$c"
            return
        fi
    done
    echo "$1"
}

headers() {
    local cc std=$2 h n=0
    cc=$(compiler "$1")
    need "$cc"
    case $std in
    c++*) lang=c++ ;;
    *) lang=c ;;
    esac
    for h in "$sdk"/actor/*.h; do
        printf '#include <actor/%s>\n' "$(basename "$h")" >"$tmp/alone.$lang"
        # shellcheck disable=SC2086
        "$cc" -x $lang "-std=$std" $warn "-I$sdk" -fsyntax-only "$tmp/alone.$lang" || fail "$(basename "$h") alone"
        n=$((n + 1))
    done
    # shellcheck disable=SC2086
    "$cc" -x $lang "-std=$std" $warn $shared "-I$sdk" -o "$tmp/every.so" "$here/every.c" || fail "every.c"
    if [ $lang = c ]; then
        "$cc" "-std=$std" "-I$sdk" -fsyntax-only "$here/layout.c" || fail "layout.c: the ABI changed"
    fi
    [ "$n" -ge 5 ] || fail "only $n headers found"
    echo "$n headers alone and every.c with $cc as $std"
}

wrong() {
    local cc name pattern n=0
    cc=$(compiler "$1")
    need "$cc"
    # shellcheck disable=SC2086
    "$cc" -std=c11 $warn "-I$sdk" -c -o /dev/null "$here/wrong.c" || fail "wrong.c without a case must compile"
    while IFS=: read -r name pattern; do
        name=${name#/\* wrong }
        pattern=${pattern# }
        pattern=${pattern% \*/}
        n=$((n + 1))
        # shellcheck disable=SC2086
        if "$cc" -std=c11 $warn "-I$sdk" "-DWRONG_$name" -c -o /dev/null "$here/wrong.c" >"$tmp/out" 2>&1; then
            fail "$name compiles"
        elif ! grep -Eq -- "$pattern" "$tmp/out"; then
            fail "$name: the compiler does not say '$pattern' but:"
            head -5 "$tmp/out"
        fi
    done < <(grep '^/\* wrong ' "$here/wrong.c")
    [ "$n" -ge 15 ] || fail "only $n cases found"
    echo "$n mistakes refused by $cc"
}

build() { # SOURCE OUTPUT FLAGS...
    local src=$1 out=$2
    shift 2
    # shellcheck disable=SC2086
    gcc -std=gnu11 $warn $shared "-I$sdk" "$@" -o "$out" "$src" || fail "$src does not build with $*"
}

exports() {
    local src found
    need readelf
    for src in "$here/every.c" "$root/plugins/greeter/greeter.c"; do
        for flags in -O0 -O2 -fvisibility=default; do
            build "$src" "$tmp/plugin.so" $flags
            found=$(readelf -W --dyn-syms "$tmp/plugin.so" | awk '$7 != "UND" && $6 == "DEFAULT" && $5 != "LOCAL" { print $8 }')
            [ "$found" = actor_plugin_entry ] || fail "$(basename "$src") $flags exports: $found"
        done
    done
}

count_notes() {
    readelf -Wn "$1" 2>/dev/null | grep -c '^ *actor '
}
notes() {
    local want got
    need readelf
    need strip
    build "$here/every.c" "$tmp/plain.so" -O0
    want=$(count_notes "$tmp/plain.so")
    [ "$want" -ge 15 ] || fail "only $want notes in every.c"
    for flags in -O2 "-O2 -ffunction-sections -fdata-sections -Wl,--gc-sections" "-O2 -flto" "-O2 -Wl,-O1,--sort-common"; do
        # shellcheck disable=SC2086
        build "$here/every.c" "$tmp/built.so" $flags
        strip --strip-all "$tmp/built.so"
        got=$(count_notes "$tmp/built.so")
        [ "$got" = "$want" ] || fail "$got of $want notes after $flags and strip"
    done
    echo "$want notes survive"
}

pkgconfig() {
    local meson=$1
    need pkg-config
    mkdir "$tmp/src" "$tmp/src/sdk"
    cp -r "$root/sdk/." "$tmp/src/sdk/"
    printf "project('sdk', 'c', version: '0.1.0')\nsubdir('sdk')\n" >"$tmp/src/meson.build"
    "$meson" setup --prefix "$tmp/prefix" "$tmp/build" "$tmp/src" >"$tmp/log" 2>&1 &&
        "$meson" install -C "$tmp/build" >>"$tmp/log" 2>&1 || {
        cat "$tmp/log"
        fail "meson install"
    }
    pc=$(find "$tmp/prefix" -name actor-sdk.pc)
    export PKG_CONFIG_PATH=${pc%/*}
    # shellcheck disable=SC2046
    gcc -shared -fPIC $(pkg-config --cflags --libs actor-sdk) -o "$tmp/greeter.so" \
        "$root/plugins/greeter/greeter.c" || fail "greeter does not build with pkg-config actor-sdk"
    for h in "$sdk"/actor/*.h; do
        [ -f "$tmp/prefix/include/actor/$(basename "$h")" ] || fail "$(basename "$h") is not installed"
    done
    # Templates of the C++ library have default visibility of their own.
    sed -e '/^#include/a #include <string>\n#include <vector>' -e 's/ actor_log_info(/ std::vector<int> some(3); std::string words("a"); some.push_back((int)words.size());&/' \
        "$root/plugins/hello-cxx/hello.cc" >"$tmp/cxx.cc"
    grep -q 'std::vector<int> some' "$tmp/cxx.cc" || fail "hello.cc has no place for a template"
    for cxx in g++ clang++; do
        command -v $cxx >/dev/null || { echo "$cxx is not installed: skipped"; continue; }
        # shellcheck disable=SC2046
        $cxx -std=c++17 -shared -fPIC $(pkg-config --cflags --libs actor-sdk) -o "$tmp/cxx.so" "$tmp/cxx.cc" ||
            fail "C++ with templates does not build with pkg-config actor-sdk and $cxx"
        got=$(nm -D --defined-only "$tmp/cxx.so" | awk '{ print $3 }')
        [ "$got" = actor_plugin_entry ] || fail "$cxx: it exports $got"
    done
}

"$@"
exit $((failures > 0))
