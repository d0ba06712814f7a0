# SPDX-License-Identifier: LGPL-2.1-or-later
# Test Anything Protocol for shell scripts; sourced by the tests in this folder.
# Every check keeps the output of what it ran in $out.

points=0
failures=0
out=

point () { # STATUS NAME
  points=$((points + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $points - $2"
  else
    failures=$((failures + 1))
    echo "not ok $points - $2"
    printf '%s\n' "$out" | sed 's/^/# /'
  fi
}

ok () { # NAME COMMAND…: succeeds
  name=$1; shift
  out=$("$@" 2>&1 </dev/null); point $? "$name"
}

fails () { # NAME COMMAND…: does not succeed
  name=$1; shift
  if out=$("$@" 2>&1 </dev/null); then point 1 "$name"; else point 0 "$name"; fi
}

refused () { # ID NAME COMMAND…: fails, and the message has the finding and its hint
  id=$1 name=$2; shift 2
  if out=$("$@" 2>&1 </dev/null); then point 1 "$name"; return; fi
  case $out in
  *"error[$id]"*"hint: "*) point 0 "$name" ;;
  *) point 1 "$name" ;;
  esac
}

shows () { # NAME TEXT…: the last output has every text
  name=$1; shift
  for text; do
    case $out in
    *"$text"*) ;;
    *) out="missing: $text
$out"; point 1 "$name"; return ;;
    esac
  done
  point 0 "$name"
}

lacks () { # NAME TEXT…: the last output has none of them
  name=$1; shift
  for text; do
    case $out in
    *"$text"*) out="found: $text
$out"; point 1 "$name"; return ;;
    esac
  done
  point 0 "$name"
}

is () { # NAME GOT WANTED
  out="got:    $2
wanted: $3"
  [ "$2" = "$3" ]; point $? "$1"
}

skip () { # NAME REASON
  points=$((points + 1))
  echo "ok $points - $1 # SKIP $2"
}

finish () {
  echo "1..$points"
  [ "$failures" -eq 0 ]
}
